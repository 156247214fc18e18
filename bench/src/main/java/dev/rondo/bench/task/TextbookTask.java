package dev.rondo.bench.task;

/** A textbook task: data drawn with a seed, a model that learns it, and the figures that show that it did. */
interface TextbookTask {
    /** What it is called on the command line, such as {@code adding}. */
    String name();

    /** One line for the list of the tasks. */
    String description();

    /** Trains and tests the model. Ends early, with the figures so far, when {@link TaskRun#timeIsUp}. */
    void run(TaskRun run);
}
