// The library's version, instruction set, threads and matrix product.
#define _GNU_SOURCE
#include "COneDNN.h"
#include "CKernels.h"

#include <dlfcn.h>
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

onednn_version onednn_library_version(void) {
    const dnnl_version_t *version = dnnl_version();
    onednn_version result = {version->major, version->minor, version->patch};
    return result;
}

// The greatest set of our names that the library's own variable allows.
static kernels_set own_limit(void) {
    const char *value = getenv("ONEDNN_MAX_CPU_ISA");
    if (!value) value = getenv("DNNL_MAX_CPU_ISA");
    if (!value || strncmp(value, "AVX512", 6) == 0) return KERNELS_AVX512;
    if (strncmp(value, "AVX2", 4) == 0) return KERNELS_AVX2;
    return strcmp(value, "SSE41") == 0 || strcmp(value, "AVX") == 0 ? KERNELS_SSE41 : KERNELS_AVX512;
}

// Limits the library to the set of our kernels. The library accepts a limit only before it is first used, so this runs
// before `main`; and the limit replaces that of the library's own variable, so a lower one of those stays.
__attribute__((constructor)) static void limit(void) {
    const char *value = getenv(KERNELS_LIMIT_VARIABLE);
    kernels_set set = value ? kernels_set_named(value) : KERNELS_NO_SET;
    if (set == KERNELS_NO_SET || set == KERNELS_AVX512 || own_limit() <= set) return;
    dnnl_set_max_cpu_isa(set == KERNELS_AVX2 ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_sse41);
}

const char *onednn_instruction_set(void) {
    // A set without a name here is identified by the library's number.
    static char number[32];
    int isa = (int)dnnl_get_effective_cpu_isa();
    switch (isa) {
    case dnnl_cpu_isa_sse41: return "sse41";
    case dnnl_cpu_isa_avx: return "avx";
    case dnnl_cpu_isa_avx2: return "avx2";
    case dnnl_cpu_isa_avx2_vnni: return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core: return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni: return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16: return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx: return "avx512_core_amx";
    default: break;
    }
    snprintf(number, sizeof number, "set %d", isa);
    return number;
}

void onednn_use_calling_thread_only(void) {
    if (dnnl_version()->cpu_runtime != DNNL_RUNTIME_OMP) return;
    // oneDNN loads its own OpenMP runtime (libgomp on Debian, libomp on Homebrew). The symbol is looked up at run time,
    // so that this shim links neither.
    void (*set_num_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (set_num_threads) set_num_threads(1);
}

onednn_status onednn_sgemm(int transpose_a, int transpose_b, long m, long n, long k, const float *a, long lda,
                           const float *b, long ldb, int accumulate, float *c, long ldc) {
    return dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1.0f, a, lda, b, ldb,
                      accumulate ? 1.0f : 0.0f, c, ldc);
}
