// Loops over floats for inputs, biases, masks and sums.
#include "CKernels.h"
#include "Vectors.h"

FOR_EVERY_SET(void, kernels_add, (float *restrict y, const float *restrict x, size_t count), (y, x, count)) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

FOR_EVERY_SET(void, kernels_scale_bytes, (float *restrict y, const uint8_t *restrict x, size_t count, float offset,
               float scale),
               (y, x, count, offset, scale)) {
    if (offset == 0.0f) {
        for (size_t i = 0; i < count; i++) y[i] = (float)x[i] * scale;
    } else {
        for (size_t i = 0; i < count; i++) y[i] = ((float)x[i] - offset) * scale;
    }
}

FOR_EVERY_SET(void, kernels_scale_each, (float *y, const uint8_t *bytes, const float *floats, size_t count,
               const float *offsets, const float *scales),
               (y, bytes, floats, count, offsets, scales)) {
    if (bytes) {
        for (size_t i = 0; i < count; i++) y[i] = ((float)bytes[i] - offsets[i]) * scales[i];
    } else {
        for (size_t i = 0; i < count; i++) y[i] = (floats[i] - offsets[i]) * scales[i];
    }
}

FOR_EVERY_SET(void, kernels_scale_floats, (float *y, const float *x, size_t count, float offset, float scale),
               (y, x, count, offset, scale)) {
    for (size_t i = 0; i < count; i++) y[i] = (x[i] - offset) * scale;
}

// Folds one plane: to x * scale + shift, or to (x - shift) * scale. With constants the inner loops become a few vector
// instructions. The first form is as fast as a product alone, but exact only for small numbers such as bytes.
static inline __attribute__((always_inline)) void fold_plane(float *restrict y, const uint8_t *restrict bytes,
                                                             const float *restrict floats, const kernels_fold *fold,
                                                             size_t side, int small, float shift, float scale) {
    for (size_t row = 0; row < fold->rows; row++)
        for (size_t column = 0; column < fold->columns; column++) {
            float *square = y + (row * fold->columns + column) * fold->channels;
            for (size_t r = 0; r < side; r++) {
                size_t start = (row * side + r) * fold->source_columns + column * side;
                for (size_t c = 0; c < side; c++) {
                    float value = bytes ? (float)bytes[start + c] : floats[start + c];
                    square[r * side + c] = small ? value * scale + shift : (value - shift) * scale;
                }
            }
        }
}

// Squares of 4 × 4 bytes: sixteen bytes become one vector.
#if LANES == 16
typedef uint8_t bytes16 __attribute__((ext_vector_type(16)));

static inline __attribute__((always_inline)) void fold_plane_of_four(float *restrict y, const uint8_t *restrict x,
                                                                     const kernels_fold *fold, float shift,
                                                                     float scale) {
    for (size_t row = 0; row < fold->rows; row++)
        for (size_t column = 0; column < fold->columns; column++) {
            const uint8_t *start = x + row * 4 * fold->source_columns + column * 4;
            bytes16 square;
            for (size_t r = 0; r < 4; r++) memcpy((uint8_t *)&square + 4 * r, start + r * fold->source_columns, 4);
            STORE(y + (row * fold->columns + column) * fold->channels,
                  __builtin_convertvector(square, lanes) * scale + shift);
        }
}
#else
#define fold_plane_of_four(y, x, fold, shift, scale) fold_plane(y, x, 0, fold, 4, 1, shift, scale)
#endif

static inline __attribute__((always_inline)) void fold_bytes(float *restrict y, const uint8_t *restrict x,
                                                             const kernels_fold *fold, size_t planes, float shift,
                                                             float scale) {
    size_t side = fold->side, plane = fold->source_rows * fold->source_columns;
    for (size_t i = 0; i < planes; i++, x += plane) {
        float *start = y + i * side * side;
        switch (side) {
        case 2: fold_plane(start, x, 0, fold, 2, 1, shift, scale); break;
        case 4: fold_plane_of_four(start, x, fold, shift, scale); break;
        case 8: fold_plane(start, x, 0, fold, 8, 1, shift, scale); break;
        default: fold_plane(start, x, 0, fold, side, 1, shift, scale);
        }
    }
}

FOR_EVERY_SET(void, kernels_fold_bytes, (float *restrict y, const uint8_t *restrict x, const kernels_fold *fold,
               size_t planes, float offset, float scale),
               (y, x, fold, planes, offset, scale)) {
    if (offset == 0.0f) {
        fold_bytes(y, x, fold, planes, 0.0f, scale);
    } else {
        fold_bytes(y, x, fold, planes, -offset * scale, scale);
    }
}

FOR_EVERY_SET(void, kernels_fold_floats, (float *restrict y, const float *restrict x, const kernels_fold *fold,
               size_t planes, float offset, float scale),
               (y, x, fold, planes, offset, scale)) {
    size_t side = fold->side, plane = fold->source_rows * fold->source_columns;
    for (size_t i = 0; i < planes; i++, x += plane) {
        float *start = y + i * side * side;
        if (offset == 0.0f && scale == 1.0f) {
            fold_plane(start, 0, x, fold, side, 0, 0.0f, 1.0f);
        } else {
            fold_plane(start, 0, x, fold, side, 0, offset, scale);
        }
    }
}

FOR_EVERY_SET(void, kernels_add_bias, (float *restrict y, const float *restrict bias, size_t rows, size_t columns,
               int relu),
               (y, bias, rows, columns, relu)) {
    for (size_t r = 0; r < rows; r++) {
        float *row = y + r * columns;
        if (relu) {
            for (size_t c = 0; c < columns; c++) {
                float value = row[c] + bias[c];
                row[c] = value > 0.0f ? value : 0.0f;
            }
        } else {
            for (size_t c = 0; c < columns; c++) row[c] += bias[c];
        }
    }
}

FOR_EVERY_SET(void, kernels_transpose_bias, (float *restrict y, const float *restrict x, const float *restrict bias,
               size_t rows, size_t columns, int relu),
               (y, x, bias, rows, columns, relu)) {
    // In blocks, so that both arrays stay in the cache.
    const size_t block = 16;
    for (size_t first = 0; first < columns; first += block)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = first; c < first + block && c < columns; c++) {
                float value = x[c * rows + r] + bias[c];
                y[r * columns + c] = relu && !(value > 0.0f) ? 0.0f : value;
            }
}

FOR_EVERY_SET(void, kernels_mask, (float *restrict gradient, const float *restrict activation, size_t count),
               (gradient, activation, count)) {
    for (size_t i = 0; i < count; i++) gradient[i] = activation[i] > 0.0f ? gradient[i] : 0.0f;
}

FOR_EVERY_SET(void, kernels_sum_rows, (float *restrict sums, const float *restrict x, size_t next_row, size_t rows,
               size_t columns), (sums, x, next_row, rows, columns)) {
    for (size_t c = 0; c < columns; c++) sums[c] = x[c];
    for (size_t r = 1; r < rows; r++) {
        const float *row = x + r * next_row;
        for (size_t c = 0; c < columns; c++) sums[c] += row[c];
    }
}
