package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.WrappedMemoryContract;

class ReferenceWrappedMemoryTest extends WrappedMemoryContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
