// The library's version, instruction set, threads and matrix product.
#define _GNU_SOURCE
#include "COneDNN.h"

#include <dlfcn.h>
#include <dnnl.h>
#include <stdio.h>

onednn_version onednn_library_version(void) {
    const dnnl_version_t *version = dnnl_version();
    onednn_version result = {version->major, version->minor, version->patch};
    return result;
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
