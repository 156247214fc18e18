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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which form of the recurrence a shape takes. The limits of the device decide which ones can run; a measurement, the first time
 * that a shape comes, decides which one does. The verdict holds for the process. With a file of plans it holds for later
 * processes too: there the verdicts are looked up first, and new ones are added, one a line, each after a line that begins with
 * # and has the times of all forms, for people. Such as, with made-up times:
 *
 * <pre>
 * # step 14.20 us, cluster:8x4 6.02 us, cluster:16x8 5.10 us, grid:132x1 7.77 us
 * DEVICE|LSTM|forward|H 512|N 64|T 32|cluster:16x8|5.10 us</pre>
 *
 * <p>Two forms differ in the order of their sums, so results are the same bits from process to process only if the forms are:
 * with a file of plans or a forced form. On the emulator the form is {@code step}, unless one is forced or a measurement is asked for.
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
    private static final Set<String> WORDS = Set.of(AUTO, MEASURE, StepRecurrence.NAME, "block", "cluster", "grid");
    private static final Map<String, String> VERDICTS = new ConcurrentHashMap<>();
    private static final System.Logger LOG = System.getLogger(Plans.class.getName());
    private static final int[] CLUSTERS = {1, 2, 4, 8, 16};
    private static final int LARGEST_CLUSTER = 16;
    private static final Pattern CLUSTER = Pattern.compile("cluster:(\\d+)");
    private static final Pattern NAME = Pattern.compile("(cluster|grid):(\\d+)x(\\d+)");

    private final DeviceLimits device;
    private final Launcher launcher;
    private final String measuredOn;
    private final Map<Shape, String> chosen = new ConcurrentHashMap<>();
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
        for (String name : forced.split(",")) {
            requireName(name);
        }
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
        return (isMeasured() || forced.contains("grid"))
                && device.cooperative()
                && CudaCells.of(cell).grid(false).isPresent();
    }

    /**
     * What a form is chosen for.
     *
     * @param cell the cell
     * @param forward whether it is the forward pass
     * @param hidden H
     * @param batch N
     * @param steps T
     */
    record Shape(Cell cell, boolean forward, int hidden, int batch, int steps) {
        /** A verdict holds for steps up to twice as many, and the last one for all that are more: a form that has to begin with
         * reading the weights suits long sequences. */
        private int leastSteps() {
            return Integer.highestOneBit(Math.min(steps, MEASURED_STEPS));
        }

        private CudaCell kernels() {
            return CudaCells.of(cell);
        }

        private String pass() {
            return forward ? "forward" : "backward";
        }
    }

    /**
     * The form for a shape; between enter and exit of the context.
     *
     * @param measure gives the time of a form in microseconds
     * @throws BackendException if a form is forced that cannot run
     */
    Recurrence choose(Shape shape, ToDoubleFunction<Recurrence> measure) {
        Recurrence form = chosenFor(shape, measure);
        chosen.put(shape, form.name());
        return form;
    }

    /** The name of the form that was chosen last for a shape; null if none was. */
    @Nullable
    String chosen(Shape shape) {
        return chosen.get(shape);
    }

    private Recurrence chosenFor(Shape shape, ToDoubleFunction<Recurrence> measure) {
        if (StepRecurrence.NAME.equals(forced) || shape.kernels().hasStepsOnly(shape.forward)) {
            return new StepRecurrence(shape.forward);
        }
        if (!isMeasured()) {
            return AUTO.equals(forced) ? new StepRecurrence(shape.forward) : forced(shape);
        }
        String key = String.join(
                "|",
                measuredOn,
                shape.cell.name(),
                shape.pass(),
                "H " + shape.hidden,
                "N " + shape.batch,
                "T " + shape.leastSteps());
        String known = VERDICTS.get(key);
        if (known != null) {
            Optional<Recurrence> form = ofVerdict(key, known, shape);
            if (form.isPresent()) {
                return form.get();
            }
        }
        return measured(key, candidates(shape), measure);
    }

    private Optional<Recurrence> ofVerdict(String key, String name, Shape shape) {
        try {
            return named(name, shape);
        } catch (BackendException e) {
            throw new BackendException(
                    FILE_PROPERTY + ": the verdict for " + key + " is no form: " + e.getMessage(), e);
        }
    }

    private Recurrence measured(String key, List<Recurrence> forms, ToDoubleFunction<Recurrence> measure) {
        Recurrence best = forms.get(0);
        double least = Double.POSITIVE_INFINITY;
        List<String> times = new ArrayList<>();
        for (Recurrence form : forms) {
            try {
                double time = measure.applyAsDouble(form);
                times.add(String.format(Locale.ROOT, "%s %.2f us", form.name(), time));
                if (time < least) {
                    least = time;
                    best = form;
                }
            } catch (CudaException e) {
                // How clusters fit is known to nobody but the driver.
                if (e.isFatal()) {
                    throw new CudaException(
                            e, "measuring the form " + form.name() + " for " + key + ": " + e.getMessage());
                }
                times.add(form.name() + " refused: "
                        + String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
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

    /** All forms that can run, the one for every shape first. */
    List<Recurrence> candidates(Shape shape) {
        List<Recurrence> forms = new ArrayList<>();
        forms.add(new StepRecurrence(shape.forward));
        for (int blocks : CLUSTERS) {
            cluster(shape, blocks, 1).ifPresent(forms::add);
            if (blocks > 1) {
                cluster(shape, blocks, 2).filter(form -> isNew(form, forms)).ifPresent(forms::add);
            }
        }
        for (int slices = 1; slices <= Math.min(8, shape.batch); slices *= 2) {
            grid(shape, slices).filter(form -> isNew(form, forms)).ifPresent(forms::add);
        }
        return forms;
    }

    private static boolean isNew(Recurrence form, List<Recurrence> forms) {
        return forms.stream().noneMatch(known -> known.name().equals(form.name()));
    }

    /**
     * The cluster form with as many rows as spread the batch over the device so often, or fewer if they do not fit. Clusters
     * lie within groups of multiprocessors, which are no multiple of them: some multiprocessors stay idle.
     */
    private Optional<Recurrence> cluster(Shape shape, int blocks, int times) {
        int usable = blocks == 1
                ? device.multiprocessors()
                : Math.max(blocks, device.multiprocessors() / LARGEST_CLUSTER * LARGEST_CLUSTER);
        long spread = times * (((long) shape.batch * blocks + usable - 1) / usable);
        for (int rows = (int) Math.min(shape.batch, Math.max(1, spread)); rows > 0; rows /= 2) {
            Optional<Recurrence> form = ifAllowed(clusterOf(shape, blocks, rows));
            if (form.isPresent()) {
                return form;
            }
        }
        return Optional.empty();
    }

    private Supplier<Optional<Recurrence>> clusterOf(Shape shape, int blocks, int rows) {
        return () -> ClusterRecurrence.of(device, launcher, shape.kernels(), shape.forward, shape.hidden, blocks, rows);
    }

    /** The grid form with as many blocks as the device has multiprocessors, but none without units. */
    private Optional<Recurrence> grid(Shape shape, int slices) {
        int most = Math.max(1, device.multiprocessors() / slices);
        int units = (shape.hidden + most - 1) / most;
        return ifAllowed(gridOf(shape, (shape.hidden + units - 1) / units, slices));
    }

    private Supplier<Optional<Recurrence>> gridOf(Shape shape, int blocks, int slices) {
        return () -> GridRecurrence.of(
                device, launcher, shape.kernels(), shape.forward, shape.hidden, shape.batch, blocks, slices);
    }

    /** Empty also where the driver refuses to say anything about a kernel: there are other forms. */
    private static Optional<Recurrence> ifAllowed(Supplier<Optional<Recurrence>> form) {
        try {
            return form.get();
        } catch (CudaException e) {
            if (e.isFatal()) {
                throw e;
            }
            LOG.log(System.Logger.Level.DEBUG, "a form of the recurrence is left out", e);
            return Optional.empty();
        }
    }

    private Recurrence forced(Shape shape) {
        for (String name : forced.split(",")) {
            Optional<Recurrence> form = ofName(name, shape);
            if (form.isPresent()) {
                return form.get();
            }
        }
        throw new BackendException(PROPERTY + ": expected a form that can run for " + shape.cell + " " + shape.pass()
                + " with H = " + shape.hidden + ", N = " + shape.batch + " on " + device.name() + ", one of "
                + candidates(shape).stream().map(Recurrence::name).toList() + ", got " + forced);
    }

    private Optional<Recurrence> ofName(String name, Shape shape) {
        return switch (name) {
            case "block" -> cluster(shape, 1, 1);
            case "cluster" -> largestCluster(shape);
            case "grid" -> firstGrid(shape);
            default -> {
                Matcher size = CLUSTER.matcher(name);
                yield size.matches() ? cluster(shape, clusterSize(size.group(1)), 1) : named(name, shape);
            }
        };
    }

    private Optional<Recurrence> largestCluster(Shape shape) {
        Optional<Recurrence> largest = Optional.empty();
        for (int blocks : CLUSTERS) {
            Optional<Recurrence> form = blocks == 1 ? Optional.empty() : cluster(shape, blocks, 1);
            largest = form.isPresent() ? form : largest;
        }
        return largest;
    }

    private Optional<Recurrence> firstGrid(Shape shape) {
        for (int slices = 1; slices <= Math.min(8, shape.batch); slices *= 2) {
            Optional<Recurrence> form = grid(shape, slices);
            if (form.isPresent()) {
                return form;
            }
        }
        return Optional.empty();
    }

    private static void requireName(String name) {
        Matcher whole = NAME.matcher(name);
        Matcher size = CLUSTER.matcher(name);
        boolean known = whole.matches() || size.matches() || WORDS.contains(name);
        if (!known) {
            throw new BackendException(
                    PROPERTY + ": expected step, block, cluster, cluster:C, cluster:CxROWS, grid, grid:BLOCKSxSLICES,"
                            + " auto or measure, got " + name);
        }
        if (size.matches()) {
            clusterSize(size.group(1));
        } else if (whole.matches() && whole.group(1).equals("cluster")) {
            clusterSize(whole.group(2));
        }
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
    private Optional<Recurrence> named(String name, Shape shape) {
        if (StepRecurrence.NAME.equals(name)) {
            return Optional.of(new StepRecurrence(shape.forward));
        }
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            throw new BackendException("expected a form such as step, cluster:8x4 or grid:132x1, got " + name);
        }
        int blocks = Integer.parseInt(matcher.group(2));
        int other = Integer.parseInt(matcher.group(3));
        if (blocks < 1 || other < 1) {
            return Optional.empty();
        }
        return "cluster".equals(matcher.group(1))
                ? clusterOf(shape, clusterSize(matcher.group(2)), other).get()
                : gridOf(shape, blocks, other).get();
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
                            FILE_PROPERTY + ": expected lines DEVICE|CELL|PASS|H ...|N ...|T ...|FORM|TIME in " + file
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
