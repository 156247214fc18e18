package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.ArgumentContract;

class ReferenceArgumentTest extends ArgumentContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
