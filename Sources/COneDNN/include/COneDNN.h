// The part of oneDNN that DQNNetwork uses, with one C interface for versions 2 and 3 of the library.
//
// The C APIs of the two versions differ (operation descriptors or direct primitive descriptors, descriptor structs or
// handles), and Swift imports neither well. This shim hides dnnl.h completely.
#ifndef SWIFT_DQN_CONEDNN_H
#define SWIFT_DQN_CONEDNN_H

#include "Choices.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A status: 0 for success, otherwise a value of oneDNN's `dnnl_status_t`.
typedef int onednn_status;

/// The status of a pass that was cut short, as the caller wished.
enum { onednn_cut = -1 };

/// The version of the loaded library, such as 2.6.3.
typedef struct {
    int major, minor, patch;
} onednn_version;
onednn_version onednn_library_version(void);

/// With this environment variable set to `1`, each convolution of our own is printed with its time, as oneDNN's own log
/// prints the others.
#define ONEDNN_LOG_VARIABLE "DQN_LOG_COMPUTATIONS"

/// The name of the instruction set that the library uses on this processor, such as `avx512_core`.
const char *onednn_instruction_set(void);

/// Stops the library from using its own threads for the computations of the calling thread. OpenMP needs this call on
/// each thread; other runtimes cannot be configured and are not changed.
void onednn_use_calling_thread_only(void);

/// C = A B (+ C if accumulate), row-major; `transpose_*` are 0 or 1, leading dimensions in elements.
onednn_status onednn_sgemm(int transpose_a, int transpose_b, long m, long n, long k, const float *a, long lda,
                           const float *b, long ldb, int accumulate, float *c, long ldc);

/// The first layers of a network that computes on images: convolutions, layer normalisations and poolings, for one
/// batch size.
///
/// Observations and the output have the layout (batch, channel, row, column); the activations in between have their
/// channels last. Not thread-safe: use one per thread.
typedef struct onednn_convolutions onednn_convolutions;

typedef enum {
    ONEDNN_CONVOLUTION,
    ONEDNN_NORM,
    ONEDNN_MAX_POOLING,
    ONEDNN_AVERAGE_POOLING
} onednn_layer_kind;

/// One layer. `activation` is a `kernels_activation`; `outputs` is that of a convolution; a normalisation has no sizes.
typedef struct {
    onednn_layer_kind kind;
    int activation, outputs;
    int kernel_rows, kernel_columns, stride_rows, stride_columns, padding_rows, padding_columns;
} onednn_layer;

/// The shape of an observation, of bytes or of floats, and what becomes of its elements: (x - offset) * scale. Unless
/// null, `offsets` and `scales` have a value for each element and replace `offset` and `scale`.
typedef struct {
    int channels, rows, columns, bytes;
    float offset, scale;
    const float *offsets, *scales;
} onednn_convolution_input;

/// Creates the convolutions; with `training`, also for backward. On failure `*result` is null and `*step` names the
/// part that failed.
onednn_status onednn_convolutions_create(onednn_convolutions **result, const char **step,
                                         const onednn_convolution_input *input, int batch, const onednn_layer *layers,
                                         int count, int training);
void onednn_convolutions_destroy(onednn_convolutions *);

/// The buffer of the batch's observations, one after the other. A pass does not change them.
void *onednn_convolutions_input(onednn_convolutions *);
/// The output of the last forward pass.
float *onednn_convolutions_output(onednn_convolutions *);
/// Makes passes write their output to other memory, which the caller keeps.
onednn_status onednn_convolutions_set_output(onednn_convolutions *, float *output);
/// The gradient of the output, to be set before backward.
float *onednn_convolutions_output_gradient(onednn_convolutions *);

/// Copies weights in the layout (output, input, row, column), or (channel, row, column) for a normalisation, and biases
/// to the layouts that passes use. Those of a pooling are ignored.
onednn_status onednn_convolutions_set_parameters(onednn_convolutions *, const float *const *weights,
                                                 const float *const *biases);
/// `is_cut`, unless it is null, is called before each block of the batch; if it returns another number than 0, the pass
/// ends with `onednn_cut`. The same holds for backward.
onednn_status onednn_convolutions_forward(onednn_convolutions *, int (*is_cut)(void));
/// Copies the activations of a layer in the last forward pass of a computation for training to `to`, in the layout
/// (batch, channel, row, column).
void onednn_convolutions_copy_activations(onednn_convolutions *, int layer, float *to);
/// Writes the gradients of the weights, in the same layout, and of the biases; uses the activations of the last forward
/// pass.
onednn_status onednn_convolutions_backward(onednn_convolutions *, float *const *weight_gradients,
                                           float *const *bias_gradients, int (*is_cut)(void));

#ifdef __cplusplus
}
#endif
#endif
