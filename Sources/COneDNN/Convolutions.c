// A stack of convolutions, layer normalisations and poolings, forward and backward, with channels last.
//
// The fastest kernels read channels last, and with that layout nothing is reordered between layers. If its stride
// divides its kernel, the first layer is folded: the pixels of each stride × stride square become the channels of one
// position, and the convolution is the same with stride one over more channels. Without folding, the few channels of
// observations would leave most of a vector unused, and the gradient of the weights would use a slow kernel.
//
// A table (Choices.c) says which convolutions CKernels computes; oneDNN computes the others. Everything else is done by
// CKernels. All fuse the rectified linear unit.
#include "Stack.h"

// Creates the output as (batch, channel, row, column), the order of the next layer's weights; for training also its
// gradient.
static dnnl_status_t make_output(onednn_convolutions *self, const dnnl_dims_t dims) {
    layer_state *last = &self->layers[self->count - 1];
    dnnl_status_t status;
    self->output_count = last->block_count;
    TRY(stack_allocate_tagged(self, &self->output, dims, dnnl_nchw, self->blocks));
    self->outputs = stack_handle(self->output);
    TRY(stack_make_reorder(self, &self->unpack_output, last->dst, self->output));
    if (!self->training) goto done;
    TRY(stack_allocate_tagged(self, &self->output_gradient, dims, dnnl_nchw, self->blocks));
    self->output_gradients = stack_handle(self->output_gradient);
    TRY(stack_make_reorder(self, &self->pack_output_gradient, self->output_gradient, last->diff_dst));
done:
    return status;
}

// The rows of a block: the largest divisor of the batch whose input and output fit in the second-level cache.
static int rows_of_block(int batch, size_t row_bytes) {
    const size_t cache = 768 << 10;
    for (int rows = batch; rows > 1; rows--)
        if (batch % rows == 0 && (size_t)rows * row_bytes <= cache) return rows;
    return 1;
}

// Allocates temporary storage for all computations, which run one after the other.
static dnnl_status_t share_scratch(onednn_convolutions *self) {
    dnnl_status_t status = dnnl_success;
    void *scratch = stack_storage(self, self->scratch_bytes);
    self->own_scratch = stack_storage(self, self->own_scratch_bytes);
    if (!scratch || !self->own_scratch) return dnnl_out_of_memory;
    for (int i = 0; i < self->scratch_count; i++) TRY(dnnl_memory_set_data_handle(self->scratch[i], scratch));
done:
    return status;
}

// The rows or columns of a layer's output.
static dnnl_dim_t output_size(dnnl_dim_t size, int kernel, int stride, int padding) {
    return (size + 2 * padding - kernel) / stride + 1;
}

// The shape of a layer's output.
static void output_shape(dnnl_dims_t dst, const dnnl_dims_t src, const onednn_layer *layer) {
    memcpy(dst, src, sizeof(dnnl_dims_t));
    if (layer->kind == ONEDNN_NORM) return;
    if (layer->kind == ONEDNN_CONVOLUTION) dst[1] = layer->outputs;
    dst[2] = output_size(src[2], layer->kernel_rows, layer->stride_rows, layer->padding_rows);
    dst[3] = output_size(src[3], layer->kernel_columns, layer->stride_columns, layer->padding_columns);
}

// The side of the squares that the first layer is folded by; 1 if it is not folded.
static int fold_side(const onednn_layer *first) {
    int side = first->stride_rows;
    return first->kind == ONEDNN_CONVOLUTION && first->stride_columns == side && first->kernel_rows % side == 0 &&
                   first->kernel_columns % side == 0
               ? side
               : 1;
}

// Allocates the storage of observations and what they pass through before the first layer.
static dnnl_status_t make_input(onednn_convolutions *self, const onednn_convolution_input *input, int batch) {
    size_t rows = (size_t)input->rows, columns = (size_t)input->columns, planes = (size_t)input->channels;
    size_t count = planes * rows * columns;
    self->bytes = input->bytes;
    self->planes = planes;
    self->observation_bytes = count * (input->bytes ? 1 : 4);
    self->observations = stack_storage(self, self->observation_bytes * (size_t)batch);
    if (!self->observations) return dnnl_out_of_memory;
    self->offset = input->offset;
    self->scale = input->scale;
    if (input->offsets) {
        self->offsets = stack_storage(self, count * sizeof(float));
        self->scales = stack_storage(self, count * sizeof(float));
        if (!self->offsets || !self->scales) return dnnl_out_of_memory;
        memcpy(self->offsets, input->offsets, count * sizeof(float));
        memcpy(self->scales, input->scales, count * sizeof(float));
    }
    if (self->offsets || self->padding_rows > 0 || self->padding_columns > 0) {
        self->prepared = stack_storage(
            self, planes * (rows + 2 * self->padding_rows) * (columns + 2 * self->padding_columns) * sizeof(float));
        if (!self->prepared) return dnnl_out_of_memory;
    }
    self->fold.source_rows = rows + 2 * self->padding_rows;
    self->fold.source_columns = columns + 2 * self->padding_columns;
    return dnnl_success;
}

onednn_status onednn_convolutions_create(onednn_convolutions **result, const char **step,
                                         const onednn_convolution_input *input, int batch, const onednn_layer *layers,
                                         int count, int training) {
    *result = NULL;
    *step = "memory";
    if (count < 1 || count > 1024) return dnnl_invalid_arguments;
    onednn_convolutions *self = calloc(1, sizeof *self);
    if (!self) return dnnl_out_of_memory;
    dnnl_status_t status = dnnl_out_of_memory;
    self->count = count;
    self->training = training;
    self->most = count * MOST_OF_A_LAYER + MOST_OF_THE_ENDS;
    self->layers = calloc((size_t)count, sizeof *self->layers);
    self->buffers = calloc((size_t)self->most, sizeof *self->buffers);
    self->memories = calloc((size_t)self->most, sizeof *self->memories);
    self->scratch = calloc((size_t)self->most, sizeof *self->scratch);
    if (!self->layers || !self->buffers || !self->memories || !self->scratch) goto done;

    onednn_layer first = layers[0];
    int side = fold_side(&first);
    dnnl_dims_t src = {0, input->channels * side * side, input->rows, input->columns}, dst = {0};
    output_shape(dst, src, &first);
    if (side > 1) {
        // The fold adds the padding. Rows and columns that no output depends on are left out.
        self->padding_rows = (size_t)first.padding_rows;
        self->padding_columns = (size_t)first.padding_columns;
        first.padding_rows = first.padding_columns = 0;
        first.stride_rows = first.stride_columns = 1;
        first.kernel_rows /= side;
        first.kernel_columns /= side;
        src[2] = dst[2] + first.kernel_rows - 1;
        src[3] = dst[3] + first.kernel_columns - 1;
    }
    self->folded_count = (size_t)(src[1] * src[2] * src[3]);
    self->rows = rows_of_block(batch, (self->folded_count + (size_t)(dst[1] * dst[2] * dst[3])) * sizeof(float));
    self->blocks = batch / self->rows;
    src[0] = dst[0] = self->rows;
    self->fold = (kernels_fold){(size_t)side, (size_t)src[2], (size_t)src[3], (size_t)src[1], 0, 0};
    TRY(make_input(self, input, batch));

    *step = "engine";
    TRY(dnnl_engine_create(&self->engine, dnnl_cpu, 0));
    TRY(dnnl_stream_create(&self->stream, self->engine, dnnl_stream_default_flags));
    TRY(dnnl_primitive_attr_create(&self->plain));
    TRY(dnnl_primitive_attr_set_scratchpad_mode(self->plain, dnnl_scratchpad_mode_user));
    *step = "convolution";
    for (int i = 0; i < count; i++) {
        const onednn_layer *layer = i > 0 ? &layers[i] : &first;
        if (i > 0) {
            memcpy(src, dst, sizeof src);
            output_shape(dst, src, layer);
        }
        dnnl_dims_t weights = {layer->outputs, src[1], layer->kernel_rows, layer->kernel_columns};
        TRY(stack_make_layer(self, i, layer, src, dst, weights));
    }
    *step = "output";
    TRY(make_output(self, dst));
    *step = "memory";
    TRY(share_scratch(self));
done:
    if (status == dnnl_success) {
        *result = self;
    } else {
        onednn_convolutions_destroy(self);
    }
    return status;
}

static void free_operation(operation *op) {
    if (op->primitive) dnnl_primitive_destroy(op->primitive);
}

static void free_computation(computation *self) {
    free_operation(&self->refresh);
    free_operation(&self->before[0]);
    free_operation(&self->before[1]);
    free_operation(&self->compute);
    free_operation(&self->after);
    if (self->description) dnnl_primitive_desc_destroy(self->description);
}

void onednn_convolutions_destroy(onednn_convolutions *self) {
    if (!self) return;
    for (int i = 0; self->layers && i < self->count; i++) {
        free_computation(&self->layers[i].backward_data);
        free_computation(&self->layers[i].backward_weights);
        free_computation(&self->layers[i].forward);
    }
    free_operation(&self->unpack_output);
    free_operation(&self->pack_output_gradient);
    for (int i = 0; i < self->memory_count; i++) dnnl_memory_destroy(self->memories[i]);
    for (int i = 0; i < self->scratch_count; i++) dnnl_memory_destroy(self->scratch[i]);
    for (int i = 0; i < self->buffer_count; i++) free(self->buffers[i]);
    if (self->plain) dnnl_primitive_attr_destroy(self->plain);
    if (self->stream) dnnl_stream_destroy(self->stream);
    if (self->engine) dnnl_engine_destroy(self->engine);
    free(self->scratch);
    free(self->memories);
    free(self->buffers);
    free(self->layers);
    free(self);
}

void *onednn_convolutions_input(onednn_convolutions *self) { return self->observations; }
float *onednn_convolutions_output(onednn_convolutions *self) { return self->outputs; }

onednn_status onednn_convolutions_set_output(onednn_convolutions *self, float *output) {
    self->outputs = output;
    return dnnl_memory_set_data_handle(self->output, output);
}

float *onednn_convolutions_output_gradient(onednn_convolutions *self) { return self->output_gradients; }
