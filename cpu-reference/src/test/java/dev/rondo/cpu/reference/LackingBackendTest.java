package dev.rondo.cpu.reference;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.RnnOption;
import dev.rondo.RnnSpec;
import dev.rondo.contract.BackendContracts;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import dev.rondo.spi.Supported;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.EnumSet;
import java.util.Optional;

/** The contracts pass on a backend that lacks cells and options: what it does not have is skipped. */
class LackingBackendTest extends BackendContracts {
    private static final Supported SUPPORTED =
            new Supported("lacking", EnumSet.of(Cell.LSTM, Cell.GRU), EnumSet.noneOf(RnnOption.class));

    @Override
    protected Backend open(BackendOptions options) {
        return Backend.of(new Provider(), options);
    }

    /** The oracle, which says that it does not have what is not in {@link #SUPPORTED}. */
    private static final class Provider implements BackendProvider {
        @Override
        public String name() {
            return "lacking";
        }

        @Override
        public int priority() {
            return 1;
        }

        @Override
        public Optional<String> unavailable() {
            return Optional.empty();
        }

        @Override
        public BackendKernels open(BackendOptions options) {
            BackendKernels whole = new ReferenceProvider().open(options);
            Class<?>[] types = {BackendKernels.class};
            return (BackendKernels) Proxy.newProxyInstance(
                    types[0].getClassLoader(), types, (proxy, method, arguments) -> {
                        if (method.getName().equals("unsupported")) {
                            return SUPPORTED.missing((RnnSpec) arguments[0]);
                        }
                        try {
                            return method.invoke(whole, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }
    }
}
