// The transforms of convolutions with fewer products: sums and differences of inputs, outputs and weights within a tile.
#include "Winograd.h"

enum { MOST_PLACES = 4 };

// Along one axis, in place; elements are `d` apart. For `reach` 2 and 3, with places v, outputs y and weights w:
//   places of the input:  v0 - v1, v1, v2 - v1          v0 - v2, v1 + v2, v2 - v1, v1 - v3
//   outputs:              v0 + v1, v1 + v2              v0 + v1 + v2, v1 - v2 - v3
//   weights:              w0, w0 + w1, w1               w0, (w0 + w1 + w2) / 2, (w0 - w1 + w2) / 2, w2
// The functions with `back` are the transposed ones, for gradients.
INLINE void input_step(lanes *v, int d, int reach) {
    lanes v0 = v[0], v1 = v[d], v2 = v[2 * d];
    if (reach == 2) {
        v[0] = v0 - v1;
        v[2 * d] = v2 - v1;
    } else {
        v[0] = v0 - v2;
        v[d] = v1 + v2;
        v[2 * d] = v2 - v1;
        v[3 * d] = v1 - v[3 * d];
    }
}

INLINE void input_back(lanes *v, int d, int reach) {
    lanes v0 = v[0], v1 = v[d], v2 = v[2 * d];
    if (reach == 2) {
        v[d] = v1 - v0 - v2;
    } else {
        v[d] = v1 - v2 + v[3 * d];
        v[2 * d] = v1 + v2 - v0;
        v[3 * d] = -v[3 * d];
    }
}

INLINE void output_step(lanes *v, int d, int reach) {
    lanes v0 = v[0], v1 = v[d], v2 = v[2 * d];
    v[0] = reach == 2 ? v0 + v1 : v0 + v1 + v2;
    v[d] = reach == 2 ? v1 + v2 : v1 - v2 - v[3 * d];
}

INLINE void output_back(lanes *v, int d, int reach) {
    lanes y0 = v[0], y1 = v[d];
    v[d] = y0 + y1;
    v[2 * d] = reach == 2 ? y1 : y0 - y1;
    if (reach == 3) v[3 * d] = -y1;
}

INLINE void weights_step(lanes *v, int d, int reach) {
    lanes w0 = v[0], w1 = v[d];
    if (reach == 2) {
        v[d] = w0 + w1;
        v[2 * d] = w1;
    } else {
        lanes w2 = v[2 * d];
        v[d] = 0.5f * (w0 + w2 + w1);
        v[2 * d] = 0.5f * (w0 + w2 - w1);
        v[3 * d] = w2;
    }
}

INLINE void weights_back(lanes *v, int d, int reach) {
    lanes v0 = v[0], v1 = v[d], v2 = v[2 * d];
    if (reach == 2) {
        v[0] = v0 + v1;
        v[d] = v1 + v2;
    } else {
        lanes sum = 0.5f * (v1 + v2);
        v[0] = v0 + sum;
        v[d] = 0.5f * (v1 - v2);
        v[2 * d] = sum + v[3 * d];
    }
}

// Applies `step` along both axes: to the first `narrow` columns, then to all `wide` rows, or the other way around.
#define COLUMNS_THEN_ROWS(step, narrow, wide)                                                                         \
    UNROLL                                                                                                            \
    for (int j = 0; j < (narrow); j++) step(v + j, MOST_PLACES, reach);                                               \
    UNROLL                                                                                                            \
    for (int i = 0; i < (wide); i++) step(v + i * MOST_PLACES, 1, reach);
#define ROWS_THEN_COLUMNS(step, wide, narrow)                                                                         \
    UNROLL                                                                                                            \
    for (int i = 0; i < (wide); i++) step(v + i * MOST_PLACES, 1, reach);                                             \
    UNROLL                                                                                                            \
    for (int j = 0; j < (narrow); j++) step(v + j, MOST_PLACES, reach);
#define EACH(rows, columns)                                                                                           \
    UNROLL                                                                                                            \
    for (int i = 0; i < (rows); i++)                                                                                  \
        UNROLL                                                                                                        \
        for (int j = 0; j < (columns); j++)
#define V v[i * MOST_PLACES + j]

#define EACH_TILE                                                                                                     \
    for (size_t m = 0; m < images; m++)                                                                               \
        for (size_t row = 0; row < plan->tile_rows; row++)                                                            \
            for (size_t column = 0; column < plan->tile_columns; column++)

// The squares of a tile that lie within the image; a tile at its end reaches beyond.
#define INSIDE (whole || (2 * row + (size_t)i < squares_down && 2 * column + (size_t)j < squares_across))

// Reads the tile's input (with `back` false) or adds to its gradient, sixteen channels at a time.
INLINE void input_tile(float *restrict numbers, float *restrict x, const kernels_winograd *plan, size_t row,
                       size_t column, int reach, int whole, int back) {
    const kernels_convolution *sizes = &plan->sizes;
    size_t squares_down = sizes->rows / plan->stride, squares_across = sizes->columns / plan->stride;
    size_t pixels = sizes->columns * sizes->channels, run = plan->stride * sizes->channels;
    size_t down = plan->stride * pixels, apart = winograd_plane(plan, plan->channels);
    x += 2 * row * down + 2 * column * run;
    for (size_t r = 0; r < plan->stride; r++, x += pixels, numbers += run)
        for (size_t k = 0; k < run; k += LANES) {
            lanes v[MOST_PLACES * MOST_PLACES];
            if (back) {
                EACH(reach + 1, reach + 1) V = LOAD(numbers + (size_t)(i * (reach + 1) + j) * apart + k);
                COLUMNS_THEN_ROWS(input_back, reach + 1, reach + 1)
                EACH(reach + 1, reach + 1) {
                    float *to = x + (size_t)i * down + (size_t)j * run + k;
                    if (INSIDE) STORE(to, LOAD(to) + V);
                }
            } else {
                EACH(reach + 1, reach + 1) {
                    V = 0.0f;
                    if (INSIDE) V = LOAD(x + (size_t)i * down + (size_t)j * run + k);
                }
                ROWS_THEN_COLUMNS(input_step, reach + 1, reach + 1)
                EACH(reach + 1, reach + 1) STORE(numbers + (size_t)(i * (reach + 1) + j) * apart + k, V);
            }
        }
}

INLINE void input_tiles(float *restrict numbers, float *restrict x, const kernels_winograd *plan, size_t images,
                        int reach, int back) {
    const kernels_convolution *sizes = &plan->sizes;
    size_t image = sizes->rows * sizes->columns * sizes->channels;
    size_t squares_down = sizes->rows / plan->stride, squares_across = sizes->columns / plan->stride;
    EACH_TILE {
        size_t end_row = 2 * row + (size_t)reach + 1, end_column = 2 * column + (size_t)reach + 1;
        if (end_row <= squares_down && end_column <= squares_across) {
            input_tile(numbers, x + m * image, plan, row, column, reach, 1, back);
        } else {
            input_tile(numbers, x + m * image, plan, row, column, reach, 0, back);
        }
        numbers += plan->channels;
    }
}

FOR_EVERY_SET(void, winograd_input, (float *numbers, float *x, const kernels_winograd *plan, size_t images),
              (numbers, x, plan, images)) {
    if (plan->reach == 2) {
        input_tiles(numbers, x, plan, images, 2, 0);
    } else {
        input_tiles(numbers, x, plan, images, 3, 0);
    }
}

FOR_EVERY_SET(void, winograd_add_input_gradient, (float *numbers, float *x, const kernels_winograd *plan, size_t images),
              (numbers, x, plan, images)) {
    if (plan->reach == 2) {
        input_tiles(numbers, x, plan, images, 2, 1);
    } else {
        input_tiles(numbers, x, plan, images, 3, 1);
    }
}

// Outputs of a tile that the layer has; a tile at its end has more.
#define WANTED (2 * row + (size_t)i < sizes->output_rows && 2 * column + (size_t)j < sizes->output_columns)
#define OUTPUT (y + ((m * sizes->output_rows + 2 * row + (size_t)i) * sizes->output_columns + 2 * column + (size_t)j) *    \
                        sizes->outputs + o)

INLINE void output_tiles(float *restrict y, const float *restrict numbers, const float *restrict bias,
                         const kernels_winograd *plan, size_t images, int relu, int reach) {
    const kernels_convolution *sizes = &plan->sizes;
    size_t apart = winograd_plane(plan, sizes->outputs);
    EACH_TILE {
        for (size_t o = 0; o < sizes->outputs; o += LANES) {
            lanes v[MOST_PLACES * MOST_PLACES];
            EACH(reach + 1, reach + 1) V = LOAD(numbers + (size_t)(i * (reach + 1) + j) * apart + o);
            ROWS_THEN_COLUMNS(output_step, reach + 1, 2)
            EACH(2, 2) {
                lanes sum = V + LOAD(bias + o);
                if (WANTED) STORE(OUTPUT, relu ? (sum > 0.0f ? sum : (lanes)0.0f) : sum);
            }
        }
        numbers += sizes->outputs;
    }
}

FOR_EVERY_SET(void, winograd_output, (float *y, const float *numbers, const float *bias,
              const kernels_winograd *plan, size_t images, int relu),
              (y, numbers, bias, plan, images, relu)) {
    if (plan->reach == 2) {
        output_tiles(y, numbers, bias, plan, images, relu, 2);
    } else {
        output_tiles(y, numbers, bias, plan, images, relu, 3);
    }
}

INLINE void gradient_tiles(float *restrict numbers, const float *restrict y, const kernels_winograd *plan,
                           size_t images, int reach) {
    const kernels_convolution *sizes = &plan->sizes;
    size_t apart = winograd_plane(plan, sizes->outputs);
    EACH_TILE {
        for (size_t o = 0; o < sizes->outputs; o += LANES) {
            lanes v[MOST_PLACES * MOST_PLACES];
            EACH(2, 2) {
                V = 0.0f;
                if (WANTED) V = LOAD(OUTPUT);
            }
            COLUMNS_THEN_ROWS(output_back, 2, reach + 1)
            EACH(reach + 1, reach + 1) STORE(numbers + (size_t)(i * (reach + 1) + j) * apart + o, V);
        }
        numbers += sizes->outputs;
    }
}

FOR_EVERY_SET(void, winograd_output_gradient, (float *numbers, const float *y, const kernels_winograd *plan,
              size_t images),
              (numbers, y, plan, images)) {
    if (plan->reach == 2) {
        gradient_tiles(numbers, y, plan, images, 2);
    } else {
        gradient_tiles(numbers, y, plan, images, 3);
    }
}

// The outputs of a block of sixteen that a filter of one channel and one pixel of a square belongs to.
#define EACH_FILTER                                                                                                   \
    size_t positions = sizes->kernel_rows * sizes->kernel_columns, inputs = positions * sizes->channels;              \
    size_t run = plan->stride * sizes->channels, apart = winograd_weights(plan);                                      \
    for (size_t first = 0; first < sizes->outputs; first += LANES, packed += plan->channels * LANES)                  \
        for (size_t channel = 0; channel < sizes->channels; channel++)                                                \
            for (size_t r = 0; r < plan->stride; r++)                                                                 \
                for (size_t c = 0; c < plan->stride; c++)
#define WEIGHT(o)                                                                                                     \
    weights[(first + (o)) * inputs + channel * positions + ((size_t)i * plan->stride + r) * sizes->kernel_columns +   \
            (size_t)j * plan->stride + c]
#define PACKED                                                                                                        \
    packed + (size_t)(i * (reach + 1) + j) * apart + (r * run + c * sizes->channels + channel) * LANES

INLINE void pack(float *restrict packed, const float *restrict weights, const kernels_winograd *plan, int reach) {
    const kernels_convolution *sizes = &plan->sizes;
    EACH_FILTER {
        lanes v[MOST_PLACES * MOST_PLACES];
        EACH(reach, reach) {
            float values[LANES];
            UNROLL
            for (size_t o = 0; o < LANES; o++) values[o] = WEIGHT(o);
            V = LOAD(values);
        }
        COLUMNS_THEN_ROWS(weights_step, reach, reach + 1)
        EACH(reach + 1, reach + 1) STORE(PACKED, V);
    }
}

INLINE void unpack(float *restrict weights, const float *restrict packed, const kernels_winograd *plan, int reach) {
    const kernels_convolution *sizes = &plan->sizes;
    EACH_FILTER {
        lanes v[MOST_PLACES * MOST_PLACES];
        EACH(reach + 1, reach + 1) V = LOAD(PACKED);
        ROWS_THEN_COLUMNS(weights_back, reach + 1, reach)
        EACH(reach, reach) {
            float values[LANES];
            STORE(values, V);
            UNROLL
            for (size_t o = 0; o < LANES; o++) WEIGHT(o) = values[o];
        }
    }
}

FOR_EVERY_SET(void, winograd_pack, (float *packed, const float *weights, const kernels_winograd *plan),
              (packed, weights, plan)) {
    if (plan->reach == 2) {
        pack(packed, weights, plan, 2);
    } else {
        pack(packed, weights, plan, 3);
    }
}

FOR_EVERY_SET(void, winograd_unpack, (float *weights, const float *packed, const kernels_winograd *plan),
              (weights, packed, plan)) {
    if (plan->reach == 2) {
        unpack(weights, packed, plan, 2);
    } else {
        unpack(weights, packed, plan, 3);
    }
}
