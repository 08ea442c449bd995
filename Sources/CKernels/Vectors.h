// Vectors of sixteen floats, and the clones of functions for several instruction sets.
#ifndef SWIFT_DQN_CKERNELS_VECTORS_H
#define SWIFT_DQN_CKERNELS_VECTORS_H

#include <string.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

// The dynamic linker calls the functions that select a clone before the thread sanitizer is initialised.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define FOR_EVERY_SET __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EVERY_SET
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

#define LOAD(pointer) (*(const lanes *)(pointer))
#define STORE(pointer, value) (*(lanes *)(pointer) = (value))

#endif
