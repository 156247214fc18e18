package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.contract.BackendContracts;
import dev.rondo.contract.SumsContract;
import org.junit.jupiter.api.Nested;

/** All contracts on backend {@code cuda}; those of the models are in {@link CudaModelsTest}. */
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
}
