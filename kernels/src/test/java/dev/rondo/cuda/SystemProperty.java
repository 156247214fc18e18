package dev.rondo.cuda;

import org.jspecify.annotations.Nullable;

/** A system property that has another value until this is closed. */
final class SystemProperty implements AutoCloseable {
    private final String name;
    private final @Nullable String before;

    private SystemProperty(String name, @Nullable String before) {
        this.name = name;
        this.before = before;
    }

    static SystemProperty set(String name, String value) {
        return new SystemProperty(name, System.setProperty(name, value));
    }

    @Override
    public void close() {
        if (before == null) {
            System.clearProperty(name);
        } else {
            System.setProperty(name, before);
        }
    }
}
