// Environments for swift-dqn as shared libraries, in C, C++, Rust or whatever can export a C function.
//
// A library exports one function, dqn_environment_plugin(). It gives a list of tables, one for each environment, and a
// table is a name and pointers to functions. `dqn-train --env plugin:PATH:NAME` loads the library at PATH and trains in
// the environment NAME; docs/environments.md has a worked example. This header needs nothing but C11 or C++11.
//
// Units. An agent step is one call of step(). A frame is one step of the simulation inside: an environment that repeats
// each action four times takes four frames an agent step and says so in `frames_per_step`.
//
// Threads. The host makes several environments of one table (a worker has one, evaluation another) and calls them on
// several threads at once, so data that environments share must be constant or guarded. Calls on one environment never
// overlap, but they may come from one thread after another: create() on one, step() on another, destroy() on a third.
// Thread-local data does not work. There are no callbacks: a plug-in calls nothing of the host.
//
// Ownership. What create() returns belongs to the host until it calls destroy(), once. Everything that the host hands
// to a function (options, buffers) is the host's and good only until the function returns. Everything that a plug-in
// hands out (tables, names, meanings, error texts) stays the plug-in's. A library is never unloaded.
//
// Failure. Functions that return int32_t return DQN_ENVIRONMENT_OK or DQN_ENVIRONMENT_FAILED; a failure ends the
// training run after a save, with the text of error_text(). Nothing may be thrown across this interface: C++ exceptions
// and Rust panics must be caught inside. A plug-in runs in the trainer's process: its crash is the process's. What has
// been saved survives.
#ifndef DQN_ENVIRONMENT_H
#define DQN_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this interface. A host loads plug-ins of exactly its own version.
#define DQN_ENVIRONMENT_ABI_VERSION 1u

/// What functions return.
#define DQN_ENVIRONMENT_OK 0
#define DQN_ENVIRONMENT_FAILED 1
/// snapshot() only: the state cannot be had at this moment. The run goes on; when it is resumed from this save, the
/// worker begins a new episode.
#define DQN_ENVIRONMENT_UNAVAILABLE 2

/// Element types of observations.
#define DQN_ENVIRONMENT_FLOAT32 1u  ///< IEEE 754 binary32, finite
#define DQN_ENVIRONMENT_UINT8 2u    ///< bytes; a network sees them divided by 255

/// The most axes that an observation can have.
#define DQN_ENVIRONMENT_MAXIMUM_AXES 4

/// One environment with its state: the plug-in's own type, which the host never looks into.
typedef struct dqn_environment dqn_environment;

/// One option, both parts UTF-8: of `plugin:PATH:NAME?size=7,slip=0.1` it is `size` with `7`, then `slip` with `0.1`;
/// options come sorted by their keys.
typedef struct dqn_environment_option {
    const char *key;
    const char *value;
} dqn_environment_option;

/// What an environment takes and gives; the same for its whole life, and for all that were made with equal options.
typedef struct dqn_environment_description {
    /// DQN_ENVIRONMENT_FLOAT32 or DQN_ENVIRONMENT_UINT8.
    uint32_t element_type;
    /// Axes of an observation: 1 for a vector, 2 for a frame (rows, columns); convolutions take no more than these.
    uint32_t axis_count;
    /// The extent along each axis, positive; observations are row-major, the last axis is dense. 2^26 elements at most.
    int64_t extents[DQN_ENVIRONMENT_MAXIMUM_AXES];
    /// Actions are 0 to action_count - 1; 1 to 65536 of them.
    int64_t action_count;
    /// A word or two for each action, UTF-8, for people; NULL numbers them.
    const char *const *action_meanings;
    /// Frames of an agent step, 1 to 1000; the host has put 1 here.
    int64_t frames_per_step;
    /// Observations that a network should see together, 1 to 64; the host has put 1 here.
    int64_t frame_stack;
    /// Agent steps after which the host truncates an episode; 0, which the host has put here, for no such limit.
    int64_t maximum_episode_steps;
    /// Mean return at which the task counts as solved; NaN, which the host has put here, where there is none.
    double reward_threshold;
} dqn_environment_description;

/// What a step came to; the host has put zeros here.
typedef struct dqn_environment_outcome {
    /// The reward, finite, unclipped.
    double reward;
    /// Not 0: the episode has ended in the environment's own terms; nothing of value lies beyond.
    uint8_t terminated;
    /// Not 0: the episode is cut off; the last observation still has a value to bootstrap from.
    uint8_t truncated;
} dqn_environment_outcome;

/// One kind of environment. Pointers may be NULL only where that is said.
typedef struct dqn_environment_table {
    /// 1 to 64 letters, digits, '_', '-' and '.', with a version at its end as in "GridWorld-v0". A change after which
    /// the same actions lead elsewhere makes another environment: raise the version in the name.
    const char *name;

    /// The layout of snapshot()'s bytes, from 1. Raise it when restore() no longer understands older ones.
    uint32_t snapshot_version;

    /// Makes an environment, not reset yet.
    ///
    /// An option that is not known, or a value out of range, is an error. On failure it returns NULL and writes why
    /// into `error`, at most `error_capacity` bytes with the closing NUL.
    dqn_environment *(*create)(
        const dqn_environment_option *options, size_t option_count, char *error, size_t error_capacity);

    /// Frees an environment.
    void (*destroy)(dqn_environment *environment);

    /// Fills in the description; called once, straight after create().
    int32_t (*describe)(const dqn_environment *environment, dqn_environment_description *description);

    /// Begins an episode. `seed` starts the random stream anew, so that equal seeds and actions give equal episodes on
    /// every machine; NULL goes on with the present stream. One that was never seeded uses seed 0.
    int32_t (*reset)(dqn_environment *environment, const uint64_t *seed);

    /// Takes one action, 0 to action_count - 1. Never called before reset(), nor after an episode's end.
    int32_t (*step)(dqn_environment *environment, int64_t action, dqn_environment_outcome *outcome);

    /// Writes the whole observation, exactly `size` bytes: the product of the extents times 1 or 4. `buffer` is aligned
    /// for any element. Called once after each reset() and step(), after the last step of an episode too, and after a
    /// restore() but to a state before the first reset().
    int32_t (*observe)(const dqn_environment *environment, void *buffer, size_t size);

    /// Says why the last call on this environment failed: UTF-8, one line, good until the next call. NULL for no texts;
    /// may return NULL.
    const char *(*error_text)(const dqn_environment *environment);

    /// Writes the whole state as bytes, the random stream and the episode under way included, so that a run can be
    /// resumed exactly. NULL, together with restore(), where that cannot be had.
    ///
    /// With `buffer` NULL it sets `*size` to the number of bytes that it would write now, 1 to 2^28. Then it is called
    /// with a buffer of that capacity, writes the bytes, and sets `*size` to how many, no more than `capacity`. Equal
    /// states must give equal bytes: write fields one by one, since a struct's padding holds anything. May return
    /// DQN_ENVIRONMENT_UNAVAILABLE.
    int32_t (*snapshot)(const dqn_environment *environment, void *buffer, size_t capacity, size_t *size);

    /// Goes back to a state that snapshot() of the same name and snapshot_version wrote, maybe in another process; may
    /// be called before the first reset(). Bytes come from a file: check every value, and refuse what the environment
    /// cannot be in, which then stays as it was.
    int32_t (*restore)(dqn_environment *environment, const void *bytes, size_t size);

    /// Draws the environment as UTF-8 text with ANSI colours, lines of equal width without a final line break; called
    /// as snapshot() is, first with `buffer` NULL; 2^20 bytes at most, no closing NUL. NULL where there is no picture.
    int32_t (*render)(const dqn_environment *environment, char *buffer, size_t capacity, size_t *size);
} dqn_environment_table;

/// What a library offers.
typedef struct dqn_environment_library {
    /// DQN_ENVIRONMENT_ABI_VERSION of the header that the library was compiled with.
    uint32_t abi_version;
    /// Number of environments, 1 to 1024.
    uint32_t environment_count;
    /// A table for each of them, with names that differ; constant for the process's life.
    const dqn_environment_table *const *environments;
} dqn_environment_library;

#if defined(__GNUC__)
#define DQN_ENVIRONMENT_EXPORT __attribute__((visibility("default")))
#else
#define DQN_ENVIRONMENT_EXPORT
#endif

/// The one function that a library exports; called once.
///
/// `host_abi_version` is the host's DQN_ENVIRONMENT_ABI_VERSION. A library that can serve several versions returns
/// what belongs to it; any other returns what it has, and the host refuses it by its `abi_version`.
DQN_ENVIRONMENT_EXPORT const dqn_environment_library *dqn_environment_plugin(uint32_t host_abi_version);

#ifdef __cplusplus
}
#endif

#endif
