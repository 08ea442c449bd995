#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "CDQNSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

// What a signal handler may read: slots of fixed size, each with a state that changes last.
enum { slot_count = 8, is_free = 0, is_changing = 1, is_set = 2 };

static struct {
    _Atomic int state;
    char path[PATH_MAX];
} files[slot_count];

static struct {
    _Atomic int state;
    _Atomic int process;
} children[slot_count];

static int claim(_Atomic int *state) {
    int expected = is_free;
    return atomic_compare_exchange_strong(state, &expected, is_changing);
}

int dqn_ending_add_file(const char *path) {
    if (strlen(path) >= PATH_MAX) return -1;
    for (int slot = 0; slot < slot_count; slot++) {
        if (!claim(&files[slot].state)) continue;
        strcpy(files[slot].path, path);
        atomic_store(&files[slot].state, is_set);
        return slot;
    }
    return -1;
}

void dqn_ending_remove_file(int slot) {
    if (slot >= 0) atomic_store(&files[slot].state, is_free);
}

int dqn_ending_add_child(pid_t process) {
    for (int slot = 0; slot < slot_count; slot++) {
        if (!claim(&children[slot].state)) continue;
        atomic_store(&children[slot].process, (int)process);
        atomic_store(&children[slot].state, is_set);
        return slot;
    }
    return -1;
}

void dqn_ending_remove_child(int slot) {
    if (slot >= 0) atomic_store(&children[slot].state, is_free);
}

void dqn_end_process(int code) {
    for (int slot = 0; slot < slot_count; slot++) {
        if (atomic_load(&children[slot].state) == is_set) kill(-(pid_t)atomic_load(&children[slot].process), SIGKILL);
    }
    for (int slot = 0; slot < slot_count; slot++) {
        if (atomic_load(&files[slot].state) == is_set) unlink(files[slot].path);
    }
    _exit(code);
}

int dqn_signal_is_ignored(int number) {
    struct sigaction present;
    return sigaction(number, NULL, &present) == 0 && !(present.sa_flags & SA_SIGINFO) && present.sa_handler == SIG_IGN;
}

void dqn_die_with_parent(pid_t parent) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    // It may have ended before.
    if (getppid() != parent) _exit(1);
}

int dqn_reserve_standard_descriptors(void) {
    for (int descriptor = 0; descriptor < 3; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is this one, since those below are open. Opened the wrong way round, so that reading
        // from it and writing to it still fail as they would on a closed descriptor.
        const int flags = descriptor == 0 ? O_WRONLY : O_RDONLY;
        int opened = open("/dev/null", flags);
        // Every system has this directory, and it cannot be written to either.
        if (opened < 0) opened = open("/", O_RDONLY);
        if (opened != descriptor) return opened < 0 ? errno : EBADF;
    }
    return 0;
}
