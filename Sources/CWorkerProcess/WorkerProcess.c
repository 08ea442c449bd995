#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // memfd_create, seals, addclosefrom_np
#endif

#include "CWorkerProcess.h"

#include <errno.h>
#include <fcntl.h>
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

// Where the worker finds its descriptors.
enum { worker_control = 3, worker_memory = 4, first_unused = 5 };

static int anonymous_memory(void) {
#ifdef __linux__
    return memfd_create("dqn-environment", MFD_CLOEXEC | MFD_ALLOW_SEALING);
#else
    // A name of a moment: unlinked before anybody else can need it.
    char name[32];
    static _Atomic unsigned count;
    snprintf(name, sizeof name, "/dqn-%d-%u", (int)getpid(), count++);
    int memory = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (memory < 0) return -1;
    shm_unlink(name);
    fcntl(memory, F_SETFD, FD_CLOEXEC);
    return memory;
#endif
}

// A descriptor's number above those of the worker: dup2 in the child must not overwrite one that is still to be moved.
static int lifted(int descriptor) {
    if (descriptor < 0) return descriptor;
    int high = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
    int saved = errno;
    close(descriptor);
    errno = saved;
    return high;
}

static int spawn(pid_t *process, const char *program, char *const arguments[], int control, int output, int memory) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    // Nobody may catch these, and macOS refuses to reset them.
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // A group of its own: an interrupt from the keyboard is the trainer's to answer, which then saves.
    posix_spawnattr_setpgroup(&attributes, 0);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
#ifdef __APPLE__
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
    posix_spawnattr_setflags(&attributes, flags);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, output, 2);
    posix_spawn_file_actions_adddup2(&actions, control, worker_control);
    posix_spawn_file_actions_adddup2(&actions, memory, worker_memory);
#ifdef __linux__
    // Not all descriptors close on exec: libhdf5's do not, and an inherited lock would outlive this process.
    posix_spawn_file_actions_addclosefrom_np(&actions, first_unused);
#endif
    failure = posix_spawnp(process, program, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

int dqn_worker_start(struct dqn_worker *worker, const char *program, char *const arguments[]) {
    int control[2] = {-1, -1}, output[2] = {-1, -1}, memory = -1, failure = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, control) || pipe(output)) failure = errno;
    for (int end = 0; end < 2; end++) {
        control[end] = lifted(control[end]);
        output[end] = lifted(output[end]);
    }
    if (!failure) memory = lifted(anonymous_memory());
    if (!failure && (control[0] < 0 || control[1] < 0 || output[0] < 0 || output[1] < 0 || memory < 0)) failure = errno;
    if (!failure) {
        fcntl(output[0], F_SETFL, O_NONBLOCK);
        // A worker that has been stopped must not block a long message for ever.
        struct timeval patience = {30, 0};
        setsockopt(control[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
#ifdef SO_NOSIGPIPE
        int on = 1;
        setsockopt(control[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
        failure = spawn(&worker->process, program, arguments, control[1], output[1], memory);
    }
    if (control[1] >= 0) close(control[1]);
    if (output[1] >= 0) close(output[1]);
    if (failure) {
        if (control[0] >= 0) close(control[0]);
        if (output[0] >= 0) close(output[0]);
        if (memory >= 0) close(memory);
        return failure;
    }
    worker->control = control[0];
    worker->output = output[0];
    worker->memory = memory;
    return 0;
}

int dqn_worker_size_memory(int memory, size_t bytes) {
    if (ftruncate(memory, (off_t)bytes)) return errno;
#ifdef F_ADD_SEALS
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) return errno;
#endif
    return 0;
}

int dqn_worker_send(int control, const void *bytes, size_t count) {
#ifdef MSG_NOSIGNAL
    const int flags = MSG_NOSIGNAL;
#else
    const int flags = 0;  // SO_NOSIGPIPE is set
#endif
    const char *next = bytes;
    while (count) {
        ssize_t sent = send(control, next, count, flags);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno;
        next += sent;
        count -= (size_t)sent;
    }
    return 0;
}

// Nanoseconds of looking before sleeping. To wake a thread on an idle processor takes tens of microseconds, more than most
// steps; whoever else has work to do gets the processor between two looks.
static const long eager_nanoseconds = 100000;

static long nanoseconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000000000L + (now.tv_nsec - start->tv_nsec);
}

int dqn_worker_wait(int control, int output, int milliseconds) {
    struct pollfd watched[2] = {{control, POLLIN, 0}, {output, POLLIN, 0}};
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int ready = poll(watched, 2, 0);
    while (ready == 0 && nanoseconds_since(&start) < eager_nanoseconds) {
        sched_yield();
        ready = poll(watched, 2, 0);
    }
    if (ready == 0) ready = poll(watched, 2, milliseconds);
    if (ready < 0) return errno == EINTR ? 2 : -errno;
    if (ready == 0) return 0;
    return watched[0].revents ? 1 : 2;
}

int dqn_worker_reap(pid_t process, int *status) {
    siginfo_t ended;
    ended.si_pid = 0;
    if (waitid(P_PID, (id_t)process, &ended, WEXITED | WNOWAIT | WNOHANG)) return errno == EINTR ? 0 : -errno;
    if (ended.si_pid != process) return 0;
    // Not reaped yet: until then the group's number can be nobody else's.
    kill(-process, SIGKILL);
    while (waitpid(process, status, 0) < 0) {
        if (errno != EINTR) return -errno;
    }
    return 1;
}
