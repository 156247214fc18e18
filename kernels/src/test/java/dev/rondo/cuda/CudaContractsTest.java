package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.contract.BackendContracts;
import dev.rondo.contract.SumsContract;
import dev.rondo.model.CharacterLanguageModelContract;
import dev.rondo.model.CharacterTrainingContract;
import dev.rondo.model.ModelFileContract;
import org.junit.jupiter.api.Nested;

/** All contracts on backend {@code cuda}. */
class CudaContractsTest extends BackendContracts {
    @Override
    protected Backend open(BackendOptions options) {
        return TestDevice.open(options);
    }

    @Nested
    class Sums extends SumsContract {
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
    class ModelFile extends ModelFileContract {
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
}
