// Plug-ins that break the contract. LIBRARY_FAULT, a number at compile time, breaks the library; the option `fault`
// breaks one environment of a library that loads. Without either the library follows the contract.
#include "dqn_environment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifndef LIBRARY_FAULT
#define LIBRARY_FAULT 0
#endif

struct dqn_environment {
    char fault[64];
    int is_odd;
};

// Counts living environments, for the tests.
static int alive;

__attribute__((visibility("default"))) int misbehaving_alive(void) { return __atomic_load_n(&alive, __ATOMIC_SEQ_CST); }

static int has(const dqn_environment *environment, const char *fault) { return strcmp(environment->fault, fault) == 0; }

static dqn_environment *create(
    const dqn_environment_option *options, size_t count, char *error, size_t capacity) {
    static int made;
    const char *fault = count > 0 ? options[0].value : "";
    if (strcmp(fault, "create") == 0) {
        strncpy(error, "it is\nMonday", capacity);
        return NULL;
    }
    if (strcmp(fault, "create-silent") == 0) return NULL;
    if (strcmp(fault, "create-long") == 0) {
        memset(error, 'x', capacity);
        return NULL;
    }
    dqn_environment *environment = calloc(1, sizeof *environment);
    strncpy(environment->fault, fault, sizeof environment->fault - 1);
    // Counts only these, since tests run at the same time.
    if (has(environment, "changes")) environment->is_odd = __atomic_fetch_add(&made, 1, __ATOMIC_SEQ_CST) % 2;
    __atomic_fetch_add(&alive, 1, __ATOMIC_SEQ_CST);
    return environment;
}

static void destroy(dqn_environment *environment) {
    __atomic_fetch_sub(&alive, 1, __ATOMIC_SEQ_CST);
    free(environment);
}

static int32_t describe(const dqn_environment *environment, dqn_environment_description *description) {
    static const char *const holes[] = {"stay", NULL};
    description->element_type = DQN_ENVIRONMENT_FLOAT32;
    description->axis_count = 1;
    description->extents[0] = LIBRARY_FAULT == 15 ? 3 : 4;
    description->action_count = 2;
    if (has(environment, "describe")) return DQN_ENVIRONMENT_FAILED;
    if (has(environment, "element-type")) description->element_type = 7;
    if (has(environment, "no-axes")) description->axis_count = 0;
    if (has(environment, "many-axes")) description->axis_count = 5;
    if (has(environment, "zero-extent")) description->extents[0] = 0;
    if (has(environment, "negative-extent")) description->extents[0] = -4;
    if (has(environment, "huge-extent")) description->extents[0] = INT64_MAX;
    if (has(environment, "huge-product")) {
        description->axis_count = 4;
        for (int axis = 0; axis < 4; axis++) description->extents[axis] = 1 << 26;
    }
    if (has(environment, "no-actions")) description->action_count = 0;
    if (has(environment, "many-actions")) description->action_count = 65537;
    if (has(environment, "meanings")) description->action_meanings = holes;
    if (has(environment, "no-frames")) description->frames_per_step = 0;
    if (has(environment, "no-stack")) description->frame_stack = 0;
    if (has(environment, "negative-limit")) description->maximum_episode_steps = -1;
    if (has(environment, "changes")) description->extents[0] = 4 + environment->is_odd;
    if (has(environment, "limited")) description->maximum_episode_steps = 3;
    return DQN_ENVIRONMENT_OK;
}

static int32_t reset(dqn_environment *environment, const uint64_t *seed) {
    (void)seed;
    return has(environment, "reset") ? DQN_ENVIRONMENT_FAILED : DQN_ENVIRONMENT_OK;
}

static int32_t step(dqn_environment *environment, int64_t action, dqn_environment_outcome *outcome) {
    outcome->reward = (double)action;
    if (has(environment, "nan-reward")) outcome->reward = NAN;
    if (has(environment, "infinite-reward")) outcome->reward = -INFINITY;
    if (has(environment, "truncates")) outcome->truncated = 1;
    if (has(environment, "unavailable-step")) return DQN_ENVIRONMENT_UNAVAILABLE;
    if (has(environment, "wordless") || has(environment, "speechless")) return DQN_ENVIRONMENT_FAILED;
    return has(environment, "step") ? DQN_ENVIRONMENT_FAILED : DQN_ENVIRONMENT_OK;
}

static int32_t observe(const dqn_environment *environment, void *buffer, size_t size) {
    float *values = buffer;
    for (size_t index = 0; index < size / 4; index++) values[index] = (float)index;
    if (has(environment, "nan-observation")) values[2] = NAN;
    // One element too many: within the host's margin, so that nothing else is overwritten.
    if (has(environment, "long-observation")) values[4] = 1;
    return has(environment, "observe") ? DQN_ENVIRONMENT_FAILED : DQN_ENVIRONMENT_OK;
}

static const char *error_text(const dqn_environment *environment) {
    if (has(environment, "wordless")) return "";
    return has(environment, "speechless") ? NULL : "the wheels\ncame off";
}

static int32_t snapshot(const dqn_environment *environment, void *buffer, size_t capacity, size_t *size) {
    *size = 8;
    if (has(environment, "snapshot-unavailable")) return DQN_ENVIRONMENT_UNAVAILABLE;
    if (has(environment, "snapshot-empty")) *size = 0;
    if (has(environment, "snapshot-huge")) *size = SIZE_MAX;
    if (buffer == NULL) return DQN_ENVIRONMENT_OK;
    memset(buffer, 3, capacity);
    if (has(environment, "snapshot-longer")) *size = capacity + 1;
    if (has(environment, "snapshot-overruns")) ((uint8_t *)buffer)[capacity] = 3;
    return has(environment, "snapshot") ? DQN_ENVIRONMENT_FAILED : DQN_ENVIRONMENT_OK;
}

static int32_t restore(dqn_environment *environment, const void *bytes, size_t size) {
    (void)bytes;
    (void)size;
    return has(environment, "restore") ? DQN_ENVIRONMENT_FAILED : DQN_ENVIRONMENT_OK;
}

static int32_t render(const dqn_environment *environment, char *buffer, size_t capacity, size_t *size) {
    *size = has(environment, "render-huge") ? (size_t)1 << 40 : 7;
    if (buffer != NULL) memcpy(buffer, "picture", capacity);
    return DQN_ENVIRONMENT_OK;
}

#define FUNCTIONS(NAME, STEP, RESTORE)                                                                           \
    {                                                                                                            \
        .name = NAME, .snapshot_version = LIBRARY_FAULT == 8 ? 0 : 1, .create = create, .destroy = destroy,      \
        .describe = describe, .reset = reset, .step = STEP, .observe = observe, .error_text = error_text,        \
        .snapshot = snapshot, .restore = RESTORE, .render = render                                               \
    }

static const dqn_environment_table sound = FUNCTIONS("Sound-v0", step, restore);
#if LIBRARY_FAULT == 5
static const dqn_environment_table other = FUNCTIONS("Other-v0", NULL, restore);
#elif LIBRARY_FAULT == 6
static const dqn_environment_table other = FUNCTIONS("Other-v0", step, NULL);
#elif LIBRARY_FAULT == 7
static const dqn_environment_table other = FUNCTIONS("not a name", step, restore);
#elif LIBRARY_FAULT == 9
static const dqn_environment_table other = FUNCTIONS("Sound-v0", step, restore);
#elif LIBRARY_FAULT == 10
static const dqn_environment_table other = FUNCTIONS(NULL, step, restore);
#else
// Without the optional functions.
static const dqn_environment_table other = {
    .name = "Plain-v0", .create = create, .destroy = destroy, .describe = describe, .reset = reset, .step = step,
    .observe = observe,
};
#endif

#if LIBRARY_FAULT == 1
// Exports no function of the required name.
__attribute__((visibility("default"))) const dqn_environment_table *tables[] = {&sound, &other};
#else
const dqn_environment_library *dqn_environment_plugin(uint32_t host_abi_version) {
    static const dqn_environment_table *const tables[] = {&sound, LIBRARY_FAULT == 4 ? NULL : &other};
    static const dqn_environment_library library = {
        .abi_version = LIBRARY_FAULT == 2 ? 99 : DQN_ENVIRONMENT_ABI_VERSION,
        .environment_count = LIBRARY_FAULT == 3 ? 0 : 2,
        .environments = LIBRARY_FAULT == 11 ? NULL : tables,
    };
    (void)host_abi_version;
    return LIBRARY_FAULT == 12 ? NULL : &library;
}
#endif

#if LIBRARY_FAULT == 13
// Does not load: the function is undefined.
int missing_function(void);
__attribute__((visibility("default"))) int needs_it(void) { return missing_function(); }
#endif
