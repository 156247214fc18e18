package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.GradientContract;

class ReferenceGradientTest extends GradientContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
