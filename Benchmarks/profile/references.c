// Counts retains and releases of Swift objects by thread, object and call site; Benchmarks/profile/references loads it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { sites = 4, slots = 65536, probes = 200, longest_frame = 100000 };

typedef struct entry {
    void *object;
    void *site[sites];
    unsigned long count;
} entry;

typedef struct table {
    int thread;
    struct table *next;
    entry entries[slots];
} table;

static table *tables;
static int threads;
static __thread table *own;
static __thread int is_counting;

static table *own_table(void) {
    if (own) return own;
    own = calloc(1, sizeof *own);
    own->thread = __sync_add_and_fetch(&threads, 1);
    do own->next = tables;
    while (!__sync_bool_compare_and_swap(&tables, own->next, own));
    return own;
}

static void count(void *object, void *site, void **frame) {
    // The highest bit marks small strings and other values that are no objects.
    if (!object || (uintptr_t)object >> 63 || is_counting) return;
    is_counting = 1;
    void *found[sites] = {site};
    for (int index = 1; index < sites; index++) {
        void **next = *frame;
        if (next <= frame || (char *)next - (char *)frame > longest_frame) break;
        found[index] = next[1];
        frame = next;
    }
    uint64_t hash = (uintptr_t)object * 0x9E3779B97F4A7C15u;
    for (int index = 0; index < sites; index++) hash = (hash ^ (uintptr_t)found[index]) * 0x100000001B3u;
    entry *entries = own_table()->entries;
    for (unsigned probe = 0; probe < probes; probe++) {
        entry *entry = &entries[((hash >> 32) + probe) % slots];
        if (!entry->count) {
            entry->object = object;
            memcpy(entry->site, found, sizeof found);
        }
        if (entry->object == object && !memcmp(entry->site, found, sizeof found)) {
            entry->count++;
            break;
        }
    }
    is_counting = 0;
}

#define HERE __builtin_return_address(0), __builtin_frame_address(0)
#define NEXT(type, name) static type next; if (!next) next = (type)dlsym(RTLD_NEXT, name)

typedef void *(*retain)(void *);
typedef void (*release)(void *);

void *swift_retain(void *object) {
    NEXT(retain, "swift_retain");
    count(object, HERE);
    return next(object);
}

void swift_release(void *object) {
    NEXT(release, "swift_release");
    count(object, HERE);
    next(object);
}

void *swift_bridgeObjectRetain(void *object) {
    NEXT(retain, "swift_bridgeObjectRetain");
    count(object, HERE);
    return next(object);
}

void swift_bridgeObjectRelease(void *object) {
    NEXT(release, "swift_bridgeObjectRelease");
    count(object, HERE);
    next(object);
}

static uintptr_t base;

static int find_base(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size, (void)context;
    base = object->dlpi_addr;
    // The program comes first.
    return 1;
}

// A line for each entry: thread, object, count, then call sites as offsets in the program, from the inside out.
__attribute__((destructor)) static void write_counts(void) {
    const char *folder = getenv("REFERENCES_FOLDER");
    if (!folder) return;
    is_counting = 1;
    dl_iterate_phdr(find_base, NULL);
    char path[4096];
    snprintf(path, sizeof path, "%s/%d", folder, (int)getpid());
    FILE *file = fopen(path, "w");
    if (!file) return;
    for (table *table = tables; table; table = table->next)
        for (unsigned index = 0; index < slots; index++) {
            entry *entry = &table->entries[index];
            if (!entry->count) continue;
            fprintf(file, "%d %p %lu", table->thread, entry->object, entry->count);
            for (int site = 0; site < sites; site++) {
                Dl_info info;
                uintptr_t address = (uintptr_t)entry->site[site];
                int is_own = address && dladdr(entry->site[site], &info) && (uintptr_t)info.dli_fbase == base;
                fprintf(file, " %lx", is_own ? (unsigned long)(address - base) : 0);
            }
            fputc('\n', file);
        }
    fclose(file);
}
