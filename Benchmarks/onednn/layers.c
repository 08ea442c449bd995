// Built by Benchmarks/onednn/run against one version of oneDNN: times convolutions and matrix products of the standard
// networks in that library and in CKernels, on one thread. Prints lines of layer, direction, what computes it, and the
// least microseconds of processor time for one observation.
#include "CKernels.h"
#include "Versions.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Channels, rows, columns, outputs, kernel and stride, as the layer is computed, and the images of a block.
static const size_t convolutions[][7] = {
    {64, 21, 21, 32, 2, 1, 4}, {32, 20, 20, 64, 4, 2, 4}, {64, 9, 9, 64, 3, 1, 4},
    {64, 21, 21, 16, 2, 1, 5}, {16, 20, 20, 32, 4, 2, 5},
};
// Rows, inputs and outputs.
static const size_t dense_layers[][3] = {
    {32, 3136, 512}, {20, 2592, 256}, {5, 2592, 256}, {64, 256, 256}, {64, 64, 64}, {128, 256, 256},
};

static double seconds;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Prints the least time of `statement` for one of `count` observations.
#define MEASURE(direction, method, count, statement)                                                                  \
    do {                                                                                                              \
        double least = 1e9, end = now() + seconds;                                                                    \
        do {                                                                                                          \
            double began = now();                                                                                     \
            statement;                                                                                                \
            began = now() - began;                                                                                    \
            if (began < least) least = began;                                                                         \
        } while (now() < end);                                                                                        \
        printf("%s,%s,%s,%.3f\n", layer, direction, method, 1e6 * least / (double)(count));                          \
    } while (0)

#define CHECK(call)                                                                                                   \
    do {                                                                                                              \
        if ((call) != dnnl_success) {                                                                                 \
            fprintf(stderr, "error: %s failed\n", #call);                                                             \
            exit(1);                                                                                                  \
        }                                                                                                             \
    } while (0)

static float *numbers(size_t count) {
    float *x = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    if (!x) exit(1);
    for (size_t i = 0; i < count; i++) x[i] = (float)(rand() % 2000) / 1000.0f - 1.0f;
    return x;
}

static dnnl_engine_t engine;
static dnnl_stream_t stream;

// The memory that a computation wants for an argument.
static dnnl_memory_t wanted(dnnl_primitive_desc_t description, dnnl_query_t query) {
    md_ref layout = dnnl_primitive_desc_query_md(description, query, 0);
    dnnl_memory_t memory;
    CHECK(dnnl_memory_create(&memory, layout, engine, numbers(dnnl_memory_desc_get_size(layout) / sizeof(float))));
    return memory;
}

static void execute(dnnl_primitive_t primitive, int count, const dnnl_exec_arg_t *arguments) {
    CHECK(dnnl_primitive_execute(primitive, stream, count, arguments));
    CHECK(dnnl_stream_wait(stream));
}

static void convolution_of_library(const char *layer, const kernels_convolution *sizes, size_t images) {
    dnnl_dims_t src_dims = {(dnnl_dim_t)images, (dnnl_dim_t)sizes->channels, (dnnl_dim_t)sizes->rows,
                            (dnnl_dim_t)sizes->columns};
    dnnl_dims_t dst_dims = {(dnnl_dim_t)images, (dnnl_dim_t)sizes->outputs, (dnnl_dim_t)sizes->output_rows,
                            (dnnl_dim_t)sizes->output_columns};
    dnnl_dims_t weights_dims = {(dnnl_dim_t)sizes->outputs, (dnnl_dim_t)sizes->channels,
                                (dnnl_dim_t)sizes->kernel_rows, (dnnl_dim_t)sizes->kernel_columns};
    dnnl_dims_t strides = {(dnnl_dim_t)sizes->stride_rows, (dnnl_dim_t)sizes->stride_columns}, padding = {0, 0};
    owned_md src, dst, weights, bias;
    CHECK(md_make(&src, 4, src_dims, dnnl_nhwc));
    CHECK(md_make(&dst, 4, dst_dims, dnnl_nhwc));
    CHECK(md_make(&weights, 4, weights_dims, dnnl_format_tag_any));
    CHECK(md_make(&bias, 1, weights_dims, dnnl_a));
    dnnl_primitive_attr_t plain;
    CHECK(dnnl_primitive_attr_create(&plain));
    dnnl_primitive_desc_t forward, data, gradient;
    CHECK(convolution_forward_pd(&forward, engine, 1, md_borrow(&src), md_borrow(&weights), md_borrow(&bias),
                                 md_borrow(&dst), strides, padding, plain));
    CHECK(convolution_backward_data_pd(&data, engine, md_borrow(&src), md_borrow(&weights), md_borrow(&dst), strides,
                                       padding, plain, forward));
    CHECK(convolution_backward_weights_pd(&gradient, engine, md_borrow(&src), md_borrow(&weights), md_borrow(&bias),
                                          md_borrow(&dst), strides, padding, plain, forward));
    dnnl_primitive_t run_forward, run_data, run_gradient;
    CHECK(dnnl_primitive_create(&run_forward, forward));
    CHECK(dnnl_primitive_create(&run_data, data));
    CHECK(dnnl_primitive_create(&run_gradient, gradient));
    dnnl_memory_t x = wanted(forward, dnnl_query_src_md), y = wanted(forward, dnnl_query_dst_md);
    dnnl_exec_arg_t forward_arguments[] = {{DNNL_ARG_SRC, x},
                                           {DNNL_ARG_DST, y},
                                           {DNNL_ARG_WEIGHTS, wanted(forward, dnnl_query_weights_md)},
                                           {DNNL_ARG_BIAS, NULL}};
    CHECK(dnnl_memory_create(&forward_arguments[3].memory, md_borrow(&bias), engine, numbers(sizes->outputs)));
    dnnl_exec_arg_t data_arguments[] = {{DNNL_ARG_DIFF_DST, y},
                                        {DNNL_ARG_DIFF_SRC, x},
                                        {DNNL_ARG_WEIGHTS, wanted(data, dnnl_query_weights_md)}};
    dnnl_exec_arg_t gradient_arguments[] = {{DNNL_ARG_DIFF_DST, y},
                                            {DNNL_ARG_SRC, x},
                                            {DNNL_ARG_DIFF_WEIGHTS, wanted(gradient, dnnl_query_diff_weights_md)},
                                            {DNNL_ARG_DIFF_BIAS, forward_arguments[3].memory}};
    MEASURE("forward", "oneDNN", images, execute(run_forward, 4, forward_arguments));
    MEASURE("gradient of the weights", "oneDNN", images, execute(run_gradient, 4, gradient_arguments));
    MEASURE("gradient of the input", "oneDNN", images, execute(run_data, 3, data_arguments));
}

static void convolution_of_kernels(const char *layer, const kernels_convolution *sizes, size_t images) {
    kernels_winograd plan;
    if (kernels_chosen_set() < KERNELS_AVX2 || !kernels_winograd_fits(sizes)) return;
    kernels_winograd_plan(&plan, sizes, images);
    size_t count = kernels_winograd_weights(&plan);
    float *x = numbers(images * sizes->rows * sizes->columns * sizes->channels), *bias = numbers(sizes->outputs);
    float *y = numbers(images * sizes->output_rows * sizes->output_columns * sizes->outputs);
    float *packed = numbers(count), *transposed = numbers(count), *gradient = numbers(count);
    float *input = numbers(images * sizes->rows * sizes->columns * sizes->channels);
    float *scratch = numbers(kernels_winograd_scratch(&plan));
    MEASURE("forward", "CKernels", images,
            kernels_winograd_forward(y, x, packed, bias, &plan, images, 0, scratch));
    MEASURE("gradient of the weights", "CKernels", images,
            kernels_winograd_backward(gradient, NULL, x, y, transposed, &plan, images, 0, scratch));
    MEASURE("both gradients", "CKernels", images,
            kernels_winograd_backward(gradient, input, x, y, transposed, &plan, images, 0, scratch));
}

static void product(char transpose_a, char transpose_b, size_t m, size_t n, size_t k, const float *a, const float *b,
                    float *c) {
    dnnl_dim_t columns_a = (dnnl_dim_t)(transpose_a == 'T' ? m : k);
    dnnl_dim_t columns_b = (dnnl_dim_t)(transpose_b == 'T' ? k : n);
    CHECK(dnnl_sgemm(transpose_a, transpose_b, (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1.0f, a, columns_a, b,
                     columns_b, 0.0f, c, (dnnl_dim_t)n));
}

static void dense(const char *layer, size_t rows, size_t inputs, size_t outputs) {
    float *x = numbers(rows * inputs), *w = numbers(outputs * inputs), *y = numbers(rows * outputs);
    float *bias = numbers(outputs), *gradient = numbers(outputs * inputs), *result = numbers(rows * outputs);
    MEASURE("forward, x Wᵀ", "oneDNN", rows, {
        product('N', 'T', rows, outputs, inputs, x, w, y);
        kernels_add_bias(y, bias, rows, outputs, 1);
    });
    MEASURE("forward, (W xᵀ)ᵀ", "oneDNN", rows, {
        product('N', 'T', outputs, rows, inputs, w, x, y);
        kernels_transpose_bias(result, y, bias, rows, outputs, 1);
    });
    MEASURE("forward, tiles", "CKernels", rows, kernels_dense_rows(y, w, bias, x, rows, outputs, inputs, 1));
    MEASURE("gradient of the weights", "oneDNN", rows,
            product('T', 'N', outputs, inputs, rows, y, x, gradient));
    MEASURE("gradient of the input", "oneDNN", rows, product('N', 'N', rows, inputs, outputs, y, w, x));
}

int main(int count, char **arguments) {
    seconds = count > 1 ? atof(arguments[1]) : 0.3;
    const dnnl_version_t *version = dnnl_version();
    printf("version,%d.%d.%d,kernels %s,0\n", version->major, version->minor, version->patch,
           kernels_name_of_set(kernels_chosen_set()));
    CHECK(dnnl_engine_create(&engine, dnnl_cpu, 0));
    CHECK(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
    char layer[100];
    for (size_t i = 0; i < sizeof convolutions / sizeof *convolutions; i++) {
        const size_t *size = convolutions[i];
        kernels_convolution sizes = {
            .channels = size[0], .rows = size[1], .columns = size[2], .outputs = size[3], .kernel_rows = size[4],
            .kernel_columns = size[4], .stride_rows = size[5], .stride_columns = size[5],
            .output_rows = (size[1] - size[4]) / size[5] + 1, .output_columns = (size[2] - size[4]) / size[5] + 1,
        };
        snprintf(layer, sizeof layer, "%zu×%zu×%zu → %zu×%zu×%zu", size[0], size[1], size[2], size[3],
                 sizes.output_rows, sizes.output_columns);
        convolution_of_library(layer, &sizes, size[6]);
        convolution_of_kernels(layer, &sizes, size[6]);
    }
    for (size_t i = 0; i < sizeof dense_layers / sizeof *dense_layers; i++) {
        const size_t *size = dense_layers[i];
        snprintf(layer, sizeof layer, "%zu → %zu; %zu rows", size[1], size[2], size[0]);
        dense(layer, size[0], size[1], size[2]);
    }
    return 0;
}
