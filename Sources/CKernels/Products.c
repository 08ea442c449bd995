// Gradients of dense layers: products of matrices that read both factors where they are.
//
// A tile holds sums of a few rows times sixteen or thirty-two columns in registers. Each sum adds its products one after
// the other, so that results do not depend on the tile, the rows of the product or the vector width.
#include "CKernels.h"
#include "Vectors.h"

#if KERNELS_HAVE_SETS

// The first matrix: the factor of a row in a term is at first[row * next_row + term * next_term].
typedef struct {
    const float *first;
    size_t next_row, next_term;
} factors;

// `rows` rows and `vectors` times sixteen columns of the product.
INLINE void product_tile(float *restrict y, factors a, const float *restrict b, size_t columns, size_t terms,
                         int accumulate, int rows, int vectors) {
    lanes sums[MOST_AVX512][2];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int n = 0; n < vectors; n++)
            sums[r][n] = accumulate ? LOAD(y + (size_t)r * columns + n * LANES) : (lanes)0.0f;
    for (size_t k = 0; k < terms; k++, b += columns) {
        lanes values[2];
        UNROLL
        for (int n = 0; n < vectors; n++) values[n] = LOAD(b + n * LANES);
        UNROLL
        for (int r = 0; r < rows; r++)
            UNROLL
            for (int n = 0; n < vectors; n++)
                sums[r][n] += a.first[(size_t)r * a.next_row + k * a.next_term] * values[n];
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
        for (int n = 0; n < vectors; n++) STORE(y + (size_t)r * columns + n * LANES, sums[r][n]);
}

// All rows of `vectors` times sixteen columns, in tiles of nearly equal height.
INLINE void product_columns(float *restrict y, factors a, const float *restrict b, size_t rows, size_t columns,
                            size_t terms, int accumulate, int vectors, size_t most) {
    size_t tiles = (rows + most - 1) / most;
    for (size_t t = 0; t < tiles; t++) {
        size_t first = t * rows / tiles;
        float *to = y + first * columns;
        factors from = {a.first + first * a.next_row, a.next_row, a.next_term};
#define TILE(count) product_tile(to, from, b, columns, terms, accumulate, count, vectors)
        EACH_COUNT((t + 1) * rows / tiles - first, most, TILE)
#undef TILE
    }
}

// Defines the product for one set, whose tiles have up to `wide` vectors of columns.
#define PRODUCT(attributes, suffix, wide, most)                                                                       \
    attributes static void product##suffix(float *y, factors a, const float *b, size_t rows, size_t columns,          \
                                           size_t terms, int accumulate) {                                            \
        size_t n = 0;                                                                                                 \
        for (; wide == 2 && n + 2 * LANES <= columns; n += 2 * LANES)                                                 \
            product_columns(y + n, a, b + n, rows, columns, terms, accumulate, wide, most);                           \
        for (; n < columns; n += LANES)                                                                               \
            product_columns(y + n, a, b + n, rows, columns, terms, accumulate, 1, most);                              \
    }

PRODUCT(AVX512, _avx512, 2, MOST_AVX512)
PRODUCT(AVX2, _avx2, 1, MOST_AVX2)

static void product(float *y, factors a, const float *b, size_t rows, size_t columns, size_t terms, int accumulate) {
    if (kernels_set_in_force == KERNELS_AVX512) {
        product_avx512(y, a, b, rows, columns, terms, accumulate);
    } else {
        product_avx2(y, a, b, rows, columns, terms, accumulate);
    }
}
#endif

int kernels_dense_gradients_fit(size_t inputs) { return KERNELS_HAVE_SETS && inputs % LANES == 0; }

void kernels_dense_weight_gradient(float *w_gradient, const float *y_gradient, size_t next_row, const float *x,
                                   size_t rows, size_t outputs, size_t inputs) {
#if KERNELS_HAVE_SETS
    product(w_gradient, (factors){y_gradient, 1, next_row}, x, outputs, inputs, rows, 0);
#endif
}

void kernels_dense_input_gradient(float *x_gradient, const float *y_gradient, const float *w, size_t rows,
                                  size_t outputs, size_t inputs, int accumulate) {
#if KERNELS_HAVE_SETS
    product(x_gradient, (factors){y_gradient, outputs, 1}, w, rows, inputs, outputs, accumulate);
#endif
}
