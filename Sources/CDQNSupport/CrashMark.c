#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // sigaltstack
#endif

#include "CDQNSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

// What ends a process that does something wrong, rather than one that somebody ends.
static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
enum { crash_count = sizeof crashes / sizeof *crashes };

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction earlier[crash_count];
static char mark_path[4096];
static char mark_text[256];
static volatile sig_atomic_t is_armed;

// Calls only what a signal handler may call.
static void leave_mark(int number, siginfo_t *information, void *context) {
    (void)context;
    int error = errno;
    // A signal that another process sends says nothing about what this one is doing.
    int is_own = information->si_code > 0 || information->si_pid == getpid();
    if (is_armed && is_own) {
        is_armed = 0;
        int file = open(mark_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (file >= 0) {
            // An incomplete mark is ignored.
            ssize_t written = write(file, mark_text, strlen(mark_text));
            (void)written;
            close(file);
        }
    }
    for (int index = 0; index < crash_count; index++)
        if (crashes[index] == number)
            sigaction(number, &earlier[index], NULL);
    // After the return a faulty instruction fails again; a signal that was sent has to be sent again.
    if (information->si_code <= 0)
        raise(number);
    errno = error;
}

int dqn_crash_mark_arm(const char *path, const char *text) {
    if (strlen(path) >= sizeof mark_path || strlen(text) >= sizeof mark_text)
        return ENAMETOOLONG;
    if (pthread_mutex_trylock(&guard) != 0)
        return EBUSY;
    strcpy(mark_path, path);
    strcpy(mark_text, text);
    struct sigaction action = {.sa_sigaction = leave_mark, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int index = 0; index < crash_count; index++)
        sigaction(crashes[index], &action, &earlier[index]);
    is_armed = 1;
    return 0;
}

void dqn_crash_mark_disarm(void) {
    is_armed = 0;
    for (int index = 0; index < crash_count; index++)
        sigaction(crashes[index], &earlier[index], NULL);
    pthread_mutex_unlock(&guard);
}

void dqn_thread_add_signal_stack(void) {
    static _Thread_local char stack[32768];
    stack_t present;
    // One from the language's runtime stays.
    if (sigaltstack(NULL, &present) != 0 || !(present.ss_flags & SS_DISABLE))
        return;
    stack_t added = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&added, NULL);
}
