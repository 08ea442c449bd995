// What DQNNetwork needs of oneDNN, with one C interface over versions 2 and 3 of the library.
//
// The C APIs of the two versions differ (operation descriptors against direct primitive descriptors,
// descriptor structs against handles), and Swift imports neither well: this shim hides dnnl.h altogether.
#ifndef SWIFT_DQN_CONEDNN_H
#define SWIFT_DQN_CONEDNN_H

#ifdef __cplusplus
extern "C" {
#endif

/// A status: 0 is success, otherwise one of oneDNN's `dnnl_status_t`.
typedef int onednn_status;

/// Version of the loaded library, as in 2.6.3.
typedef struct {
    int major, minor, patch;
} onednn_version;
onednn_version onednn_library_version(void);

/// Name of the instruction set that the library uses on this processor, as in `avx512_core`.
const char *onednn_instruction_set(void);

/// Keeps what the calling thread computes from using threads of the library's own. With OpenMP that is for each calling
/// thread to say; other runtimes cannot be told, and are used as they are.
void onednn_use_calling_thread_only(void);

/// C = A B (+ C if accumulate), row-major; `transpose_*` are 0 or 1, leading dimensions in elements.
onednn_status onednn_sgemm(int transpose_a, int transpose_b, long m, long n, long k, const float *a, long lda,
                           const float *b, long ldb, int accumulate, float *c, long ldc);

/// A run of 2-D convolutions, each with a fused rectified linear unit, for one batch size.
///
/// Observations come and the output goes as (batch, channel, row, column); in between activations stand with their
/// channels last.
/// Not thread-safe: one per thread.
typedef struct onednn_convolutions onednn_convolutions;

typedef struct {
    int outputs, kernel, stride;
} onednn_convolution_layer;

/// Observations: bytes, which are divided by 255, or floats.
typedef struct {
    int channels, rows, columns, bytes;
} onednn_convolution_input;

/// Makes a run of convolutions; with `training`, also what backward needs.
/// On failure `*result` is null and `*step` names the failing part.
onednn_status onednn_convolutions_create(onednn_convolutions **result, const char **step,
                                         const onednn_convolution_input *input, int batch,
                                         const onednn_convolution_layer *layers, int count, int training);
void onednn_convolutions_destroy(onednn_convolutions *);

/// Where the batch's observations go, one after the other; they stay until others are put there.
void *onednn_convolutions_input(onednn_convolutions *);
/// Where the output stands after forward.
float *onednn_convolutions_output(onednn_convolutions *);
/// Where the gradient of the output goes before backward.
float *onednn_convolutions_output_gradient(onednn_convolutions *);

/// Refreshes the private copies in oneDNN's layouts from plain (output, input, row, column) weights and biases.
onednn_status onednn_convolutions_set_parameters(onednn_convolutions *, const float *const *weights,
                                                 const float *const *biases);
onednn_status onednn_convolutions_forward(onednn_convolutions *);
/// Writes plain weight and bias gradients; reads the activations of the last forward.
onednn_status onednn_convolutions_backward(onednn_convolutions *, float *const *weight_gradients,
                                           float *const *bias_gradients);

#ifdef __cplusplus
}
#endif
#endif
