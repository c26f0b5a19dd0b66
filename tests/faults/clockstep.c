/* Adds what stands in a file to CLOCK_REALTIME: a clock that somebody sets, for one program alone.
 * The file is mapped at load time, so that a sandboxed process still sees it change.
 * Runs in: tests, preloaded into the product.  Input trust: local. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *step_ns;
static int (*real_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void load(void) {
    const char *path = getenv("CLOCKSTEP");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd >= 0 ? mmap(NULL, sizeof *step_ns, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) close(fd);
    if (map != MAP_FAILED) step_ns = map;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    if (!real_clock) *(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime"); /* may be early */
    int rc = real_clock(clock, out);
    if (rc != 0 || clock != CLOCK_REALTIME || !step_ns) return rc;
    int64_t ns = (int64_t)out->tv_sec * 1000000000 + out->tv_nsec + *step_ns;
    out->tv_sec = ns / 1000000000;
    out->tv_nsec = ns % 1000000000;
    return rc;
}
