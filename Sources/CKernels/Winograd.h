// The parts of convolutions with fewer products.
#ifndef SWIFT_DQN_CKERNELS_WINOGRAD_H
#define SWIFT_DQN_CKERNELS_WINOGRAD_H

#include "CKernels.h"
#include "Vectors.h"

// The numbers of one place of a tile are together: those of its tiles, one after the other. The space between places
// keeps them from competing for the same lines of the cache.
static inline size_t winograd_plane(const kernels_winograd *plan, size_t channels) {
    return plan->images * plan->tile_rows * plan->tile_columns * channels + LANES;
}

static inline size_t winograd_places(const kernels_winograd *plan) { return (plan->reach + 1) * (plan->reach + 1); }

// The packed weights of one place.
static inline size_t winograd_weights(const kernels_winograd *plan) { return plan->channels * plan->sizes.outputs; }

// Writes the numbers of the places from images of inputs. `x` is not changed.
void winograd_input(float *numbers, float *x, const kernels_winograd *, size_t images);
// Adds the gradients of the inputs, from the numbers of the places.
void winograd_add_input_gradient(float *numbers, float *x_gradient, const kernels_winograd *, size_t images);
void winograd_output(float *y, const float *numbers, const float *bias, const kernels_winograd *, size_t images,
                     int relu);
void winograd_output_gradient(float *numbers, const float *y_gradient, const kernels_winograd *, size_t images);
// Packed weights have the order (place, output / 16, channel of a position, output % 16).
void winograd_pack(float *packed, const float *weights, const kernels_winograd *);
void winograd_unpack(float *weights, const float *packed, const kernels_winograd *);

#endif
