// These sizes and offsets define version 1 of the interface; a change needs a new DQN_ENVIRONMENT_ABI_VERSION.
#include "dqn_environment.h"

_Static_assert(sizeof(void *) == 8, "the interface needs a 64-bit processor");
_Static_assert(DQN_ENVIRONMENT_ABI_VERSION == 1, "the layout below is that of version 1");

_Static_assert(sizeof(dqn_environment_option) == 16, "option");

_Static_assert(sizeof(dqn_environment_description) == 88, "description");
_Static_assert(offsetof(dqn_environment_description, extents) == 8, "extents");
_Static_assert(offsetof(dqn_environment_description, action_count) == 40, "action_count");
_Static_assert(offsetof(dqn_environment_description, action_meanings) == 48, "action_meanings");
_Static_assert(offsetof(dqn_environment_description, frames_per_step) == 56, "frames_per_step");
_Static_assert(offsetof(dqn_environment_description, frame_stack) == 64, "frame_stack");
_Static_assert(offsetof(dqn_environment_description, maximum_episode_steps) == 72, "maximum_episode_steps");
_Static_assert(offsetof(dqn_environment_description, reward_threshold) == 80, "reward_threshold");

_Static_assert(sizeof(dqn_environment_outcome) == 16, "outcome");
_Static_assert(offsetof(dqn_environment_outcome, terminated) == 8, "terminated");
_Static_assert(offsetof(dqn_environment_outcome, truncated) == 9, "truncated");

_Static_assert(sizeof(dqn_environment_table) == 96, "table");
_Static_assert(offsetof(dqn_environment_table, snapshot_version) == 8, "snapshot_version");
_Static_assert(offsetof(dqn_environment_table, create) == 16, "create");
_Static_assert(offsetof(dqn_environment_table, destroy) == 24, "destroy");
_Static_assert(offsetof(dqn_environment_table, describe) == 32, "describe");
_Static_assert(offsetof(dqn_environment_table, reset) == 40, "reset");
_Static_assert(offsetof(dqn_environment_table, step) == 48, "step");
_Static_assert(offsetof(dqn_environment_table, observe) == 56, "observe");
_Static_assert(offsetof(dqn_environment_table, error_text) == 64, "error_text");
_Static_assert(offsetof(dqn_environment_table, snapshot) == 72, "snapshot");
_Static_assert(offsetof(dqn_environment_table, restore) == 80, "restore");
_Static_assert(offsetof(dqn_environment_table, render) == 88, "render");

_Static_assert(sizeof(dqn_environment_library) == 16, "library");
_Static_assert(offsetof(dqn_environment_library, environments) == 8, "environments");
