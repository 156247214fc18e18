package dev.rondo.model;

import dev.rondo.Activation;
import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Elementwise;
import dev.rondo.Gaussian;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;

/**
 * A latent state-space model of sequences of vectors (Krishnan, Shalit, Sontag, "Structured inference networks for nonlinear state
 * space models", 2017; the prior over all earlier latent states as in Chung, Kastner, Dinh, Goel, Courville, Bengio, "A recurrent
 * latent variable model for sequential data", 2015). Each step has a latent vector:
 *
 * <pre>
 *   prior       p(z[t] | z[1..t-1]) = N(mean, variance)   by an LSTM that reads the latent vectors
 *   emission    p(x[t] | z[t])      = N(mean, variance)   by a layer of tanh
 *   posterior   q(z[t] | x)         = N(mean, variance)   by an LSTM that reads x in both directions
 *
 *   bound = E_q sum over t of ( log p(x[t] | z[t]) - KL(q(z[t] | x) || p(z[t] | z[1..t-1])) )
 * </pre>
 *
 * <p>The bound is trained with one draw of z for each sequence. A weight of the divergence that grows from 0 lets the model find a use
 * for z before it pays for it.
 */
public final class StateSpaceModel implements AutoCloseable {
    private final Backend scope;
    private final Trainable learned;
    private final int steps;
    private final int batch;
    private final int size;
    private final int latentSize;
    private final Gaussian gaussian;
    private final Elementwise elementwise;
    private final GaussianHead posterior;
    private final GaussianHead prior;
    private final GaussianHead emission;
    private final Recurrence posteriorRnn;
    private final Recurrence priorRnn;
    private final Affine emissionLayer;

    private final Tensor posteriorY;
    private final Tensor priorY;

    /** Zero, and then z: from its second step on z itself, from its first one on what the prior reads. */
    private final Tensor zAfterZero;

    private final Tensor z;
    private final Tensor zBefore;
    private final Tensor dz;
    private final Tensor dzBefore;
    private final Tensor emitted;
    private final Tensor dEmitted;
    private final Tensor divergence;

    /**
     * A model with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param size K of a vector of the sequence
     * @param latentSize Z of a latent vector
     * @param hiddenSize hidden size of the networks and of the layer of the emission
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public StateSpaceModel(Backend backend, int size, int latentSize, int hiddenSize, int steps, int batch) {
        this.size = Arguments.positive("size", size);
        this.latentSize = Arguments.positive("latentSize", latentSize);
        this.steps = Arguments.positive("steps", steps);
        this.batch = Arguments.positive("batch", batch);
        RnnSpec reader = RnnSpec.of(Cell.LSTM, size, hiddenSize).withDirection(Direction.BIDIRECTIONAL);
        RnnSpec walker = RnnSpec.of(Cell.LSTM, latentSize, hiddenSize);
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(
                scope,
                ParameterLayout.builder()
                        .add("posterior.rnn.", reader.layout())
                        .add("posterior.", GaussianHead.layout(reader.outputSize(), latentSize))
                        .add("prior.rnn.", walker.layout())
                        .add("prior.", GaussianHead.layout(walker.outputSize(), latentSize))
                        .add("emission.layer.", Linear.layout(latentSize, hiddenSize))
                        .add("emission.", GaussianHead.layout(hiddenSize, size))
                        .build());
        this.posteriorRnn = learned.recurrence("posterior.rnn.", reader, steps, batch);
        this.posterior = new GaussianHead(scope, learned, "posterior.", steps, batch);
        this.priorRnn = learned.recurrence("prior.rnn.", walker, steps, batch);
        this.prior = new GaussianHead(scope, learned, "prior.", steps, batch);
        this.emissionLayer = learned.affine("emission.layer.");
        this.emission = new GaussianHead(scope, learned, "emission.", steps, batch);
        this.gaussian = new Gaussian(scope);
        this.elementwise = new Elementwise(scope);
        this.posteriorY = scope.tensor(steps, batch, reader.outputSize());
        this.priorY = scope.tensor(steps, batch, walker.outputSize());
        this.zAfterZero = scope.tensor(steps + 1, batch, latentSize);
        this.z = zAfterZero.view(batch * latentSize, steps, batch, latentSize);
        this.zBefore = zAfterZero.view(0, steps, batch, latentSize);
        this.dz = scope.tensor(steps, batch, latentSize);
        this.dzBefore = scope.tensor(steps, batch, latentSize);
        this.emitted = scope.tensor(steps, batch, hiddenSize);
        this.dEmitted = scope.tensor(steps, batch, hiddenSize);
        this.divergence = scope.tensor(1);
    }

    /**
     * The weights and gradients.
     *
     * @return closed with this
     */
    public Trainable learned() {
        return learned;
    }

    /**
     * Computes the negative bound of sequences for one draw of z, and adds up its gradients.
     *
     * @param x {@code [T,N,K]}
     * @param noise {@code [T,N,Z]} from the standard normal distribution
     * @param weight of the divergence, 0 to 1
     * @param loss receives it in nats per step, {@code [1]}; with weight 1 it is above the negative log-likelihood on average
     */
    public void train(Tensor x, Tensor noise, double weight, Tensor loss) {
        check(x, noise, weight);
        double perStep = 1.0 / (steps * batch);
        try (TrainingPass reading = posteriorRnn.call(x).y(posteriorY).train()) {
            posterior.forward(posteriorY);
            gaussian.draw(posterior.mean, posterior.logVariance, noise, z);
            try (TrainingPass walking = priorRnn.call(zBefore).y(priorY).train()) {
                prior.forward(priorY);
                emit();
                loss(x, weight, perStep, loss, true);
                elementwise.activateBackward(Activation.TANH, emitted, emission.backward(emitted), dEmitted);
                emissionLayer.backward(z, dEmitted, dz);
                priorRnn.backward(walking)
                        .dy(prior.backward(priorY))
                        .dx(dzBefore)
                        .run();
            }
            if (steps > 1) {
                int row = batch * latentSize;
                Tensor later = dzBefore.view(row, steps - 1, batch, latentSize);
                elementwise.add(1, later, dz.view(0, steps - 1, batch, latentSize));
            }
            gaussian.drawBackward(posterior.logVariance, noise, dz, posterior.dMean, posterior.dLogVariance);
            posteriorRnn.backward(reading).dy(posterior.backward(posteriorY)).run();
        }
    }

    private void check(Tensor x, Tensor noise, double weight) {
        TensorArguments.shape("x", x, "[T,N,K]", steps, batch, size);
        TensorArguments.shape("noise", noise, "[T,N,Z]", steps, batch, latentSize);
        Arguments.inRange("weight", weight, 0, 1);
    }

    private void emit() {
        emissionLayer.forward(z, emitted);
        elementwise.activate(Activation.TANH, emitted, emitted);
        emission.forward(emitted);
    }

    private void loss(Tensor x, double weight, double perStep, Tensor loss, boolean gradients) {
        for (GaussianHead head : new GaussianHead[] {posterior, prior, emission}) {
            head.clear();
        }
        gaussian.loss(
                x,
                emission.mean,
                emission.logVariance,
                null,
                perStep,
                loss,
                gradients ? emission.dMean : null,
                gradients ? emission.dLogVariance : null);
        gaussian.divergence(
                posterior.mean,
                posterior.logVariance,
                prior.mean,
                prior.logVariance,
                null,
                weight * perStep,
                divergence,
                gradients ? posterior.dMean : null,
                gradients ? posterior.dLogVariance : null,
                gradients ? prior.dMean : null,
                gradients ? prior.dLogVariance : null);
        elementwise.add(1, divergence, loss);
    }

    /**
     * Computes the negative bound of sequences for one draw of z.
     *
     * @param x {@code [T,N,K]}
     * @param noise {@code [T,N,Z]} from the standard normal distribution
     * @param loss receives it in nats per step, {@code [1]}
     */
    public void bound(Tensor x, Tensor noise, Tensor loss) {
        check(x, noise, 1);
        posteriorRnn.call(x).y(posteriorY).run();
        posterior.forward(posteriorY);
        gaussian.draw(posterior.mean, posterior.logVariance, noise, z);
        priorRnn.call(zBefore).y(priorY).run();
        prior.forward(priorY);
        emit();
        loss(x, 1, 1.0 / (steps * batch), loss, false);
    }

    @Override
    public void close() {
        learned.close();
        scope.close();
    }
}
