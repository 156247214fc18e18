package dev.rondo.contract;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Precision;
import org.junit.jupiter.api.Nested;

/**
 * All contracts of a backend. A backend is tested by a subclass that says how it is opened; a network that it does not support
 * is skipped, with its reason.
 *
 * <pre>{@code
 * class AbacusContractsTest extends BackendContracts {
 *     protected Backend open(BackendOptions options) {
 *         return Backend.named("abacus", options);
 *     }
 * }
 * }</pre>
 */
public abstract class BackendContracts {
    /** For subclasses. */
    protected BackendContracts() {}

    /**
     * The backend under test.
     *
     * @param options settings
     * @return a new one
     */
    protected abstract Backend open(BackendOptions options);

    private Backend open() {
        return open(BackendOptions.defaults());
    }

    @Nested
    class Argument extends ArgumentContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Attention extends AttentionContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Condition extends ConditionContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Distribution extends DistributionContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Piece extends PieceContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Callers extends CallersContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Cell extends CellContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class ManyRows extends ManyRowsContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Direction extends DirectionContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Gradient extends GradientContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Infinity extends InfinityContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Initializers extends InitializersContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Layer extends LayerContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class LayerArgument extends LayerArgumentContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Lifetime extends LifetimeContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Loss extends LossContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Optimizer extends OptimizerContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Oracle extends OracleContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Passes extends PassesContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Sequence extends SequenceContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Sharing extends SharingContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Sizes extends SizesContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class StreamArgument extends StreamArgumentContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Streams extends StreamsContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class TrainingLoop extends TrainingLoopContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class TruncatedBptt extends TruncatedBpttContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class WrappedMemory extends WrappedMemoryContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class WrittenMemory extends WrittenMemoryContract {
        @Override
        protected Backend open() {
            return BackendContracts.this.open();
        }
    }

    @Nested
    class Modes extends PrecisionContract {
        @Override
        protected Backend open(Precision precision) {
            return BackendContracts.this.open(BackendOptions.defaults().withPrecision(precision));
        }
    }
}
