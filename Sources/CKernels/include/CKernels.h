// Vector loops over floats that oneDNN does not offer, compiled for several instruction sets.
//
// SwiftPM does not allow architecture flags in a package that others depend on, so Swift code is compiled for the
// baseline processor. Here each function is compiled for several instruction sets, one of which is chosen when the
// program starts. Pointers must not overlap unless stated otherwise. Counts are in elements.
#ifndef SWIFT_DQN_CKERNELS_H
#define SWIFT_DQN_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Hints to the processor that the thread is in a spin loop.
static inline void kernels_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// The instruction sets that functions are compiled for, from the least to the greatest.
typedef enum { KERNELS_NO_SET, KERNELS_SSE41, KERNELS_AVX2, KERNELS_AVX512 } kernels_set;

/// The environment variable that limits the set of these functions and of oneDNN: `sse41`, `avx2` or `avx512`. It is
/// read once, before `main`.
#define KERNELS_LIMIT_VARIABLE "DQN_MAX_CPU_ISA"

/// The set that functions use: the processor's greatest up to the limit. `KERNELS_SSE41` stands for the processor that
/// the program is compiled for, on every architecture.
kernels_set kernels_chosen_set(void);
/// The limit of the environment; none if the variable is unset, empty or invalid.
kernels_set kernels_limit(void);
/// The set with this name; none if there is no such set.
kernels_set kernels_set_named(const char *name);
const char *kernels_name_of_set(kernels_set);

/// y[i] += x[i].
void kernels_add(float *y, const float *x, size_t count);

/// y[i] = (x[i] - offset) * scale.
void kernels_scale_bytes(float *y, const uint8_t *x, size_t count, float offset, float scale);
/// The same for floats. `x` may be `y`.
void kernels_scale_floats(float *y, const float *x, size_t count, float offset, float scale);
/// y[i] = (x[i] - offsets[i]) * scales[i] with x either bytes or floats, which may be `y`; the other is null.
void kernels_scale_each(float *y, const uint8_t *bytes, const float *floats, size_t count, const float *offsets,
                        const float *scales);

/// How planes of pixels are folded: each square of pixels becomes the channels of one position.
typedef struct {
    /// The side of a square in pixels; with 1 only the order of the axes changes, to channels last.
    size_t side;
    /// Rows and columns of squares; pixels beyond them are ignored.
    size_t rows, columns;
    /// Channels of one square, over all planes.
    size_t channels;
    /// Rows and columns of pixels of a plane.
    size_t source_rows, source_columns;
} kernels_fold;

/// y[row][column][plane, row within the square, column within the square] = (x[plane][row][column] - offset) * scale.
void kernels_fold_bytes(float *y, const uint8_t *x, const kernels_fold *fold, size_t planes, float offset,
                        float scale);
/// The same for floats.
void kernels_fold_floats(float *y, const float *x, const kernels_fold *fold, size_t planes, float offset,
                         float scale);

/// y[r][c] += bias[c], then max(0, ·) if `relu`.
void kernels_add_bias(float *y, const float *bias, size_t rows, size_t columns, int relu);

/// y[r][c] = x[c][r] + bias[c], then max(0, ·) if `relu`.
void kernels_transpose_bias(float *y, const float *x, const float *bias, size_t rows, size_t columns, int relu);

/// gradient[i] = 0 where activation[i] <= 0.
void kernels_mask(float *gradient, const float *activation, size_t count);

/// sums[c] = sum over r of x[r][c]. The rows of x are `next_row` elements apart.
void kernels_sum_rows(float *sums, const float *x, size_t next_row, size_t rows, size_t columns);

/// y[r][o] = bias[o] + sum over i of w[o][i] x[r][i], then max(0, ·) if `relu`: a dense layer for few rows or outputs.
void kernels_dense(float *y, const float *w, const float *bias, const float *x, size_t rows, size_t outputs,
                   size_t inputs, int relu);

/// The same for more rows, several rows and outputs at a time: twice as fast with AVX-512 if a library copies the weights.
void kernels_dense_rows(float *y, const float *w, const float *bias, const float *x, size_t rows, size_t outputs,
                        size_t inputs, int relu);

/// Whether the two functions below can compute the gradients of a dense layer. They need AVX2.
int kernels_dense_gradients_fit(size_t inputs);

/// w_gradient[o][i] = sum over r of y_gradient[r][o] x[r][i]. The rows of y_gradient are `next_row` elements apart.
void kernels_dense_weight_gradient(float *w_gradient, const float *y_gradient, size_t next_row, const float *x, size_t rows,
                                   size_t outputs, size_t inputs);

/// x_gradient[r][i] = sum over o of y_gradient[r][o] w[o][i], added to x_gradient with `accumulate`.
void kernels_dense_input_gradient(float *x_gradient, const float *y_gradient, const float *w, size_t rows,
                                  size_t outputs, size_t inputs, int accumulate);

/// The number of columns of transposed weights for `count` outputs: a multiple of the vector width.
static inline size_t kernels_padded(size_t count) { return (count + 15) / 16 * 16; }

/// Transposes (output, input) weights into rows of kernels_padded(outputs) floats or half-precision numbers.
void kernels_transpose(float *transposed, const float *w, size_t outputs, size_t inputs);
void kernels_transpose_half(uint16_t *transposed, const float *w, size_t outputs, size_t inputs);

/// A dense layer for one row whose inputs are mostly zero, as after a rectified linear unit: reads the transposed
/// weights of the non-zero inputs only. y and bias have kernels_padded(outputs) elements, scratch has `inputs`
/// elements.
void kernels_dense_sparse(float *y, const float *transposed, const float *bias, const float *x, uint32_t *scratch,
                          size_t outputs, size_t inputs, int relu);
void kernels_dense_sparse_half(float *y, const uint16_t *transposed, const float *bias, const float *x,
                               uint32_t *scratch, size_t outputs, size_t inputs, int relu);

/// The gradients of a dense layer with few outputs: w_gradient and x_gradient, unless they are null. With `accumulate`
/// the result is added to x_gradient.
void kernels_dense_few_backward(float *w_gradient, float *x_gradient, const float *y_gradient, const float *w,
                                const float *x, size_t rows, size_t outputs, size_t inputs, int accumulate);

/// q[r][i] = value[r] + advantage[r][i] - mean over i of advantage[r][i] (Wang 2016, equation 9).
void kernels_dueling(float *q, const float *value, const float *advantage, size_t rows, size_t actions);

/// The gradients of the inputs of kernels_dueling.
void kernels_dueling_backward(float *value_gradient, float *advantage_gradient, const float *q_gradient, size_t rows,
                              size_t actions);

/// The functions that outputs pass through. GELU is the exact form, with the error function.
typedef enum {
    KERNELS_IDENTITY,
    KERNELS_RELU,
    KERNELS_TANH,
    KERNELS_SIGMOID,
    KERNELS_ELU,
    KERNELS_SILU,
    KERNELS_GELU
} kernels_activation;

/// y[i] = f(x[i]). `x` may be `y`.
void kernels_activate(float *y, const float *x, size_t count, kernels_activation function);
/// gradient[i] *= f'(x[i]) for y[i] = f(x[i]). Only SiLU and GELU read x.
void kernels_activation_gradient(float *gradient, const float *y, const float *x, size_t count,
                                 kernels_activation function);

/// Layer normalisation: y = (x - mean) / sqrt(variance + 1e-5) * weight + bias over each row; the variance is not
/// corrected for bias. `statistics` receives the mean and the factor of each row.
void kernels_norm(float *y, float *statistics, const float *x, const float *weight, const float *bias, size_t rows,
                  size_t count);
/// The gradients of its weight and bias and, unless null, of x. With `accumulate` those of weight and bias are added to
/// what is there, and with `accumulate_x` that of x.
void kernels_norm_backward(float *x_gradient, float *weight_gradient, float *bias_gradient, const float *y_gradient,
                           const float *x, const float *statistics, const float *weight, size_t rows, size_t count,
                           int accumulate, int accumulate_x);

/// Windows over images with channels last.
typedef struct {
    size_t channels, rows, columns;
    size_t kernel_rows, kernel_columns, stride_rows, stride_columns, padding_rows, padding_columns;
    /// Rows and columns of the output.
    size_t output_rows, output_columns;
} kernels_pooling;

/// The largest element of each window; padding counts as -infinity. Unless null, `chosen` receives its number in the
/// window, the first among equals.
void kernels_max_pooling(float *y, uint32_t *chosen, const float *x, const kernels_pooling *sizes, size_t images);
/// Writes the gradient of x.
void kernels_max_pooling_backward(float *x_gradient, const float *y_gradient, const uint32_t *chosen,
                                  const kernels_pooling *sizes, size_t images);
/// The mean of each window; padding counts as zeros.
void kernels_average_pooling(float *y, const float *x, const kernels_pooling *sizes, size_t images);
/// Writes the gradient of x.
void kernels_average_pooling_backward(float *x_gradient, const float *y_gradient, const kernels_pooling *sizes,
                                      size_t images);

/// A convolution of images with channels last, without padding.
typedef struct {
    size_t channels, rows, columns, outputs;
    size_t kernel_rows, kernel_columns, stride_rows, stride_columns;
    /// Rows and columns of the output.
    size_t output_rows, output_columns;
} kernels_convolution;

/// Whether the functions below can compute a convolution: they need a multiple of sixteen outputs. They also need AVX2.
int kernels_convolution_fits(const kernels_convolution *);
/// Copies weights from (output, channel, row, column) to the order of the passes: (output / 16, row, column, channel,
/// output % 16). The second function copies in the other direction.
void kernels_pack_convolution(float *packed, const float *weights, const kernels_convolution *);
void kernels_unpack_convolution(float *weights, const float *packed, const kernels_convolution *);
/// The convolution of packed weights, plus the bias, then max(0, ·) if `relu`.
void kernels_convolution_forward(float *y, const float *x, const float *packed, const float *bias,
                                 const kernels_convolution *, size_t images, int relu);
/// The gradient of the packed weights; with `accumulate` it is added to what is there.
void kernels_convolution_gradient(float *packed, const float *x, const float *y_gradient, const kernels_convolution *,
                                  size_t images, int accumulate);

/// A convolution without padding whose stride divides its kernel two or three times, with fewer products than by the
/// definition (Winograd's method). Set by kernels_winograd_plan.
typedef struct {
    kernels_convolution sizes;
    /// The side of a square of pixels, which counts as one position, and the positions that the kernel covers along an axis.
    size_t stride, reach;
    /// Channels of a position, and tiles of 2 × 2 outputs.
    size_t channels, tile_rows, tile_columns;
    /// The images that are computed together.
    size_t images;
} kernels_winograd;

/// Whether the functions below compute a convolution without padding: its stride divides its kernel two or three times,
/// and a row of a square of pixels as wide as the stride has a multiple of sixteen elements, as have the outputs. They also
/// need AVX2.
int kernels_winograd_fits(const kernels_convolution *);
/// Plans the convolution of up to `images` images, which must fit.
void kernels_winograd_plan(kernels_winograd *, const kernels_convolution *, size_t images);
/// The number of packed weights, and of elements of `scratch`.
size_t kernels_winograd_weights(const kernels_winograd *);
size_t kernels_winograd_scratch(const kernels_winograd *);
/// Transforms weights from (output, channel, row, column) for forward and, unless null, for the gradient of the input.
void kernels_winograd_pack(float *packed, float *transposed, const float *weights, const kernels_winograd *);
/// Transforms the gradient of packed weights to the gradient of weights.
void kernels_winograd_unpack(float *weights, const float *packed, const kernels_winograd *);
/// The convolution of packed weights, plus the bias, then max(0, ·) if `relu`.
void kernels_winograd_forward(float *y, const float *x, const float *packed, const float *bias,
                              const kernels_winograd *, size_t images, int relu, float *scratch);
/// The gradients of the packed weights, which `accumulate` adds to what is there, and, unless null, of x.
void kernels_winograd_backward(float *packed_gradient, float *x_gradient, const float *x, const float *y_gradient,
                               const float *transposed, const kernels_winograd *, size_t images, int accumulate,
                               float *scratch);

/// means[r][a] = the mean of quantiles[r][a][0..<count].
void kernels_quantile_means(float *means, const float *quantiles, size_t values, size_t count);

/// Makes `count` vectors of `length` elements orthonormal, one after the other (modified Gram-Schmidt); `length` must be
/// at least `count`. The same bits on every processor.
void kernels_orthonormalise(double *vectors, size_t count, size_t length);

/// The sum of squares: blocks in single precision, their sum in double precision.
double kernels_sum_of_squares(const float *x, size_t count);

/// One step of Adam (Kingma and Ba 2015). `step_size` includes the bias correction of the first moment,
/// `inverse_root_correction` is that of the second; `epsilon` is outside the root. The gradient is multiplied by
/// `gradient_scale` first. The first moment is limited to `mean_limit` times the root of the second. Unless null,
/// `copy` receives the new parameters too.
void kernels_adam(float *parameters, float *copy, const float *gradient, float *first, float *second, size_t count,
                  float gradient_scale, float beta1, float beta2, float step_size, float inverse_root_correction,
                  float epsilon, float mean_limit);

/// One step of RMSProp with epsilon inside the root; centred if `mean` is not null. `copy` is as for Adam.
void kernels_rmsprop(float *parameters, float *copy, const float *gradient, float *square, float *mean, size_t count,
                     float gradient_scale, float decay, float step_size, float epsilon);

#endif
