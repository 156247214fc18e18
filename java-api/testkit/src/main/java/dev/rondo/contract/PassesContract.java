package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Several open passes of one network, and calls that are prepared once and run many times. */
public abstract class PassesContract extends BackendContract {
    /** For subclasses. */
    protected PassesContract() {}

    static List<RnnCase> everyCell() {
        return RnnCases.everyCell();
    }

    /** A pass of a case, with the gradients that its backward pass is to give. */
    private static final class Open {
        private final RnnCase network;
        private final RnnOutcome expected;
        private final TrainingPass pass;

        private Open(PassesContract contract, Rnn rnn, RnnCase network) {
            this.network = network;
            this.expected = network.run(contract.backend());
            this.pass = rnn.call(network.weights(contract.backend()), network.input(contract.backend()))
                    .lengths(network.lengths)
                    .initial(network.initial(contract.backend()))
                    .train();
        }

        private void check(PassesContract contract) {
            RnnParameters gradients = contract.backend().parameters(network.spec);
            pass.backward()
                    .dy(network.dy(contract.backend()))
                    .dLast(network.dLast(contract.backend()))
                    .gradients(gradients)
                    .run();
            assertArrayEquals(expected.gradients(), gradients.flat().toDoubles());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void severalPassesAreOpenAtOnce(RnnCase network) {
        try (Rnn rnn = network.rnn(backend())) {
            Open first = new Open(this, rnn, network);
            Open shorter = new Open(this, rnn, network.part(1, 3));
            Open oneHot = new Open(this, rnn, network.oneHot());
            first.check(this);
            Open again = new Open(this, rnn, network.withLengths(2, 0, 3));
            network.forward(backend(), rnn, Purpose.INFERENCE);
            oneHot.check(this);
            again.check(this);
            shorter.pass.close();
            new Open(this, rnn, network).check(this);
        }
    }

    @Test
    void passesThatAreClosedGiveTheirMemoryBack() {
        RnnCase network = RnnCases.everyCell().get(0);
        try (Rnn rnn = network.rnn(backend())) {
            for (int i = 0; i < 1_000; i++) {
                rnn.call(network.weights(backend()), network.input(backend()))
                        .train()
                        .close();
            }
            new Open(this, rnn, network).check(this);
        }
    }

    @Test
    void aPassEndsWithItsNetwork() {
        RnnCase network = RnnCases.everyCell().get(0);
        Rnn rnn = network.rnn(backend());
        TrainingPass pass =
                rnn.call(network.weights(backend()), network.input(backend())).train();
        rnn.close();
        Refusal.illegalState(() -> pass.backward().dy(network.dy(backend())).run(), "closed");
        pass.close();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void aPreparedCallSeesWhatItsTensorsHold(RnnCase network) {
        RnnCase other = RnnCase.random(network.spec, network.steps, network.batch, 4711);
        RnnParameters weights = network.weights(backend());
        Tensor x = (Tensor) network.input(backend());
        Tensor y = network.y(backend());
        try (Rnn rnn = network.rnn(backend(), Purpose.INFERENCE)) {
            ForwardCall call =
                    rnn.call(weights, x).initial(network.initial(backend())).y(y);
            double[] expected = network.forward(backend(), Purpose.INFERENCE).y();
            for (int time = 0; time < 3; time++) {
                call.run();
                assertArrayEquals(expected, y.toDoubles());
            }
            x.set(other.x);
            weights.flat().set(other.weights);
            call.initial(other.initial(backend())).run();
            assertArrayEquals(other.forward(backend(), Purpose.INFERENCE).y(), y.toDoubles());
            call.lengths(1, 0, 2).run();
            assertArrayEquals(
                    other.withLengths(1, 0, 2)
                            .forward(backend(), Purpose.INFERENCE)
                            .y(),
                    y.toDoubles());
        }
    }

    @Test
    void aPreparedCallNoticesWhatIsClosed() {
        RnnCase network = RnnCases.everyCell().get(0);
        RnnParameters weights = network.weights(backend());
        Input x = network.input(backend());
        Tensor y = network.y(backend());
        try (Rnn rnn = network.rnn(backend())) {
            ForwardCall call = rnn.call(weights, x).y(y);
            call.run();
            y.close();
            Refusal.illegalState(call::run, "y", "closed");
            call.y(network.y(backend())).run();
            weights.close();
            Refusal.illegalState(call::run, "weights", "closed");
        }
    }
}
