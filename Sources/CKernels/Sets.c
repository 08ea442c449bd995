// The instruction set of the kernels, decided once from the processor and the environment.
#include "CKernels.h"
#include "Vectors.h"

#include <stdlib.h>

static const char *const names[] = {"none", "sse41", "avx2", "avx512"};

kernels_set kernels_set_in_force = KERNELS_SSE41;
static kernels_set limit = KERNELS_NO_SET;

kernels_set kernels_set_named(const char *name) {
    for (int set = KERNELS_SSE41; set <= KERNELS_AVX512; set++)
        if (strcmp(name, names[set]) == 0) return (kernels_set)set;
    return KERNELS_NO_SET;
}

const char *kernels_name_of_set(kernels_set set) { return names[set]; }
kernels_set kernels_chosen_set(void) { return kernels_set_in_force; }
kernels_set kernels_limit(void) { return limit; }

static kernels_set set_of_processor(void) {
#if KERNELS_HAVE_SETS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return KERNELS_AVX512;
    if (__builtin_cpu_supports("x86-64-v3")) return KERNELS_AVX2;
#endif
    return KERNELS_SSE41;
}

// An invalid value is refused where a computation is created; until then it limits nothing.
__attribute__((constructor)) static void decide(void) {
    const char *value = getenv(KERNELS_LIMIT_VARIABLE);
    kernels_set best = set_of_processor();
    if (value && *value) limit = kernels_set_named(value);
    kernels_set_in_force = limit != KERNELS_NO_SET && limit < best ? limit : best;
}
