// Layer normalisation, pooling and the means of quantiles.
#include "CKernels.h"
#include "Vectors.h"

#include <math.h>

// Sums over blocks of this many elements are in single precision, their sum in double precision.
enum { BLOCK = 4096 };

INLINE double sum_of(const float *x, size_t count) {
    double sum = 0.0;
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t end = start + BLOCK < count ? start + BLOCK : count, i = start;
        lanes a = 0.0f;
        for (; i + LANES <= end; i += LANES) a += LOAD(x + i);
        sum += (double)total(&a);
        for (; i < end; i++) sum += (double)x[i];
    }
    return sum;
}

INLINE double sum_of_squares(const float *x, size_t count, float mean) {
    double sum = 0.0;
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t end = start + BLOCK < count ? start + BLOCK : count, i = start;
        lanes a = 0.0f;
        for (; i + LANES <= end; i += LANES) {
            lanes difference = LOAD(x + i) - mean;
            a += difference * difference;
        }
        sum += (double)total(&a);
        for (; i < end; i++) sum += (double)(x[i] - mean) * (double)(x[i] - mean);
    }
    return sum;
}

FOR_EVERY_SET(void, kernels_norm, (float *restrict y, float *restrict statistics, const float *restrict x,
               const float *restrict weight, const float *restrict bias, size_t rows, size_t count),
               (y, statistics, x, weight, bias, rows, count)) {
    for (size_t r = 0; r < rows; r++, x += count, y += count) {
        float mean = (float)(sum_of(x, count) / (double)count);
        float factor = (float)(1.0 / sqrt(sum_of_squares(x, count, mean) / (double)count + 1e-5));
        statistics[2 * r] = mean;
        statistics[2 * r + 1] = factor;
        for (size_t i = 0; i < count; i++) y[i] = (x[i] - mean) * factor * weight[i] + bias[i];
    }
}

FOR_EVERY_SET(void, kernels_norm_backward, (float *restrict x_gradient, float *restrict weight_gradient,
               float *restrict bias_gradient, const float *restrict y_gradient, const float *restrict x,
               const float *restrict statistics, const float *restrict weight, size_t rows, size_t count,
               int accumulate, int accumulate_x),
               (x_gradient, weight_gradient, bias_gradient, y_gradient, x, statistics, weight, rows, count,
               accumulate, accumulate_x)) {
    if (!accumulate) {
        memset(weight_gradient, 0, count * sizeof(float));
        memset(bias_gradient, 0, count * sizeof(float));
    }
    for (size_t r = 0; r < rows; r++, x += count, y_gradient += count) {
        float mean = statistics[2 * r], factor = statistics[2 * r + 1];
        // The sums over a row of weight * gradient, and of that times the normalised x.
        double plain = 0.0, normalised = 0.0;
        for (size_t start = 0; start < count; start += BLOCK) {
            size_t end = start + BLOCK < count ? start + BLOCK : count, i = start;
            lanes a = 0.0f, b = 0.0f;
            for (; i + LANES <= end; i += LANES) {
                lanes g = LOAD(y_gradient + i), scaled = (LOAD(x + i) - mean) * factor, w = g * LOAD(weight + i);
                STORE(bias_gradient + i, LOAD(bias_gradient + i) + g);
                STORE(weight_gradient + i, LOAD(weight_gradient + i) + g * scaled);
                a += w;
                b += w * scaled;
            }
            plain += (double)total(&a);
            normalised += (double)total(&b);
            for (; i < end; i++) {
                float g = y_gradient[i], scaled = (x[i] - mean) * factor, w = g * weight[i];
                bias_gradient[i] += g;
                weight_gradient[i] += g * scaled;
                plain += (double)w;
                normalised += (double)(w * scaled);
            }
        }
        if (!x_gradient) continue;
        float first = (float)(plain / (double)count), second = (float)(normalised / (double)count);
        for (size_t i = 0; i < count; i++) {
            float scaled = (x[i] - mean) * factor;
            float gradient = factor * (y_gradient[i] * weight[i] - first - scaled * second);
            x_gradient[i] = accumulate_x ? x_gradient[i] + gradient : gradient;
        }
        x_gradient += count;
    }
}

// The part of a window that lies inside the image, along one axis.
typedef struct {
    size_t first, last, origin;
} span;

INLINE span window(size_t index, size_t stride, size_t kernel, size_t padding, size_t size) {
    size_t start = index * stride;
    // Row `first` of the window is row `origin` of the image.
    size_t first = start < padding ? padding - start : 0;
    size_t last = start + kernel > size + padding ? size + padding - start : kernel;
    return (span){first, last, start + first - padding};
}

// The part of the window of one output that lies inside the image.
typedef struct {
    span v, h;
} area;

INLINE area area_of(const kernels_pooling *sizes, size_t row, size_t column) {
    return (area){
        window(row, sizes->stride_rows, sizes->kernel_rows, sizes->padding_rows, sizes->rows),
        window(column, sizes->stride_columns, sizes->kernel_columns, sizes->padding_columns, sizes->columns),
    };
}

// The position in the image of row `r` and column `c` of the window.
INLINE size_t position_of(area part, const kernels_pooling *sizes, size_t r, size_t c) {
    return (part.v.origin + r - part.v.first) * sizes->columns + part.h.origin + c - part.h.first;
}

FOR_EVERY_SET(void, kernels_max_pooling, (float *restrict y, uint32_t *restrict chosen, const float *restrict x,
               const kernels_pooling *sizes, size_t images),
               (y, chosen, x, sizes, images)) {
    size_t channels = sizes->channels, image = sizes->rows * sizes->columns * channels;
    for (size_t n = 0; n < images; n++, x += image)
        for (size_t row = 0; row < sizes->output_rows; row++)
            for (size_t column = 0; column < sizes->output_columns; column++, y += channels) {
                area part = area_of(sizes, row, column);
                for (size_t r = part.v.first; r < part.v.last; r++)
                    for (size_t c = part.h.first; c < part.h.last; c++) {
                        size_t position = position_of(part, sizes, r, c);
                        const float *values = x + position * channels;
                        uint32_t number = (uint32_t)(r * sizes->kernel_columns + c);
                        int first = r == part.v.first && c == part.h.first;
                        for (size_t i = 0; i < channels; i++) {
                            // NaN wins, as in PyTorch.
                            int larger = first || values[i] > y[i] || values[i] != values[i];
                            y[i] = larger ? values[i] : y[i];
                            if (chosen) chosen[i] = larger ? number : chosen[i];
                        }
                    }
                if (chosen) chosen += channels;
            }
}

FOR_EVERY_SET(void, kernels_max_pooling_backward, (float *restrict x_gradient, const float *restrict y_gradient,
               const uint32_t *restrict chosen, const kernels_pooling *sizes, size_t images),
               (x_gradient, y_gradient, chosen, sizes, images)) {
    size_t channels = sizes->channels, image = sizes->rows * sizes->columns * channels;
    memset(x_gradient, 0, images * image * sizeof(float));
    for (size_t n = 0; n < images; n++, x_gradient += image)
        for (size_t row = 0; row < sizes->output_rows; row++)
            for (size_t column = 0; column < sizes->output_columns; column++) {
                area part = area_of(sizes, row, column);
                for (size_t r = part.v.first; r < part.v.last; r++)
                    for (size_t c = part.h.first; c < part.h.last; c++) {
                        size_t position = position_of(part, sizes, r, c);
                        float *gradients = x_gradient + position * channels;
                        uint32_t number = (uint32_t)(r * sizes->kernel_columns + c);
                        for (size_t i = 0; i < channels; i++)
                            gradients[i] += chosen[i] == number ? y_gradient[i] : 0.0f;
                    }
                y_gradient += channels;
                chosen += channels;
            }
}

FOR_EVERY_SET(void, kernels_average_pooling, (float *restrict y, const float *restrict x,
               const kernels_pooling *sizes, size_t images),
               (y, x, sizes, images)) {
    size_t channels = sizes->channels, image = sizes->rows * sizes->columns * channels;
    float factor = 1.0f / (float)(sizes->kernel_rows * sizes->kernel_columns);
    for (size_t n = 0; n < images; n++, x += image)
        for (size_t row = 0; row < sizes->output_rows; row++)
            for (size_t column = 0; column < sizes->output_columns; column++, y += channels) {
                area part = area_of(sizes, row, column);
                for (size_t i = 0; i < channels; i++) y[i] = 0.0f;
                for (size_t r = part.v.first; r < part.v.last; r++)
                    for (size_t c = part.h.first; c < part.h.last; c++) {
                        size_t position = position_of(part, sizes, r, c);
                        const float *values = x + position * channels;
                        for (size_t i = 0; i < channels; i++) y[i] += values[i];
                    }
                for (size_t i = 0; i < channels; i++) y[i] *= factor;
            }
}

FOR_EVERY_SET(void, kernels_average_pooling_backward, (float *restrict x_gradient, const float *restrict y_gradient,
               const kernels_pooling *sizes, size_t images),
               (x_gradient, y_gradient, sizes, images)) {
    size_t channels = sizes->channels, image = sizes->rows * sizes->columns * channels;
    float factor = 1.0f / (float)(sizes->kernel_rows * sizes->kernel_columns);
    memset(x_gradient, 0, images * image * sizeof(float));
    for (size_t n = 0; n < images; n++, x_gradient += image)
        for (size_t row = 0; row < sizes->output_rows; row++)
            for (size_t column = 0; column < sizes->output_columns; column++, y_gradient += channels) {
                area part = area_of(sizes, row, column);
                for (size_t r = part.v.first; r < part.v.last; r++)
                    for (size_t c = part.h.first; c < part.h.last; c++) {
                        size_t position = position_of(part, sizes, r, c);
                        float *gradients = x_gradient + position * channels;
                        for (size_t i = 0; i < channels; i++) gradients[i] += y_gradient[i] * factor;
                    }
            }
}

FOR_EVERY_SET(void, kernels_quantile_means, (float *restrict means, const float *restrict quantiles, size_t values,
               size_t count),
               (means, quantiles, values, count)) {
    for (size_t i = 0; i < values; i++, quantiles += count)
        means[i] = (float)(sum_of(quantiles, count) / (double)count);
}

// Eight sums, added in a fixed order, without fused multiply-adds and for the baseline processor.
typedef double eight __attribute__((ext_vector_type(8), aligned(8)));

static double dot(const double *a, const double *b, size_t count) {
#pragma STDC FP_CONTRACT OFF
    eight sum = 0.0;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) sum += *(const eight *)(a + i) * *(const eight *)(b + i);
    double rest = 0.0;
    for (; i < count; i++) rest += a[i] * b[i];
    return (((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]))) + rest;
}

static void subtract(double *a, const double *b, double factor, size_t count) {
#pragma STDC FP_CONTRACT OFF
    size_t i = 0;
    for (; i + 8 <= count; i += 8) *(eight *)(a + i) -= *(const eight *)(b + i) * factor;
    for (; i < count; i++) a[i] -= b[i] * factor;
}

void kernels_orthonormalise(double *vectors, size_t count, size_t length) {
    for (size_t k = 0; k < count; k++) {
        double *current = vectors + k * length;
        double factor = 1.0 / sqrt(dot(current, current, length));
        for (size_t i = 0; i < length; i++) current[i] *= factor;
        for (size_t j = k + 1; j < count; j++) {
            double *later = vectors + j * length;
            subtract(later, current, dot(current, later, length), length);
        }
    }
}
