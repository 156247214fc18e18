package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.contract.CellContract;
import dev.rondo.contract.DirectionContract;
import dev.rondo.contract.LayerContract;
import dev.rondo.contract.LossContract;
import dev.rondo.contract.OptimizerContract;
import dev.rondo.emulator.Emulator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Those contracts that take little time, with the threads of a kernel in other orders, and with streams that do their work when
 * something waits for it. {@link RepeatabilityTest} has every kernel in these, and all contracts have the usual order.
 */
class CudaOrdersTest {
    enum Order {
        BACKWARDS("rev", "eager"),
        AT_RANDOM_WHEN_WAITED_FOR("rand:1", "lazy"),
        AT_RANDOM_AFTER_ALL_OTHERS("rand:7", "others");

        private final String threads;
        private final String streams;

        Order(String threads, String streams) {
            this.threads = threads;
            this.streams = streams;
        }

        void set() {
            Emulator.order(threads);
            Emulator.streams(streams);
        }
    }

    @BeforeAll
    static void requireEmulator() {
        TestDevice.requireEmulator();
    }

    @AfterAll
    static void resetEmulator() {
        if (TestDevice.isEmulated()) {
            Emulator.reset();
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(Order.class)
    class Cell extends CellContract {
        @Parameter
        @Nullable
        Order order;

        @BeforeParameterizedClassInvocation
        void set(Order next) {
            next.set();
        }

        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(Order.class)
    class Direction extends DirectionContract {
        @Parameter
        @Nullable
        Order order;

        @BeforeParameterizedClassInvocation
        void set(Order next) {
            next.set();
        }

        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(Order.class)
    class Layer extends LayerContract {
        @Parameter
        @Nullable
        Order order;

        @BeforeParameterizedClassInvocation
        void set(Order next) {
            next.set();
        }

        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(Order.class)
    class Loss extends LossContract {
        @Parameter
        @Nullable
        Order order;

        @BeforeParameterizedClassInvocation
        void set(Order next) {
            next.set();
        }

        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }

    @Nested
    @ParameterizedClass
    @EnumSource(Order.class)
    class Optimizer extends OptimizerContract {
        @Parameter
        @Nullable
        Order order;

        @BeforeParameterizedClassInvocation
        void set(Order next) {
            next.set();
        }

        @Override
        protected Backend open() {
            return TestDevice.open();
        }
    }
}
