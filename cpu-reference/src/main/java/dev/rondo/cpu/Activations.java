package dev.rondo.cpu;

/**
 * The activations in float32, one element at a time.
 *
 * <p>tanh is {@code x P(x^2) / Q(x^2)} between the limits and constant beyond, with P of degree 6 and Q of degree 3. The
 * coefficients are Rondo's own, from an iteratively reweighted least-squares fit of the relative error in 60 digits (at most
 * 6.9e-9), computed with fused multiply-adds. The limit is the first float32 at which the ratio, rounded as it is, is 1; so no
 * result is beyond 1, and from the limit on it is 1 exactly, which an infinite argument needs. In float32 it is within 3.5e-7 of tanh. The sigmoid is
 * {@code 1/2 + tanh(x/2)/2}, within 2e-7, and 0 or 1 exactly beyond twice the limit.
 */
final class Activations {
    /** Where the ratio is 1. */
    static final float LIMIT = Float.intBitsToFloat(0x40ffe27c);

    static final float P0 = 0.999999993331f;
    static final float P1 = 0.130831635779f;
    static final float P2 = 0.00310300769236f;
    static final float P3 = 1.11442928221e-5f;
    static final float P4 = -2.01839564441e-8f;
    static final float P5 = 5.25769590627e-11f;
    static final float P6 = -8.43565694813e-14f;
    static final float Q1 = 0.464164905894f;
    static final float Q2 = 0.0244914094119f;
    static final float Q3 = 0.000254475862993f;

    private Activations() {}

    static float tanh(float a) {
        float x = Math.max(-LIMIT, Math.min(LIMIT, a));
        float u = x * x;
        float p = P6;
        p = Math.fma(p, u, P5);
        p = Math.fma(p, u, P4);
        p = Math.fma(p, u, P3);
        p = Math.fma(p, u, P2);
        p = Math.fma(p, u, P1);
        p = Math.fma(p, u, P0);
        float q = Q3;
        q = Math.fma(q, u, Q2);
        q = Math.fma(q, u, Q1);
        q = Math.fma(q, u, 1);
        return x * p / q;
    }

    static float sigmoid(float a) {
        return 0.5f + 0.5f * tanh(0.5f * a);
    }

    /** {@code e^x} in float32 for x of at most 0, with a relative error of at most 3e-7; below -87 it is 0. Cody and Waite's
     * reduction and the Taylor polynomial of degree 6. */
    static float exp(float x) {
        if (!(x >= -87)) {
            return x < 0 ? 0 : x;
        }
        float n = (float) Math.rint(x * 1.4426950408889634f);
        float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
        float p = 1.0f / 720;
        p = p * r + 1.0f / 120;
        p = p * r + 1.0f / 24;
        p = p * r + 1.0f / 6;
        p = p * r + 0.5f;
        p = p * r + 1;
        p = p * r + 1;
        return p * Float.intBitsToFloat(((int) n + 127) << 23);
    }
}
