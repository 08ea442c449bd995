// Counts heap allocations of the calling thread, told apart by the library that asked.
//
// Linked into a test program, its malloc family stands before the C library's for every library in the process.
#ifndef SWIFT_DQN_CALLOCATIONCOUNTER_H
#define SWIFT_DQN_CALLOCATIONCOUNTER_H

typedef struct {
    /// Asked for by this project's code or the Swift runtime on its behalf.
    long own;
    /// Asked for from within oneDNN or the OpenMP runtime, or from the C++ runtime on their behalf.
    long compute_library;
} allocation_counts;

/// Starts counting on this thread, from zero.
void allocation_counter_start(void);
/// Stops counting on this thread.
allocation_counts allocation_counter_stop(void);

#endif
