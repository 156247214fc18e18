package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.SequenceContract;

class ReferenceSequenceTest extends SequenceContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
