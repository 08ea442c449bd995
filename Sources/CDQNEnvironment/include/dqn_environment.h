// Environments for swift-dqn as shared libraries, in C, C++, Rust or any language that can export a C function.
//
// A library exports one function, dqn_environment_plugin(). It returns a list of tables, one per environment; a table
// is a name and pointers to functions. `dqn-train --env plugin:PATH:NAME` loads the library at PATH and trains in the
// environment NAME; docs/environments.md has a worked example. This header needs only C11 or C++11.
//
// Units. An agent step is one call of step(). A frame is one step of the simulation inside: an environment that repeats
// each action four times takes four frames per agent step and reports that in `frames_per_step`.
//
// Threads. The host creates several environments of one table, one for each worker and one for evaluations, and calls
// them on several threads at once, so data that environments share must be constant or guarded. Calls on one
// environment never overlap, but may come from different threads: create() from one, step() from another, destroy()
// from a third. Do not use thread-local data. There are no callbacks into the host.
//
// Ownership. The host owns an environment from create() until it calls destroy(), once. The host owns everything that
// it passes to a function (options, buffers), which is valid only until the function returns. The plug-in owns
// everything else that it returns (tables, names, meanings, error texts). A library is never unloaded.
//
// Failure. Functions with an int32_t result return DQN_ENVIRONMENT_OK or DQN_ENVIRONMENT_FAILED; a failure ends the
// training run after a save, with the text of error_text(). Nothing may be thrown across this interface: catch C++
// exceptions and Rust panics inside. A plug-in runs in the trainer's process, and its crash ends that process; saved
// checkpoints survive.
#ifndef DQN_ENVIRONMENT_H
#define DQN_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this interface. A host loads plug-ins of exactly its own version.
#define DQN_ENVIRONMENT_ABI_VERSION 1u

/// Results of functions.
#define DQN_ENVIRONMENT_OK 0
#define DQN_ENVIRONMENT_FAILED 1
/// snapshot() only: the state cannot be captured at this moment. The run continues; a run resumed from this save begins
/// a new episode in this worker.
#define DQN_ENVIRONMENT_UNAVAILABLE 2

/// Element types of observations.
#define DQN_ENVIRONMENT_FLOAT32 1u  ///< IEEE 754 binary32, finite
#define DQN_ENVIRONMENT_UINT8 2u    ///< bytes; a network sees them divided by 255

/// The largest number of axes of an observation.
#define DQN_ENVIRONMENT_MAXIMUM_AXES 4

/// One environment with its state: the plug-in's own type, opaque to the host.
typedef struct dqn_environment dqn_environment;

/// One option, both parts UTF-8: `plugin:PATH:NAME?size=7,slip=0.1` has `size` with `7`, then `slip` with `0.1`;
/// options are sorted by key.
typedef struct dqn_environment_option {
    const char *key;
    const char *value;
} dqn_environment_option;

/// The spaces and limits of an environment: constant, and equal for all environments with equal options.
typedef struct dqn_environment_description {
    /// DQN_ENVIRONMENT_FLOAT32 or DQN_ENVIRONMENT_UINT8.
    uint32_t element_type;
    /// Axes of an observation: 1 for a vector, 2 for a frame (rows, columns); convolutions accept at most 2.
    uint32_t axis_count;
    /// The extent along each axis, positive; observations are row-major, the last axis is dense. At most 2^26 elements.
    int64_t extents[DQN_ENVIRONMENT_MAXIMUM_AXES];
    /// Actions are 0 to action_count - 1; 1 to 65536 of them.
    int64_t action_count;
    /// A word or two for each action, UTF-8, for display; NULL numbers the actions.
    const char *const *action_meanings;
    /// Frames per agent step, 1 to 1000; the host sets 1 before the call.
    int64_t frames_per_step;
    /// Observations that a network should see together, 1 to 64; the host sets 1 before the call.
    int64_t frame_stack;
    /// Agent steps after which the host truncates an episode; 0 for no limit. The host sets 0 before the call.
    int64_t maximum_episode_steps;
    /// Mean return at which the task counts as solved; NaN for none. The host sets NaN before the call.
    double reward_threshold;
} dqn_environment_description;

/// The result of a step; the host sets zeros before the call.
typedef struct dqn_environment_outcome {
    /// The reward, finite, unclipped.
    double reward;
    /// Nonzero if the episode has ended in a terminal state, whose value is 0.
    uint8_t terminated;
    /// Nonzero if the episode is truncated; the last observation still has a value to bootstrap from.
    uint8_t truncated;
} dqn_environment_outcome;

/// One kind of environment. A pointer may be NULL only where its comment allows it.
typedef struct dqn_environment_table {
    /// 1 to 64 letters, digits, '_', '-' and '.', with a version at the end as in "GridWorld-v0". Raise the version
    /// after a change that makes the same actions lead to different results.
    const char *name;

    /// The version of the layout of snapshot()'s bytes, from 1. Raise it when restore() no longer accepts older ones.
    uint32_t snapshot_version;

    /// Creates an environment, not reset yet.
    ///
    /// An unknown option and a value out of range are errors. On failure it returns NULL and writes the reason into
    /// `error`, at most `error_capacity` bytes including the final NUL.
    dqn_environment *(*create)(
        const dqn_environment_option *options, size_t option_count, char *error, size_t error_capacity);

    /// Frees an environment.
    void (*destroy)(dqn_environment *environment);

    /// Fills in the description; called once, directly after create().
    int32_t (*describe)(const dqn_environment *environment, dqn_environment_description *description);

    /// Begins an episode. `seed` restarts the random stream: equal seeds and actions must give equal episodes on every
    /// machine. NULL continues the stream; one that was never seeded uses seed 0.
    int32_t (*reset)(dqn_environment *environment, const uint64_t *seed);

    /// Takes one action, 0 to action_count - 1. Never called before reset() or after the end of an episode.
    int32_t (*step)(dqn_environment *environment, int64_t action, dqn_environment_outcome *outcome);

    /// Writes the whole observation, exactly `size` bytes: the product of the extents times 1 or 4. `buffer` is aligned
    /// for any element. Called once after each reset() and step(), including the last step of an episode, and after
    /// each restore() except to a state before the first reset().
    int32_t (*observe)(const dqn_environment *environment, void *buffer, size_t size);

    /// Returns the reason for the last failure on this environment: one line of UTF-8, valid until the next call. The
    /// pointer may be NULL; the function may return NULL.
    const char *(*error_text)(const dqn_environment *environment);

    /// Writes the whole state as bytes, including the random stream and the current episode, so that a run can be
    /// resumed exactly. NULL, together with restore(), if the state cannot be captured.
    ///
    /// With `buffer` NULL it sets `*size` to the number of bytes that it would write now, 1 to 2^28. It is then called
    /// with a buffer of that capacity, writes the bytes, and sets `*size` to their number, at most `capacity`. Equal
    /// states must give equal bytes: write fields one by one, since the padding of a struct is undefined. It may return
    /// DQN_ENVIRONMENT_UNAVAILABLE.
    int32_t (*snapshot)(const dqn_environment *environment, void *buffer, size_t capacity, size_t *size);

    /// Restores a state that snapshot() of the same name and snapshot_version wrote, maybe in another process; may be
    /// called before the first reset(). The bytes come from a file: check every value and fail for an invalid one,
    /// leaving the environment unchanged.
    int32_t (*restore)(dqn_environment *environment, const void *bytes, size_t size);

    /// Draws the environment as UTF-8 text with ANSI colours: lines of equal width, at most 2^20 bytes, without a final
    /// line break or NUL. Called like snapshot(), first with `buffer` NULL. NULL if there is no picture.
    int32_t (*render)(const dqn_environment *environment, char *buffer, size_t capacity, size_t *size);
} dqn_environment_table;

/// The environments of a library.
typedef struct dqn_environment_library {
    /// The DQN_ENVIRONMENT_ABI_VERSION that the library was compiled with.
    uint32_t abi_version;
    /// Number of environments, 1 to 1024.
    uint32_t environment_count;
    /// One table for each of them, with different names; constant for the life of the process.
    const dqn_environment_table *const *environments;
} dqn_environment_library;

#if defined(__GNUC__)
#define DQN_ENVIRONMENT_EXPORT __attribute__((visibility("default")))
#else
#define DQN_ENVIRONMENT_EXPORT
#endif

/// The only function that a library exports; called once.
///
/// `host_abi_version` is the host's DQN_ENVIRONMENT_ABI_VERSION. A library that supports several versions returns the
/// tables of that one; any other library returns those of its only version, and the host checks `abi_version`.
DQN_ENVIRONMENT_EXPORT const dqn_environment_library *dqn_environment_plugin(uint32_t host_abi_version);

#ifdef __cplusplus
}
#endif

#endif
