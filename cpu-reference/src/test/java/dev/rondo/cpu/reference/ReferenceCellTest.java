package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.CellContract;

class ReferenceCellTest extends CellContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
