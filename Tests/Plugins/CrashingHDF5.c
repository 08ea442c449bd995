// A bug in libhdf5: opening a file whose path contains the text in CRASH_READING is an invalid access, or a call of abort
// if CRASH_ABORTS is set. Load it with LD_PRELOAD. Linux only.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int64_t H5Fopen(const char *name, unsigned flags, int64_t list) {
    const char *part = getenv("CRASH_READING");
    if (part && strstr(name, part)) {
        if (getenv("CRASH_ABORTS"))
            abort();
        *(volatile int *)8 = 0;
    }
    // The language has no cast from a data pointer.
    int64_t (*open)(const char *, unsigned, int64_t);
    *(void **)&open = dlsym(RTLD_NEXT, "H5Fopen");
    return open(name, flags, list);
}
