package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.InitializersContract;

class ReferenceInitializersTest extends InitializersContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
