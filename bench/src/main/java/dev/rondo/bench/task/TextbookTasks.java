package dev.rondo.bench.task;

import java.util.List;
import java.util.Optional;

/** All tasks that {@code rondo task} knows. */
final class TextbookTasks {
    /** Sorted by name. */
    static final List<TextbookTask> ALL = List.of(
            new AddingTask(),
            new CaptionTask(),
            new ClassifyTask(),
            new CopyTask(),
            new DeepTask(),
            new GlimpseTask(),
            new GridTask(),
            new ParityTask(),
            new StreamsTask(),
            new SwitchTask(),
            new TaggingTask(),
            new TcnTask(),
            new VaeTask());

    private TextbookTasks() {}

    /** The task of a name, if there is one. */
    static Optional<TextbookTask> named(String name) {
        return ALL.stream().filter(task -> task.name().equals(name)).findFirst();
    }

    /** The names of all tasks. */
    static List<String> names() {
        return ALL.stream().map(TextbookTask::name).toList();
    }
}
