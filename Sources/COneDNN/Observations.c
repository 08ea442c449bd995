// Observations become the input of the first layer: scaled, padded and folded.
#include "Stack.h"

// Scales an observation and surrounds it by the padding, whose zeros are never overwritten.
static void prepare(onednn_convolutions *self, const uint8_t *observation) {
    size_t columns = self->fold.source_columns - 2 * self->padding_columns;
    size_t rows = self->fold.source_rows - 2 * self->padding_rows;
    const float *floats = (const float *)(const void *)observation;
    for (size_t plane = 0; plane < self->planes; plane++)
        for (size_t row = 0; row < rows; row++) {
            float *to = self->prepared + (plane * self->fold.source_rows + row + self->padding_rows) *
                                             self->fold.source_columns + self->padding_columns;
            size_t from = (plane * rows + row) * columns;
            if (self->offsets) {
                kernels_scale_each(to, self->bytes ? observation + from : NULL, self->bytes ? NULL : floats + from,
                                   columns, self->offsets + from, self->scales + from);
            } else if (self->bytes) {
                kernels_scale_bytes(to, observation + from, columns, self->offset, self->scale);
            } else {
                kernels_scale_floats(to, floats + from, columns, self->offset, self->scale);
            }
        }
}

// Folds the observations of one block.
void stack_fold_block(onednn_convolutions *self, int block) {
    const uint8_t *observation = self->observations + (size_t)(block * self->rows) * self->observation_bytes;
    float *folded = stack_handle(self->input);
    for (int row = 0; row < self->rows; row++) {
        if (self->prepared) {
            prepare(self, observation);
            kernels_fold_floats(folded, self->prepared, &self->fold, self->planes, 0.0f, 1.0f);
        } else if (self->bytes) {
            kernels_fold_bytes(folded, observation, &self->fold, self->planes, self->offset, self->scale);
        } else {
            kernels_fold_floats(folded, (const float *)(const void *)observation, &self->fold, self->planes,
                                self->offset, self->scale);
        }
        folded += self->folded_count;
        observation += self->observation_bytes;
    }
}
