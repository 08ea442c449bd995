// A stack of convolutions, layer normalisations and poolings, forward and backward, with channels last.
//
// The fastest kernels read channels last, and with that layout nothing is reordered between layers. If its stride
// divides its kernel, the first layer is folded: the pixels of each stride × stride square become the channels of one
// position, and the convolution is the same with stride one over more channels. Without folding, the few channels of
// observations would leave most of a vector unused, and the gradient of the weights would use a slow kernel.
//
// CKernels computes the convolutions that it measures faster on (see `make_own`), and everything else; oneDNN computes the
// other convolutions. Both fuse the rectified linear unit.
#include "COneDNN.h"
#include "CKernels.h"
#include "Versions.h"

#include <string.h>

// A primitive with its arguments; running one without a primitive does nothing.
typedef struct {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[5];
    int count;
} operation;

// Upper bounds of the memory objects and buffers of a layer, and of the stack's input and output.
enum { MOST_OF_A_LAYER = 40, MOST_OF_THE_ENDS = 16 };

// One of a layer's three computations, with the copies of tensors that it needs in another layout.
typedef struct {
    dnnl_primitive_desc_t description;
    // Copies the weights to the layout of this computation, after the parameters have changed.
    operation refresh;
    operation before[2];
    int before_count;
    operation compute, after;
} computation;

typedef struct {
    onednn_layer_kind kind;
    kernels_activation activation;
    computation forward, backward_data, backward_weights;
    // The activations of one block and their gradient, channels last. The source is the previous layer's destination.
    dnnl_memory_t src, dst, diff_dst;
    // What the activation function is computed from: `dst` itself, unless backward needs both.
    dnnl_memory_t computed;
    // The same of the whole batch; `dst` and `computed` point to one block of them.
    float *activations, *all_computed;
    size_t block_count, channels, positions;
    // Of a normalisation: the mean and the factor of each row of the batch.
    float *statistics;
    // Of a pooling: its sizes and, for a maximum, the chosen elements of the batch.
    kernels_pooling pooling;
    uint32_t *chosen;
    // Weights and their gradient as (output, input, row, column), folded in the first layer. Those of a normalisation
    // have the order of the activations.
    dnnl_memory_t weights, bias, diff_weights, diff_bias;
    dnnl_dims_t weights_dims;
    // The gradient of the weights for one block, in the layout of the computation, and the sums over earlier blocks.
    dnnl_memory_t block_diff_weights;
    float *weights_sum, *bias_sum;
    size_t sum_count;
    // Of a convolution whose forward pass and gradient of the weights are those of CKernels: its sizes, and the weights
    // and their gradient in the order of its passes. Unless it is, `packed` is null.
    kernels_convolution own;
    float *packed, *packed_gradient;
} layer_state;

struct onednn_convolutions {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int count, training;
    // The number of blocks of the batch, and of rows of a block.
    int blocks, rows;
    // How observations are folded (with a side of 1 if they are not), and whether they are bytes.
    kernels_fold fold;
    int bytes;
    size_t planes, observation_bytes, folded_count;
    uint8_t *observations;
    // (x - offset) * scale of an observation, the same for all elements or, unless null, for each.
    float offset, scale, *offsets, *scales;
    // Unless null, an observation after that and with the padding of a folded first layer.
    float *prepared;
    size_t padding_rows, padding_columns;
    layer_state *layers;
    // Those of one block.
    dnnl_memory_t input, output, output_gradient;
    float *outputs, *output_gradients;
    size_t output_count;
    operation unpack_output, pack_output_gradient;
    // oneDNN's temporary storage. By default it belongs to the thread that creates a primitive, but other threads run
    // it.
    dnnl_primitive_attr_t plain;
    size_t scratch_bytes;
    // The buffers, the memory objects over them, and the memory objects for temporary storage.
    void **buffers;
    dnnl_memory_t *memories, *scratch;
    int most, buffer_count, memory_count, scratch_count;
};

#define TRY(expression)                                                                                               \
    do {                                                                                                              \
        status = (expression);                                                                                        \
        if (status != dnnl_success) goto done;                                                                        \
    } while (0)

// Allocates zeroed storage, aligned to a cache line and owned by `self`; null on failure.
static void *storage(onednn_convolutions *self, size_t bytes) {
    size_t rounded = bytes ? (bytes + 63) / 64 * 64 : 64;
    void *buffer = self->buffer_count < self->most ? aligned_alloc(64, rounded) : NULL;
    if (!buffer) return NULL;
    memset(buffer, 0, rounded);
    self->buffers[self->buffer_count++] = buffer;
    return buffer;
}

// Creates a memory object over storage of `copies` times its size; it refers to the first part.
static dnnl_status_t allocate_several(onednn_convolutions *self, dnnl_memory_t *memory, md_ref md, int copies) {
    void *buffer = storage(self, dnnl_memory_desc_get_size(md) * (size_t)copies);
    if (!buffer || self->memory_count == self->most) return dnnl_out_of_memory;
    dnnl_status_t status = dnnl_memory_create(memory, md, self->engine, buffer);
    if (status == dnnl_success) self->memories[self->memory_count++] = *memory;
    return status;
}

static dnnl_status_t allocate(onednn_convolutions *self, dnnl_memory_t *memory, md_ref md) {
    return allocate_several(self, memory, md, 1);
}

static dnnl_status_t allocate_tagged(onednn_convolutions *self, dnnl_memory_t *memory, const dnnl_dims_t dims,
                                     dnnl_format_tag_t tag, int copies) {
    owned_md md;
    dnnl_status_t status = md_make(&md, 4, dims, tag);
    if (status != dnnl_success) return status;
    status = allocate_several(self, memory, md_borrow(&md), copies);
    md_free(&md);
    return status;
}

static md_ref layout(dnnl_memory_t memory) {
    md_ref result = NULL;
    dnnl_memory_get_memory_desc(memory, &result);
    return result;
}

static float *handle(dnnl_memory_t memory) {
    void *data = NULL;
    dnnl_memory_get_data_handle(memory, &data);
    return data;
}

static void bind(operation *op, int argument, dnnl_memory_t memory) {
    op->arguments[op->count].arg = argument;
    op->arguments[op->count].memory = memory;
    op->count++;
}

static dnnl_status_t run(onednn_convolutions *self, operation *op) {
    if (!op->primitive) return dnnl_success;
    return dnnl_primitive_execute(op->primitive, self->stream, op->count, op->arguments);
}

// Creates a primitive. share_scratch() sets its temporary storage later.
static dnnl_status_t make_primitive(onednn_convolutions *self, operation *op, dnnl_primitive_desc_t description) {
    md_ref scratch = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    size_t bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
    if (bytes > 0) {
        dnnl_memory_t memory;
        if (self->scratch_count == self->most) return dnnl_out_of_memory;
        dnnl_status_t status = dnnl_memory_create(&memory, scratch, self->engine, DNNL_MEMORY_NONE);
        if (status != dnnl_success) return status;
        self->scratch[self->scratch_count++] = memory;
        if (bytes > self->scratch_bytes) self->scratch_bytes = bytes;
        bind(op, DNNL_ARG_SCRATCHPAD, memory);
    }
    return dnnl_primitive_create(&op->primitive, description);
}

static dnnl_status_t make_reorder(onednn_convolutions *self, operation *op, dnnl_memory_t from, dnnl_memory_t to) {
    dnnl_primitive_desc_t description = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&description, layout(from), self->engine, layout(to),
                                                              self->engine, self->plain);
    if (status == dnnl_success) status = make_primitive(self, op, description);
    if (description) dnnl_primitive_desc_destroy(description);
    bind(op, DNNL_ARG_FROM, from);
    bind(op, DNNL_ARG_TO, to);
    return status;
}

// Whether a computation is oneDNN's reference loop, which supports every layout but is a hundred times slower.
static int is_reference(dnnl_primitive_desc_t description) {
    const char *name = NULL;
    return dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) == dnnl_success && name &&
           strncmp(name, "ref", 3) == 0;
}

typedef enum { WEIGHTS, INPUT, OUTPUT } role;

// Binds a tensor to a computation: the tensor itself, or a copy in the layout that the computation needs.
static dnnl_status_t attach(onednn_convolutions *self, computation *to, int argument, dnnl_memory_t memory,
                            dnnl_query_t query, role role) {
    md_ref wanted = dnnl_primitive_desc_query_md(to->description, query, 0);
    dnnl_memory_t copy = memory;
    dnnl_status_t status = dnnl_success;
    if (!dnnl_memory_desc_equal(wanted, layout(memory))) {
        TRY(allocate(self, &copy, wanted));
        if (role == OUTPUT) {
            TRY(make_reorder(self, &to->after, copy, memory));
        } else {
            operation *op = role == WEIGHTS ? &to->refresh : &to->before[to->before_count++];
            TRY(make_reorder(self, op, memory, copy));
        }
    }
    bind(&to->compute, argument, copy);
done:
    return status;
}

// The description of a layer's three computations.
typedef struct {
    dnnl_engine_t engine;
    int training;
    owned_md any_src, any_dst, any_weights, bias;
    dnnl_dims_t strides, padding;
    // Attributes of forward, with the rectified linear unit if there is one, and of backward.
    dnnl_primitive_attr_t activated, plain;
} layer_plan;

typedef enum { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS } direction;

static dnnl_status_t describe_with(dnnl_primitive_desc_t *result, direction direction, const layer_plan *plan, md_ref src,
                                   md_ref dst, dnnl_primitive_desc_t forward) {
    const dnnl_dim_t *padding = plan->padding;
    md_ref weights = md_borrow(&plan->any_weights), bias = md_borrow(&plan->bias);
    switch (direction) {
    case FORWARD:
        return convolution_forward_pd(result, plan->engine, plan->training, src, weights, bias, dst, plan->strides,
                                      padding, plan->activated);
    case BACKWARD_DATA:
        return convolution_backward_data_pd(result, plan->engine, src, weights, dst, plan->strides, padding,
                                            plan->plain, forward);
    default:
        return convolution_backward_weights_pd(result, plan->engine, src, weights, bias, dst, plan->strides, padding,
                                               plan->plain, forward);
    }
}

// Describes a computation on our own layouts or, if only the reference loop supports those, on layouts of its choice.
static dnnl_status_t describe(computation *self, direction direction, const layer_plan *plan, const layer_state *layer) {
    dnnl_primitive_desc_t forward = layer->forward.description;
    dnnl_status_t status =
        describe_with(&self->description, direction, plan, layout(layer->src), layout(layer->dst), forward);
    if (status != dnnl_success || !is_reference(self->description)) return status;
    dnnl_primitive_desc_destroy(self->description);
    self->description = NULL;
    return describe_with(&self->description, direction, plan, md_borrow(&plan->any_src), md_borrow(&plan->any_dst),
                         forward);
}

static dnnl_status_t make_forward(onednn_convolutions *self, const layer_plan *plan, layer_state *layer) {
    computation *forward = &layer->forward;
    dnnl_status_t status;
    // Gradients need the description, even if the library does not run it.
    TRY(describe(forward, FORWARD, plan, layer));
    if (layer->packed) goto done;
    TRY(attach(self, forward, DNNL_ARG_SRC, layer->src, dnnl_query_src_md, INPUT));
    TRY(attach(self, forward, DNNL_ARG_WEIGHTS, layer->weights, dnnl_query_weights_md, WEIGHTS));
    TRY(attach(self, forward, DNNL_ARG_DST, layer->computed, dnnl_query_dst_md, OUTPUT));
    bind(&forward->compute, DNNL_ARG_BIAS, layer->bias);
    TRY(make_primitive(self, &forward->compute, forward->description));
done:
    return status;
}

static dnnl_status_t make_backward(onednn_convolutions *self, const layer_plan *plan, layer_state *layer,
                                   const layer_state *before) {
    computation *weights = &layer->backward_weights, *data = &layer->backward_data;
    dnnl_status_t status = dnnl_success;
    layer->bias_sum = storage(self, (size_t)layer->weights_dims[0] * sizeof(float));
    if (!layer->bias_sum) return dnnl_out_of_memory;
    if (layer->packed) goto data;
    TRY(describe(weights, BACKWARD_WEIGHTS, plan, layer));
    TRY(attach(self, weights, DNNL_ARG_SRC, layer->src, dnnl_query_src_md, INPUT));
    TRY(attach(self, weights, DNNL_ARG_DIFF_DST, layer->diff_dst, dnnl_query_diff_dst_md, INPUT));
    TRY(attach(self, weights, DNNL_ARG_DIFF_WEIGHTS, layer->diff_weights, dnnl_query_diff_weights_md, OUTPUT));
    layer->block_diff_weights = weights->compute.arguments[weights->compute.count - 1].memory;
    layer->sum_count = dnnl_memory_desc_get_size(layout(layer->block_diff_weights)) / sizeof(float);
    layer->weights_sum = storage(self, layer->sum_count * sizeof(float));
    status = dnnl_out_of_memory;
    if (!layer->weights_sum) goto done;
    bind(&weights->compute, DNNL_ARG_DIFF_BIAS, layer->diff_bias);
    TRY(make_primitive(self, &weights->compute, weights->description));
data:
    // The gradient of the observation is not needed.
    if (!before) goto done;
    TRY(describe(data, BACKWARD_DATA, plan, layer));
    TRY(attach(self, data, DNNL_ARG_DIFF_DST, layer->diff_dst, dnnl_query_diff_dst_md, INPUT));
    TRY(attach(self, data, DNNL_ARG_WEIGHTS, layer->weights, dnnl_query_weights_md, WEIGHTS));
    TRY(attach(self, data, DNNL_ARG_DIFF_SRC, before->diff_dst, dnnl_query_diff_src_md, OUTPUT));
    TRY(make_primitive(self, &data->compute, data->description));
done:
    return status;
}

// Whether the derivative of an activation function needs its argument.
static int keeps_argument(kernels_activation activation) {
    return activation == KERNELS_SILU || activation == KERNELS_GELU;
}

static size_t weights_bytes(const layer_state *layer) {
    const dnnl_dim_t *dims = layer->weights_dims;
    return sizeof(float) * (size_t)(dims[0] * dims[1] * dims[2] * dims[3]);
}

// Decides by shape and instruction set whether CKernels computes forward and the gradient of the weights. As measured
// (docs/performance.md), its loops are as fast as oneDNN's kernels or faster, for images that stay in the cache. Nothing
// is timed at run time, so that equal seeds give equal results.
static dnnl_status_t make_own(onednn_convolutions *self, layer_state *layer, const onednn_layer *sizes,
                              const dnnl_dims_t src, const dnnl_dims_t dst) {
    layer->own = (kernels_convolution){
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
    if (sizes->padding_rows > 0 || sizes->padding_columns > 0 || !kernels_convolves(&layer->own)) return dnnl_success;
    // Every few weights pass over an image's input and output, which must stay in the second-level cache.
    if ((size_t)(src[1] * src[2] * src[3] + dst[1] * dst[2] * dst[3]) * sizeof(float) > 512 << 10) return dnnl_success;
    layer->packed = storage(self, weights_bytes(layer));
    layer->packed_gradient = self->training ? storage(self, weights_bytes(layer)) : NULL;
    return layer->packed && (layer->packed_gradient || !self->training) ? dnnl_success : dnnl_out_of_memory;
}

// Creates the computations of a convolution.
static dnnl_status_t make_convolution(onednn_convolutions *self, int index, const onednn_layer *sizes,
                                      const dnnl_dims_t src_dims, const dnnl_dims_t dst_dims,
                                      const dnnl_dims_t weights_dims) {
    layer_state *layer = &self->layers[index];
    layer_plan plan;
    dnnl_status_t status;
    dnnl_post_ops_t ops = NULL;
    dnnl_dims_t bias_dims = {weights_dims[0]};
    memset(&plan, 0, sizeof plan);
    plan.engine = self->engine;
    plan.training = self->training;
    plan.plain = self->plain;
    plan.strides[0] = sizes->stride_rows;
    plan.strides[1] = sizes->stride_columns;
    plan.padding[0] = sizes->padding_rows;
    plan.padding[1] = sizes->padding_columns;
    memcpy(layer->weights_dims, weights_dims, sizeof layer->weights_dims);

    TRY(md_make(&plan.any_src, 4, src_dims, dnnl_format_tag_any));
    TRY(md_make(&plan.any_dst, 4, dst_dims, dnnl_format_tag_any));
    TRY(md_make(&plan.any_weights, 4, weights_dims, dnnl_format_tag_any));
    TRY(md_make(&plan.bias, 1, bias_dims, dnnl_a));
    TRY(dnnl_primitive_attr_create(&plan.activated));
    TRY(dnnl_primitive_attr_set_scratchpad_mode(plan.activated, dnnl_scratchpad_mode_user));
    if (layer->activation == KERNELS_RELU) {
        TRY(dnnl_post_ops_create(&ops));
        TRY(append_relu(ops));
        TRY(dnnl_primitive_attr_set_post_ops(plan.activated, ops));
    }
    TRY(allocate_tagged(self, &layer->weights, weights_dims, dnnl_oihw, 1));
    TRY(allocate(self, &layer->bias, md_borrow(&plan.bias)));
    TRY(make_own(self, layer, sizes, src_dims, dst_dims));
    TRY(make_forward(self, &plan, layer));
    if (self->training) {
        TRY(allocate_tagged(self, &layer->diff_weights, weights_dims, dnnl_oihw, 1));
        TRY(allocate(self, &layer->diff_bias, md_borrow(&plan.bias)));
        TRY(make_backward(self, &plan, layer, index > 0 ? layer - 1 : NULL));
    }
done:
    if (ops) dnnl_post_ops_destroy(ops);
    if (plan.activated) dnnl_primitive_attr_destroy(plan.activated);
    md_free(&plan.any_src);
    md_free(&plan.any_dst);
    md_free(&plan.any_weights);
    md_free(&plan.bias);
    return status;
}

// Creates the parameters of a normalisation and what it keeps for backward.
static dnnl_status_t make_norm(onednn_convolutions *self, layer_state *layer) {
    size_t count = layer->channels * layer->positions;
    dnnl_dims_t dims = {1, (dnnl_dim_t)count, 1, 1};
    dnnl_status_t status;
    memcpy(layer->weights_dims, dims, sizeof dims);
    TRY(allocate_tagged(self, &layer->weights, dims, dnnl_nhwc, 1));
    TRY(allocate_tagged(self, &layer->bias, dims, dnnl_nhwc, 1));
    if (self->training) {
        TRY(allocate_tagged(self, &layer->diff_weights, dims, dnnl_nhwc, 1));
        TRY(allocate_tagged(self, &layer->diff_bias, dims, dnnl_nhwc, 1));
    }
    status = dnnl_out_of_memory;
    layer->statistics = storage(self, 2 * sizeof(float) * (size_t)(self->rows * self->blocks));
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
    layer->chosen = storage(self, layer->block_count * (size_t)self->blocks * sizeof(uint32_t));
    return layer->chosen ? dnnl_success : dnnl_out_of_memory;
}

// Creates one layer after the layer before it: its tensors and its computations.
static dnnl_status_t make_layer(onednn_convolutions *self, int index, const onednn_layer *sizes,
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
        TRY(allocate_tagged(self, &self->input, src_dims, dnnl_nhwc, 1));
        layer->src = self->input;
    }
    // Backward reads the activations of the whole batch.
    TRY(allocate_tagged(self, &layer->dst, dst_dims, dnnl_nhwc, copies));
    layer->computed = layer->dst;
    if (self->training && keeps_argument(layer->activation))
        TRY(allocate_tagged(self, &layer->computed, dst_dims, dnnl_nhwc, copies));
    layer->activations = handle(layer->dst);
    layer->all_computed = handle(layer->computed);
    if (self->training) TRY(allocate_tagged(self, &layer->diff_dst, dst_dims, dnnl_nhwc, 1));
    switch (layer->kind) {
    case ONEDNN_CONVOLUTION: TRY(make_convolution(self, index, sizes, src_dims, dst_dims, weights_dims)); break;
    case ONEDNN_NORM: TRY(make_norm(self, layer)); break;
    case ONEDNN_MAX_POOLING:
    case ONEDNN_AVERAGE_POOLING: TRY(make_pooling(self, layer, sizes, src_dims, dst_dims)); break;
    }
done:
    return status;
}

// Creates the output as (batch, channel, row, column), the order of the next layer's weights; for training also its
// gradient.
static dnnl_status_t make_output(onednn_convolutions *self, const dnnl_dims_t dims) {
    layer_state *last = &self->layers[self->count - 1];
    dnnl_status_t status;
    self->output_count = last->block_count;
    TRY(allocate_tagged(self, &self->output, dims, dnnl_nchw, self->blocks));
    self->outputs = handle(self->output);
    TRY(make_reorder(self, &self->unpack_output, last->dst, self->output));
    if (!self->training) goto done;
    TRY(allocate_tagged(self, &self->output_gradient, dims, dnnl_nchw, self->blocks));
    self->output_gradients = handle(self->output_gradient);
    TRY(make_reorder(self, &self->pack_output_gradient, self->output_gradient, last->diff_dst));
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
    void *scratch = storage(self, self->scratch_bytes);
    if (!scratch) return dnnl_out_of_memory;
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
    self->observations = storage(self, self->observation_bytes * (size_t)batch);
    if (!self->observations) return dnnl_out_of_memory;
    self->offset = input->offset;
    self->scale = input->scale;
    if (input->offsets) {
        self->offsets = storage(self, count * sizeof(float));
        self->scales = storage(self, count * sizeof(float));
        if (!self->offsets || !self->scales) return dnnl_out_of_memory;
        memcpy(self->offsets, input->offsets, count * sizeof(float));
        memcpy(self->scales, input->scales, count * sizeof(float));
    }
    if (self->offsets || self->padding_rows > 0 || self->padding_columns > 0) {
        self->prepared = storage(
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
        TRY(make_layer(self, i, layer, src, dst, weights));
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
float *onednn_convolutions_output_gradient(onednn_convolutions *self) { return self->output_gradients; }

static dnnl_status_t finish(onednn_convolutions *self, dnnl_status_t status) {
    dnnl_status_t waited = dnnl_stream_wait(self->stream);
    return status == dnnl_success ? waited : status;
}

// Runs a computation and the copies before and after it.
static dnnl_status_t run_computation(onednn_convolutions *self, computation *what) {
    dnnl_status_t status;
    for (int i = 0; i < what->before_count; i++) TRY(run(self, &what->before[i]));
    TRY(run(self, &what->compute));
    TRY(run(self, &what->after));
done:
    return status;
}

// Copies weights between (output, channel, row, column) and the folded layout, in either direction. In the folded
// layout the channel, row and column within a square are the channel, and the square's row and column are the row and
// column.
static void copy_weights(float *folded, float *plain, const dnnl_dims_t dims, dnnl_dim_t fold, int from_folded) {
    dnnl_dim_t rows = dims[2] * fold, columns = dims[3] * fold, channels = dims[1] / (fold * fold);
    for (dnnl_dim_t oc = 0; oc < dims[0] * channels; oc++)
        for (dnnl_dim_t row = 0; row < rows; row++)
            for (dnnl_dim_t column = 0; column < columns; column++, plain++) {
                dnnl_dim_t channel = (oc * fold + row % fold) * fold + column % fold;
                float *other = folded + (channel * dims[2] + row / fold) * dims[3] + column / fold;
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

onednn_status onednn_convolutions_set_parameters(onednn_convolutions *self, const float *const *weights,
                                                 const float *const *biases) {
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < self->count; i++) {
        layer_state *layer = &self->layers[i];
        dnnl_dim_t side = (dnnl_dim_t)self->fold.side;
        // Copied, so that the caller may change its parameters at any time.
        if (layer->kind == ONEDNN_NORM) {
            copy_elements(layer, handle(layer->weights), (float *)weights[i], 0);
            copy_elements(layer, handle(layer->bias), (float *)biases[i], 0);
        }
        if (layer->kind != ONEDNN_CONVOLUTION) continue;
        memcpy(handle(layer->bias), biases[i], sizeof(float) * (size_t)layer->weights_dims[0]);
        if (i == 0 && side > 1) {
            copy_weights(handle(layer->weights), (float *)weights[i], layer->weights_dims, side, 0);
        } else {
            memcpy(handle(layer->weights), weights[i], weights_bytes(layer));
        }
        if (layer->packed) kernels_pack_convolution(layer->packed, handle(layer->weights), &layer->own);
        TRY(run(self, &layer->forward.refresh));
        TRY(run(self, &layer->backward_data.refresh));
    }
done:
    return finish(self, status);
}

// Scales an observation and surrounds it by the padding, whose zeros are never overwritten.
static void prepare(onednn_convolutions *self, const uint8_t *observation) {
    size_t columns = self->fold.source_columns - 2 * self->padding_columns;
    size_t rows = self->fold.source_rows - 2 * self->padding_rows;
    const float *floats = (const float *)(const void *)observation;
    for (size_t plane = 0; plane < self->planes; plane++)
        for (size_t row = 0; row < rows; row++) {
            float *to = self->prepared + (plane * self->fold.source_rows + row + self->padding_rows) *
                                             self->fold.source_columns + self->padding_columns;
            size_t from = (plane * rows + row) * columns;
            if (self->offsets) {
                kernels_scale_each(to, self->bytes ? observation + from : NULL, self->bytes ? NULL : floats + from,
                                   columns, self->offsets + from, self->scales + from);
            } else if (self->bytes) {
                kernels_scale_bytes(to, observation + from, columns, self->offset, self->scale);
            } else {
                kernels_scale_floats(to, floats + from, columns, self->offset, self->scale);
            }
        }
}

// Folds the observations of one block.
static void fold_block(onednn_convolutions *self, int block) {
    const uint8_t *observation = self->observations + (size_t)(block * self->rows) * self->observation_bytes;
    float *folded = handle(self->input);
    for (int row = 0; row < self->rows; row++) {
        if (self->prepared) {
            prepare(self, observation);
            kernels_fold_floats(folded, self->prepared, &self->fold, self->planes, 0.0f, 1.0f);
        } else if (self->bytes) {
            kernels_fold_bytes(folded, observation, &self->fold, self->planes, self->offset, self->scale);
        } else {
            kernels_fold_floats(folded, (const float *)(const void *)observation, &self->fold, self->planes,
                                self->offset, self->scale);
        }
        folded += self->folded_count;
        observation += self->observation_bytes;
    }
}

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

// Computes a layer's activations of one block.
static dnnl_status_t forward_layer(onednn_convolutions *self, layer_state *layer, int block) {
    float *computed = handle(layer->computed);
    const float *src = handle(layer->src);
    size_t rows = (size_t)self->rows;
    // The rectified linear unit of a convolution is fused.
    int fused = layer->kind == ONEDNN_CONVOLUTION &&
                (layer->activation == KERNELS_RELU || layer->activation == KERNELS_IDENTITY);
    uint32_t *chosen = layer->chosen ? layer->chosen + (size_t)block * layer->block_count : NULL;
    dnnl_status_t status = dnnl_success;
    switch (layer->kind) {
    case ONEDNN_CONVOLUTION:
        if (layer->packed) {
            kernels_convolution_forward(computed, src, layer->packed, handle(layer->bias), &layer->own, rows,
                                        layer->activation == KERNELS_RELU);
        } else {
            TRY(run_computation(self, &layer->forward));
        }
        break;
    case ONEDNN_NORM:
        kernels_norm(computed, layer->statistics + (size_t)block * rows * 2, src, handle(layer->weights),
                     handle(layer->bias), rows, layer->channels * layer->positions);
        break;
    case ONEDNN_MAX_POOLING: kernels_max_pooling(computed, chosen, src, &layer->pooling, rows); break;
    case ONEDNN_AVERAGE_POOLING: kernels_average_pooling(computed, src, &layer->pooling, rows); break;
    }
    if (!fused) kernels_activate(handle(layer->dst), computed, layer->block_count, layer->activation);
done:
    return status;
}

// Ends a pass between two blocks.
static onednn_status cut(onednn_convolutions *self) {
    onednn_status status = finish(self, dnnl_success);
    return status ? status : onednn_cut;
}

onednn_status onednn_convolutions_forward(onednn_convolutions *self, int (*is_cut)(void)) {
    dnnl_status_t status = dnnl_success;
    for (int block = 0; block < self->blocks; block++) {
        if (is_cut && is_cut()) return cut(self);
        TRY(turn_to(self, block));
        fold_block(self, block);
        for (int i = 0; i < self->count; i++) TRY(forward_layer(self, &self->layers[i], block));
        TRY(run(self, &self->unpack_output));
    }
done:
    return finish(self, status);
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
    float *bias = handle(layer->diff_bias), *weights = layer->packed ? NULL : handle(layer->block_diff_weights);
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

// Computes the gradients of a layer's parameters from those of its output, for one block, and of the layer before it.
static dnnl_status_t backward_layer(onednn_convolutions *self, int index, int block) {
    layer_state *layer = &self->layers[index];
    float *gradient = handle(layer->diff_dst), *before = index > 0 ? handle(layer[-1].diff_dst) : NULL;
    size_t rows = (size_t)self->rows;
    dnnl_status_t status = dnnl_success;
    if (layer->activation == KERNELS_RELU) {
        kernels_mask(gradient, handle(layer->dst), layer->block_count);
    } else {
        kernels_activation_gradient(gradient, handle(layer->dst), handle(layer->computed), layer->block_count,
                                    layer->activation);
    }
    switch (layer->kind) {
    case ONEDNN_CONVOLUTION:
        if (layer->packed) {
            kernels_convolution_gradient(layer->packed_gradient, handle(layer->src), gradient, &layer->own, rows,
                                         block > 0);
            kernels_sum_rows(handle(layer->diff_bias), gradient, rows * layer->positions, layer->channels);
        } else {
            for (int j = 0; j < layer->backward_weights.before_count; j++)
                TRY(run(self, &layer->backward_weights.before[j]));
            TRY(run(self, &layer->backward_weights.compute));
        }
        add_up(self, layer, block);
        TRY(run_computation(self, &layer->backward_data));
        break;
    case ONEDNN_NORM:
        kernels_norm_backward(before, handle(layer->diff_weights), handle(layer->diff_bias), gradient,
                              handle(layer->src), layer->statistics + (size_t)block * rows * 2, handle(layer->weights),
                              rows, layer->channels * layer->positions, block > 0, 0);
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
    dnnl_dim_t side = (dnnl_dim_t)self->fold.side;
    for (int block = 0; block < self->blocks; block++) {
        if (is_cut && is_cut()) return cut(self);
        TRY(turn_to(self, block));
        // The observations of a single block are still folded.
        if (self->blocks > 1) fold_block(self, block);
        TRY(run(self, &self->pack_output_gradient));
        for (int i = self->count - 1; i >= 0; i--) TRY(backward_layer(self, i, block));
    }
    for (int i = 0; i < self->count; i++) {
        layer_state *layer = &self->layers[i];
        if (layer->kind == ONEDNN_NORM) {
            copy_elements(layer, handle(layer->diff_weights), weight_gradients[i], 1);
            copy_elements(layer, handle(layer->diff_bias), bias_gradients[i], 1);
        }
        if (layer->kind != ONEDNN_CONVOLUTION) continue;
        TRY(run(self, &layer->backward_weights.after));
        if (layer->packed)
            kernels_unpack_convolution(handle(layer->diff_weights), layer->packed_gradient, &layer->own);
        memcpy(bias_gradients[i], handle(layer->diff_bias), sizeof(float) * (size_t)layer->weights_dims[0]);
        if (i == 0 && side > 1) {
            copy_weights(handle(layer->diff_weights), weight_gradients[i], layer->weights_dims, side, 1);
        } else {
            memcpy(weight_gradients[i], handle(layer->diff_weights), weights_bytes(layer));
        }
    }
done:
    return finish(self, status);
}
