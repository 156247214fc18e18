package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Precision;
import dev.rondo.contract.PrecisionContract;

class ReferencePrecisionTest extends PrecisionContract {
    @Override
    protected Backend open(Precision precision) {
        return Backend.named("reference", BackendOptions.defaults().withPrecision(precision));
    }
}
