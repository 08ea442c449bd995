#ifndef DQN_SUPPORT_H
#define DQN_SUPPORT_H

#include <stddef.h>
#include <sys/types.h>

// What Swift cannot import, or cannot call in the same way on Linux and macOS: a child process that inherits chosen
// descriptors and no others, descriptors that close on exec from the moment they exist, anonymous shared memory, a
// thread's name, and what a signal handler may call.

/// Starts a program in its own process group, with no signal blocked or ignored.
///
/// The child's descriptor number i is a copy of `descriptors[i]`, or `/dev/null` if that is negative; every descriptor
/// from `count` upwards is closed. The program is looked up in PATH unless its name contains a slash. `arguments` and
/// `environment` end with a null pointer; a null `environment` passes on this process's variables.
///
/// Returns 0, or an error number.
int dqn_child_start(
    pid_t *process, const char *program, char *const arguments[], char *const environment[], const int descriptors[],
    int count);

/// Checks whether a child has ended; if so, kills what is left of its process group and reaps it.
///
/// Returns 1 and the status of `waitpid`, 0 while the child runs, or a negative error number.
int dqn_child_reap(pid_t process, int *status);

/// Makes two connected stream sockets that close on exec. Sending on the first fails with EAGAIN if the other end reads
/// nothing for that many milliseconds, and never raises SIGPIPE if `dqn_child_send` is used. Returns 0, or an error
/// number.
int dqn_child_sockets(int ends[2], int send_milliseconds);

/// Makes a pipe whose ends close on exec; reading from the first never blocks. Returns 0, or an error number.
int dqn_child_pipe(int ends[2]);

/// Makes an empty file without a name, open for reading and writing, that closes on exec. Returns its descriptor, or a
/// negative error number.
int dqn_child_nameless_file(const char *folder);

/// Makes anonymous shared memory of size 0 that closes on exec. Returns its descriptor, or a negative error number.
int dqn_child_memory(void);

/// Sets the final size of anonymous memory. On Linux the size is then sealed: a child that shortened the memory could
/// otherwise end this process with a bus error. Returns 0, or an error number.
int dqn_child_size_memory(int memory, size_t bytes);

/// Sends the bytes from `*sent` on without raising SIGPIPE, and counts them in `*sent`. Returns 0 once all are sent, or
/// an error number: EAGAIN if the other end has read too little so far.
int dqn_child_send(int socket, const void *bytes, size_t count, size_t *sent);

/// Whether a child process is stopped, by a signal or a debugger.
int dqn_child_is_stopped(pid_t process);

/// Waits until one of two descriptors has something to read, or until the given number of milliseconds has passed. A
/// negative descriptor is not watched.
///
/// If `*polling` is N > 0, the call polls for N tenths of a millisecond before it sleeps. It then sets `*polling` to 1 if that
/// saved it from sleeping, to 0 if there was nothing to wait for, and to -1 if nothing came in time or another thread
/// needed the processor.
///
/// Returns 1 for the first descriptor (also at end of file), 2 for the second one alone, 0 on timeout, or a negative
/// error number. An interrupted wait returns 2.
int dqn_child_wait(int first, int second, int milliseconds, int *polling);

/// Names the calling thread; Linux uses only the first 15 bytes.
void dqn_thread_set_name(const char *name);

/// Until `dqn_crash_mark_disarm`, a crash of this process writes a text to a new file before it ends: an invalid access or
/// instruction, or a call of `abort`, but no signal of another process. Returns 0, or an error number: EBUSY if one is
/// armed already.
int dqn_crash_mark_arm(const char *path, const char *text);

/// Ends what `dqn_crash_mark_arm` has begun.
void dqn_crash_mark_disarm(void);

/// Gives the calling thread a second stack for signal handlers, unless it has one.
void dqn_thread_add_signal_stack(void);

/// Registers a file that `dqn_end_process` deletes. Returns a slot, or -1 if there is none left or the path is too long.
int dqn_ending_add_file(const char *path);

/// Frees a slot; ignores -1.
void dqn_ending_remove_file(int slot);

/// Registers the leader of a process group that `dqn_end_process` kills. Returns a slot, or -1 if there is none left.
int dqn_ending_add_child(pid_t process);

/// Frees a slot; ignores -1.
void dqn_ending_remove_child(int slot);

/// Kills the registered groups, deletes the registered files and ends the process. Safe in a signal handler.
void dqn_end_process(int code) __attribute__((noreturn));

/// Returns whether the process ignores a signal.
int dqn_signal_is_ignored(int number);

/// Ends this process if its parent is not the given process any more. On Linux, kills it when the thread that started it
/// ends later.
void dqn_die_with_parent(pid_t parent);

/// Opens the descriptors 0 to 2 if they are closed, so that no file of the program gets their numbers. Reading from and
/// writing to such a descriptor fails. Returns 0, or an error number.
int dqn_reserve_standard_descriptors(void);

/// The commit that this program was built from, with a plus sign if files had been changed since; empty if the build did
/// not record it. The build records the environment variable DQN_BUILD_COMMIT.
const char *dqn_build_commit(void);

#endif
