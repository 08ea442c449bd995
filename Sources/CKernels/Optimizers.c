// The norm of the gradient and the steps of optimisers.
#include "CKernels.h"
#include "Vectors.h"

FOR_EVERY_SET(double, kernels_sum_of_squares, (const float *x, size_t count), (x, count)) {
    double sum = 0.0;
    const size_t block = 4096;
    for (size_t start = 0; start < count; start += block) {
        size_t end = start + block < count ? start + block : count, i = start;
        lanes a = 0.0f, b = 0.0f;
        for (; i + 2 * LANES <= end; i += 2 * LANES) {
            lanes first = *(const lanes *)(x + i), second = *(const lanes *)(x + i + LANES);
            a += first * first;
            b += second * second;
        }
        a += b;
        sum += (double)total(&a);
        for (; i < end; i++) sum += (double)x[i] * (double)x[i];
    }
    return sum;
}

// The optimisers use vectors explicitly: sqrtf may set errno, which prevents vectorisation of a loop. A tail shorter
// than a vector goes through a padded copy, so that every element gets the same arithmetic.
typedef struct {
    float scale, beta1, beta2, step_size, inverse_root_correction, epsilon, mean_limit;
} adam_constants;

static inline __attribute__((always_inline)) void adam_lanes(float *parameters, float *copy, const float *gradient,
                                                             float *first, float *second,
                                                             const adam_constants *constants) {
    lanes g = LOAD(gradient) * constants->scale;
    lanes m = constants->beta1 * LOAD(first) + (1.0f - constants->beta1) * g;
    lanes v = constants->beta2 * LOAD(second) + (1.0f - constants->beta2) * g * g;
    lanes root = __builtin_elementwise_sqrt(v);
    // One thread never reaches this limit. With several threads, the large first moment of one can meet the small
    // second moment of another.
    lanes bound = constants->mean_limit * root;
    m = __builtin_elementwise_min(__builtin_elementwise_max(m, -bound), bound);
    STORE(first, m);
    STORE(second, v);
    root = root * constants->inverse_root_correction + constants->epsilon;
    lanes stepped = LOAD(parameters) - constants->step_size * m / root;
    STORE(parameters, stepped);
    if (copy) STORE(copy, stepped);
}

FOR_EVERY_SET(void, kernels_adam, (float *restrict parameters, float *restrict copy, const float *restrict gradient,
               float *restrict first, float *restrict second, size_t count, float gradient_scale, float beta1,
               float beta2, float step_size, float inverse_root_correction, float epsilon, float mean_limit),
               (parameters, copy, gradient, first, second, count, gradient_scale, beta1, beta2, step_size,
               inverse_root_correction, epsilon, mean_limit)) {
    adam_constants constants = {gradient_scale, beta1, beta2, step_size, inverse_root_correction, epsilon, mean_limit};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        adam_lanes(parameters + i, copy ? copy + i : 0, gradient + i, first + i, second + i, &constants);
    if (i < count) {
        float tail[4][LANES] = {{0}};
        size_t bytes = (count - i) * sizeof(float);
        memcpy(tail[0], parameters + i, bytes);
        memcpy(tail[1], gradient + i, bytes);
        memcpy(tail[2], first + i, bytes);
        memcpy(tail[3], second + i, bytes);
        adam_lanes(tail[0], 0, tail[1], tail[2], tail[3], &constants);
        memcpy(parameters + i, tail[0], bytes);
        if (copy) memcpy(copy + i, tail[0], bytes);
        memcpy(first + i, tail[2], bytes);
        memcpy(second + i, tail[3], bytes);
    }
}

typedef struct {
    float scale, decay, step_size, epsilon;
} rmsprop_constants;

static inline __attribute__((always_inline)) void rmsprop_lanes(float *parameters, float *copy, const float *gradient,
                                                                float *square, float *mean,
                                                                const rmsprop_constants *constants) {
    lanes g = LOAD(gradient) * constants->scale;
    lanes s = constants->decay * LOAD(square) + (1.0f - constants->decay) * g * g;
    STORE(square, s);
    if (mean) {
        lanes m = constants->decay * LOAD(mean) + (1.0f - constants->decay) * g;
        STORE(mean, m);
        // Only rounding can make the variance estimate negative.
        s = __builtin_elementwise_max(s - m * m, (lanes)0.0f);
    }
    lanes stepped = LOAD(parameters) - constants->step_size * g / __builtin_elementwise_sqrt(s + constants->epsilon);
    STORE(parameters, stepped);
    if (copy) STORE(copy, stepped);
}

FOR_EVERY_SET(void, kernels_rmsprop, (float *restrict parameters, float *restrict copy,
               const float *restrict gradient, float *restrict square, float *restrict mean, size_t count,
               float gradient_scale, float decay, float step_size, float epsilon),
               (parameters, copy, gradient, square, mean, count, gradient_scale, decay, step_size, epsilon)) {
    rmsprop_constants constants = {gradient_scale, decay, step_size, epsilon};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        rmsprop_lanes(parameters + i, copy ? copy + i : 0, gradient + i, square + i, mean ? mean + i : 0, &constants);
    if (i < count) {
        float tail[4][LANES] = {{0}};
        size_t bytes = (count - i) * sizeof(float);
        memcpy(tail[0], parameters + i, bytes);
        memcpy(tail[1], gradient + i, bytes);
        memcpy(tail[2], square + i, bytes);
        if (mean) memcpy(tail[3], mean + i, bytes);
        rmsprop_lanes(tail[0], 0, tail[1], tail[2], mean ? tail[3] : 0, &constants);
        memcpy(parameters + i, tail[0], bytes);
        if (copy) memcpy(copy + i, tail[0], bytes);
        memcpy(square + i, tail[2], bytes);
        if (mean) memcpy(mean + i, tail[3], bytes);
    }
}
