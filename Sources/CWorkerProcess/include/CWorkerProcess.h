#ifndef DQN_WORKER_PROCESS_H
#define DQN_WORKER_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What Swift cannot import or call alike on Linux and macOS: anonymous memory, and starting a process that inherits
// three descriptors and no other.

/// Descriptors of a worker, in the parent; all of them close on exec.
struct dqn_worker {
    pid_t process;
    /// A stream socket: requests and replies.
    int control;
    /// What the worker writes on standard output and standard error; does not block.
    int output;
    /// Anonymous shared memory of no size yet.
    int memory;
};

/// Starts a program in a process group of its own, with no signal blocked or ignored, standard input empty, standard
/// output and standard error going to `output`, the socket's other end as descriptor 3, the memory as descriptor 4,
/// and every other descriptor closed. The program is looked up in PATH unless its name has a slash.
///
/// Returns 0, or an error number; nothing is left open then.
int dqn_worker_start(struct dqn_worker *worker, const char *program, char *const arguments[]);

/// Gives the memory its size, once and for all where the system can promise that: a worker that cut it short could
/// otherwise end this process by a bus error. Returns 0, or an error number.
int dqn_worker_size_memory(int memory, size_t bytes);

/// Sends all bytes without raising SIGPIPE. Returns 0, or an error number.
int dqn_worker_send(int control, const void *bytes, size_t count);

/// Waits until the control socket or the output has something to read, or for so many milliseconds.
///
/// Returns 1 for the control socket (end of file too), 2 for the output alone, 0 when the time has passed, and a
/// negative error number.
int dqn_worker_wait(int control, int output, int milliseconds);

/// Looks whether a worker has ended; if so, kills what is left of its process group, and reaps it.
///
/// Returns 1 and how it ended, as `waitpid` tells it; 0 while it runs, and a negative error number.
int dqn_worker_reap(pid_t process, int *status);

#endif
