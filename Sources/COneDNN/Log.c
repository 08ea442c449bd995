// A log of the convolutions that CKernels computes, in the form of oneDNN's own log, for Benchmarks/roofline.
#define _GNU_SOURCE
#include "Stack.h"

#include <stdio.h>
#include <time.h>

static int is_wanted;

__attribute__((constructor)) static void read_variable(void) {
    const char *value = getenv(ONEDNN_LOG_VARIABLE);
    is_wanted = value && strcmp(value, "1") == 0;
}

static double milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

double stack_log_begin(void) { return is_wanted ? milliseconds() : 0.0; }

void stack_log_convolution(double began, onednn_method method, const char *direction, const kernels_convolution *sizes,
                           size_t rows) {
    if (!is_wanted) return;
    printf("own,%s,convolution,%s,mb%zu_ic%zuoc%zu_ih%zuoh%zukh%zush%zu_iw%zuow%zukw%zusw%zu,%f\n",
           method == ONEDNN_BY_WINOGRAD ? "winograd" : "loops", direction, rows, sizes->channels, sizes->outputs,
           sizes->rows, sizes->output_rows, sizes->kernel_rows, sizes->stride_rows, sizes->columns,
           sizes->output_columns, sizes->kernel_columns, sizes->stride_columns, milliseconds() - began);
}
