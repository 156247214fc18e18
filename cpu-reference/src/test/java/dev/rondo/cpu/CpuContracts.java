package dev.rondo.cpu;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Precision;
import dev.rondo.contract.ArgumentContract;
import dev.rondo.contract.CellContract;
import dev.rondo.contract.DirectionContract;
import dev.rondo.contract.GradientContract;
import dev.rondo.contract.InfinityContract;
import dev.rondo.contract.LayerContract;
import dev.rondo.contract.LossContract;
import dev.rondo.contract.OptimizerContract;
import dev.rondo.contract.OracleContract;
import dev.rondo.contract.PrecisionContract;
import dev.rondo.contract.SequenceContract;
import dev.rondo.contract.SharingContract;
import dev.rondo.contract.SizesContract;
import dev.rondo.contract.ThreadsContract;
import dev.rondo.contract.TruncatedBpttContract;
import dev.rondo.contract.WrappedMemoryContract;
import dev.rondo.model.CharacterLanguageModelContract;
import dev.rondo.model.CharacterTrainingContract;
import org.junit.jupiter.api.Nested;

/** All contracts on backend {@code cpu}, with inner loops that a subclass chooses. */
abstract class CpuContracts {
    private final String loops;
    private final int threads;

    CpuContracts(String loops, int threads) {
        this.loops = loops;
        this.threads = threads;
    }

    static Backend open(String loops, int threads) {
        return open(loops, BackendOptions.defaults().withThreads(threads));
    }

    private static Backend open(String loops, BackendOptions options) {
        System.setProperty(LoopsChoice.PROPERTY, loops);
        try {
            return Backend.named("cpu", options);
        } finally {
            System.clearProperty(LoopsChoice.PROPERTY);
        }
    }

    private Backend open() {
        return open(loops, threads);
    }

    @Nested
    class Argument extends ArgumentContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Cell extends CellContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Direction extends DirectionContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Gradient extends GradientContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Layer extends LayerContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Loss extends LossContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Optimizer extends OptimizerContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Oracle extends OracleContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Infinities extends InfinityContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Sequence extends SequenceContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Sizes extends SizesContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class Threads extends ThreadsContract {
        @Override
        protected Backend open(int threads) {
            return CpuContracts.open(loops, threads);
        }
    }

    @Nested
    class TruncatedBptt extends TruncatedBpttContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class WrappedMemory extends WrappedMemoryContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class CharacterLanguageModel extends CharacterLanguageModelContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    @Nested
    class CharacterTraining extends CharacterTrainingContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }

    /** It has float32 only, which is good enough for every mode. */
    @Nested
    class Modes extends PrecisionContract {
        @Override
        protected Backend open(Precision precision) {
            return CpuContracts.open(
                    loops, BackendOptions.defaults().withThreads(threads).withPrecision(precision));
        }
    }

    @Nested
    class Sharing extends SharingContract {
        @Override
        protected Backend open() {
            return CpuContracts.this.open();
        }
    }
}
