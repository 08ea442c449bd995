// A grid world as a plug-in: an agent walks to a goal, optionally on ice. It offers two environments with different
// observations: GridWorld-v0 with four floats and GridWorldPixels-v0 with a frame of bytes.
//
//     cc -std=c11 -O2 -shared -fPIC -I Sources/CDQNEnvironment/include Examples/EnvironmentInC/GridWorld.c -o grid-world.so
//     dqn-train --env plugin:./grid-world.so:GridWorld-v0
//
// Actions are up, right, down and left. Each step costs 0.02; the goal earns 1 and ends the episode. Options: `size`,
// the number of cells per side (3 to 12, default 5), and `slip`, the probability of a step in a random direction (0 to
// 1, default 0).
#include "dqn_environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 24 };

struct dqn_environment {
    bool shows_pixels;
    int size;
    double slip;
    // The state, which a snapshot contains.
    uint64_t random;
    uint8_t agent_row, agent_column, goal_row, goal_column;
    // The reason for the last failure.
    char error[128];
};

// SplitMix64 (Steele, Lea and Flood, 2014), whose state is one word.
static uint64_t next_random(dqn_environment *environment) {
    uint64_t word = environment->random += 0x9e3779b97f4a7c15u;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
}

static int random_below(dqn_environment *environment, int bound) {
    // Uses 53 bits, which a double represents exactly, so that results are the same on every machine.
    return (int)((double)(next_random(environment) >> 11) * 0x1p-53 * bound);
}

static bool is_at_goal(const dqn_environment *environment) {
    return environment->agent_row == environment->goal_row && environment->agent_column == environment->goal_column;
}

// MARK: Creating

static bool read_number(const char *text, double least, double greatest, double *number) {
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && *number >= least && *number <= greatest;
}

static dqn_environment *create(
    bool shows_pixels, const dqn_environment_option *options, size_t count, char *error, size_t capacity) {
    double size = 5, slip = 0;
    for (size_t index = 0; index < count; index++) {
        const char *key = options[index].key, *value = options[index].value;
        if (strcmp(key, "size") == 0) {
            if (read_number(value, 3, 12, &size) && size == (int)size) continue;
            snprintf(error, capacity, "size must be a whole number from 3 to 12, not %s", value);
        } else if (strcmp(key, "slip") == 0) {
            if (read_number(value, 0, 1, &slip)) continue;
            snprintf(error, capacity, "slip must be a probability from 0 to 1, not %s", value);
        } else {
            snprintf(error, capacity, "unknown option %s; the options are size and slip", key);
        }
        return NULL;
    }
    dqn_environment *environment = calloc(1, sizeof *environment);
    if (environment == NULL) {
        snprintf(error, capacity, "out of memory");
        return NULL;
    }
    environment->shows_pixels = shows_pixels;
    environment->size = (int)size;
    environment->slip = slip;
    return environment;
}

static dqn_environment *create_floats(
    const dqn_environment_option *options, size_t count, char *error, size_t capacity) {
    return create(false, options, count, error, capacity);
}

static dqn_environment *create_pixels(
    const dqn_environment_option *options, size_t count, char *error, size_t capacity) {
    return create(true, options, count, error, capacity);
}

static void destroy(dqn_environment *environment) { free(environment); }

static int32_t describe(const dqn_environment *environment, dqn_environment_description *description) {
    static const char *const meanings[] = {"up", "right", "down", "left"};
    if (environment->shows_pixels) {
        description->element_type = DQN_ENVIRONMENT_UINT8;
        description->axis_count = 2;
        description->extents[0] = PIXELS;
        description->extents[1] = PIXELS;
    } else {
        description->element_type = DQN_ENVIRONMENT_FLOAT32;
        description->axis_count = 1;
        description->extents[0] = 4;
    }
    description->action_count = 4;
    description->action_meanings = meanings;
    // The host counts steps and truncates the episode; the environment does not.
    description->maximum_episode_steps = 8 * environment->size;
    return DQN_ENVIRONMENT_OK;
}

// MARK: Playing

static int32_t reset(dqn_environment *environment, const uint64_t *seed) {
    if (seed != NULL) environment->random = *seed;
    environment->goal_row = (uint8_t)random_below(environment, environment->size);
    environment->goal_column = (uint8_t)random_below(environment, environment->size);
    do {
        environment->agent_row = (uint8_t)random_below(environment, environment->size);
        environment->agent_column = (uint8_t)random_below(environment, environment->size);
    } while (is_at_goal(environment));
    return DQN_ENVIRONMENT_OK;
}

static uint8_t moved(uint8_t position, int by, int size) {
    int to = position + by;
    return (uint8_t)(to < 0 ? 0 : to >= size ? size - 1 : to);
}

static int32_t step(dqn_environment *environment, int64_t action, dqn_environment_outcome *outcome) {
    static const int rows[] = {-1, 0, 1, 0}, columns[] = {0, 1, 0, -1};
    if (environment->slip > 0 && random_below(environment, 1 << 20) < environment->slip * (1 << 20)) {
        action = random_below(environment, 4);
    }
    environment->agent_row = moved(environment->agent_row, rows[action], environment->size);
    environment->agent_column = moved(environment->agent_column, columns[action], environment->size);
    outcome->terminated = is_at_goal(environment);
    outcome->reward = outcome->terminated ? 1 : -0.02;
    return DQN_ENVIRONMENT_OK;
}

static void fill(uint8_t *pixels, int size, int row, int column, uint8_t grey) {
    for (int y = row * PIXELS / size; y < (row + 1) * PIXELS / size; y++) {
        for (int x = column * PIXELS / size; x < (column + 1) * PIXELS / size; x++) pixels[y * PIXELS + x] = grey;
    }
}

static int32_t observe(const dqn_environment *environment, void *buffer, size_t size) {
    if (environment->shows_pixels) {
        memset(buffer, 0, size);
        fill(buffer, environment->size, environment->goal_row, environment->goal_column, 120);
        fill(buffer, environment->size, environment->agent_row, environment->agent_column, 255);
    } else {
        float *values = buffer, scale = 1 / (float)(environment->size - 1);
        values[0] = (float)environment->agent_row * scale;
        values[1] = (float)environment->agent_column * scale;
        values[2] = (float)(environment->goal_row - environment->agent_row) * scale;
        values[3] = (float)(environment->goal_column - environment->agent_column) * scale;
    }
    return DQN_ENVIRONMENT_OK;
}

static const char *error_text(const dqn_environment *environment) { return environment->error; }

// MARK: Saving

enum { STATE_BYTES = 12 };

static int32_t snapshot(const dqn_environment *environment, void *buffer, size_t capacity, size_t *size) {
    *size = STATE_BYTES;
    if (buffer == NULL) return DQN_ENVIRONMENT_OK;
    if (capacity < STATE_BYTES) return DQN_ENVIRONMENT_FAILED;
    uint8_t *bytes = buffer;
    for (int index = 0; index < 8; index++) bytes[index] = (uint8_t)(environment->random >> (8 * index));
    bytes[8] = environment->agent_row;
    bytes[9] = environment->agent_column;
    bytes[10] = environment->goal_row;
    bytes[11] = environment->goal_column;
    return DQN_ENVIRONMENT_OK;
}

static int32_t restore(dqn_environment *environment, const void *buffer, size_t size) {
    const uint8_t *bytes = buffer;
    if (size != STATE_BYTES) {
        snprintf(environment->error, sizeof environment->error, "a state must have %d bytes", STATE_BYTES);
        return DQN_ENVIRONMENT_FAILED;
    }
    for (int index = 8; index < STATE_BYTES; index++) {
        if (bytes[index] < environment->size) continue;
        snprintf(
            environment->error, sizeof environment->error, "position %d is off a grid of %d cells", bytes[index],
            environment->size);
        return DQN_ENVIRONMENT_FAILED;
    }
    environment->random = 0;
    for (int index = 0; index < 8; index++) environment->random |= (uint64_t)bytes[index] << (8 * index);
    environment->agent_row = bytes[8];
    environment->agent_column = bytes[9];
    environment->goal_row = bytes[10];
    environment->goal_column = bytes[11];
    return DQN_ENVIRONMENT_OK;
}

static int32_t render(const dqn_environment *environment, char *buffer, size_t capacity, size_t *size) {
    // Two characters per cell, and a line break between lines.
    size_t width = 2 * (size_t)environment->size + 1;
    *size = width * (size_t)environment->size - 1;
    if (buffer == NULL) return DQN_ENVIRONMENT_OK;
    if (capacity < *size) return DQN_ENVIRONMENT_FAILED;
    for (size_t index = 0; index < *size; index++) {
        buffer[index] = index % width == width - 1 ? '\n' : index % width % 2 == 0 ? '.' : ' ';
    }
    buffer[environment->goal_row * width + 2u * environment->goal_column] = 'G';
    buffer[environment->agent_row * width + 2u * environment->agent_column] = 'A';
    return DQN_ENVIRONMENT_OK;
}

// MARK: The library

static const dqn_environment_table floats = {
    .name = "GridWorld-v0",
    .snapshot_version = 1,
    .create = create_floats,
    .destroy = destroy,
    .describe = describe,
    .reset = reset,
    .step = step,
    .observe = observe,
    .error_text = error_text,
    .snapshot = snapshot,
    .restore = restore,
    .render = render,
};

static const dqn_environment_table pixels = {
    .name = "GridWorldPixels-v0",
    .snapshot_version = 1,
    .create = create_pixels,
    .destroy = destroy,
    .describe = describe,
    .reset = reset,
    .step = step,
    .observe = observe,
    .error_text = error_text,
    .snapshot = snapshot,
    .restore = restore,
    .render = render,
};

const dqn_environment_library *dqn_environment_plugin(uint32_t host_abi_version) {
    static const dqn_environment_table *const tables[] = {&floats, &pixels};
    static const dqn_environment_library library = {
        .abi_version = DQN_ENVIRONMENT_ABI_VERSION,
        .environment_count = 2,
        .environments = tables,
    };
    // There is only one version so far; the host checks it.
    (void)host_abi_version;
    return &library;
}
