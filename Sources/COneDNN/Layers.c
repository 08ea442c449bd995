// Creates the layers of a stack.
#include "Stack.h"

// Whether the derivative of an activation function needs its argument.
static int keeps_argument(kernels_activation activation) {
    return activation == KERNELS_SILU || activation == KERNELS_GELU;
}

size_t stack_weights_bytes(const layer_state *layer) {
    const dnnl_dim_t *dims = layer->weights_dims;
    return sizeof(float) * (size_t)(dims[0] * dims[1] * dims[2] * dims[3]);
}

static kernels_convolution convolution_of(const onednn_layer *sizes, const dnnl_dims_t src, const dnnl_dims_t dst) {
    return (kernels_convolution){
        .channels = (size_t)src[1],
        .rows = (size_t)src[2],
        .columns = (size_t)src[3],
        .outputs = (size_t)dst[1],
        .kernel_rows = (size_t)sizes->kernel_rows,
        .kernel_columns = (size_t)sizes->kernel_columns,
        .stride_rows = (size_t)sizes->stride_rows,
        .stride_columns = (size_t)sizes->stride_columns,
        .output_rows = (size_t)dst[2],
        .output_columns = (size_t)dst[3],
    };
}

// Allocates what a convolution of CKernels needs; nothing for one of oneDNN. `has_input_gradient` is whether training
// needs the gradient of its input.
static dnnl_status_t make_own(onednn_convolutions *self, layer_state *layer, int has_input_gradient) {
    size_t bytes = stack_weights_bytes(layer);
    if (layer->method == ONEDNN_BY_LIBRARY) return dnnl_success;
    if (layer->method == ONEDNN_BY_WINOGRAD) {
        kernels_winograd_plan(&layer->winograd, &layer->own, (size_t)self->rows);
        bytes = kernels_winograd_weights(&layer->winograd) * sizeof(float);
        size_t scratch = kernels_winograd_scratch(&layer->winograd) * sizeof(float);
        if (scratch > self->own_scratch_bytes) self->own_scratch_bytes = scratch;
        layer->transposed = self->training && has_input_gradient ? stack_storage(self, bytes) : NULL;
        if (self->training && has_input_gradient && !layer->transposed) return dnnl_out_of_memory;
    }
    layer->packed = stack_storage(self, bytes);
    layer->packed_gradient = self->training ? stack_storage(self, bytes) : NULL;
    return layer->packed && (layer->packed_gradient || !self->training) ? dnnl_success : dnnl_out_of_memory;
}

// Creates a convolution: its parameters, and the computations of the method that the table of choices gives.
static dnnl_status_t make_convolution(onednn_convolutions *self, int index, const onednn_layer *sizes,
                                      const dnnl_dims_t src_dims, const dnnl_dims_t dst_dims,
                                      const dnnl_dims_t weights_dims) {
    layer_state *layer = &self->layers[index];
    dnnl_dims_t bias_dims = {weights_dims[0]};
    dnnl_status_t status;
    owned_md bias;
    memset(&bias, 0, sizeof bias);
    memcpy(layer->weights_dims, weights_dims, sizeof layer->weights_dims);
    layer->own = convolution_of(sizes, src_dims, dst_dims);
    layer->method = onednn_convolution_method(&layer->own, sizes->padding_rows > 0 || sizes->padding_columns > 0,
                                              kernels_chosen_set());
    int by_library = layer->method == ONEDNN_BY_LIBRARY, is_folded = index == 0 && self->fold.side > 1;
    // The gradient of the observation is not needed.
    int needs_library = by_library || (layer->method == ONEDNN_BY_LOOPS && self->training && index > 0);
    TRY(md_make(&bias, 1, bias_dims, dnnl_a));
    // Without these, weights are packed from the caller's and their gradient is unpacked to the caller's.
    if (needs_library || is_folded)
        TRY(stack_allocate_tagged(self, &layer->weights, weights_dims, dnnl_oihw, 1));
    if (self->training && (by_library || is_folded))
        TRY(stack_allocate_tagged(self, &layer->diff_weights, weights_dims, dnnl_oihw, 1));
    TRY(stack_allocate(self, &layer->bias, md_borrow(&bias)));
    if (self->training) {
        TRY(stack_allocate(self, &layer->diff_bias, md_borrow(&bias)));
        layer->bias_sum = stack_storage(self, (size_t)weights_dims[0] * sizeof(float));
        status = dnnl_out_of_memory;
        if (!layer->bias_sum) goto done;
    }
    TRY(make_own(self, layer, index > 0));
    if (needs_library) TRY(stack_make_library_convolution(self, index, sizes, src_dims, dst_dims));
done:
    md_free(&bias);
    return status;
}

// Creates the parameters of a normalisation and what it keeps for backward.
static dnnl_status_t make_norm(onednn_convolutions *self, layer_state *layer) {
    size_t count = layer->channels * layer->positions;
    dnnl_dims_t dims = {1, (dnnl_dim_t)count, 1, 1};
    dnnl_status_t status;
    memcpy(layer->weights_dims, dims, sizeof dims);
    TRY(stack_allocate_tagged(self, &layer->weights, dims, dnnl_nhwc, 1));
    TRY(stack_allocate_tagged(self, &layer->bias, dims, dnnl_nhwc, 1));
    if (self->training) {
        TRY(stack_allocate_tagged(self, &layer->diff_weights, dims, dnnl_nhwc, 1));
        TRY(stack_allocate_tagged(self, &layer->diff_bias, dims, dnnl_nhwc, 1));
    }
    status = dnnl_out_of_memory;
    layer->statistics = stack_storage(self, 2 * sizeof(float) * (size_t)(self->rows * self->blocks));
    if (layer->statistics) status = dnnl_success;
done:
    return status;
}

static dnnl_status_t make_pooling(onednn_convolutions *self, layer_state *layer, const onednn_layer *sizes,
                                  const dnnl_dims_t src, const dnnl_dims_t dst) {
    layer->pooling = (kernels_pooling){
        .channels = (size_t)src[1],
        .rows = (size_t)src[2],
        .columns = (size_t)src[3],
        .kernel_rows = (size_t)sizes->kernel_rows,
        .kernel_columns = (size_t)sizes->kernel_columns,
        .stride_rows = (size_t)sizes->stride_rows,
        .stride_columns = (size_t)sizes->stride_columns,
        .padding_rows = (size_t)sizes->padding_rows,
        .padding_columns = (size_t)sizes->padding_columns,
        .output_rows = (size_t)dst[2],
        .output_columns = (size_t)dst[3],
    };
    if (!self->training || layer->kind != ONEDNN_MAX_POOLING) return dnnl_success;
    layer->chosen = stack_storage(self, layer->block_count * (size_t)self->blocks * sizeof(uint32_t));
    return layer->chosen ? dnnl_success : dnnl_out_of_memory;
}

// Creates one layer after the layer before it: its tensors and its computations.
dnnl_status_t stack_make_layer(onednn_convolutions *self, int index, const onednn_layer *sizes,
                                const dnnl_dims_t src_dims, const dnnl_dims_t dst_dims,
                                const dnnl_dims_t weights_dims) {
    layer_state *layer = &self->layers[index];
    int copies = self->training ? self->blocks : 1;
    dnnl_status_t status;
    layer->kind = sizes->kind;
    layer->activation = (kernels_activation)sizes->activation;
    layer->block_count = (size_t)(dst_dims[0] * dst_dims[1] * dst_dims[2] * dst_dims[3]);
    layer->channels = (size_t)dst_dims[1];
    layer->positions = (size_t)(dst_dims[2] * dst_dims[3]);
    if (index > 0) {
        layer->src = self->layers[index - 1].dst;
    } else {
        TRY(stack_allocate_tagged(self, &self->input, src_dims, dnnl_nhwc, 1));
        layer->src = self->input;
    }
    // Backward reads the activations of the whole batch.
    TRY(stack_allocate_tagged(self, &layer->dst, dst_dims, dnnl_nhwc, copies));
    layer->computed = layer->dst;
    if (self->training && keeps_argument(layer->activation))
        TRY(stack_allocate_tagged(self, &layer->computed, dst_dims, dnnl_nhwc, copies));
    layer->activations = stack_handle(layer->dst);
    layer->all_computed = stack_handle(layer->computed);
    if (self->training) TRY(stack_allocate_tagged(self, &layer->diff_dst, dst_dims, dnnl_nhwc, 1));
    switch (layer->kind) {
    case ONEDNN_CONVOLUTION: TRY(make_convolution(self, index, sizes, src_dims, dst_dims, weights_dims)); break;
    case ONEDNN_NORM: TRY(make_norm(self, layer)); break;
    case ONEDNN_MAX_POOLING:
    case ONEDNN_AVERAGE_POOLING: TRY(make_pooling(self, layer, sizes, src_dims, dst_dims)); break;
    }
done:
    return status;
}
