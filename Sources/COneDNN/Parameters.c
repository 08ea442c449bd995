// Parameters of a stack and their gradients, between the layouts of the caller and of the computations.
#include "Stack.h"

// Copies weights between (output, channel, row, column) and the folded layout, in either direction. In the folded
// layout the channel, row and column within a square are the channel, and the square's row and column are the row and
// column.
static void copy_weights(float *folded, float *plain, const dnnl_dims_t dims, dnnl_dim_t fold, int from_folded) {
    dnnl_dim_t area = dims[2] * dims[3];
    // Of each output and each channel of an image, whose squares are fold × fold channels of the folded layout.
    for (dnnl_dim_t oc = 0; oc < dims[0] * dims[1]; oc += fold * fold, folded += fold * fold * area)
        for (dnnl_dim_t row = 0; row < dims[2]; row++)
            for (dnnl_dim_t r = 0; r < fold; r++)
                for (dnnl_dim_t column = 0; column < dims[3]; column++)
                    for (dnnl_dim_t c = 0; c < fold; c++, plain++) {
                        float *other = folded + (r * fold + c) * area + row * dims[3] + column;
                        if (from_folded) {
                            *plain = *other;
                        } else {
                            *other = *plain;
                        }
                    }
}

// Copies one value per element of an activation, with channels last, to or from (channel, row, column).
static void copy_elements(const layer_state *layer, float *last, float *plain, int from_last) {
    for (size_t channel = 0; channel < layer->channels; channel++)
        for (size_t position = 0; position < layer->positions; position++, plain++) {
            float *other = last + position * layer->channels + channel;
            if (from_last) {
                *plain = *other;
            } else {
                *other = *plain;
            }
        }
}

// Packs the weights of a convolution of CKernels. Those of other layers stay as they are.
static void pack(layer_state *layer, const float *weights) {
    switch (layer->method) {
    case ONEDNN_BY_WINOGRAD:
        kernels_winograd_pack(layer->packed, layer->transposed, weights, &layer->winograd);
        break;
    case ONEDNN_BY_LOOPS: kernels_pack_convolution(layer->packed, weights, &layer->own); break;
    case ONEDNN_BY_LIBRARY: break;
    }
}

static void unpack(const layer_state *layer, float *weights) {
    switch (layer->method) {
    case ONEDNN_BY_WINOGRAD: kernels_winograd_unpack(weights, layer->packed_gradient, &layer->winograd); break;
    case ONEDNN_BY_LOOPS: kernels_unpack_convolution(weights, layer->packed_gradient, &layer->own); break;
    case ONEDNN_BY_LIBRARY: break;
    }
}

onednn_status onednn_convolutions_set_parameters(onednn_convolutions *self, const float *const *weights,
                                                 const float *const *biases) {
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < self->count; i++) {
        layer_state *layer = &self->layers[i];
        dnnl_dim_t side = (dnnl_dim_t)self->fold.side;
        // Copied, so that the caller may change its parameters at any time.
        if (layer->kind == ONEDNN_NORM) {
            copy_elements(layer, stack_handle(layer->weights), (float *)weights[i], 0);
            copy_elements(layer, stack_handle(layer->bias), (float *)biases[i], 0);
        }
        if (layer->kind != ONEDNN_CONVOLUTION) continue;
        memcpy(stack_handle(layer->bias), biases[i], sizeof(float) * (size_t)layer->weights_dims[0]);
        const float *given = weights[i];
        if (i == 0 && side > 1) {
            copy_weights(stack_handle(layer->weights), (float *)given, layer->weights_dims, side, 0);
        } else if (layer->weights) {
            memcpy(stack_handle(layer->weights), given, stack_weights_bytes(layer));
        }
        pack(layer, layer->weights ? stack_handle(layer->weights) : given);
        TRY(stack_run(self, &layer->forward.refresh));
        TRY(stack_run(self, &layer->backward_data.refresh));
    }
done:
    return stack_finish(self, status);
}

dnnl_status_t stack_copy_gradients(onednn_convolutions *self, float *const *weight_gradients, float *const *bias_gradients) {
    dnnl_status_t status = dnnl_success;
    dnnl_dim_t side = (dnnl_dim_t)self->fold.side;
    for (int i = 0; i < self->count; i++) {
        layer_state *layer = &self->layers[i];
        if (layer->kind == ONEDNN_NORM) {
            copy_elements(layer, stack_handle(layer->diff_weights), weight_gradients[i], 1);
            copy_elements(layer, stack_handle(layer->diff_bias), bias_gradients[i], 1);
        }
        if (layer->kind != ONEDNN_CONVOLUTION) continue;
        memcpy(bias_gradients[i], stack_handle(layer->diff_bias), sizeof(float) * (size_t)layer->weights_dims[0]);
        int is_folded = i == 0 && side > 1;
        if (layer->packed && !is_folded) {
            unpack(layer, weight_gradients[i]);
            continue;
        }
        TRY(stack_run(self, &layer->backward_weights.after));
        unpack(layer, stack_handle(layer->diff_weights));
        if (is_folded) {
            copy_weights(stack_handle(layer->diff_weights), weight_gradients[i], layer->weights_dims, side, 1);
        } else {
            memcpy(weight_gradients[i], stack_handle(layer->diff_weights), stack_weights_bytes(layer));
        }
    }
done:
    return status;
}
