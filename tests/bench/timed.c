/* Runs a command and says what it and everything it started cost.  A small program of its own: the
 * peak memory that the kernel accounts to a child begins with that of who forked it.
 *
 *   timed COMMAND [ARGUMENT...]
 *
 * The command's output is thrown away.  Prints exit status, wall seconds, CPU seconds, and peak
 * resident KiB of the largest process.  Runs in: tests.  Input trust: local. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv) {
    double began = now_s(), ended = 0, cpu_s = 0;
    long peak_kib = 0;
    int status, exit_status = 127;
    struct rusage cost;
    pid_t command, gone;
    if (argc < 2) return 2;
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what the command leaves behind is counted as well */
    command = fork();
    if (command == 0) {
        int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++) dup2(null, fd);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    while ((gone = wait4(-1, &status, 0, &cost)) > 0 || errno == EINTR) {
        if (gone <= 0) continue;
        cpu_s += seconds(cost.ru_utime) + seconds(cost.ru_stime);
        if (cost.ru_maxrss > peak_kib) peak_kib = cost.ru_maxrss;
        if (gone != command) continue;
        ended = now_s();
        exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    printf("%d %.6f %.6f %ld\n", exit_status, ended - began, cpu_s, peak_kib);
    return 0;
}
