// A dense layer with its weights kept in oneDNN's own layout, for parameters that stay the same for many passes.
#include "COneDNN.h"
#include "Versions.h"

#include <string.h>

struct onednn_dense {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t description;
    dnnl_primitive_t compute, pack;
    // `plain` stands on the caller's weights while they are packed, source and destination on the caller's activations.
    dnnl_memory_t src, dst, plain, packed, bias;
    float *packed_storage, *bias_storage;
    size_t bias_bytes;
};

#define TRY(expression)                                                                                               \
    do {                                                                                                              \
        status = (expression);                                                                                        \
        if (status != dnnl_success) goto done;                                                                        \
    } while (0)

static float *aligned_storage(size_t bytes) { return aligned_alloc(64, (bytes + 63) / 64 * 64); }

onednn_status onednn_dense_create(onednn_dense **result, int rows, int inputs, int outputs, int relu) {
    *result = NULL;
    onednn_dense *self = calloc(1, sizeof *self);
    if (!self) return dnnl_out_of_memory;
    dnnl_dims_t src_dims = {rows, inputs}, dst_dims = {rows, outputs}, weights_dims = {outputs, inputs};
    dnnl_dims_t bias_dims = {outputs};
    owned_md src, dst, weights, any_weights, bias;
    memset(&src, 0, sizeof src);
    memset(&dst, 0, sizeof dst);
    memset(&weights, 0, sizeof weights);
    memset(&any_weights, 0, sizeof any_weights);
    memset(&bias, 0, sizeof bias);
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_primitive_desc_t reorder = NULL;
    dnnl_status_t status;
    TRY(dnnl_engine_create(&self->engine, dnnl_cpu, 0));
    TRY(dnnl_stream_create(&self->stream, self->engine, dnnl_stream_default_flags));
    TRY(md_make(&src, 2, src_dims, dnnl_ab));
    TRY(md_make(&dst, 2, dst_dims, dnnl_ab));
    TRY(md_make(&weights, 2, weights_dims, dnnl_ab));
    TRY(md_make(&any_weights, 2, weights_dims, dnnl_format_tag_any));
    TRY(md_make(&bias, 1, bias_dims, dnnl_a));
    TRY(dnnl_primitive_attr_create(&attributes));
    if (relu) {
        TRY(dnnl_post_ops_create(&ops));
        TRY(append_relu(ops));
        TRY(dnnl_primitive_attr_set_post_ops(attributes, ops));
    }
    TRY(inner_product_pd(&self->description, self->engine, md_borrow(&src), md_borrow(&any_weights), md_borrow(&bias),
                         md_borrow(&dst), attributes));
    md_ref packed = dnnl_primitive_desc_query_md(self->description, dnnl_query_weights_md, 0);
    self->bias_bytes = sizeof(float) * (size_t)outputs;
    self->packed_storage = aligned_storage(dnnl_memory_desc_get_size(packed));
    self->bias_storage = aligned_storage(self->bias_bytes);
    status = dnnl_out_of_memory;
    if (!self->packed_storage || !self->bias_storage) goto done;
    TRY(dnnl_memory_create(&self->src, md_borrow(&src), self->engine, DNNL_MEMORY_NONE));
    TRY(dnnl_memory_create(&self->dst, md_borrow(&dst), self->engine, DNNL_MEMORY_NONE));
    TRY(dnnl_memory_create(&self->plain, md_borrow(&weights), self->engine, DNNL_MEMORY_NONE));
    TRY(dnnl_memory_create(&self->packed, packed, self->engine, self->packed_storage));
    TRY(dnnl_memory_create(&self->bias, md_borrow(&bias), self->engine, self->bias_storage));
    TRY(dnnl_reorder_primitive_desc_create(&reorder, md_borrow(&weights), self->engine, packed, self->engine, NULL));
    TRY(dnnl_primitive_create(&self->pack, reorder));
    TRY(dnnl_primitive_create(&self->compute, self->description));
done:
    if (reorder) dnnl_primitive_desc_destroy(reorder);
    if (ops) dnnl_post_ops_destroy(ops);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    md_free(&src);
    md_free(&dst);
    md_free(&weights);
    md_free(&any_weights);
    md_free(&bias);
    if (status == dnnl_success) {
        *result = self;
    } else {
        onednn_dense_destroy(self);
    }
    return status;
}

void onednn_dense_destroy(onednn_dense *self) {
    if (!self) return;
    if (self->compute) dnnl_primitive_destroy(self->compute);
    if (self->pack) dnnl_primitive_destroy(self->pack);
    if (self->description) dnnl_primitive_desc_destroy(self->description);
    dnnl_memory_t memories[] = {self->src, self->dst, self->plain, self->packed, self->bias};
    for (int i = 0; i < 5; i++)
        if (memories[i]) dnnl_memory_destroy(memories[i]);
    free(self->packed_storage);
    free(self->bias_storage);
    if (self->stream) dnnl_stream_destroy(self->stream);
    if (self->engine) dnnl_engine_destroy(self->engine);
    free(self);
}

onednn_status onednn_dense_set_parameters(onednn_dense *self, const float *weights, const float *bias) {
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, self->plain}, {DNNL_ARG_TO, self->packed}};
    dnnl_status_t status;
    memcpy(self->bias_storage, bias, self->bias_bytes);
    // Only read.
    TRY(dnnl_memory_set_data_handle(self->plain, (void *)weights));
    TRY(dnnl_primitive_execute(self->pack, self->stream, 2, arguments));
    TRY(dnnl_stream_wait(self->stream));
done:
    return status;
}

onednn_status onednn_dense_forward(onednn_dense *self, const float *x, float *y) {
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, self->src},
                                   {DNNL_ARG_WEIGHTS, self->packed},
                                   {DNNL_ARG_BIAS, self->bias},
                                   {DNNL_ARG_DST, self->dst}};
    dnnl_status_t status;
    // Only read.
    TRY(dnnl_memory_set_data_handle(self->src, (void *)x));
    TRY(dnnl_memory_set_data_handle(self->dst, y));
    TRY(dnnl_primitive_execute(self->compute, self->stream, 4, arguments));
    TRY(dnnl_stream_wait(self->stream));
done:
    return status;
}
