package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.TruncatedBpttContract;

class ReferenceTruncatedBpttTest extends TruncatedBpttContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
