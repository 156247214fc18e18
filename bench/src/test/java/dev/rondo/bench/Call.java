package dev.rondo.bench;

import java.io.PrintWriter;
import java.io.StringWriter;

/** One call of the command. */
public record Call(int status, String out, String err) {
    public static Call rondo(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status = Rondo.run(new PrintWriter(out), new PrintWriter(err), args);
        return new Call(status, lines(out), lines(err));
    }

    private static String lines(StringWriter text) {
        return text.toString().replace(System.lineSeparator(), "\n");
    }
}
