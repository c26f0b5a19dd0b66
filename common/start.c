/* What services do before anything else, or when something starts.
 * Runs in: any.  Input trust: local. */
#include "common/start.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool start_tidy_descriptors(unsigned first_unwanted) {
    int fd;
    do fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= 2);
    if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0) return false;
    return close_range(first_unwanted, ~0u, 0) == 0;
}

int start_signals(void) {
    struct sigaction hangup;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaddset(&set, SIGHUP);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool start_make_id(char *out, size_t cap) {
    uint8_t random[32];
    size_t n = cap / 2;
    ASSERT(n <= sizeof random);
    if (getrandom(random, n, 0) != (ssize_t)n) return false;
    for (size_t i = 0; i < n; i++) snprintf(out + 2 * i, 3, "%02x", random[i]);
    return true;
}

void *start_map_secret(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    if (madvise(p, bytes, MADV_WIPEONFORK) == 0) return p;
    (void)munmap(p, bytes);
    return NULL;
}
