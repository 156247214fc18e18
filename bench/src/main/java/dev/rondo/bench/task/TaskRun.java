package dev.rondo.bench.task;

import dev.rondo.Backend;

/** One run of a task: where it computes, and where its progress, its figures and its plots go. */
interface TaskRun {
    /** Where the models run. */
    Backend backend();

    /** The seed of the data and of the weights. */
    long seed();

    /** Whether the time limit of the run is over. */
    boolean timeIsUp();

    /** Prints a line about how far the run is. */
    void progress(String line);

    /** A result, such as {@code accuracy}: printed, and written to the file of {@code --json}. */
    void figure(String name, double value);

    /** A picture: written as {@code NAME.svg} to the folder of {@code --plots}, if one was given. */
    void plot(String name, String svg);
}
