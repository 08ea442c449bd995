// The differences between the C APIs of oneDNN 2 and 3, each behind one function or type.
#ifndef SWIFT_DQN_ONEDNN_VERSIONS_H
#define SWIFT_DQN_ONEDNN_VERSIONS_H

#include <dnnl.h>
#include <stdlib.h>

#if DNNL_VERSION_MAJOR >= 3
// A memory descriptor is a handle that its owner destroys.
typedef dnnl_memory_desc_t owned_md;
typedef const_dnnl_memory_desc_t md_ref;
static inline md_ref md_borrow(const owned_md *md) { return *md; }
static inline void md_free(owned_md *md) {
    if (*md) dnnl_memory_desc_destroy(*md);
    *md = NULL;
}
static inline dnnl_status_t md_make(owned_md *md, int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag) {
    return dnnl_memory_desc_create_with_tag(md, ndims, dims, dnnl_f32, tag);
}
static inline dnnl_status_t append_relu(dnnl_post_ops_t ops) {
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0.0f, 0.0f);
}
#else
// A memory descriptor is a plain struct.
typedef dnnl_memory_desc_t owned_md;
typedef const dnnl_memory_desc_t *md_ref;
static inline md_ref md_borrow(const owned_md *md) { return md; }
static inline void md_free(owned_md *md) { (void)md; }
static inline dnnl_status_t md_make(owned_md *md, int ndims, const dnnl_dims_t dims, dnnl_format_tag_t tag) {
    return dnnl_memory_desc_init_by_tag(md, ndims, dims, dnnl_f32, tag);
}
static inline dnnl_status_t append_relu(dnnl_post_ops_t ops) {
    return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
}
#endif

static inline dnnl_status_t convolution_forward_pd(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, int training,
                                                   md_ref src, md_ref weights, md_ref bias, md_ref dst,
                                                   const dnnl_dims_t strides, const dnnl_dims_t padding,
                                                   dnnl_primitive_attr_t attr) {
    dnnl_prop_kind_t kind = training ? dnnl_forward_training : dnnl_forward_inference;
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_convolution_forward_primitive_desc_create(pd, engine, kind, dnnl_convolution_direct, src, weights, bias,
                                                          dst, strides, NULL, padding, padding, attr);
#else
    dnnl_convolution_desc_t description;
    dnnl_status_t status = dnnl_convolution_forward_desc_init(&description, kind, dnnl_convolution_direct, src, weights,
                                                              bias, dst, strides, padding, padding);
    if (status != dnnl_success) return status;
    return dnnl_primitive_desc_create(pd, &description, attr, engine, NULL);
#endif
}

static inline dnnl_status_t convolution_backward_data_pd(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, md_ref diff_src,
                                                         md_ref weights, md_ref diff_dst, const dnnl_dims_t strides,
                                                         const dnnl_dims_t padding, dnnl_primitive_attr_t attr,
                                                         const_dnnl_primitive_desc_t hint) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_convolution_backward_data_primitive_desc_create(pd, engine, dnnl_convolution_direct, diff_src, weights,
                                                                diff_dst, strides, NULL, padding, padding, hint, attr);
#else
    dnnl_convolution_desc_t description;
    dnnl_status_t status = dnnl_convolution_backward_data_desc_init(&description, dnnl_convolution_direct, diff_src,
                                                                    weights, diff_dst, strides, padding, padding);
    if (status != dnnl_success) return status;
    return dnnl_primitive_desc_create(pd, &description, attr, engine, hint);
#endif
}

static inline dnnl_status_t convolution_backward_weights_pd(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, md_ref src,
                                                            md_ref diff_weights, md_ref diff_bias, md_ref diff_dst,
                                                            const dnnl_dims_t strides, const dnnl_dims_t padding,
                                                            dnnl_primitive_attr_t attr,
                                                            const_dnnl_primitive_desc_t hint) {
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_convolution_backward_weights_primitive_desc_create(pd, engine, dnnl_convolution_direct, src,
                                                                   diff_weights, diff_bias, diff_dst, strides, NULL,
                                                                   padding, padding, hint, attr);
#else
    dnnl_convolution_desc_t description;
    dnnl_status_t status = dnnl_convolution_backward_weights_desc_init(
        &description, dnnl_convolution_direct, src, diff_weights, diff_bias, diff_dst, strides, padding, padding);
    if (status != dnnl_success) return status;
    return dnnl_primitive_desc_create(pd, &description, attr, engine, hint);
#endif
}

#endif
