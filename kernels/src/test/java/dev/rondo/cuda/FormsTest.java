package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import dev.rondo.contract.CellContract;
import dev.rondo.contract.DirectionContract;
import dev.rondo.contract.InfinityContract;
import dev.rondo.contract.SizesContract;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Contracts with every form of the recurrence; on the emulator each in another order of threads. */
@SuppressWarnings("try") // a property that is set as long as a block runs
class FormsTest {
    /** Opens the backend with a form that is forced. */
    private static Backend open(String form, String order) {
        TestDevice.order(order);
        try (SystemProperty forced = SystemProperty.set(Plans.PROPERTY, form)) {
            return TestDevice.open();
        }
    }

    @AfterEach
    void resetEmulator() {
        TestDevice.reset();
    }

    @Test
    void aFormThatDoesNotFitIsRefused() {
        try (Backend backend = open("block", "fwd")) {
            RnnSpec spec = RnnSpec.of(Cell.LSTM, 1, 2000);
            String message = assertThrows(BackendException.class, () -> run(backend, spec))
                    .getMessage();
            assertTrue(
                    message.contains("H = 2000") && message.contains("[step") && message.contains("got block"),
                    message);
        }
        for (String wrong : new String[] {"cluster:3", "nonsense", "cluster:4x0"}) {
            String message = assertThrows(BackendException.class, () -> openAndRun(wrong))
                    .getMessage();
            assertTrue(
                    message.startsWith(Plans.PROPERTY) && message.contains(wrong.replace("cluster:3", "3")), message);
        }
    }

    private static void openAndRun(String form) {
        try (Backend backend = open(form, "fwd")) {
            run(backend, RnnSpec.of(Cell.GRU, 1, 4));
        }
    }

    private static void run(Backend backend, RnnSpec spec) {
        backend.rnn(spec, 1, 1, Purpose.INFERENCE)
                .forward(backend.parameters(spec), backend.tensor(1, 1, 1), backend.tensor(1, 1, spec.hiddenSize()));
    }

    /** Contracts that go through all steps of a form. */
    abstract static class Form {
        private final String form;
        private final String order;

        Form(String form, String order) {
            this.form = form;
            this.order = order;
        }

        Backend openForm() {
            return FormsTest.open(form, order);
        }

        @Nested
        class Cells extends CellContract {
            @Override
            protected Backend open() {
                return openForm();
            }
        }

        @Nested
        class Directions extends DirectionContract {
            @Override
            protected Backend open() {
                return openForm();
            }
        }
    }

    /**
     * With those that go through sizes and infinities too: they take most of the time, and clusters differ from each other in the
     * number of their blocks only. All numbers are gone through with the kernels alone, {@code persistent_cluster_test.cpp}.
     */
    abstract static class WholeForm extends Form {
        WholeForm(String form, String order) {
            super(form, order);
        }

        @Nested
        class Sizes extends SizesContract {
            @Override
            protected Backend open() {
                return openForm();
            }
        }

        @Nested
        class Infinities extends InfinityContract {
            @Override
            protected Backend open() {
                return openForm();
            }
        }
    }

    @Nested
    class Block extends WholeForm {
        Block() {
            super("block,step", "rev");
        }
    }

    @Nested
    class ClusterOfTwo extends Form {
        ClusterOfTwo() {
            super("cluster:2,step", "rand:1");
        }
    }

    @Nested
    class ClusterOfFour extends WholeForm {
        ClusterOfFour() {
            super("cluster:4,step", "fwd");
        }
    }

    @Nested
    class ClusterOfEight extends Form {
        ClusterOfEight() {
            super("cluster:8,step", "rand:2");
        }
    }

    @Nested
    class ClusterOfSixteen extends Form {
        ClusterOfSixteen() {
            super("cluster:16,step", "rev");
        }
    }

    @Nested
    class Grid extends WholeForm {
        Grid() {
            super("grid,step", "rand:3");
        }
    }
}
