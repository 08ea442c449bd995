// Vectors of sixteen floats, and functions for several instruction sets.
#ifndef SWIFT_DQN_CKERNELS_VECTORS_H
#define SWIFT_DQN_CKERNELS_VECTORS_H

#include "CKernels.h"

#include <string.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

// The thread sanitizer misses accesses of more than sixteen bytes.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define KERNELS_HAVE_SETS 1
#else
#define KERNELS_HAVE_SETS 0
#endif

// Decided when the program starts and never changed.
extern kernels_set kernels_set_in_force;

// Defines a function that computes with the instruction set in force: one body, inlined into one function for each set,
// and a function of the given name that jumps to one of them. `arguments` are the names of the parameters. The
// compiler's own clones would be selected by the loader, before the environment can limit the set.
#if KERNELS_HAVE_SETS
#define FOR_EVERY_SET(result, name, parameters, arguments)                                                            \
    static inline __attribute__((always_inline)) result name##_body parameters;                                       \
    __attribute__((target("arch=x86-64-v4,no-prefer-256-bit"), min_vector_width(512)))                                \
    static result name##_avx512 parameters { return name##_body arguments; }                                          \
    __attribute__((target("arch=x86-64-v3"))) static result name##_avx2 parameters { return name##_body arguments; }  \
    __attribute__((noinline)) static result name##_sse41 parameters { return name##_body arguments; }                 \
    result name parameters {                                                                                          \
        switch (kernels_set_in_force) {                                                                               \
        case KERNELS_AVX512: return name##_avx512 arguments;                                                          \
        case KERNELS_AVX2: return name##_avx2 arguments;                                                              \
        default: return name##_sse41 arguments;                                                                       \
        }                                                                                                             \
    }                                                                                                                 \
    static inline __attribute__((always_inline)) result name##_body parameters
#else
#define FOR_EVERY_SET(result, name, parameters, arguments) result name parameters
#endif

// Sums use sixteen lanes, which are added in a fixed order: the compiler can use vectors without reordering, and
// results depend on the instruction set only through fused multiply-adds.
#if __has_feature(thread_sanitizer)
// The sanitizer misses accesses of more than sixteen bytes. In this build the last bits of sums differ.
#define LANES 4
typedef float lanes __attribute__((ext_vector_type(LANES), aligned(4)));

static inline __attribute__((always_inline)) float total(const lanes *x) { return (x->x + x->z) + (x->y + x->w); }
#else
#define LANES 16
typedef float lanes __attribute__((ext_vector_type(LANES), aligned(4)));
typedef float lanes8 __attribute__((ext_vector_type(8)));
typedef float lanes4 __attribute__((ext_vector_type(4)));

static inline __attribute__((always_inline)) float total(const lanes *x) {
    lanes8 eight = x->lo + x->hi;
    lanes4 four = eight.lo + eight.hi;
    return (four.x + four.z) + (four.y + four.w);
}
#endif

typedef float quarter __attribute__((ext_vector_type(4), aligned(4)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#if KERNELS_HAVE_SETS
#define AVX512 __attribute__((target("arch=x86-64-v4,no-prefer-256-bit"), min_vector_width(512)))
#define AVX2 __attribute__((target("arch=x86-64-v3")))

// The most rows of a tile of sums: as many as leave registers for the operands.
enum { MOST_AVX512 = 8, MOST_AVX2 = 6 };

// Calls a tile with a constant number of rows.
#define EACH_COUNT(count, most, tile)                                                                                 \
    switch (count) {                                                                                                  \
    case 1: tile(1); break;                                                                                           \
    case 2: tile(2); break;                                                                                           \
    case 3: tile(3); break;                                                                                           \
    case 4: tile(4); break;                                                                                           \
    case 5: tile(5); break;                                                                                           \
    case 6: tile(6); break;                                                                                           \
    case 7: tile(most < 7 ? 1 : 7); break;                                                                            \
    default: tile(most < 8 ? 1 : 8); break;                                                                           \
    }
#endif

#define LOAD(pointer) (*(const lanes *)(pointer))
#define STORE(pointer, value) (*(lanes *)(pointer) = (value))

#endif
