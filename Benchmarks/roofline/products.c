// Preloaded by Benchmarks/roofline/run: prints the shape and milliseconds of each matrix product that a program
// requests from oneDNN. oneDNN's own log omits these.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <dnnl.h>
#include <stdio.h>
#include <time.h>

dnnl_status_t dnnl_sgemm(char transpose_a, char transpose_b, dnnl_dim_t m, dnnl_dim_t n, dnnl_dim_t k, float alpha,
                         const float *a, dnnl_dim_t lda, const float *b, dnnl_dim_t ldb, float beta, float *c,
                         dnnl_dim_t ldc) {
    static __typeof__(&dnnl_sgemm) product = NULL;
    struct timespec began, ended;
    if (!product) product = (__typeof__(&dnnl_sgemm))dlsym(RTLD_NEXT, "dnnl_sgemm");
    clock_gettime(CLOCK_MONOTONIC, &began);
    dnnl_status_t status = product(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    double milliseconds =
        1e3 * (double)(ended.tv_sec - began.tv_sec) + 1e-6 * (double)(ended.tv_nsec - began.tv_nsec);
    printf("product,%c%c,%ld,%ld,%ld,%f\n", transpose_a, transpose_b, (long)m, (long)n, (long)k, milliseconds);
    return status;
}
