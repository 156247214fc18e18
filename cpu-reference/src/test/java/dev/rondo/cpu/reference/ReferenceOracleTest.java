package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.contract.OracleContract;

class ReferenceOracleTest extends OracleContract {
    @Override
    protected Backend open() {
        return Backend.named("reference");
    }
}
