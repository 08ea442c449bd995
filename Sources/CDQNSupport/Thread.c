#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // pthread_setname_np
#endif

#include "CDQNSupport.h"

#include <pthread.h>
#include <stdio.h>

void dqn_thread_set_name(const char *name) {
#ifdef __APPLE__
    pthread_setname_np(name);
#else
    char shortened[16];  // a longer name is refused
    snprintf(shortened, sizeof shortened, "%s", name);
    pthread_setname_np(pthread_self(), shortened);
#endif
}
