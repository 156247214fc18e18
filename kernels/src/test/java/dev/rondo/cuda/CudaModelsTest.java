package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.model.ModelContracts;

class CudaModelsTest extends ModelContracts {
    @Override
    protected Backend open() {
        return TestDevice.open();
    }
}
