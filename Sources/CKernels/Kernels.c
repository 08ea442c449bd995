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

static inline __attribute__((always_inline)) void fold_bytes(float *restrict y, const uint8_t *restrict x,
                                                             const kernels_fold *fold, size_t planes, float shift,
                                                             float scale) {
    size_t side = fold->side, plane = fold->source_rows * fold->source_columns;
    for (size_t i = 0; i < planes; i++, x += plane) {
        float *start = y + i * side * side;
        switch (side) {
        case 2: fold_plane(start, x, 0, fold, 2, 1, shift, scale); break;
        case 4: fold_plane(start, x, 0, fold, 4, 1, shift, scale); break;
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

FOR_EVERY_SET(void, kernels_sum_rows, (float *restrict sums, const float *restrict x, size_t rows, size_t columns),
               (sums, x, rows, columns)) {
    for (size_t c = 0; c < columns; c++) sums[c] = x[c];
    for (size_t r = 1; r < rows; r++) {
        const float *row = x + r * columns;
        for (size_t c = 0; c < columns; c++) sums[c] += row[c];
    }
}

FOR_EVERY_SET(void, kernels_dense, (float *restrict y, const float *restrict w, const float *restrict bias,
               const float *restrict x, size_t rows, size_t outputs, size_t inputs, int relu),
               (y, w, bias, x, rows, outputs, inputs, relu)) {
    for (size_t r = 0; r < rows; r++) {
        const float *input = x + r * inputs;
        for (size_t o = 0; o < outputs; o++) {
            const float *row = w + o * inputs;
            lanes a = 0.0f, b = 0.0f;
            size_t i = 0;
            for (; i + 2 * LANES <= inputs; i += 2 * LANES) {
                a += *(const lanes *)(row + i) * *(const lanes *)(input + i);
                b += *(const lanes *)(row + i + LANES) * *(const lanes *)(input + i + LANES);
            }
            a += b;
            for (; i + LANES <= inputs; i += LANES) a += *(const lanes *)(row + i) * *(const lanes *)(input + i);
            // The rest in fours: one at a time, each addition would wait for the one before.
            quarter rest = 0.0f;
            for (; i + 4 <= inputs; i += 4) rest += *(const quarter *)(row + i) * *(const quarter *)(input + i);
            float sum = bias[o] + ((rest.x + rest.z) + (rest.y + rest.w));
            for (; i < inputs; i++) sum += row[i] * input[i];
            sum += total(&a);
            y[r * outputs + o] = relu && !(sum > 0.0f) ? 0.0f : sum;
        }
    }
}

typedef _Float16 halves __attribute__((ext_vector_type(LANES), aligned(2)));

// In blocks, so that both arrays stay in the cache.
#define TRANSPOSE(element)                                                                                            \
    size_t columns = kernels_padded(outputs), block = 32;                                                             \
    for (size_t first = 0; first < inputs; first += block)                                                            \
        for (size_t o = 0; o < columns; o++)                                                                          \
            for (size_t i = first; i < first + block && i < inputs; i++)                                              \
                transposed[i * columns + o] = o < outputs ? (element)w[o * inputs + i] : (element)0;

void kernels_transpose(float *restrict transposed, const float *restrict w, size_t outputs, size_t inputs) {
    TRANSPOSE(float)
}

FOR_EVERY_SET(void, kernels_transpose_half, (uint16_t *halves, const float *restrict w, size_t outputs, size_t inputs),
               (halves, w, outputs, inputs)) {
    _Float16 *restrict transposed = (_Float16 *)halves;
    TRANSPOSE(_Float16)
}

// Finds the indices of the inputs that are not zero, and returns their number.
static inline __attribute__((always_inline)) size_t find_inputs(uint32_t *restrict found, const float *restrict x,
                                                                size_t inputs) {
    size_t count = 0;
    for (size_t i = 0; i < inputs; i++) {
        found[count] = (uint32_t)i;
        count += x[i] != 0.0f;
    }
    return count;
}

// Eight inputs at a time, so that the sums are read and written once for all of them.
#define ROWS 8
#define DENSE_SPARSE(element, load)                                                                                   \
    size_t columns = kernels_padded(outputs), count = find_inputs(scratch, x, inputs), i = 0;                         \
    memcpy(y, bias, columns * sizeof(float));                                                                         \
    for (; i + ROWS <= count; i += ROWS) {                                                                            \
        const element *row[ROWS];                                                                                     \
        float factor[ROWS];                                                                                           \
        for (size_t r = 0; r < ROWS; r++) {                                                                           \
            row[r] = transposed + scratch[i + r] * columns;                                                           \
            factor[r] = x[scratch[i + r]];                                                                            \
        }                                                                                                             \
        for (size_t c = 0; c < columns; c += LANES) {                                                                 \
            lanes even = LOAD(y + c), odd = 0.0f;                                                                     \
            for (size_t r = 0; r < ROWS; r += 2) {                                                                    \
                even += factor[r] * load(row[r] + c);                                                                 \
                odd += factor[r + 1] * load(row[r + 1] + c);                                                          \
            }                                                                                                         \
            STORE(y + c, even + odd);                                                                                 \
        }                                                                                                             \
    }                                                                                                                 \
    for (; i < count; i++) {                                                                                          \
        const element *row = transposed + scratch[i] * columns;                                                       \
        float factor = x[scratch[i]];                                                                                 \
        for (size_t c = 0; c < columns; c += LANES) STORE(y + c, LOAD(y + c) + factor * load(row + c));               \
    }                                                                                                                 \
    if (relu)                                                                                                         \
        for (size_t c = 0; c < columns; c++) y[c] = y[c] > 0.0f ? y[c] : 0.0f;

FOR_EVERY_SET(void, kernels_dense_sparse, (float *restrict y, const float *restrict transposed,
               const float *restrict bias, const float *restrict x, uint32_t *restrict scratch, size_t outputs,
               size_t inputs, int relu),
               (y, transposed, bias, x, scratch, outputs, inputs, relu)) {
    DENSE_SPARSE(float, LOAD)
}

#define LOAD_HALF(pointer) __builtin_convertvector(*(const halves *)(pointer), lanes)

FOR_EVERY_SET(void, kernels_dense_sparse_half, (float *restrict y, const uint16_t *restrict transposed,
               const float *restrict bias, const float *restrict x, uint32_t *restrict scratch, size_t outputs,
               size_t inputs, int relu),
               (y, transposed, bias, x, scratch, outputs, inputs, relu)) {
    DENSE_SPARSE(uint16_t, LOAD_HALF)
}

FOR_EVERY_SET(void, kernels_dense_few_backward, (float *restrict w_gradient, float *restrict x_gradient,
               const float *restrict y_gradient, const float *restrict w, const float *restrict x, size_t rows,
               size_t outputs, size_t inputs, int accumulate),
               (w_gradient, x_gradient, y_gradient, w, x, rows, outputs, inputs, accumulate)) {
    for (size_t i = 0; i < outputs * inputs; i++) w_gradient[i] = 0.0f;
    for (size_t r = 0; r < rows; r++) {
        const float *input = x + r * inputs;
        float *input_gradient = x_gradient ? x_gradient + r * inputs : 0;
        if (input_gradient && !accumulate)
            for (size_t i = 0; i < inputs; i++) input_gradient[i] = 0.0f;
        for (size_t o = 0; o < outputs; o++) {
            // Most of these are zero, because only the actions taken have a loss.
            float gradient = y_gradient[r * outputs + o];
            if (gradient == 0.0f) continue;
            float *gradient_row = w_gradient + o * inputs;
            const float *row = w + o * inputs;
            for (size_t i = 0; i < inputs; i++) gradient_row[i] += gradient * input[i];
            if (input_gradient)
                for (size_t i = 0; i < inputs; i++) input_gradient[i] += gradient * row[i];
        }
    }
}

void kernels_dueling(float *restrict q, const float *restrict value, const float *restrict advantage, size_t rows,
                     size_t actions) {
    for (size_t r = 0; r < rows; r++) {
        const float *a = advantage + r * actions;
        float sum = 0.0f;
        for (size_t i = 0; i < actions; i++) sum += a[i];
        float base = value[r] - sum / (float)actions;
        for (size_t i = 0; i < actions; i++) q[r * actions + i] = base + a[i];
    }
}

void kernels_dueling_backward(float *restrict value_gradient, float *restrict advantage_gradient,
                              const float *restrict q_gradient, size_t rows, size_t actions) {
    for (size_t r = 0; r < rows; r++) {
        const float *g = q_gradient + r * actions;
        float sum = 0.0f;
        for (size_t i = 0; i < actions; i++) sum += g[i];
        value_gradient[r] = sum;
        float mean = sum / (float)actions;
        for (size_t i = 0; i < actions; i++) advantage_gradient[r * actions + i] = g[i] - mean;
    }
}

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
