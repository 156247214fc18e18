package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.SharingContract;

class ReferenceSharingTest extends SharingContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
