/* Reads what /proc/self/status says of the process that opened it.
 * Runs in: parent, worker and mcpd, when asked to check.  Input trust: none (the kernel's text). */
#include "common/held.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_BYTES 4096

int held_open(void) {
    return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
}

/* The text behind "\nKey:\t", NULL: the kernel does not tell. */
static const char *value_of(const char *status, const char *key) {
    char head[32];
    snprintf(head, sizeof head, "\n%s:\t", key);
    const char *at = strstr(status, head);
    return at ? at + strlen(head) : NULL;
}

static void add_number(char *out, const char *what, const char *value) {
    size_t used = strlen(out);
    if (value)
        snprintf(out + used, HELD_TEXT_BYTES - used, "%s %ld", what, strtol(value, NULL, 10));
}

static void add_set(char *out, const char *what, const char *value) {
    size_t used = strlen(out);
    unsigned long long set = value ? strtoull(value, NULL, 16) : 0;
    if (!value || set == 0 || set == HELD_NET_RAW)
        snprintf(out + used, HELD_TEXT_BYTES - used, "%s %s", what,
                 !value     ? "?"
                 : set == 0 ? "none"
                            : "net_raw");
    else
        snprintf(out + used, HELD_TEXT_BYTES - used, "%s %llx", what, set);
}

static void add_seccomp(char *out, const char *mode, const char *filters) {
    static const char *const names[] = {"off", "strict", "filter"};
    size_t used = strlen(out);
    long m = mode ? strtol(mode, NULL, 10) : -1;
    snprintf(out + used, HELD_TEXT_BYTES - used, "; seccomp %s",
             m >= 0 && m <= 2 ? names[m] : "not known");
    if (m == 2) add_number(out, ", filters:", filters);
}

/* False: not to be read. */
static bool read_status(int fd, char status[STATUS_BYTES]) {
    ssize_t n = pread(fd, status, STATUS_BYTES - 1, 0);
    status[n > 0 ? n : 0] = 0;
    return n > 0;
}

bool held_may_give_net_raw(int fd) {
    char status[STATUS_BYTES];
    const char *set = read_status(fd, status) ? value_of(status, "CapBnd") : NULL;
    return !set || (strtoull(set, NULL, 16) & HELD_NET_RAW);
}

bool held_text(int fd, unsigned landlock, char out[HELD_TEXT_BYTES]) {
    char status[STATUS_BYTES];
    if (!read_status(fd, status)) return false;
    out[0] = 0;
    add_number(out, "uid", value_of(status, "Uid"));
    add_set(out, "; capabilities permitted", value_of(status, "CapPrm"));
    add_set(out, ", effective", value_of(status, "CapEff"));
    add_set(out, ", inheritable", value_of(status, "CapInh"));
    add_set(out, ", ambient", value_of(status, "CapAmb"));
    add_set(out, ", bounding", value_of(status, "CapBnd"));
    add_number(out, "; no_new_privs", value_of(status, "NoNewPrivs"));
    add_seccomp(out, value_of(status, "Seccomp"), value_of(status, "Seccomp_filters"));
    size_t used = strlen(out);
    if (landlock)
        snprintf(out + used, HELD_TEXT_BYTES - used, "; Landlock ABI %u", landlock);
    else
        snprintf(out + used, HELD_TEXT_BYTES - used, "; no Landlock");
    return true;
}
