#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // memfd_create, seals, pipe2, mkostemp, addclosefrom_np
#endif

#include "CDQNSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { most_descriptors = 8 };

static void close_all(const int descriptors[], int count) {
    for (int index = 0; index < count; index++) {
        if (descriptors[index] >= 0) close(descriptors[index]);
    }
}

// Copies of the descriptors with numbers above those of the child: dup2 in the child must not overwrite one that is
// still to be copied.
static int lift(int lifted[], const int descriptors[], int count) {
    for (int index = 0; index < count; index++) lifted[index] = -1;
    for (int index = 0; index < count; index++) {
        if (descriptors[index] < 0) continue;
        lifted[index] = fcntl(descriptors[index], F_DUPFD_CLOEXEC, most_descriptors);
        if (lifted[index] < 0) return errno;
    }
    return 0;
}

static int set_actions(posix_spawn_file_actions_t *actions, const int lifted[], int count) {
    for (int index = 0; index < count; index++) {
        int failure = lifted[index] < 0
                          ? posix_spawn_file_actions_addopen(
                                actions, index, "/dev/null", index == 0 ? O_RDONLY : O_WRONLY, 0)
                          : posix_spawn_file_actions_adddup2(actions, lifted[index], index);
        if (failure) return failure;
    }
#ifdef __linux__
    // Not every descriptor closes on exec: Foundation opens files without that flag.
    return posix_spawn_file_actions_addclosefrom_np(actions, count);
#else
    return 0;
#endif
}

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    // No program can catch these, and macOS refuses to reset them.
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
#ifdef __APPLE__
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
    int failure = posix_spawnattr_setsigmask(attributes, &none);
    if (!failure) failure = posix_spawnattr_setsigdefault(attributes, &all);
    // A separate group: an interrupt from the keyboard must reach only this program, which saves first.
    if (!failure) failure = posix_spawnattr_setpgroup(attributes, 0);
    if (!failure) failure = posix_spawnattr_setflags(attributes, flags);
    return failure;
}

int dqn_child_start(
    pid_t *process, const char *program, char *const arguments[], char *const environment[], const int descriptors[],
    int count) {
    if (count > most_descriptors) return EINVAL;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    int lifted[most_descriptors];
    failure = lift(lifted, descriptors, count);
    if (!failure) failure = set_actions(&actions, lifted, count);
    if (!failure) failure = set_attributes(&attributes);
    if (!failure) {
        failure = posix_spawnp(process, program, &actions, &attributes, arguments, environment ? environment : environ);
    }
    close_all(lifted, count);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

int dqn_child_reap(pid_t process, int *status) {
    siginfo_t ended;
    ended.si_pid = 0;
    if (waitid(P_PID, (id_t)process, &ended, WEXITED | WNOWAIT | WNOHANG)) return errno == EINTR ? 0 : -errno;
    if (ended.si_pid != process) return 0;
    // The child is not reaped yet, so no other group can have this number.
    kill(-process, SIGKILL);
    while (waitpid(process, status, 0) < 0) {
        if (errno != EINTR) return -errno;
    }
    return 1;
}

#ifndef __linux__
// For systems that cannot set the flag when they create a descriptor. Children started here inherit no other
// descriptors anyway.
static void close_both_on_exec(const int ends[2]) {
    for (int end = 0; end < 2; end++) fcntl(ends[end], F_SETFD, FD_CLOEXEC);
}
#endif

int dqn_child_sockets(int ends[2], int send_milliseconds) {
#ifdef __linux__
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return errno;
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return errno;
    close_both_on_exec(ends);
#endif
    struct timeval patience = {send_milliseconds / 1000, send_milliseconds % 1000 * 1000};
    setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
#ifdef SO_NOSIGPIPE
    int on = 1;
    setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    return 0;
}

int dqn_child_pipe(int ends[2]) {
#ifdef __linux__
    if (pipe2(ends, O_CLOEXEC)) return errno;
#else
    if (pipe(ends)) return errno;
    close_both_on_exec(ends);
#endif
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return 0;
}

int dqn_child_nameless_file(const char *folder) {
    char path[PATH_MAX];
    // Bounded by the array; a path that does not fit is refused, never cut short.
    int length = snprintf(path, sizeof path, "%s/dqn-XXXXXX", folder);
    if (length < 0 || length >= (int)sizeof path) return -ENAMETOOLONG;
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0) return -errno;
    unlink(path);
    return file;
}

int dqn_child_memory(void) {
#ifdef __linux__
    int memory = memfd_create("dqn", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return memory < 0 ? -errno : memory;
#else
    // The name exists only for a moment, so no other process can depend on it.
    char name[32];
    static _Atomic unsigned count;
    snprintf(name, sizeof name, "/dqn-%d-%u", (int)getpid(), count++);
    int memory = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (memory < 0) return -errno;
    shm_unlink(name);
    fcntl(memory, F_SETFD, FD_CLOEXEC);
    return memory;
#endif
}

int dqn_child_size_memory(int memory, size_t bytes) {
    if (ftruncate(memory, (off_t)bytes)) return errno;
#ifdef F_ADD_SEALS
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) return errno;
#endif
    return 0;
}

int dqn_child_send(int socket, const void *bytes, size_t count, size_t *done) {
#ifdef MSG_NOSIGNAL
    const int flags = MSG_NOSIGNAL;
#else
    const int flags = 0;  // SO_NOSIGPIPE is set
#endif
    while (*done < count) {
        ssize_t sent = send(socket, (const char *)bytes + *done, count - *done, flags);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno;
        *done += (size_t)sent;
    }
    return 0;
}

int dqn_child_is_stopped(pid_t process) {
#ifdef __linux__
    // The state follows the name, which may contain anything.
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    const char *name_end = strrchr(text, ')');
    return name_end && name_end[1] == ' ' && (name_end[2] == 'T' || name_end[2] == 't');
#else
    siginfo_t stopped;
    stopped.si_pid = 0;
    return waitid(P_PID, (id_t)process, &stopped, WSTOPPED | WNOWAIT | WNOHANG) == 0 && stopped.si_pid == process;
#endif
}

// Nanoseconds of polling for each step before sleeping. Waking a thread on an idle processor takes tens of microseconds, more than
// most steps of an environment.
static const long polling_nanoseconds = 100000;
// A poll with its yield takes about a microsecond; if one takes this long, another thread has had the processor.
static const long displaced_nanoseconds = 20000;

static long nanoseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

// Polls for a while. Returns what `poll` does, and whether this saved the caller from sleeping.
static int poll_for_a_while(struct pollfd watched[2], int *polling) {
    int ready = poll(watched, 2, 0);
    const long limit = *polling * polling_nanoseconds;
    *polling = 0;
    if (ready) return ready;
    long start = nanoseconds_now(), last = start;
    *polling = -1;
    while (last - start < limit) {
        sched_yield();
        ready = poll(watched, 2, 0);
        long now = nanoseconds_now();
        int is_displaced = now - last > displaced_nanoseconds;
        last = now;
        if (ready && !is_displaced) *polling = 1;
        if (ready || is_displaced) break;
    }
    return ready;
}

int dqn_child_wait(int first, int second, int milliseconds, int *polling) {
    struct pollfd watched[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
    int ready = *polling ? poll_for_a_while(watched, polling) : 0;
    if (ready == 0) ready = poll(watched, 2, milliseconds);
    if (ready < 0) return errno == EINTR ? 2 : -errno;
    if (ready == 0) return 0;
    return watched[0].revents ? 1 : 2;
}
