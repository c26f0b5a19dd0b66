/* capd.conf: `key = value` lines and `#` comments, one table row per key.  Anything not understood
 * stops the start, because a policy that is half read is no policy.
 * Runs in: parent, before it gives up privileges.  Input trust: local (root's file). */
#include "capd/parent/config.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_BYTES 16384u

void config_defaults(struct config *c) {
    *c = (struct config){.socket = "/run/capd/capd.sock",
                         .socket_group = "capd-clients",
                         .max_captures = LIM_CAPTURES,
                         .max_captures_per_user = LIM_CAPTURES_PER_CALLER,
                         .max_duration_s = LIM_DURATION_S,
                         .snap_length = LIM_SNAPLEN,
                         .ring_mib = 8,
                         .names = true};
}

static bool parse_number(const char *text, unsigned long min, unsigned long max, unsigned *out) {
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9') return false;
    unsigned long v = strtoul(text, &end, 10);
    if (errno || *end || v < min || v > max) return false;
    *out = (unsigned)v;
    return true;
}

static bool set_switch(bool *to, const char *v) {
    *to = strcmp(v, "on") == 0;
    return *to || strcmp(v, "off") == 0;
}

static bool set_socket(struct config *c, const char *v) {
    return *v == '/' && (size_t)snprintf(c->socket, sizeof c->socket, "%s", v) < sizeof c->socket;
}

static bool set_socket_group(struct config *c, const char *v) {
    size_t n = (size_t)snprintf(c->socket_group, sizeof c->socket_group, "%s", v);
    return n > 0 && n < sizeof c->socket_group;
}

/* One item of a list; false: not known, or no room. */
static bool add_user(struct config *c, const char *v) {
    unsigned id;
    const struct passwd *p = getpwnam(v);
    if (!p && !parse_number(v, 0, UINT32_MAX - 1ul, &id)) return false;
    if (c->users_n == CONFIG_IDS) return false;
    c->users[c->users_n++] = p ? p->pw_uid : id;
    return true;
}

static bool add_group(struct config *c, const char *v) {
    unsigned id;
    const struct group *g = getgrnam(v);
    if (!g && !parse_number(v, 0, UINT32_MAX - 1ul, &id)) return false;
    if (c->groups_n == CONFIG_IDS) return false;
    c->groups[c->groups_n++] = g ? g->gr_gid : id;
    return true;
}

static bool add_interface(struct config *c, const char *v) {
    if (strlen(v) > LIM_IFNAME || strchr(v, '/') || c->interfaces_n == LIM_INTERFACES) return false;
    memcpy(c->interfaces[c->interfaces_n++], v, strlen(v) + 1);
    return true;
}

static bool each_word(struct config *c, const char *v,
                      bool (*add)(struct config *c, const char *word)) {
    char words[512], *rest = NULL;
    if ((size_t)snprintf(words, sizeof words, "%s", v) >= sizeof words) return false;
    char *word = strtok_r(words, " ,\t", &rest);
    if (!word) return false;
    for (; word; word = strtok_r(NULL, " ,\t", &rest))
        if (!add(c, word)) return false;
    return true;
}

#define SETTER(name, expr)                                                                         \
    static bool key_##name(struct config *c, const char *v) {                                      \
        return expr;                                                                               \
    }
SETTER(users, each_word(c, v, add_user))
SETTER(groups, each_word(c, v, add_group))
SETTER(interfaces, each_word(c, v, add_interface))
SETTER(max_captures, parse_number(v, 1, LIM_CAPTURES, &c->max_captures))
SETTER(max_per_user, parse_number(v, 1, LIM_CAPTURES, &c->max_captures_per_user))
SETTER(max_duration, parse_number(v, 1, LIM_DURATION_S, &c->max_duration_s))
SETTER(snap_length, parse_number(v, 128, UINT16_MAX, &c->snap_length))
SETTER(ring, parse_number(v, 1, 64, &c->ring_mib))
SETTER(names, set_switch(&c->names, v))
SETTER(promiscuous, set_switch(&c->promiscuous, v))

static const struct key {
    const char *name;
    bool (*set)(struct config *c, const char *value);
    const char *allowed;
} keys[] = {
    {"socket", set_socket, "an absolute path of at most 107 bytes"},
    {"socket_group", set_socket_group, "the name or number of a group"},
    {"users", key_users, "known user names or numbers, at most 32"},
    {"groups", key_groups, "known group names or numbers, at most 32"},
    {"interfaces", key_interfaces, "interface names, at most 64"},
    {"max_captures", key_max_captures, "1 to 8"},
    {"max_captures_per_user", key_max_per_user, "1 to 8"},
    {"max_duration", key_max_duration, "1 to 3600 (seconds)"},
    {"snap_length", key_snap_length, "128 to 65535 (bytes)"},
    {"ring_mib", key_ring, "1 to 64 (MiB)"},
    {"names", key_names, "on or off"},
    {"promiscuous", key_promiscuous, "on or off"},
};
#define KEYS (sizeof keys / sizeof keys[0])

static char *trim(char *s) {
    s += strspn(s, " \t");
    size_t n = strlen(s);
    while (n && strchr(" \t\r", s[n - 1])) s[--n] = '\0';
    return s;
}

static bool unknown_key(const char *path, unsigned line, const char *name, struct fail *fail) {
    char all[256] = "";
    for (size_t i = 0, used = 0; i < KEYS && used < sizeof all; i++)
        used +=
            (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", keys[i].name);
    return fail_set(fail, FAIL_VALUE, "", "%s:%u: unknown key `%.40s`; known are %s", path, line,
                    name, all);
}

static bool parse_line(struct config *c, const char *path, unsigned line, char *text,
                       uint32_t *seen, struct fail *fail) {
    char *value = strchr(text, '=');
    if (!value)
        return fail_set(fail, FAIL_VALUE, "", "%s:%u: `%.40s` is no `key = value`", path, line,
                        text);
    *value++ = '\0';
    const char *name = trim(text);
    value = trim(value);
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(name, keys[i].name) != 0) continue;
        if (*seen >> i & 1)
            return fail_set(fail, FAIL_VALUE, name, "%s:%u: `%s` stands twice", path, line, name);
        *seen |= 1u << i;
        if (keys[i].set(c, value)) return true;
        return fail_set(fail, FAIL_VALUE, name, "%s:%u: `%s = %.60s`: allowed is %s", path, line,
                        name, value, keys[i].allowed);
    }
    return unknown_key(path, line, name, fail);
}

bool config_parse(struct config *c, const char *path, char *text, struct fail *fail) {
    uint32_t seen = 0;
    unsigned line = 0;
    for (char *next; text; text = next) {
        next = strchr(text, '\n');
        if (next) *next++ = '\0';
        line++;
        text = trim(text);
        if (*text && *text != '#' && !parse_line(c, path, line, text, &seen, fail)) return false;
    }
    return true;
}

static bool check_file(int fd, const char *path, struct fail *fail) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return fail_set(fail, FAIL_VALUE, "", "%s: is no regular file", path);
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022))
        return fail_set(fail, FAIL_VALUE, "",
                        "%s: mode %03o, owner %u: it must belong to root or to this user and be "
                        "writable for nobody else (chown root; chmod 644)",
                        path, st.st_mode & 0777u, st.st_uid);
    return true;
}

bool config_read(struct config *c, const char *path, bool required, struct fail *fail) {
    static char text[CONFIG_BYTES + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && !required) return true;
    if (fd < 0) return fail_set(fail, FAIL_VALUE, "", "%s: %s", path, strerror(errno));
    bool ok = check_file(fd, path, fail);
    ssize_t n = ok ? read(fd, text, CONFIG_BYTES) : 0;
    close(fd);
    if (!ok) return false;
    if (n < 0 || (size_t)n == CONFIG_BYTES || memchr(text, 0, (size_t)n))
        return fail_set(fail, FAIL_VALUE, "", "%s: is no text of less than 16 KiB", path);
    text[n] = '\0';
    return config_parse(c, path, text, fail);
}
