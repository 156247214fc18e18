package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.contract.ArgumentContract;
import dev.rondo.contract.CellContract;
import dev.rondo.contract.DirectionContract;
import dev.rondo.contract.GradientContract;
import dev.rondo.contract.InfinityContract;
import dev.rondo.contract.LayerContract;
import dev.rondo.contract.LossContract;
import dev.rondo.contract.OptimizerContract;
import dev.rondo.contract.OracleContract;
import dev.rondo.contract.SequenceContract;
import dev.rondo.contract.SharingContract;
import dev.rondo.contract.SizesContract;
import dev.rondo.contract.TruncatedBpttContract;
import dev.rondo.contract.WrappedMemoryContract;
import dev.rondo.model.CharacterLanguageModelContract;
import dev.rondo.model.CharacterTrainingContract;
import org.junit.jupiter.api.Nested;

/** All contracts on backend {@code cuda}. */
class CudaContractsTest {
    @Nested
    class Argument extends ArgumentContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Cell extends CellContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Direction extends DirectionContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Gradient extends GradientContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Layer extends LayerContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Loss extends LossContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Optimizer extends OptimizerContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Oracle extends OracleContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Infinities extends InfinityContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Sequence extends SequenceContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Sizes extends SizesContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class TruncatedBptt extends TruncatedBpttContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class WrappedMemory extends WrappedMemoryContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class CharacterLanguageModel extends CharacterLanguageModelContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class CharacterTraining extends CharacterTrainingContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    class Sharing extends SharingContract {
        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }
}
