package dev.rondo.cuda;

import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which form of the recurrence a shape takes. The limits of the device decide which ones can run; a measurement, the first time
 * that a shape comes, decides which one does. The verdict holds for the process. With a file of plans it holds for later
 * processes too: there the verdicts are looked up first, and new ones are added, one a line, each after a line that begins with
 * # and has the times of all forms, for people:
 *
 * <pre>
 * # step 14.20 us, cluster:8x4 6.02 us, cluster:16x8 5.10 us, grid:132x1 7.77 us
 * NVIDIA H200|LSTM|forward|H 512|N 64|cluster:16x8|5.10 us</pre>
 *
 * <p>Two forms differ in the order of their sums, so results are the same bits from process to process only if the forms are:
 * with a file of plans or a forced form. On the emulator nothing is measured, and the form is {@code step}.
 */
final class Plans {
    /**
     * The system property that forces a form; {@code auto}, where nothing is forced; {@code measure}, which measures on the emulator
     * too. A form is {@code step}, {@code block}, {@code cluster} or {@code cluster:4}, {@code grid},
     * or the whole name of one such as {@code cluster:4x2}; or several with commas between, of which the first that can run is
     * taken. A cell that has only the form {@code step} keeps it; a shape that fits none is refused.
     */
    static final String PROPERTY = "rondo.cuda.plan";

    /** The system property with the file of plans. */
    static final String FILE_PROPERTY = "rondo.cuda.plans";

    /** Steps that are measured at most: enough for a form to get into its stride. */
    static final int MEASURED_STEPS = 48;

    private static final String AUTO = "auto";
    private static final String MEASURE = "measure";
    private static final Map<String, String> VERDICTS = new ConcurrentHashMap<>();
    private static final int[] CLUSTERS = {1, 2, 4, 8, 16};
    private static final Pattern CLUSTER = Pattern.compile("cluster:(\\d+)");
    private static final Pattern NAME = Pattern.compile("(cluster|grid):(\\d+)x(\\d+)");

    private final DeviceLimits device;
    private final Launcher launcher;
    private final String measuredOn;
    private final String forced = System.getProperty(PROPERTY, AUTO);

    /**
     * Plans of a backend.
     *
     * @param precision of products, which the form {@code step} has in its steps and the others do not; verdicts in another one than
     *     float32 name it after the device
     */
    Plans(DeviceLimits device, Launcher launcher, Precision precision) {
        this.device = device;
        this.launcher = launcher;
        this.measuredOn = device.name() + (precision == Precision.FP32 ? "" : " in " + precision);
        String file = System.getProperty(FILE_PROPERTY);
        if (file != null) {
            load(Path.of(file));
        }
    }

    /** One line about how forms are chosen. */
    String description() {
        if (isMeasured()) {
            return "form by measurement";
        }
        return AUTO.equals(forced) ? "form step, not measured" : "form " + forced;
    }

    private boolean isMeasured() {
        return MEASURE.equals(forced) || (AUTO.equals(forced) && !device.emulated());
    }

    /** Whether a network of a cell may get the form {@code grid}, whose backward pass needs memory of its own. */
    boolean mayTakeGrid(Cell cell) {
        return (isMeasured() || forced.contains("grid")) && device.cooperative() && cell != Cell.GRU_RESET_BEFORE;
    }

    /**
     * The form for a shape; between enter and exit of the context.
     *
     * @param measure gives the time of a form in microseconds
     * @throws BackendException if a form is forced that cannot run
     */
    Recurrence choose(Cell cell, boolean forward, int hidden, int batch, ToDoubleFunction<Recurrence> measure) {
        if (StepRecurrence.NAME.equals(forced) || cell == Cell.GRU_RESET_BEFORE) {
            return new StepRecurrence(forward);
        }
        if (!isMeasured()) {
            return AUTO.equals(forced) ? new StepRecurrence(forward) : forced(cell, forward, hidden, batch);
        }
        String key = String.join(
                "|", measuredOn, cell.name(), forward ? "forward" : "backward", "H " + hidden, "N " + batch);
        String known = VERDICTS.get(key);
        if (known != null) {
            Optional<Recurrence> form = named(known, cell, forward, hidden, batch);
            if (form.isPresent()) {
                return form.get();
            }
        }
        return measured(key, candidates(cell, forward, hidden, batch), measure);
    }

    private Recurrence measured(String key, List<Recurrence> forms, ToDoubleFunction<Recurrence> measure) {
        Recurrence best = forms.get(0);
        double least = Double.POSITIVE_INFINITY;
        List<String> times = new ArrayList<>();
        for (Recurrence form : forms) {
            double time = timeOf(form, measure);
            times.add(String.format(Locale.ROOT, "%s %.2f us", form.name(), time));
            if (time < least) {
                least = time;
                best = form;
            }
        }
        VERDICTS.put(key, best.name());
        String file = System.getProperty(FILE_PROPERTY);
        if (file != null) {
            append(
                    Path.of(file),
                    String.format(
                            Locale.ROOT, "# %s%n%s|%s|%.2f us%n", String.join(", ", times), key, best.name(), least));
        }
        return best;
    }

    /** Infinite for a form that the device refuses after all: how clusters fit is known to nobody but the driver. */
    private static double timeOf(Recurrence form, ToDoubleFunction<Recurrence> measure) {
        try {
            return measure.applyAsDouble(form);
        } catch (CudaException e) {
            if (e.isFatal()) {
                throw e;
            }
            return Double.POSITIVE_INFINITY;
        }
    }

    /** All forms that can run, the one for every shape first. */
    List<Recurrence> candidates(Cell cell, boolean forward, int hidden, int batch) {
        List<Recurrence> forms = new ArrayList<>();
        forms.add(new StepRecurrence(forward));
        for (int blocks : CLUSTERS) {
            cluster(cell, forward, hidden, batch, blocks).ifPresent(forms::add);
        }
        for (int slices = 1; slices <= Math.min(8, batch); slices *= 2) {
            grid(cell, forward, hidden, batch, slices).ifPresent(forms::add);
        }
        return forms;
    }

    /** The cluster form with as many rows as spread the batch over the device once, or fewer if they do not fit. */
    private Optional<Recurrence> cluster(Cell cell, boolean forward, int hidden, int batch, int blocks) {
        long spread = ((long) batch * blocks + device.multiprocessors() - 1) / device.multiprocessors();
        for (int rows = (int) Math.min(batch, Math.max(1, spread)); rows > 0; rows /= 2) {
            Optional<Recurrence> form = ClusterRecurrence.of(device, launcher, cell, forward, hidden, blocks, rows);
            if (form.isPresent()) {
                return form;
            }
        }
        return Optional.empty();
    }

    /** The grid form with as many blocks as the device has multiprocessors, and not more than there are units. */
    private Optional<Recurrence> grid(Cell cell, boolean forward, int hidden, int batch, int slices) {
        int blocks = Math.min(hidden, Math.max(1, device.multiprocessors() / slices));
        return GridRecurrence.of(device, launcher, cell, forward, hidden, batch, blocks, slices);
    }

    private Recurrence forced(Cell cell, boolean forward, int hidden, int batch) {
        for (String name : forced.split(",")) {
            Optional<Recurrence> form = ofName(name, cell, forward, hidden, batch);
            if (form.isPresent()) {
                return form.get();
            }
        }
        throw new BackendException(PROPERTY + ": expected a form that can run for " + cell + " "
                + (forward ? "forward" : "backward") + " with H = " + hidden + ", N = " + batch + " on " + device.name()
                + ", one of "
                + candidates(cell, forward, hidden, batch).stream()
                        .map(Recurrence::name)
                        .toList()
                + ", got " + forced);
    }

    private Optional<Recurrence> ofName(String name, Cell cell, boolean forward, int hidden, int batch) {
        return switch (name) {
            case "block" -> cluster(cell, forward, hidden, batch, 1);
            case "cluster" -> largestCluster(cell, forward, hidden, batch);
            case "grid" -> firstGrid(cell, forward, hidden, batch);
            default -> {
                Matcher size = CLUSTER.matcher(name);
                yield size.matches()
                        ? cluster(cell, forward, hidden, batch, clusterSize(size.group(1)))
                        : named(name, cell, forward, hidden, batch);
            }
        };
    }

    private Optional<Recurrence> largestCluster(Cell cell, boolean forward, int hidden, int batch) {
        Optional<Recurrence> largest = Optional.empty();
        for (int blocks : CLUSTERS) {
            Optional<Recurrence> form = blocks == 1 ? Optional.empty() : cluster(cell, forward, hidden, batch, blocks);
            largest = form.isPresent() ? form : largest;
        }
        return largest;
    }

    private Optional<Recurrence> firstGrid(Cell cell, boolean forward, int hidden, int batch) {
        for (int slices = 1; slices <= Math.min(8, batch); slices *= 2) {
            Optional<Recurrence> form = grid(cell, forward, hidden, batch, slices);
            if (form.isPresent()) {
                return form;
            }
        }
        return Optional.empty();
    }

    private static int clusterSize(String text) {
        int size = Integer.parseInt(text);
        for (int blocks : CLUSTERS) {
            if (size == blocks) {
                return size;
            }
        }
        throw new BackendException(PROPERTY + ": expected a cluster of 1, 2, 4, 8 or 16 blocks, got " + text);
    }

    /** The form of a whole name; empty if it cannot run. */
    private Optional<Recurrence> named(String name, Cell cell, boolean forward, int hidden, int batch) {
        if (StepRecurrence.NAME.equals(name)) {
            return Optional.of(new StepRecurrence(forward));
        }
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            throw new BackendException(
                    PROPERTY + ": expected step, block, cluster, cluster:C, cluster:CxROWS, grid, grid:BLOCKSxSLICES,"
                            + " auto or measure, got " + name);
        }
        int blocks = Integer.parseInt(matcher.group(2));
        int other = Integer.parseInt(matcher.group(3));
        if (blocks < 1 || other < 1) {
            return Optional.empty();
        }
        return "cluster".equals(matcher.group(1))
                ? ClusterRecurrence.of(device, launcher, cell, forward, hidden, clusterSize(matcher.group(2)), other)
                : GridRecurrence.of(device, launcher, cell, forward, hidden, batch, blocks, other);
    }

    private static void load(Path file) {
        if (!Files.exists(file)) {
            return;
        }
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                if (line.startsWith("#")) {
                    continue;
                }
                int time = line.lastIndexOf('|');
                int form = line.lastIndexOf('|', time - 1);
                if (form < 0) {
                    throw new BackendException(
                            FILE_PROPERTY + ": expected lines DEVICE|CELL|PASS|H ...|N ...|FORM|TIME in " + file
                                    + ", got \"" + line + "\"");
                }
                VERDICTS.put(line.substring(0, form), line.substring(form + 1, time));
            }
        } catch (IOException e) {
            throw new BackendException(FILE_PROPERTY + ": " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void append(Path file, String line) {
        try {
            Files.writeString(file, line, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new BackendException(FILE_PROPERTY + ": " + file + " cannot be written: " + e.getMessage(), e);
        }
    }
}
