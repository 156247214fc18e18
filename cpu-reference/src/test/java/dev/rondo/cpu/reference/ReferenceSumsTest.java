package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.SumsContract;

class ReferenceSumsTest extends SumsContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
