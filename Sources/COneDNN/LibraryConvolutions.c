// Convolutions that oneDNN computes.
#include "Stack.h"

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
    if (!dnnl_memory_desc_equal(wanted, stack_layout(memory))) {
        TRY(stack_allocate(self, &copy, wanted));
        if (role == OUTPUT) {
            TRY(stack_make_reorder(self, &to->after, copy, memory));
        } else {
            operation *op = role == WEIGHTS ? &to->refresh : &to->before[to->before_count++];
            TRY(stack_make_reorder(self, op, memory, copy));
        }
    }
    stack_bind(&to->compute, argument, copy);
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
        describe_with(&self->description, direction, plan, stack_layout(layer->src), stack_layout(layer->dst), forward);
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
    stack_bind(&forward->compute, DNNL_ARG_BIAS, layer->bias);
    TRY(stack_make_primitive(self, &forward->compute, forward->description));
done:
    return status;
}

static dnnl_status_t make_backward(onednn_convolutions *self, const layer_plan *plan, layer_state *layer,
                                   const layer_state *before) {
    computation *weights = &layer->backward_weights, *data = &layer->backward_data;
    dnnl_status_t status = dnnl_success;
    if (layer->packed) goto data;
    TRY(describe(weights, BACKWARD_WEIGHTS, plan, layer));
    TRY(attach(self, weights, DNNL_ARG_SRC, layer->src, dnnl_query_src_md, INPUT));
    TRY(attach(self, weights, DNNL_ARG_DIFF_DST, layer->diff_dst, dnnl_query_diff_dst_md, INPUT));
    TRY(attach(self, weights, DNNL_ARG_DIFF_WEIGHTS, layer->diff_weights, dnnl_query_diff_weights_md, OUTPUT));
    layer->block_diff_weights = weights->compute.arguments[weights->compute.count - 1].memory;
    layer->sum_count = dnnl_memory_desc_get_size(stack_layout(layer->block_diff_weights)) / sizeof(float);
    layer->weights_sum = stack_storage(self, layer->sum_count * sizeof(float));
    status = dnnl_out_of_memory;
    if (!layer->weights_sum) goto done;
    stack_bind(&weights->compute, DNNL_ARG_DIFF_BIAS, layer->diff_bias);
    TRY(stack_make_primitive(self, &weights->compute, weights->description));
data:
    // The gradient of the observation is not needed.
    if (!before) goto done;
    TRY(describe(data, BACKWARD_DATA, plan, layer));
    TRY(attach(self, data, DNNL_ARG_DIFF_DST, layer->diff_dst, dnnl_query_diff_dst_md, INPUT));
    TRY(attach(self, data, DNNL_ARG_WEIGHTS, layer->weights, dnnl_query_weights_md, WEIGHTS));
    TRY(attach(self, data, DNNL_ARG_DIFF_SRC, before->diff_dst, dnnl_query_diff_src_md, OUTPUT));
    TRY(stack_make_primitive(self, &data->compute, data->description));
done:
    return status;
}

dnnl_status_t stack_make_library_convolution(onednn_convolutions *self, int index, const onednn_layer *sizes,
                                       const dnnl_dims_t src_dims, const dnnl_dims_t dst_dims) {
    layer_state *layer = &self->layers[index];
    layer_plan plan;
    dnnl_status_t status;
    const dnnl_dim_t *weights_dims = layer->weights_dims;
    dnnl_dims_t bias_dims = {weights_dims[0]};
    dnnl_post_ops_t ops = NULL;
    memset(&plan, 0, sizeof plan);
    plan.engine = self->engine;
    plan.training = self->training;
    plan.plain = self->plain;
    plan.strides[0] = sizes->stride_rows;
    plan.strides[1] = sizes->stride_columns;
    plan.padding[0] = sizes->padding_rows;
    plan.padding[1] = sizes->padding_columns;

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
    TRY(make_forward(self, &plan, layer));
    if (self->training) TRY(make_backward(self, &plan, layer, index > 0 ? layer - 1 : NULL));
done:
    if (ops) dnnl_post_ops_destroy(ops);
    if (plan.activated) dnnl_primitive_attr_destroy(plan.activated);
    md_free(&plan.any_src);
    md_free(&plan.any_dst);
    md_free(&plan.any_weights);
    md_free(&plan.bias);
    return status;
}
