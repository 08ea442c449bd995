// The inside of a stack of layers of images, for the files that create it, hold its parameters and run it.
#ifndef SWIFT_DQN_ONEDNN_STACK_H
#define SWIFT_DQN_ONEDNN_STACK_H

#include "CKernels.h"
#include "COneDNN.h"
#include "Choices.h"
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
    // Weights and their gradient as (output, input, row, column), folded in the first layer; null if CKernels reads and
    // writes the caller's. Those of a normalisation have the order of the activations.
    dnnl_memory_t weights, bias, diff_weights, diff_bias;
    dnnl_dims_t weights_dims;
    // The gradient of the weights for one block, in the layout of the computation, and the sums over earlier blocks.
    dnnl_memory_t block_diff_weights;
    float *weights_sum, *bias_sum;
    size_t sum_count;
    // How a convolution is computed. If CKernels computes it, its sizes, and its weights and their gradient in the order
    // of its passes; with Winograd's method also the weights for the gradient of its input.
    onednn_method method;
    kernels_convolution own;
    kernels_winograd winograd;
    float *packed, *transposed, *packed_gradient;
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
    // The temporary storage of CKernels.
    float *own_scratch;
    size_t own_scratch_bytes;
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
void *stack_storage(onednn_convolutions *self, size_t bytes);
// Creates a memory object over storage of its size.
dnnl_status_t stack_allocate(onednn_convolutions *self, dnnl_memory_t *memory, md_ref md);
// Creates a memory object over storage of `copies` times its size; it refers to the first part.
dnnl_status_t stack_allocate_tagged(onednn_convolutions *self, dnnl_memory_t *memory, const dnnl_dims_t dims,
                                    dnnl_format_tag_t tag, int copies);
md_ref stack_layout(dnnl_memory_t memory);
float *stack_handle(dnnl_memory_t memory);

void stack_bind(operation *op, int argument, dnnl_memory_t memory);
dnnl_status_t stack_run(onednn_convolutions *self, operation *op);
// Runs a computation and the copies before and after it.
dnnl_status_t stack_run_computation(onednn_convolutions *self, computation *what);
dnnl_status_t stack_finish(onednn_convolutions *self, dnnl_status_t status);
// Creates a primitive. Its temporary storage is set when all primitives are known.
dnnl_status_t stack_make_primitive(onednn_convolutions *self, operation *op, dnnl_primitive_desc_t description);
dnnl_status_t stack_make_reorder(onednn_convolutions *self, operation *op, dnnl_memory_t from, dnnl_memory_t to);

// Creates one layer after the layer before it: its tensors and its computations.
dnnl_status_t stack_make_layer(onednn_convolutions *self, int index, const onednn_layer *sizes, const dnnl_dims_t src,
                               const dnnl_dims_t dst, const dnnl_dims_t weights);
// Creates those computations of a convolution that are oneDNN's.
dnnl_status_t stack_make_library_convolution(onednn_convolutions *self, int index, const onednn_layer *sizes,
                                             const dnnl_dims_t src, const dnnl_dims_t dst);
size_t stack_weights_bytes(const layer_state *layer);

// Scales and folds the observations of one block.
void stack_fold_block(onednn_convolutions *self, int block);
// Copies the gradients of the parameters to the layout of the caller.
dnnl_status_t stack_copy_gradients(onednn_convolutions *self, float *const *weight_gradients,
                                   float *const *bias_gradients);

// Logs a convolution of CKernels that began at this time, if the log is wanted.
double stack_log_begin(void);
void stack_log_convolution(double began, onednn_method method, const char *direction, const kernels_convolution *,
                           size_t rows);

#endif
