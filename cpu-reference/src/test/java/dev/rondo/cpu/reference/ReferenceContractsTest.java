package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.contract.BackendContracts;

class ReferenceContractsTest extends BackendContracts {
    @Override
    protected Backend open(BackendOptions options) {
        return Backend.named("reference", options);
    }
}
