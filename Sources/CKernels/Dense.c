// Dense layers for few rows or outputs or constant parameters, and the streams of a dueling network.
#include "CKernels.h"
#include "Vectors.h"

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

// The most rows and outputs of a tile, whose sums are in registers.
enum { MOST_OF_A_TILE = 4 };

#if LANES == 16
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

// The totals of four vectors. Each is added up in the order of `total`, in fewer instructions.
INLINE quarter totals(const lanes *x) {
    lanes eights[2];
    UNROLL
    for (int k = 0; k < 2; k++)
        eights[k] = PICK(x[2 * k], x[2 * k + 1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                    PICK(x[2 * k], x[2 * k + 1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    lanes fours = PICK(eights[0], eights[1], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
                  PICK(eights[0], eights[1], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    lanes8 pairs = PICK(fours, fours, 0, 1, 4, 5, 8, 9, 12, 13) + PICK(fours, fours, 2, 3, 6, 7, 10, 11, 14, 15);
    return PICK(pairs, pairs, 0, 2, 4, 6) + PICK(pairs, pairs, 1, 3, 5, 7);
}
#else
INLINE quarter totals(const lanes *x) { return (quarter){total(x), total(x + 1), total(x + 2), total(x + 3)}; }
#endif

INLINE void tile(float *restrict y, const float *restrict w, const float *restrict bias, const float *restrict x,
                 size_t outputs, size_t inputs, int relu, int rows, int columns) {
    lanes sums[MOST_OF_A_TILE][MOST_OF_A_TILE];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int c = 0; c < columns; c++) sums[r][c] = 0.0f;
    size_t i = 0;
    for (; i + LANES <= inputs; i += LANES) {
        lanes factors[MOST_OF_A_TILE];
        UNROLL
        for (int c = 0; c < columns; c++) factors[c] = LOAD(w + (size_t)c * inputs + i);
        UNROLL
        for (int r = 0; r < rows; r++) {
            lanes values = LOAD(x + (size_t)r * inputs + i);
            UNROLL
            for (int c = 0; c < columns; c++) sums[r][c] += values * factors[c];
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        if (columns == MOST_OF_A_TILE) {
            quarter sum = *(const quarter *)bias;
            for (size_t k = i; k < inputs; k++)
                sum += (quarter){w[k], w[inputs + k], w[2 * inputs + k], w[3 * inputs + k]} * x[(size_t)r * inputs + k];
            sum += totals(sums[r]);
            *(quarter *)(y + (size_t)r * outputs) = relu ? (sum > 0.0f ? sum : (quarter)0.0f) : sum;
            continue;
        }
        UNROLL
        for (int c = 0; c < columns; c++) {
            float sum = bias[c];
            for (size_t k = i; k < inputs; k++) sum += w[(size_t)c * inputs + k] * x[(size_t)r * inputs + k];
            sum += total(&sums[r][c]);
            y[(size_t)r * outputs + (size_t)c] = relu && !(sum > 0.0f) ? 0.0f : sum;
        }
    }
}

FOR_EVERY_SET(void, kernels_dense_rows, (float *y, const float *w, const float *bias, const float *x, size_t rows,
              size_t outputs, size_t inputs, int relu),
              (y, w, bias, x, rows, outputs, inputs, relu)) {
#define TILE(count, columns)                                                                                          \
    tile(y + r * outputs + o, w + o * inputs, bias + o, x + r * inputs, outputs, inputs, relu, count, columns)
    size_t o = 0, r;
    // The weights of a few outputs stay in the cache for all rows.
    for (; o + MOST_OF_A_TILE <= outputs; o += MOST_OF_A_TILE) {
        for (r = 0; r + MOST_OF_A_TILE <= rows; r += MOST_OF_A_TILE) TILE(MOST_OF_A_TILE, MOST_OF_A_TILE);
        for (; r < rows; r++) TILE(1, MOST_OF_A_TILE);
    }
    for (; o < outputs; o++)
        for (r = 0; r < rows; r++) TILE(1, 1);
#undef TILE
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
    for (size_t i = 0; w_gradient && i < outputs * inputs; i++) w_gradient[i] = 0.0f;
    for (size_t r = 0; r < rows; r++) {
        const float *input = x + r * inputs;
        float *input_gradient = x_gradient ? x_gradient + r * inputs : 0;
        if (input_gradient && !accumulate)
            for (size_t i = 0; i < inputs; i++) input_gradient[i] = 0.0f;
        for (size_t o = 0; o < outputs; o++) {
            // Most of these are zero, because only the actions taken have a loss.
            float gradient = y_gradient[r * outputs + o];
            if (gradient == 0.0f) continue;
            const float *row = w + o * inputs;
            if (w_gradient) {
                float *gradient_row = w_gradient + o * inputs;
                for (size_t i = 0; i < inputs; i++) gradient_row[i] += gradient * input[i];
            }
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
