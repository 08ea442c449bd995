// Convolutions with fewer products (Winograd 1980; Lavin and Gray 2016): forward, and both gradients.
//
// The pixels of each stride × stride square count as the channels of one position. The kernel then covers two or three
// positions along each axis, one position after the other. A tile of 2 × 2 outputs depends on 3 × 3 or 4 × 4 positions.
// Sums and differences of these positions, multiplied by sums and differences of the weights, give the tile with 9
// products instead of 16, or 16 instead of 36. The products of each place within the tile, of all tiles, are one matrix
// product. For two positions all factors of the sums are 1, and for three some are 1/2, so that little is lost to
// rounding.
//
// Each sum adds its terms in one order. Results depend neither on the batch nor on the vector width.
#include "Winograd.h"

// Bounds of channels and outputs, and of the weights and numbers of a group of images in the second-level cache.
enum { MOST_CHANNELS = 1024, MOST_BYTES = 704 << 10 };

static const float zeros[MOST_CHANNELS];

int kernels_winograd_fits(const kernels_convolution *sizes) {
    size_t stride = sizes->stride_rows, reach = sizes->kernel_rows / stride;
    return kernels_convolution_fits(sizes) && sizes->stride_columns == stride && sizes->kernel_rows == reach * stride &&
           sizes->kernel_columns == reach * stride && reach >= 2 && reach <= 3 &&
           stride * sizes->channels % LANES == 0 && stride * stride * sizes->channels <= MOST_CHANNELS &&
           sizes->outputs <= MOST_CHANNELS;
}

void kernels_winograd_plan(kernels_winograd *plan, const kernels_convolution *sizes, size_t images) {
    size_t stride = sizes->stride_rows;
    *plan = (kernels_winograd){
        .sizes = *sizes,
        .stride = stride,
        .reach = sizes->kernel_rows / stride,
        .channels = stride * stride * sizes->channels,
        .tile_rows = (sizes->output_rows + 1) / 2,
        .tile_columns = (sizes->output_columns + 1) / 2,
    };
    size_t tiles = plan->tile_rows * plan->tile_columns, place = winograd_places(plan) * sizeof(float);
    size_t fixed = winograd_weights(plan) * place, image = tiles * (plan->channels + sizes->outputs) * place;
    // Weights that leave little room are read again for each group. If they exceed the cache, so may its numbers.
    size_t large = fixed / 2 > MOST_BYTES ? fixed / 2 : MOST_BYTES;
    size_t room = fixed <= MOST_BYTES / 2 ? MOST_BYTES - fixed : large;
    size_t most = image < room ? room / image : 1;
    // Groups of nearly equal size.
    size_t groups = (images + most - 1) / most;
    plan->images = (images + groups - 1) / groups;
}

size_t kernels_winograd_weights(const kernels_winograd *plan) { return winograd_places(plan) * winograd_weights(plan); }

size_t kernels_winograd_scratch(const kernels_winograd *plan) {
    return winograd_places(plan) * (winograd_plane(plan, plan->channels) + winograd_plane(plan, plan->sizes.outputs));
}

void kernels_winograd_pack(float *restrict packed, float *restrict transposed, const float *restrict weights,
                           const kernels_winograd *plan) {
    winograd_pack(packed, weights, plan);
    if (!transposed) return;
    // Squares of sixteen channels and sixteen outputs.
    for (size_t e = 0; e < winograd_places(plan); e++)
        for (size_t c = 0; c < plan->channels; c += LANES)
            for (size_t o = 0; o < plan->sizes.outputs; o += LANES, transposed += LANES * LANES) {
                const float *from = packed + e * winograd_weights(plan) + o * plan->channels + c * LANES;
                for (size_t k = 0; k < LANES; k++)
                    for (size_t l = 0; l < LANES; l++) transposed[k * LANES + l] = from[l * LANES + k];
            }
}

void kernels_winograd_unpack(float *weights, const float *packed, const kernels_winograd *plan) {
    winograd_unpack(weights, packed, plan);
}

// The matrix product of one place: a convolution of one row with a kernel of one pixel.
static kernels_convolution product(size_t channels, size_t positions, size_t outputs) {
    return (kernels_convolution){channels, 1, positions, outputs, 1, 1, 1, 1, 1, positions};
}

// Divides the images into groups, whose numbers stay in the second-level cache.
#define EACH_GROUP(statements)                                                                                        \
    const kernels_convolution *sizes = &plan->sizes;                                                                  \
    size_t x_plane = winograd_plane(plan, plan->channels), y_plane = winograd_plane(plan, sizes->outputs);            \
    size_t x_image = sizes->rows * sizes->columns * sizes->channels;                                                  \
    size_t y_image = sizes->output_rows * sizes->output_columns * sizes->outputs;                                     \
    float *inputs = scratch, *results = scratch + winograd_places(plan) * x_plane;                                    \
    for (size_t first = 0; first < images; first += plan->images) {                                                   \
        size_t count = images - first < plan->images ? images - first : plan->images;                                 \
        size_t positions = count * plan->tile_rows * plan->tile_columns;                                              \
        statements                                                                                                    \
    }

void kernels_winograd_forward(float *y, const float *x, const float *packed, const float *bias,
                              const kernels_winograd *plan, size_t images, int relu, float *scratch) {
    EACH_GROUP({
        kernels_convolution matrices = product(plan->channels, positions, sizes->outputs);
        winograd_input(inputs, (float *)x + first * x_image, plan, count);
        for (size_t e = 0; e < winograd_places(plan); e++)
            kernels_convolution_forward(results + e * y_plane, inputs + e * x_plane,
                                        packed + e * winograd_weights(plan), zeros, &matrices, 1, 0);
        winograd_output(y + first * y_image, results, bias, plan, count, relu);
    })
}

void kernels_winograd_backward(float *packed_gradient, float *x_gradient, const float *x, const float *y_gradient,
                               const float *transposed, const kernels_winograd *plan, size_t images, int accumulate,
                               float *scratch) {
    if (x_gradient) {
        const kernels_convolution *sizes = &plan->sizes;
        memset(x_gradient, 0, images * sizes->rows * sizes->columns * sizes->channels * sizeof(float));
    }
    EACH_GROUP({
        kernels_convolution matrices = product(plan->channels, positions, sizes->outputs);
        winograd_input(inputs, (float *)x + first * x_image, plan, count);
        winograd_output_gradient(results, y_gradient + first * y_image, plan, count);
        for (size_t e = 0; e < winograd_places(plan); e++)
            kernels_convolution_gradient(packed_gradient + e * winograd_weights(plan), inputs + e * x_plane,
                                         results + e * y_plane, &matrices, 1, accumulate || first > 0);
        if (!x_gradient) continue;
        matrices = product(sizes->outputs, positions, plan->channels);
        for (size_t e = 0; e < winograd_places(plan); e++)
            kernels_convolution_forward(inputs + e * x_plane, results + e * y_plane,
                                        transposed + e * winograd_weights(plan), zeros, &matrices, 1, 0);
        winograd_add_input_gradient(inputs, x_gradient + first * x_image, plan, count);
    })
}
