// Storage, memory objects and primitives of a stack of layers.
#include "Stack.h"

// Allocates zeroed storage, aligned to a cache line and owned by `self`; null on failure.
void *stack_storage(onednn_convolutions *self, size_t bytes) {
    size_t rounded = bytes ? (bytes + 63) / 64 * 64 : 64;
    void *buffer = self->buffer_count < self->most ? aligned_alloc(64, rounded) : NULL;
    if (!buffer) return NULL;
    memset(buffer, 0, rounded);
    self->buffers[self->buffer_count++] = buffer;
    return buffer;
}

// Creates a memory object over storage of `copies` times its size; it refers to the first part.
static dnnl_status_t allocate_several(onednn_convolutions *self, dnnl_memory_t *memory, md_ref md, int copies) {
    void *buffer = stack_storage(self, dnnl_memory_desc_get_size(md) * (size_t)copies);
    if (!buffer || self->memory_count == self->most) return dnnl_out_of_memory;
    dnnl_status_t status = dnnl_memory_create(memory, md, self->engine, buffer);
    if (status == dnnl_success) self->memories[self->memory_count++] = *memory;
    return status;
}

dnnl_status_t stack_allocate(onednn_convolutions *self, dnnl_memory_t *memory, md_ref md) {
    return allocate_several(self, memory, md, 1);
}

dnnl_status_t stack_allocate_tagged(onednn_convolutions *self, dnnl_memory_t *memory, const dnnl_dims_t dims,
                                     dnnl_format_tag_t tag, int copies) {
    owned_md md;
    dnnl_status_t status = md_make(&md, 4, dims, tag);
    if (status != dnnl_success) return status;
    status = allocate_several(self, memory, md_borrow(&md), copies);
    md_free(&md);
    return status;
}

md_ref stack_layout(dnnl_memory_t memory) {
    md_ref result = NULL;
    dnnl_memory_get_memory_desc(memory, &result);
    return result;
}

float *stack_handle(dnnl_memory_t memory) {
    void *data = NULL;
    dnnl_memory_get_data_handle(memory, &data);
    return data;
}

void stack_bind(operation *op, int argument, dnnl_memory_t memory) {
    op->arguments[op->count].arg = argument;
    op->arguments[op->count].memory = memory;
    op->count++;
}

dnnl_status_t stack_run(onednn_convolutions *self, operation *op) {
    if (!op->primitive) return dnnl_success;
    return dnnl_primitive_execute(op->primitive, self->stream, op->count, op->arguments);
}

// Runs a computation and the copies before and after it.
dnnl_status_t stack_run_computation(onednn_convolutions *self, computation *what) {
    dnnl_status_t status;
    for (int i = 0; i < what->before_count; i++) TRY(stack_run(self, &what->before[i]));
    TRY(stack_run(self, &what->compute));
    TRY(stack_run(self, &what->after));
done:
    return status;
}

dnnl_status_t stack_finish(onednn_convolutions *self, dnnl_status_t status) {
    dnnl_status_t waited = dnnl_stream_wait(self->stream);
    return status == dnnl_success ? waited : status;
}

// Creates a primitive. share_scratch() sets its temporary storage later.
dnnl_status_t stack_make_primitive(onednn_convolutions *self, operation *op, dnnl_primitive_desc_t description) {
    md_ref scratch = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    size_t bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
    if (bytes > 0) {
        dnnl_memory_t memory;
        if (self->scratch_count == self->most) return dnnl_out_of_memory;
        dnnl_status_t status = dnnl_memory_create(&memory, scratch, self->engine, DNNL_MEMORY_NONE);
        if (status != dnnl_success) return status;
        self->scratch[self->scratch_count++] = memory;
        if (bytes > self->scratch_bytes) self->scratch_bytes = bytes;
        stack_bind(op, DNNL_ARG_SCRATCHPAD, memory);
    }
    return dnnl_primitive_create(&op->primitive, description);
}

dnnl_status_t stack_make_reorder(onednn_convolutions *self, operation *op, dnnl_memory_t from, dnnl_memory_t to) {
    dnnl_primitive_desc_t description = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&description, stack_layout(from), self->engine, stack_layout(to),
                                                              self->engine, self->plain);
    if (status == dnnl_success) status = stack_make_primitive(self, op, description);
    if (description) dnnl_primitive_desc_destroy(description);
    stack_bind(op, DNNL_ARG_FROM, from);
    stack_bind(op, DNNL_ARG_TO, to);
    return status;
}
