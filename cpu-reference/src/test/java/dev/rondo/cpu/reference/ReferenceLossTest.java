package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.LossContract;

class ReferenceLossTest extends LossContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
