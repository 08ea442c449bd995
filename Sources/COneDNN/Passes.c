// The passes of a stack of layers.
#include "Stack.h"

// Selects one block of the batch: its activations, its output and the gradient of its output.
static dnnl_status_t turn_to(onednn_convolutions *self, int block) {
    dnnl_status_t status = dnnl_success;
    if (self->blocks == 1) return status;
    for (int i = 0; self->training && i < self->count; i++) {
        layer_state *layer = &self->layers[i];
        size_t start = (size_t)block * layer->block_count;
        TRY(dnnl_memory_set_data_handle(layer->dst, layer->activations + start));
        if (layer->computed != layer->dst)
            TRY(dnnl_memory_set_data_handle(layer->computed, layer->all_computed + start));
    }
    TRY(dnnl_memory_set_data_handle(self->output, self->outputs + (size_t)block * self->output_count));
    if (self->training)
        TRY(dnnl_memory_set_data_handle(self->output_gradient,
                                        self->output_gradients + (size_t)block * self->output_count));
done:
    return status;
}

// Computes the outputs of a convolution, with the rectified linear unit but without another activation function.
static dnnl_status_t forward_convolution(onednn_convolutions *self, layer_state *layer, float *computed,
                                         const float *src) {
    size_t rows = (size_t)self->rows;
    const float *bias = stack_handle(layer->bias);
    int relu = layer->activation == KERNELS_RELU;
    double began = stack_log_begin();
    switch (layer->method) {
    case ONEDNN_BY_LIBRARY: return stack_run_computation(self, &layer->forward);
    case ONEDNN_BY_LOOPS:
        kernels_convolution_forward(computed, src, layer->packed, bias, &layer->own, rows, relu);
        break;
    case ONEDNN_BY_WINOGRAD:
        kernels_winograd_forward(computed, src, layer->packed, bias, &layer->winograd, rows, relu, self->own_scratch);
        break;
    }
    stack_log_convolution(began, layer->method, self->training ? "forward_training" : "forward_inference",
                           &layer->own, rows);
    return dnnl_success;
}

// Computes a layer's activations of one block.
static dnnl_status_t forward_layer(onednn_convolutions *self, layer_state *layer, int block) {
    float *computed = stack_handle(layer->computed);
    const float *src = stack_handle(layer->src);
    size_t rows = (size_t)self->rows;
    // The rectified linear unit of a convolution is fused.
    int fused = layer->kind == ONEDNN_CONVOLUTION &&
                (layer->activation == KERNELS_RELU || layer->activation == KERNELS_IDENTITY);
    uint32_t *chosen = layer->chosen ? layer->chosen + (size_t)block * layer->block_count : NULL;
    dnnl_status_t status = dnnl_success;
    switch (layer->kind) {
    case ONEDNN_CONVOLUTION:
        TRY(forward_convolution(self, layer, computed, src)); break;
    case ONEDNN_NORM:
        kernels_norm(computed, layer->statistics + (size_t)block * rows * 2, src, stack_handle(layer->weights),
                     stack_handle(layer->bias), rows, layer->channels * layer->positions);
        break;
    case ONEDNN_MAX_POOLING: kernels_max_pooling(computed, chosen, src, &layer->pooling, rows); break;
    case ONEDNN_AVERAGE_POOLING: kernels_average_pooling(computed, src, &layer->pooling, rows); break;
    }
    if (!fused) kernels_activate(stack_handle(layer->dst), computed, layer->block_count, layer->activation);
done:
    return status;
}

// Ends a pass between two blocks.
static onednn_status cut(onednn_convolutions *self) {
    onednn_status status = stack_finish(self, dnnl_success);
    return status ? status : onednn_cut;
}

onednn_status onednn_convolutions_forward(onednn_convolutions *self, int (*is_cut)(void)) {
    dnnl_status_t status = dnnl_success;
    for (int block = 0; block < self->blocks; block++) {
        if (is_cut && is_cut()) return cut(self);
        TRY(turn_to(self, block));
        stack_fold_block(self, block);
        for (int i = 0; i < self->count; i++) TRY(forward_layer(self, &self->layers[i], block));
        TRY(stack_run(self, &self->unpack_output));
    }
done:
    return stack_finish(self, status);
}

void onednn_convolutions_copy_activations(onednn_convolutions *self, int index, float *to) {
    const layer_state *layer = &self->layers[index];
    const float *from = layer->activations;
    size_t count = layer->channels * layer->positions;
    for (int row = 0; row < self->blocks * self->rows; row++, from += count)
        for (size_t channel = 0; channel < layer->channels; channel++)
            for (size_t position = 0; position < layer->positions; position++)
                *to++ = from[position * layer->channels + channel];
}

// Adds the gradients of a block to those of earlier blocks. After the last block, its buffers hold the sum of all.
static void add_up(onednn_convolutions *self, layer_state *layer, int block) {
    float *bias = stack_handle(layer->diff_bias);
    float *weights = layer->packed ? NULL : stack_handle(layer->block_diff_weights);
    size_t bias_count = (size_t)layer->weights_dims[0];
    if (self->blocks == 1) return;
    // Our own passes add up the gradients of the weights themselves: their `sum_count` is 0.
    if (block == 0) {
        if (weights) memcpy(layer->weights_sum, weights, layer->sum_count * sizeof(float));
        memcpy(layer->bias_sum, bias, bias_count * sizeof(float));
    } else if (block < self->blocks - 1) {
        kernels_add(layer->weights_sum, weights, layer->sum_count);
        kernels_add(layer->bias_sum, bias, bias_count);
    } else {
        kernels_add(weights, layer->weights_sum, layer->sum_count);
        kernels_add(bias, layer->bias_sum, bias_count);
    }
}

// Computes the gradients of a convolution's parameters and, unless `before` is null, of its input.
static dnnl_status_t backward_convolution(onednn_convolutions *self, layer_state *layer, int block, float *before) {
    size_t rows = (size_t)self->rows;
    float *gradient = stack_handle(layer->diff_dst);
    const float *src = stack_handle(layer->src);
    computation *weights = &layer->backward_weights;
    double began = stack_log_begin();
    dnnl_status_t status = dnnl_success;
    switch (layer->method) {
    case ONEDNN_BY_LIBRARY:
        for (int j = 0; j < weights->before_count; j++) TRY(stack_run(self, &weights->before[j]));
        TRY(stack_run(self, &weights->compute));
        break;
    case ONEDNN_BY_LOOPS:
        kernels_convolution_gradient(layer->packed_gradient, src, gradient, &layer->own, rows, block > 0);
        stack_log_convolution(began, layer->method, "backward_weights", &layer->own, rows);
        break;
    case ONEDNN_BY_WINOGRAD:
        kernels_winograd_backward(layer->packed_gradient, before, src, gradient, layer->transposed, &layer->winograd,
                                  rows, block > 0, self->own_scratch);
        stack_log_convolution(began, layer->method, before ? "backward" : "backward_weights", &layer->own, rows);
        break;
    }
    if (layer->packed)
        kernels_sum_rows(stack_handle(layer->diff_bias), gradient, layer->channels, rows * layer->positions,
                         layer->channels);
    add_up(self, layer, block);
    TRY(stack_run_computation(self, &layer->backward_data));
done:
    return status;
}

// Computes the gradients of a layer's parameters from those of its output, for one block, and of the layer before it.
static dnnl_status_t backward_layer(onednn_convolutions *self, int index, int block) {
    layer_state *layer = &self->layers[index];
    float *gradient = stack_handle(layer->diff_dst), *before = index > 0 ? stack_handle(layer[-1].diff_dst) : NULL;
    size_t rows = (size_t)self->rows;
    dnnl_status_t status = dnnl_success;
    if (layer->activation == KERNELS_RELU) {
        kernels_mask(gradient, stack_handle(layer->dst), layer->block_count);
    } else {
        kernels_activation_gradient(gradient, stack_handle(layer->dst), stack_handle(layer->computed),
                                    layer->block_count, layer->activation);
    }
    switch (layer->kind) {
    case ONEDNN_CONVOLUTION:
        TRY(backward_convolution(self, layer, block, before));
        break;
    case ONEDNN_NORM:
        kernels_norm_backward(before, stack_handle(layer->diff_weights), stack_handle(layer->diff_bias), gradient,
                              stack_handle(layer->src), layer->statistics + (size_t)block * rows * 2,
                              stack_handle(layer->weights), rows, layer->channels * layer->positions, block > 0, 0);
        break;
    case ONEDNN_MAX_POOLING:
        if (before)
            kernels_max_pooling_backward(before, gradient, layer->chosen + (size_t)block * layer->block_count,
                                         &layer->pooling, rows);
        break;
    case ONEDNN_AVERAGE_POOLING:
        if (before) kernels_average_pooling_backward(before, gradient, &layer->pooling, rows);
        break;
    }
done:
    return status;
}

onednn_status onednn_convolutions_backward(onednn_convolutions *self, float *const *weight_gradients,
                                           float *const *bias_gradients, int (*is_cut)(void)) {
    dnnl_status_t status = dnnl_success;
    for (int block = 0; block < self->blocks; block++) {
        if (is_cut && is_cut()) return cut(self);
        TRY(turn_to(self, block));
        // The observations of a single block are still folded.
        if (self->blocks > 1) stack_fold_block(self, block);
        TRY(stack_run(self, &self->pack_output_gradient));
        for (int i = self->count - 1; i >= 0; i--) TRY(backward_layer(self, i, block));
    }
    TRY(stack_copy_gradients(self, weight_gradients, bias_gradients));
done:
    return stack_finish(self, status);
}
