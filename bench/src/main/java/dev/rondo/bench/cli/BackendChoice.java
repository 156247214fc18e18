package dev.rondo.bench.cli;

import dev.rondo.Backend;
import dev.rondo.BackendAvailability;
import dev.rondo.BackendException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** What an option {@code --backend} means that has the default {@code all}. */
public final class BackendChoice {
    /** Every backend that can be used here. */
    public static final String ALL = "all";

    private BackendChoice() {}

    /**
     * The names of the chosen backends. With {@code all} those that cannot be used are printed with their reason and left
     * out; a backend that was asked for is not looked at, opening it says why it cannot be used.
     */
    public static List<String> names(String option, PrintWriter out) {
        List<BackendAvailability> known = Backend.available();
        List<String> names = known.stream().map(BackendAvailability::name).toList();
        if (!option.equals(ALL)) {
            if (!names.contains(option)) {
                throw new IllegalArgumentException("--backend: expected all or one of " + names + ", got " + option);
            }
            return List.of(option);
        }
        List<String> usable = new ArrayList<>();
        for (BackendAvailability one : known) {
            one.reason().ifPresent(reason -> out.println(one.name() + ": not run: " + reason));
            if (one.isAvailable()) {
                usable.add(one.name());
            }
        }
        if (usable.isEmpty()) {
            throw new BackendException("no backend can be used here");
        }
        return usable;
    }
}
