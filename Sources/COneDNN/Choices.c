// The table of choices. Each was measured faster, or as fast, on the shapes of docs/performance.md. A change of a row
// that changes results increases `ComputeThreads.kernelsRevision`.
#include "Choices.h"

#include <limits.h>

// A row for convolutions. The first row whose bounds a convolution meets, and whose method can compute it, is its choice.
typedef struct {
    onednn_method method;
    // The least instruction set, and channels of the input and outputs.
    kernels_set set;
    size_t channels, outputs;
    // The most bytes of an image's input and output together: every few weights pass over them, in the cache.
    size_t bytes;
} convolution_choice;

static const convolution_choice convolutions[] = {
    {ONEDNN_BY_WINOGRAD, KERNELS_AVX2, 16, 16, 512 << 10},
    {ONEDNN_BY_LOOPS, KERNELS_AVX2, 1, 16, 512 << 10},
    {ONEDNN_BY_LIBRARY, KERNELS_SSE41, 1, 1, SIZE_MAX},
};

static int can_compute(onednn_method method, const kernels_convolution *sizes, int is_padded) {
    switch (method) {
    case ONEDNN_BY_WINOGRAD: return !is_padded && kernels_winograd_fits(sizes);
    case ONEDNN_BY_LOOPS: return !is_padded && kernels_convolution_fits(sizes);
    case ONEDNN_BY_LIBRARY: break;
    }
    return 1;
}

onednn_method onednn_convolution_method(const kernels_convolution *sizes, int is_padded, kernels_set set) {
    size_t bytes = sizeof(float) * (sizes->rows * sizes->columns * sizes->channels +
                                    sizes->output_rows * sizes->output_columns * sizes->outputs);
    const convolution_choice *choice = convolutions;
    while (set < choice->set || sizes->channels < choice->channels || sizes->outputs < choice->outputs ||
           bytes > choice->bytes || !can_compute(choice->method, sizes, is_padded))
        choice++;
    return choice->method;
}

// A row for dense layers. The first row whose bounds a layer meets is its choice.
typedef struct {
    onednn_dense_method method;
    kernels_set set;
    // Whether its parameters must be constant.
    int constant;
    long least_rows, most_rows, least_inputs, least_outputs, most_outputs;
} dense_choice;

static const dense_choice layers[] = {
    {ONEDNN_DENSE_SERVED, KERNELS_SSE41, 1, 1, 1, 1, 16, LONG_MAX},
    {ONEDNN_DENSE_LOOPS, KERNELS_SSE41, 0, 1, 1, 1, 1, LONG_MAX},
    {ONEDNN_DENSE_LOOPS, KERNELS_SSE41, 0, 1, LONG_MAX, 1, 1, 15},
    {ONEDNN_DENSE_TILES, KERNELS_AVX512, 0, 16, 31, 64, 16, LONG_MAX},
    {ONEDNN_DENSE_TRANSPOSED, KERNELS_AVX512, 0, 32, LONG_MAX, 1024, 1, LONG_MAX},
    {ONEDNN_DENSE_TILES, KERNELS_AVX512, 0, 32, 64, 192, 16, LONG_MAX},
    {ONEDNN_DENSE_TRANSPOSED, KERNELS_AVX512, 0, 32, LONG_MAX, 512, 1, LONG_MAX},
    {ONEDNN_DENSE_TRANSPOSED, KERNELS_SSE41, 0, 16, LONG_MAX, 1024, 1, LONG_MAX},
    {ONEDNN_DENSE_PRODUCT, KERNELS_NO_SET, 0, LONG_MIN, LONG_MAX, LONG_MIN, LONG_MIN, LONG_MAX},
};

onednn_dense_method onednn_dense_forward(long rows, long inputs, long outputs, int is_constant, kernels_set set) {
    const dense_choice *choice = layers;
    while (set < choice->set || (choice->constant && !is_constant) || rows < choice->least_rows ||
           rows > choice->most_rows || inputs < choice->least_inputs || outputs < choice->least_outputs ||
           outputs > choice->most_outputs)
        choice++;
    return choice->method;
}

// The most rows, inputs and outputs of a dense layer whose gradient our own loops compute with an instruction set.
typedef struct {
    kernels_set set;
    long rows, inputs, outputs;
} gradient_choice;

static const gradient_choice weight_gradients[] = {
    {KERNELS_AVX512, 32, LONG_MAX, LONG_MAX},
    {KERNELS_AVX2, 128, 1024, 1024},
};

static const gradient_choice input_gradients[] = {
    {KERNELS_AVX2, 128, 1024, 1024},
};

static int is_own(const gradient_choice *choices, size_t count, long rows, long inputs, long outputs, kernels_set set) {
    if (!kernels_dense_gradients_fit((size_t)inputs)) return 0;
    for (const gradient_choice *choice = choices; choice < choices + count; choice++)
        if (set >= choice->set && rows <= choice->rows && inputs <= choice->inputs && outputs <= choice->outputs)
            return 1;
    return 0;
}

int onednn_dense_weight_gradient_is_own(long rows, long inputs, long outputs, kernels_set set) {
    return is_own(weight_gradients, sizeof weight_gradients / sizeof *weight_gradients, rows, inputs, outputs, set);
}

int onednn_dense_input_gradient_is_own(long rows, long inputs, long outputs, kernels_set set) {
    return is_own(input_gradients, sizeof input_gradients / sizeof *input_gradients, rows, inputs, outputs, set);
}
