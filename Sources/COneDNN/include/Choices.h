// What computes a layer of a shape with an instruction set: a table of choices, as they were measured.
//
// Nothing is timed at run time, so that equal seeds give equal results.
#ifndef SWIFT_DQN_COMPUTE_CHOICES_H
#define SWIFT_DQN_COMPUTE_CHOICES_H

#include "CKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How a convolution and its gradients are computed.
typedef enum {
    /// By oneDNN.
    ONEDNN_BY_LIBRARY,
    /// Forward and the gradient of the weights by loops of CKernels, the gradient of the input by oneDNN.
    ONEDNN_BY_LOOPS,
    /// All of them by Winograd's method of CKernels.
    ONEDNN_BY_WINOGRAD
} onednn_method;

/// Returns the method for a convolution with this instruction set.
onednn_method onednn_convolution_method(const kernels_convolution *, int is_padded, kernels_set);

/// How the forward pass of a dense layer is computed.
typedef enum {
    /// A few dot products, which take less time than the set-up of a matrix product.
    ONEDNN_DENSE_LOOPS,
    /// One row with constant parameters: transposed weights of the inputs that are not zero.
    ONEDNN_DENSE_SERVED,
    /// Dot products of several rows and outputs at a time. From 16 rows on oneDNN would copy the weights, which takes longer
    /// than the product with few rows.
    ONEDNN_DENSE_TILES,
    /// oneDNN's x Wᵀ.
    ONEDNN_DENSE_PRODUCT,
    /// oneDNN's (W xᵀ)ᵀ: for x Wᵀ it would first copy a large Wᵀ, which takes longer than the product.
    ONEDNN_DENSE_TRANSPOSED
} onednn_dense_method;

/// Returns the method for a dense layer. `is_constant` is whether its parameters stay the same for many passes.
onednn_dense_method onednn_dense_forward(long rows, long inputs, long outputs, int is_constant, kernels_set);

/// Whether CKernels computes the gradient of a dense layer's weights, or of its input, and not oneDNN.
int onednn_dense_weight_gradient_is_own(long rows, long inputs, long outputs, kernels_set);
int onednn_dense_input_gradient_is_own(long rows, long inputs, long outputs, kernels_set);

#ifdef __cplusplus
}
#endif
#endif
