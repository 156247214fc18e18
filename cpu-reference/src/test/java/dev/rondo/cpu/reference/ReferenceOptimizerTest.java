package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.OptimizerContract;

class ReferenceOptimizerTest extends OptimizerContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
