// Convolutions without padding, channels last: forward, and the gradient of the weights.
//
// A tile holds sums of a few positions, or of a few weights, times sixteen or thirty-two outputs in registers. Each sum
// adds its products one after the other, so that results do not depend on the tile, the batch or the vector width.
#include "CKernels.h"
#include "Vectors.h"

#if KERNELS_HAVE_SETS
// `count` positions of a row, and `vectors` times sixteen outputs, whose weights are `block` elements apart.
INLINE void forward_tile(float *restrict y, const float *restrict x, const float *restrict weights,
                         const float *restrict bias, const kernels_convolution *sizes, int count, int vectors,
                         int relu) {
    size_t step = sizes->stride_columns * sizes->channels, row = sizes->columns * sizes->channels;
    size_t inputs = sizes->kernel_columns * sizes->channels, block = sizes->kernel_rows * inputs * LANES;
    lanes sums[MOST_AVX512][2];
    UNROLL
    for (int t = 0; t < count; t++)
        UNROLL
        for (int n = 0; n < vectors; n++) sums[t][n] = LOAD(bias + n * LANES);
    for (size_t r = 0; r < sizes->kernel_rows; r++, x += row)
        for (size_t i = 0; i < inputs; i++, weights += LANES) {
            lanes factors[2];
            UNROLL
            for (int n = 0; n < vectors; n++) factors[n] = LOAD(weights + (size_t)n * block);
            UNROLL
            for (int t = 0; t < count; t++)
                UNROLL
                for (int n = 0; n < vectors; n++) sums[t][n] += x[(size_t)t * step + i] * factors[n];
        }
    UNROLL
    for (int t = 0; t < count; t++)
        UNROLL
        for (int n = 0; n < vectors; n++) {
            lanes sum = sums[t][n];
            STORE(y + (size_t)t * sizes->outputs + n * LANES, relu ? (sum > 0.0f ? sum : (lanes)0.0f) : sum);
        }
}

// `count` weights of a kernel row, one after the other, and `vectors` times sixteen outputs.
INLINE void gradient_tile(float *restrict gradient, const float *restrict x, const float *restrict y_gradient,
                          const kernels_convolution *sizes, int count, int vectors, int accumulate) {
    size_t step = sizes->stride_columns * sizes->channels;
    size_t row = sizes->stride_rows * sizes->columns * sizes->channels;
    size_t block = sizes->kernel_rows * sizes->kernel_columns * sizes->channels * LANES;
    lanes sums[MOST_AVX512][2];
    UNROLL
    for (int t = 0; t < count; t++)
        UNROLL
        for (int n = 0; n < vectors; n++) {
            const float *start = gradient + (size_t)n * block + t * LANES;
            sums[t][n] = accumulate ? LOAD(start) : (lanes)0.0f;
        }
    for (size_t r = 0; r < sizes->output_rows; r++, x += row) {
        const float *values = x;
        for (size_t c = 0; c < sizes->output_columns; c++, values += step, y_gradient += sizes->outputs) {
            lanes factors[2];
            UNROLL
            for (int n = 0; n < vectors; n++) factors[n] = LOAD(y_gradient + n * LANES);
            UNROLL
            for (int t = 0; t < count; t++)
                UNROLL
                for (int n = 0; n < vectors; n++) sums[t][n] += values[t] * factors[n];
        }
    }
    UNROLL
    for (int t = 0; t < count; t++)
        UNROLL
        for (int n = 0; n < vectors; n++) STORE(gradient + (size_t)n * block + t * LANES, sums[t][n]);
}

// Images of `sizes`, for `vectors` times sixteen outputs. A row is divided into tiles of nearly equal width.
INLINE void forward_images(float *restrict y, const float *restrict x, const float *restrict weights,
                           const float *restrict bias, const kernels_convolution *sizes, size_t images, int relu,
                           int vectors, size_t most) {
    size_t image = sizes->rows * sizes->columns * sizes->channels, columns = sizes->output_columns;
    size_t tiles = (columns + most - 1) / most;
    for (size_t m = 0; m < images; m++, x += image)
        for (size_t r = 0; r < sizes->output_rows; r++) {
            const float *row = x + r * sizes->stride_rows * sizes->columns * sizes->channels;
            for (size_t k = 0; k < tiles; k++) {
                size_t first = k * columns / tiles, count = (k + 1) * columns / tiles - first;
                float *to = y + ((m * sizes->output_rows + r) * columns + first) * sizes->outputs;
                const float *from = row + first * sizes->stride_columns * sizes->channels;
#define TILE(count) forward_tile(to, from, weights, bias, sizes, count, vectors, relu)
                EACH_COUNT(count, most, TILE)
#undef TILE
            }
        }
}

INLINE void gradient_images(float *restrict gradient, const float *restrict x, const float *restrict y_gradient,
                            const kernels_convolution *sizes, size_t images, int accumulate, int vectors, size_t most) {
    size_t inputs = sizes->kernel_columns * sizes->channels;
    size_t image = sizes->rows * sizes->columns * sizes->channels;
    size_t y_image = sizes->output_rows * sizes->output_columns * sizes->outputs;
    // One image at a time, which stays in the cache for all weights.
    for (size_t m = 0; m < images; m++, x += image, y_gradient += y_image)
        for (size_t r = 0; r < sizes->kernel_rows; r++)
            for (size_t first = 0; first < inputs; first += most) {
                size_t count = inputs - first < most ? inputs - first : most;
                float *to = gradient + (r * inputs + first) * LANES;
                const float *from = x + r * sizes->columns * sizes->channels + first;
                int adds = accumulate || m > 0;
#define TILE(count) gradient_tile(to, from, y_gradient, sizes, count, vectors, adds)
                EACH_COUNT(count, most, TILE)
#undef TILE
            }
}

// Defines both passes for one set, whose tiles have up to `wide` vectors of outputs.
#define PASSES(attributes, suffix, wide, most)                                                                        \
    attributes static void forward##suffix(float *y, const float *x, const float *weights, const float *bias,         \
                                           const kernels_convolution *sizes, size_t images, int relu) {               \
        size_t block = sizes->kernel_rows * sizes->kernel_columns * sizes->channels, o = 0;                           \
        for (; wide == 2 && o + 2 * LANES <= sizes->outputs; o += 2 * LANES)                                          \
            forward_images(y + o, x, weights + o * block, bias + o, sizes, images, relu, wide, most);                 \
        for (; o < sizes->outputs; o += LANES)                                                                        \
            forward_images(y + o, x, weights + o * block, bias + o, sizes, images, relu, 1, most);                    \
    }                                                                                                                 \
    attributes static void gradient##suffix(float *gradient, const float *x, const float *y_gradient,                 \
                                            const kernels_convolution *sizes, size_t images, int accumulate) {        \
        size_t block = sizes->kernel_rows * sizes->kernel_columns * sizes->channels, o = 0;                           \
        for (; wide == 2 && o + 2 * LANES <= sizes->outputs; o += 2 * LANES)                                          \
            gradient_images(gradient + o * block, x, y_gradient + o, sizes, images, accumulate, wide, most);          \
        for (; o < sizes->outputs; o += LANES)                                                                        \
            gradient_images(gradient + o * block, x, y_gradient + o, sizes, images, accumulate, 1, most);             \
    }

PASSES(AVX512, _avx512, 2, MOST_AVX512)
PASSES(AVX2, _avx2, 1, MOST_AVX2)
#endif

int kernels_convolution_fits(const kernels_convolution *sizes) {
    return KERNELS_HAVE_SETS && sizes->outputs % LANES == 0;
}

void kernels_convolution_forward(float *y, const float *x, const float *weights, const float *bias,
                                 const kernels_convolution *sizes, size_t images, int relu) {
#if KERNELS_HAVE_SETS
    if (kernels_set_in_force == KERNELS_AVX512) {
        forward_avx512(y, x, weights, bias, sizes, images, relu);
    } else {
        forward_avx2(y, x, weights, bias, sizes, images, relu);
    }
#endif
}

void kernels_convolution_gradient(float *gradient, const float *x, const float *y_gradient,
                                  const kernels_convolution *sizes, size_t images, int accumulate) {
#if KERNELS_HAVE_SETS
    if (kernels_set_in_force == KERNELS_AVX512) {
        gradient_avx512(gradient, x, y_gradient, sizes, images, accumulate);
    } else {
        gradient_avx2(gradient, x, y_gradient, sizes, images, accumulate);
    }
#endif
}

// In the order of the packed weights, sixteen outputs at a time, which are read or written side by side.
#define EACH_WEIGHT(statement)                                                                                        \
    size_t positions = sizes->kernel_rows * sizes->kernel_columns, inputs = positions * sizes->channels;              \
    for (size_t first = 0; first < sizes->outputs; first += LANES)                                                    \
        for (size_t p = 0; p < positions; p++)                                                                        \
            for (size_t i = 0; i < sizes->channels; i++, packed += LANES)                                             \
                for (size_t o = 0; o < LANES; o++) statement;

void kernels_pack_convolution(float *restrict packed, const float *restrict weights, const kernels_convolution *sizes) {
    EACH_WEIGHT(packed[o] = weights[(first + o) * inputs + i * positions + p])
}

void kernels_unpack_convolution(float *restrict weights, const float *restrict packed,
                                const kernels_convolution *sizes) {
    EACH_WEIGHT(weights[(first + o) * inputs + i * positions + p] = packed[o])
}
