#define _GNU_SOURCE
#include "CAllocationCounter.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

// The thread sanitizer has its own malloc family, which must not be replaced.
#if defined(__linux__) && !__has_feature(thread_sanitizer)
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stddef.h>
#include <string.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static __thread int counting;
static __thread allocation_counts counts;

static const char *object_of(void *address) {
    Dl_info info;
    return dladdr(address, &info) && info.dli_fname ? info.dli_fname : "";
}

static int is_compute_library(const char *object) {
    return strstr(object, "libdnnl") || strstr(object, "libgomp") || strstr(object, "libomp");
}

// Judges by the code that called: its shared object's name. The C++ runtime asks for others, oneDNN and the Swift
// runtime among them: there the first caller beyond it counts.
static void count(void *caller) {
    if (!counting) return;
    counting = 0;  // dladdr and backtrace must not count themselves
    const char *object = object_of(caller);
    if (strstr(object, "libstdc++")) {
        void *frames[16];
        int depth = backtrace(frames, 16);
        int beyond = 0;
        for (int index = 0; index < depth; index++) {
            const char *candidate = object_of(frames[index]);
            if (strstr(candidate, "libstdc++")) {
                beyond = 1;
            } else if (beyond) {
                object = candidate;
                break;
            }
        }
    }
    if (is_compute_library(object))
        counts.compute_library++;
    else
        counts.own++;
    counting = 1;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) {
    count(CALLER);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(CALLER);
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count(CALLER);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count(CALLER);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count(CALLER);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    count(CALLER);
    void *memory = __libc_memalign(alignment, size);
    if (!memory) return ENOMEM;
    *result = memory;
    return 0;
}

void allocation_counter_start(void) {
    // The first call loads the unwinder, which allocates.
    void *frames[1];
    (void)backtrace(frames, 1);
    counts.own = counts.compute_library = 0;
    counting = 1;
}

allocation_counts allocation_counter_stop(void) {
    counting = 0;
    return counts;
}
#else
void allocation_counter_start(void) {}
allocation_counts allocation_counter_stop(void) {
    allocation_counts none = {-1, -1};
    return none;
}
#endif
