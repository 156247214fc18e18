package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.LayerContract;

class ReferenceLayerTest extends LayerContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
