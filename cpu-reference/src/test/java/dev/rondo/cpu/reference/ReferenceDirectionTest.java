package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.DirectionContract;

class ReferenceDirectionTest extends DirectionContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
