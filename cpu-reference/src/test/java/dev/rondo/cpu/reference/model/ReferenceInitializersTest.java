package dev.rondo.cpu.reference.model;

import dev.rondo.Backend;
import dev.rondo.model.InitializersContract;

class ReferenceInitializersTest extends InitializersContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
