/* SPDX-License-Identifier: Apache-2.0 */
/* A library for LD_PRELOAD that lets time pass TIME_SCALE times as fast for a program: its clocks run so much faster, and its waits end
 * so much earlier. A day fits into minutes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

static int64_t scale = 1;
/* When each clock stood still for the scale to take hold. */
static int64_t starts[16];

static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_settime)(int, int, const struct itimerspec *, struct itimerspec *);
static int (*real_epoll_wait)(int, struct epoll_event *, int, int);
static int (*real_poll)(struct pollfd *, nfds_t, int);

static int64_t nanoseconds(struct timespec time) { return time.tv_sec * 1000000000ll + time.tv_nsec; }

static struct timespec spec(int64_t nanoseconds) {
    return (struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
}

__attribute__((constructor)) static void begin(void) {
    real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_settime = (int (*)(int, int, const struct itimerspec *, struct itimerspec *))dlsym(RTLD_NEXT, "timerfd_settime");
    real_epoll_wait = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    real_poll = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    for (clockid_t clock = 0; clock < 16; clock++) {
        struct timespec time;
        if (real_gettime(clock, &time) == 0) starts[clock] = nanoseconds(time);
    }
    const char *text = getenv("TIME_SCALE");
    if (text) scale = atoll(text);
}

/* The clocks of processor time are left alone. */
static int is_scaled(clockid_t clock) {
    return clock >= 0 && clock < 16 && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!real_gettime) begin();
    int result = real_gettime(clock, time);
    if (result == 0 && is_scaled(clock)) *time = spec(starts[clock] + (nanoseconds(*time) - starts[clock]) * scale);
    return result;
}

int timerfd_settime(int timer, int flags, const struct itimerspec *value, struct itimerspec *old) {
    struct itimerspec scaled = *value;
    int64_t due = nanoseconds(value->it_value);
    if (due > 0 && flags & TFD_TIMER_ABSTIME) {
        /* Only clocks that begin near one another are told apart by how near: the due time belongs to the clock it is closest to. */
        struct timespec time;
        int64_t best = INT64_MAX, mapped = due;
        static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME};
        for (int n = 0; n < 3; n++) {
            clock_gettime(clocks[n], &time);
            int64_t distance = llabs(due - nanoseconds(time));
            if (distance >= best) continue;
            best = distance;
            mapped = starts[clocks[n]] + (due - starts[clocks[n]]) / scale;
        }
        scaled.it_value = spec(mapped > 0 ? mapped : 1);
    } else if (due > 0) {
        scaled.it_value = spec(due / scale > 0 ? due / scale : 1);
    }
    scaled.it_interval = spec(nanoseconds(value->it_interval) / scale);
    return real_settime(timer, flags, &scaled, old);
}

/* A wait of less than a millisecond is one all the same, or the program would spin. */
static int shorter(int milliseconds) { return milliseconds <= 0 ? milliseconds : (int)((milliseconds + scale - 1) / scale); }

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout) {
    return real_epoll_wait(epoll, events, most, shorter(timeout));
}

int poll(struct pollfd *descriptors, nfds_t count, int timeout) { return real_poll(descriptors, count, shorter(timeout)); }
