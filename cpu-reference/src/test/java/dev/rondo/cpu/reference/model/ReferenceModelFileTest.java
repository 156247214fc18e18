package dev.rondo.cpu.reference.model;

import dev.rondo.Backend;
import dev.rondo.model.ModelFileContract;

class ReferenceModelFileTest extends ModelFileContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
