package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** That a call is refused, with a message that names the argument, what was expected and what came. */
public final class Refusal {
    private Refusal() {}

    /**
     * An {@link IllegalArgumentException}.
     *
     * @param call the call
     * @param words parts of its message
     */
    public static void illegalArgument(Executable call, String... words) {
        check(IllegalArgumentException.class, call, words);
    }

    /**
     * An {@link IllegalStateException}.
     *
     * @param call the call
     * @param words parts of its message
     */
    public static void illegalState(Executable call, String... words) {
        check(IllegalStateException.class, call, words);
    }

    /**
     * A {@link NullPointerException} that names the argument.
     *
     * @param call the call
     * @param name the argument that is null
     */
    public static void nullArgument(Executable call, String name) {
        check(NullPointerException.class, call, name + ": must not be null");
    }

    /**
     * An exception of a type.
     *
     * @param type the type
     * @param call the call
     * @param words parts of its message
     */
    public static void check(Class<? extends Throwable> type, Executable call, String... words) {
        String message = String.valueOf(assertThrows(type, call).getMessage());
        for (String word : words) {
            assertTrue(message.contains(word), () -> "expected <" + word + "> in <" + message + ">");
        }
    }
}
