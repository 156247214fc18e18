package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.InfinityContract;

class ReferenceInfinityTest extends InfinityContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
