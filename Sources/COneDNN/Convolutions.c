// A run of convolutions with fused ReLU, forward and backward, in oneDNN's own layouts.
#include "COneDNN.h"
#include "Versions.h"

#include <string.h>

// A prepared primitive with its arguments bound.
typedef struct {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[6];
    int count;
} operation;

typedef struct {
    dnnl_primitive_desc_t forward_pd, data_pd, weights_pd;
    dnnl_memory_t src, dst, diff_dst;
    // Weights: plain (bound to the caller's memory at each refresh), then in forward's and backward's layouts.
    dnnl_memory_t plain_weights, weights, data_weights, bias;
    dnnl_memory_t plain_diff_weights, diff_weights, diff_bias;
    operation forward, backward_data, backward_weights;
    operation pack_weights, pack_data_weights, unpack_diff_weights;
    // Source and gradient in the layouts of the weights' gradient, where those are others.
    dnnl_memory_t weights_src, weights_diff_dst;
    operation pack_weights_src, pack_weights_diff_dst;
    size_t bias_bytes, weights_bytes;
} layer_state;

struct onednn_convolutions {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int count, training;
    layer_state *layers;
    dnnl_memory_t input, output, output_gradient;
    operation pack_input, unpack_output, pack_output_gradient;
    // What the memory objects stand on; a layer needs at most eleven, the ends three.
    float **buffers;
    int buffer_count;
};

static md_ref query(dnnl_primitive_desc_t pd, dnnl_query_t what) { return dnnl_primitive_desc_query_md(pd, what, 0); }

// Makes a memory object over fresh, zeroed, 64-byte aligned storage that `self` owns.
static dnnl_status_t allocate(onednn_convolutions *self, dnnl_memory_t *memory, md_ref md) {
    size_t size = dnnl_memory_desc_get_size(md);
    size_t rounded = (size + 63) / 64 * 64;
    float *buffer = aligned_alloc(64, rounded ? rounded : 64);
    if (!buffer) return dnnl_out_of_memory;
    memset(buffer, 0, rounded);
    self->buffers[self->buffer_count++] = buffer;
    return dnnl_memory_create(memory, md, self->engine, buffer);
}

static void *handle(dnnl_memory_t memory) {
    void *data = NULL;
    dnnl_memory_get_data_handle(memory, &data);
    return data;
}

static size_t element_count(md_ref md) { return dnnl_memory_desc_get_size(md) / sizeof(float); }

static void bind(operation *op, int argument, dnnl_memory_t memory) {
    op->arguments[op->count].arg = argument;
    op->arguments[op->count].memory = memory;
    op->count++;
}

static dnnl_status_t run(onednn_convolutions *self, operation *op) {
    if (!op->primitive) return dnnl_success;
    return dnnl_primitive_execute(op->primitive, self->stream, op->count, op->arguments);
}

static dnnl_status_t make_reorder(onednn_convolutions *self, operation *op, dnnl_memory_t from, md_ref from_md,
                                  dnnl_memory_t to, md_ref to_md) {
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&pd, from_md, self->engine, to_md, self->engine, NULL);
    if (status == dnnl_success) status = dnnl_primitive_create(&op->primitive, pd);
    if (pd) dnnl_primitive_desc_destroy(pd);
    bind(op, DNNL_ARG_FROM, from);
    bind(op, DNNL_ARG_TO, to);
    return status;
}

static void free_operation(operation *op) {
    if (op->primitive) dnnl_primitive_destroy(op->primitive);
}

static void free_memory(dnnl_memory_t memory) {
    if (memory) dnnl_memory_destroy(memory);
}

static void free_pd(dnnl_primitive_desc_t pd) {
    if (pd) dnnl_primitive_desc_destroy(pd);
}

void onednn_convolutions_destroy(onednn_convolutions *self) {
    if (!self) return;
    for (int i = 0; self->layers && i < self->count; i++) {
        layer_state *layer = &self->layers[i];
        operation *operations[] = {&layer->forward,          &layer->backward_data,     &layer->backward_weights,
                                   &layer->pack_weights,     &layer->pack_data_weights, &layer->unpack_diff_weights,
                                   &layer->pack_weights_src, &layer->pack_weights_diff_dst};
        for (int j = 0; j < 8; j++) free_operation(operations[j]);
        if (layer->weights_src != layer->src) free_memory(layer->weights_src);
        if (layer->weights_diff_dst != layer->diff_dst) free_memory(layer->weights_diff_dst);
        // The first layer's source may be the plain input, later ones are the destination before.
        if (i == 0 && layer->src != self->input) free_memory(layer->src);
        if (layer->dst != self->output) free_memory(layer->dst);
        if (layer->diff_dst != self->output_gradient) free_memory(layer->diff_dst);
        if (layer->weights != layer->plain_weights) free_memory(layer->weights);
        if (layer->data_weights != layer->plain_weights) free_memory(layer->data_weights);
        if (layer->diff_weights != layer->plain_diff_weights) free_memory(layer->diff_weights);
        free_memory(layer->plain_weights);
        free_memory(layer->plain_diff_weights);
        free_memory(layer->bias);
        free_memory(layer->diff_bias);
        free_pd(layer->data_pd);
        free_pd(layer->weights_pd);
        free_pd(layer->forward_pd);
    }
    free_operation(&self->pack_input);
    free_operation(&self->unpack_output);
    free_operation(&self->pack_output_gradient);
    free_memory(self->input);
    free_memory(self->output);
    free_memory(self->output_gradient);
    if (self->stream) dnnl_stream_destroy(self->stream);
    if (self->engine) dnnl_engine_destroy(self->engine);
    for (int i = 0; i < self->buffer_count; i++) free(self->buffers[i]);
    free(self->buffers);
    free(self->layers);
    free(self);
}

#define TRY(expression)                                                                                               \
    do {                                                                                                              \
        status = (expression);                                                                                        \
        if (status != dnnl_success) goto done;                                                                        \
    } while (0)

// Whether a primitive is oneDNN's plain loop, which exists for every layout and is a hundred times slower than others.
static int is_reference(dnnl_primitive_desc_t pd) {
    const char *name = NULL;
    return dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) == dnnl_success && name &&
           strncmp(name, "ref", 3) == 0;
}

// Gives `memory` in a layout: itself, or a copy that `op` makes each time.
static dnnl_status_t in_layout(onednn_convolutions *self, operation *op, dnnl_memory_t memory, md_ref md,
                               md_ref wanted, dnnl_memory_t *result) {
    *result = memory;
    if (dnnl_memory_desc_equal(md, wanted)) return dnnl_success;
    dnnl_status_t status = allocate(self, result, wanted);
    return status == dnnl_success ? make_reorder(self, op, memory, md, *result, wanted) : status;
}

// Makes one layer: forward primitive, and with training the two backward ones.
static dnnl_status_t make_layer(onednn_convolutions *self, int index, const dnnl_dims_t src_dims,
                                const dnnl_dims_t dst_dims, const dnnl_dims_t weights_dims, int stride,
                                md_ref previous_md) {
    layer_state *layer = &self->layers[index];
    dnnl_status_t status;
    owned_md any_src, any_dst, any_weights, plain_weights, plain_bias;
    memset(&any_src, 0, sizeof any_src);
    memset(&any_dst, 0, sizeof any_dst);
    memset(&any_weights, 0, sizeof any_weights);
    memset(&plain_weights, 0, sizeof plain_weights);
    memset(&plain_bias, 0, sizeof plain_bias);
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_dims_t strides = {stride, stride}, padding = {0, 0}, bias_dims = {weights_dims[0]};
    layer->bias_bytes = sizeof(float) * (size_t)weights_dims[0];
    layer->weights_bytes = layer->bias_bytes * (size_t)(weights_dims[1] * weights_dims[2] * weights_dims[3]);

    TRY(md_make(&any_src, 4, src_dims, dnnl_format_tag_any));
    TRY(md_make(&any_dst, 4, dst_dims, dnnl_format_tag_any));
    TRY(md_make(&any_weights, 4, weights_dims, dnnl_format_tag_any));
    TRY(md_make(&plain_weights, 4, weights_dims, dnnl_oihw));
    TRY(md_make(&plain_bias, 1, bias_dims, dnnl_a));
    TRY(dnnl_primitive_attr_create(&attr));
    TRY(dnnl_post_ops_create(&ops));
    TRY(append_relu(ops));
    TRY(dnnl_primitive_attr_set_post_ops(attr, ops));

    // Later layers take the layout that the layer before gives, so that nothing is reordered between them.
    TRY(convolution_forward_pd(&layer->forward_pd, self->engine, self->training,
                               previous_md ? previous_md : md_borrow(&any_src), md_borrow(&any_weights),
                               md_borrow(&plain_bias), md_borrow(&any_dst), strides, padding, attr));
    md_ref src_md = query(layer->forward_pd, dnnl_query_src_md);
    md_ref dst_md = query(layer->forward_pd, dnnl_query_dst_md);
    md_ref weights_md = query(layer->forward_pd, dnnl_query_weights_md);

    if (index > 0) {
        layer->src = self->layers[index - 1].dst;
    } else {
        owned_md plain;
        TRY(md_make(&plain, 4, src_dims, dnnl_nchw));
        status = allocate(self, &self->input, md_borrow(&plain));
        if (status == dnnl_success && dnnl_memory_desc_equal(md_borrow(&plain), src_md)) {
            layer->src = self->input;
        } else if (status == dnnl_success) {
            status = allocate(self, &layer->src, src_md);
            if (status == dnnl_success)
                status = make_reorder(self, &self->pack_input, self->input, md_borrow(&plain), layer->src, src_md);
        }
        md_free(&plain);
        TRY(status);
    }
    TRY(allocate(self, &layer->dst, dst_md));
    TRY(allocate(self, &layer->bias, md_borrow(&plain_bias)));
    TRY(allocate(self, &layer->plain_weights, md_borrow(&plain_weights)));
    if (dnnl_memory_desc_equal(md_borrow(&plain_weights), weights_md)) {
        layer->weights = layer->plain_weights;
    } else {
        TRY(allocate(self, &layer->weights, weights_md));
        TRY(make_reorder(self, &layer->pack_weights, layer->plain_weights, md_borrow(&plain_weights), layer->weights,
                         weights_md));
    }
    TRY(dnnl_primitive_create(&layer->forward.primitive, layer->forward_pd));
    bind(&layer->forward, DNNL_ARG_SRC, layer->src);
    bind(&layer->forward, DNNL_ARG_WEIGHTS, layer->weights);
    bind(&layer->forward, DNNL_ARG_BIAS, layer->bias);
    bind(&layer->forward, DNNL_ARG_DST, layer->dst);

    if (self->training) {
        TRY(allocate(self, &layer->diff_dst, dst_md));
        TRY(convolution_backward_weights_pd(&layer->weights_pd, self->engine, src_md, md_borrow(&any_weights),
                                            md_borrow(&plain_bias), dst_md, strides, padding, layer->forward_pd));
        if (is_reference(layer->weights_pd)) {
            // The forward layouts do not suit the weights' gradient (four channels do not): let it choose its own.
            free_pd(layer->weights_pd);
            layer->weights_pd = NULL;
            TRY(convolution_backward_weights_pd(&layer->weights_pd, self->engine, md_borrow(&any_src),
                                                md_borrow(&any_weights), md_borrow(&plain_bias), md_borrow(&any_dst),
                                                strides, padding, layer->forward_pd));
        }
        TRY(in_layout(self, &layer->pack_weights_src, layer->src, src_md, query(layer->weights_pd, dnnl_query_src_md),
                      &layer->weights_src));
        TRY(in_layout(self, &layer->pack_weights_diff_dst, layer->diff_dst, dst_md,
                      query(layer->weights_pd, dnnl_query_diff_dst_md), &layer->weights_diff_dst));
        md_ref diff_weights_md = query(layer->weights_pd, dnnl_query_diff_weights_md);
        TRY(allocate(self, &layer->diff_bias, md_borrow(&plain_bias)));
        TRY(allocate(self, &layer->plain_diff_weights, md_borrow(&plain_weights)));
        if (dnnl_memory_desc_equal(md_borrow(&plain_weights), diff_weights_md)) {
            layer->diff_weights = layer->plain_diff_weights;
        } else {
            TRY(allocate(self, &layer->diff_weights, diff_weights_md));
            TRY(make_reorder(self, &layer->unpack_diff_weights, layer->diff_weights, diff_weights_md,
                             layer->plain_diff_weights, md_borrow(&plain_weights)));
        }
        TRY(dnnl_primitive_create(&layer->backward_weights.primitive, layer->weights_pd));
        bind(&layer->backward_weights, DNNL_ARG_SRC, layer->weights_src);
        bind(&layer->backward_weights, DNNL_ARG_DIFF_DST, layer->weights_diff_dst);
        bind(&layer->backward_weights, DNNL_ARG_DIFF_WEIGHTS, layer->diff_weights);
        bind(&layer->backward_weights, DNNL_ARG_DIFF_BIAS, layer->diff_bias);
        if (index > 0) {
            TRY(convolution_backward_data_pd(&layer->data_pd, self->engine, src_md, md_borrow(&any_weights), dst_md,
                                             strides, padding, layer->forward_pd));
            md_ref data_weights_md = query(layer->data_pd, dnnl_query_weights_md);
            if (dnnl_memory_desc_equal(md_borrow(&plain_weights), data_weights_md)) {
                layer->data_weights = layer->plain_weights;
            } else {
                TRY(allocate(self, &layer->data_weights, data_weights_md));
                TRY(make_reorder(self, &layer->pack_data_weights, layer->plain_weights, md_borrow(&plain_weights),
                                 layer->data_weights, data_weights_md));
            }
            TRY(dnnl_primitive_create(&layer->backward_data.primitive, layer->data_pd));
            bind(&layer->backward_data, DNNL_ARG_DIFF_DST, layer->diff_dst);
            bind(&layer->backward_data, DNNL_ARG_WEIGHTS, layer->data_weights);
            bind(&layer->backward_data, DNNL_ARG_DIFF_SRC, self->layers[index - 1].diff_dst);
        }
    }
done:
    if (ops) dnnl_post_ops_destroy(ops);
    if (attr) dnnl_primitive_attr_destroy(attr);
    md_free(&any_src);
    md_free(&any_dst);
    md_free(&any_weights);
    md_free(&plain_weights);
    md_free(&plain_bias);
    return status;
}

// Makes the plain output and, with training, its gradient, with the reorders to and from the last layer.
static dnnl_status_t make_output(onednn_convolutions *self, const dnnl_dims_t dims) {
    layer_state *last = &self->layers[self->count - 1];
    md_ref dst_md = query(last->forward_pd, dnnl_query_dst_md);
    owned_md plain;
    dnnl_status_t status;
    memset(&plain, 0, sizeof plain);
    TRY(md_make(&plain, 4, dims, dnnl_nchw));
    if (dnnl_memory_desc_equal(md_borrow(&plain), dst_md)) {
        self->output = last->dst;
        self->output_gradient = last->diff_dst;
        goto done;
    }
    TRY(allocate(self, &self->output, md_borrow(&plain)));
    TRY(make_reorder(self, &self->unpack_output, last->dst, dst_md, self->output, md_borrow(&plain)));
    if (self->training) {
        TRY(allocate(self, &self->output_gradient, md_borrow(&plain)));
        TRY(make_reorder(self, &self->pack_output_gradient, self->output_gradient, md_borrow(&plain), last->diff_dst,
                         dst_md));
    }
done:
    md_free(&plain);
    return status;
}

onednn_status onednn_convolutions_create(onednn_convolutions **result, const char **step, int batch, int channels,
                                         int rows, int columns, const onednn_convolution_layer *layers, int count,
                                         int training) {
    *result = NULL;
    *step = "memory";
    if (count < 1 || count > 1024) return dnnl_invalid_arguments;
    onednn_convolutions *self = calloc(1, sizeof *self);
    if (!self) return dnnl_out_of_memory;
    dnnl_status_t status = dnnl_out_of_memory;
    self->count = count;
    self->training = training;
    self->layers = calloc((size_t)count, sizeof *self->layers);
    self->buffers = calloc((size_t)count * 11 + 3, sizeof *self->buffers);
    if (!self->layers || !self->buffers) goto done;
    *step = "engine";
    TRY(dnnl_engine_create(&self->engine, dnnl_cpu, 0));
    TRY(dnnl_stream_create(&self->stream, self->engine, dnnl_stream_default_flags));
    dnnl_dims_t src = {batch, channels, rows, columns}, dst = {batch, channels, rows, columns};
    *step = "convolution";
    for (int i = 0; i < count; i++) {
        dnnl_dims_t weights = {layers[i].outputs, src[1], layers[i].kernel, layers[i].kernel};
        dst[1] = layers[i].outputs;
        dst[2] = (src[2] - layers[i].kernel) / layers[i].stride + 1;
        dst[3] = (src[3] - layers[i].kernel) / layers[i].stride + 1;
        md_ref previous = i == 0 ? NULL : query(self->layers[i - 1].forward_pd, dnnl_query_dst_md);
        TRY(make_layer(self, i, src, dst, weights, layers[i].stride, previous));
        memcpy(src, dst, sizeof src);
    }
    *step = "output";
    TRY(make_output(self, dst));
done:
    if (status == dnnl_success) {
        *result = self;
    } else {
        onednn_convolutions_destroy(self);
    }
    return status;
}

float *onednn_convolutions_input(onednn_convolutions *self) { return handle(self->input); }
float *onednn_convolutions_output(onednn_convolutions *self) { return handle(self->output); }
float *onednn_convolutions_output_gradient(onednn_convolutions *self) { return handle(self->output_gradient); }

static dnnl_status_t finish(onednn_convolutions *self, dnnl_status_t status) {
    dnnl_status_t waited = dnnl_stream_wait(self->stream);
    return status == dnnl_success ? waited : status;
}

onednn_status onednn_convolutions_set_parameters(onednn_convolutions *self, const float *const *weights,
                                                 const float *const *biases) {
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < self->count; i++) {
        layer_state *layer = &self->layers[i];
        // Copied, so that the caller may change its slab at any time.
        memcpy(handle(layer->bias), biases[i], layer->bias_bytes);
        memcpy(handle(layer->plain_weights), weights[i], layer->weights_bytes);
        TRY(run(self, &layer->pack_weights));
        TRY(run(self, &layer->pack_data_weights));
    }
done:
    return finish(self, status);
}

onednn_status onednn_convolutions_forward(onednn_convolutions *self) {
    dnnl_status_t status;
    TRY(run(self, &self->pack_input));
    for (int i = 0; i < self->count; i++) TRY(run(self, &self->layers[i].forward));
    TRY(run(self, &self->unpack_output));
done:
    return finish(self, status);
}

// Passes a gradient back through the fused ReLU: zero where the activation is zero.
static void mask(float *restrict gradient, const float *restrict activation, size_t count) {
    for (size_t i = 0; i < count; i++) gradient[i] = activation[i] > 0.0f ? gradient[i] : 0.0f;
}

onednn_status onednn_convolutions_backward(onednn_convolutions *self, float *const *weight_gradients,
                                           float *const *bias_gradients) {
    dnnl_status_t status;
    TRY(run(self, &self->pack_output_gradient));
    for (int i = self->count - 1; i >= 0; i--) {
        layer_state *layer = &self->layers[i];
        md_ref dst_md = query(layer->forward_pd, dnnl_query_dst_md);
        mask(handle(layer->diff_dst), handle(layer->dst), element_count(dst_md));
        TRY(run(self, &layer->pack_weights_src));
        TRY(run(self, &layer->pack_weights_diff_dst));
        TRY(run(self, &layer->backward_weights));
        TRY(run(self, &layer->unpack_diff_weights));
        memcpy(bias_gradients[i], handle(layer->diff_bias), layer->bias_bytes);
        memcpy(weight_gradients[i], handle(layer->plain_diff_weights), layer->weights_bytes);
        if (i > 0) TRY(run(self, &layer->backward_data));
    }
done:
    return finish(self, status);
}
