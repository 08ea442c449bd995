// Activation functions and their derivatives.
//
// exp is a polynomial on the remainder of a division by log 2 (Cephes), and the other functions follow from
// exp(x) = scale * (1 + tail), which loses nothing near zero. NaN stays NaN.
#include "CKernels.h"
#include "Vectors.h"

typedef int32_t integers __attribute__((ext_vector_type(LANES), aligned(4)));

// exp(x) = scale * (1 + tail), for x limited to the exponents of normal floats.
INLINE void split_exp(const lanes *argument, lanes *scale, lanes *tail) {
    // Added to a float, this rounds it to an integer, which is then in the lowest bits.
    const lanes magic = 12582912.0f;
    lanes x = *argument;
    x = x < -87.0f ? (lanes)-87.0f : x;
    x = x > 88.0f ? (lanes)88.0f : x;
    lanes shifted = x * 1.44269504088896341f + magic;
    lanes n = shifted - magic;
    lanes r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    lanes p = (lanes)1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    *tail = p * r * r + r;
    integers bits, base;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&base, &magic, sizeof base);
    bits = (bits - base + 127) << 23;
    memcpy(scale, &bits, sizeof bits);
}

INLINE void exp_lanes(lanes *x) {
    lanes scale, tail;
    split_exp(x, &scale, &tail);
    *x = scale * tail + scale;
}

// exp(x) - 1.
INLINE void expm1_lanes(lanes *x) {
    lanes scale, tail;
    split_exp(x, &scale, &tail);
    *x = scale * tail + (scale - 1.0f);
}

INLINE void tanh_lanes(lanes *x) {
    lanes e = *x + *x;
    expm1_lanes(&e);
    *x = e / (e + 2.0f);
}

INLINE void sigmoid_lanes(lanes *x) {
    lanes e = -*x;
    exp_lanes(&e);
    // Beyond the limit of exp, the result is 0.
    e = *x < -88.0f ? e * 3.0e38f : e;
    *x = 1.0f / (1.0f + e);
}

// Polynomials that are minimax for floats: of x near zero, of log(1 - erf |x|) beyond.
INLINE void erf_lanes(lanes *x) {
    lanes a = *x, t = a < 0.0f ? -a : a, s = a * a;
    lanes near = (lanes)-5.96761703e-4f;
    near = near * s + 4.99119423e-3f;
    near = near * s - 2.67681349e-2f;
    near = near * s + 1.12819925e-1f;
    near = near * s - 3.76125336e-1f;
    near = near * s + 1.28379166e-1f;
    near = near * a + a;
    // The polynomial holds up to here, and erf(4) is 1 as a float.
    lanes u = t > 4.0f ? (lanes)4.0f : t, square = u * u;
    lanes high = u * -1.72853470e-5f + 3.83197126e-4f;
    lanes low = u * -3.88396438e-3f + 2.42546219e-2f;
    lanes far = high * square + low;
    far = far * u - 1.06777877e-1f;
    far = far * u - 6.34846687e-1f;
    far = far * u - 1.28717512e-1f;
    far = far * u - u;
    exp_lanes(&far);
    far = 1.0f - far;
    far = a < 0.0f ? -far : far;
    *x = t > 0.927734375f ? far : near;
}

// The distribution function of the normal distribution.
INLINE void normal_lanes(lanes *x) {
    lanes e = *x * 0.70710678118654752f;
    erf_lanes(&e);
    *x = 0.5f + 0.5f * e;
}

INLINE void activate_lanes(float *y, const float *x, kernels_activation function) {
    lanes value = LOAD(x), e = value;
    switch (function) {
    case KERNELS_IDENTITY: break;
    case KERNELS_RELU: value = value > 0.0f ? value : (lanes)0.0f; break;
    case KERNELS_TANH: tanh_lanes(&value); break;
    case KERNELS_SIGMOID: sigmoid_lanes(&value); break;
    case KERNELS_ELU:
        expm1_lanes(&e);
        value = value > 0.0f ? value : e;
        break;
    case KERNELS_SILU:
        sigmoid_lanes(&e);
        value = value * e;
        break;
    case KERNELS_GELU:
        normal_lanes(&e);
        value = value * e;
        break;
    }
    STORE(y, value);
}

INLINE void gradient_lanes(float *gradient, const float *y, const float *x, kernels_activation function) {
    lanes g = LOAD(gradient), value = LOAD(y), e, s;
    switch (function) {
    case KERNELS_IDENTITY: break;
    case KERNELS_RELU: g = value > 0.0f ? g : (lanes)0.0f; break;
    case KERNELS_TANH: g = g * (1.0f - value * value); break;
    case KERNELS_SIGMOID: g = g * value * (1.0f - value); break;
    case KERNELS_ELU: g = value > 0.0f ? g : g * (value + 1.0f); break;
    case KERNELS_SILU:
        value = s = LOAD(x);
        sigmoid_lanes(&s);
        g = g * s * (1.0f + value * (1.0f - s));
        break;
    case KERNELS_GELU:
        value = s = LOAD(x);
        normal_lanes(&s);
        e = value * value * -0.5f;
        exp_lanes(&e);
        g = g * (s + value * e * 0.39894228040143268f);
        break;
    }
    STORE(gradient, g);
}

// A tail shorter than a vector goes through a padded copy, so that every element gets the same arithmetic.
INLINE void activate(float *y, const float *x, size_t count, kernels_activation function) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) activate_lanes(y + i, x + i, function);
    if (i == count) return;
    float tail[LANES] = {0};
    size_t bytes = (count - i) * sizeof(float);
    memcpy(tail, x + i, bytes);
    activate_lanes(tail, tail, function);
    memcpy(y + i, tail, bytes);
}

INLINE void activation_gradient(float *gradient, const float *y, const float *x, size_t count,
                                kernels_activation function) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) gradient_lanes(gradient + i, y + i, x ? x + i : y + i, function);
    if (i == count) return;
    float tail[3][LANES] = {{0}};
    size_t bytes = (count - i) * sizeof(float);
    memcpy(tail[0], gradient + i, bytes);
    memcpy(tail[1], y + i, bytes);
    memcpy(tail[2], x ? x + i : y + i, bytes);
    gradient_lanes(tail[0], tail[1], tail[2], function);
    memcpy(gradient + i, tail[0], bytes);
}

FOR_EVERY_SET(void, kernels_activate, (float *y, const float *x, size_t count, kernels_activation function),
               (y, x, count, function)) {
    switch (function) {
    case KERNELS_IDENTITY:
        if (y != x) memcpy(y, x, count * sizeof(float));
        break;
    case KERNELS_RELU: activate(y, x, count, KERNELS_RELU); break;
    case KERNELS_TANH: activate(y, x, count, KERNELS_TANH); break;
    case KERNELS_SIGMOID: activate(y, x, count, KERNELS_SIGMOID); break;
    case KERNELS_ELU: activate(y, x, count, KERNELS_ELU); break;
    case KERNELS_SILU: activate(y, x, count, KERNELS_SILU); break;
    case KERNELS_GELU: activate(y, x, count, KERNELS_GELU); break;
    }
}

FOR_EVERY_SET(void, kernels_activation_gradient, (float *gradient, const float *y, const float *x, size_t count,
               kernels_activation function),
               (gradient, y, x, count, function)) {
    switch (function) {
    case KERNELS_IDENTITY: break;
    case KERNELS_RELU: activation_gradient(gradient, y, x, count, KERNELS_RELU); break;
    case KERNELS_TANH: activation_gradient(gradient, y, x, count, KERNELS_TANH); break;
    case KERNELS_SIGMOID: activation_gradient(gradient, y, x, count, KERNELS_SIGMOID); break;
    case KERNELS_ELU: activation_gradient(gradient, y, x, count, KERNELS_ELU); break;
    case KERNELS_SILU: activation_gradient(gradient, y, x, count, KERNELS_SILU); break;
    case KERNELS_GELU: activation_gradient(gradient, y, x, count, KERNELS_GELU); break;
    }
}
