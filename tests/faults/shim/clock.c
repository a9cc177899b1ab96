/* Moves a process's wall clock (LD_PRELOAD), for tests/faults/src/clock.rs.
 *
 * FAULTS_CLOCK  a file of eight bytes, mapped: nanoseconds that the clock is ahead, changed while the process runs
 *
 * Invariant: clocks that measure time that passes are left alone, as a step of the wall clock leaves them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CLOCK");
    if (path == NULL) return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) abort();
    ahead = map;
    close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int done = (int)syscall(SYS_clock_gettime, clock, time);
    if (done != 0 || ahead == NULL || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return done;
    const int64_t second = 1000000000;
    int64_t now = (int64_t)time->tv_sec * second + time->tv_nsec + *ahead;
    int64_t rest = ((now % second) + second) % second;
    time->tv_sec = (time_t)((now - rest) / second);
    time->tv_nsec = (long)rest;
    return 0;
}
