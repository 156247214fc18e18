package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.model.ModelContracts;

class ReferenceModelsTest extends ModelContracts {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
