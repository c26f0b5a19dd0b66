/* The reader of mcpd.conf.  One table says which keys there are, what they may hold and where the
 * value goes; a file that says anything else is refused as a whole, since a switch that an admin
 * believes to have set must not be ignored.
 * Runs in: mcpd.  Input trust: local (the file must belong to root or to the user who runs us). */
#include "mcpd/settings.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 1024

void settings_defaults(struct settings *c) {
    *c = (struct settings){.capd = SETTINGS_CAPD_SOCKET,
                           .resolve = true,
                           .probe = true,
                           .token_budget = 1200,
                           .retention_s = 24 * 3600,
                           .retention_bytes = 16 * 1024 * 1024};
}

/* Value parsers: true when `value` is allowed. */
static bool set_switch(bool *out, const char *value) {
    *out = strcmp(value, "on") == 0;
    return *out || strcmp(value, "off") == 0;
}

static bool set_number(uint32_t *out, const char *value, uint32_t least, uint32_t most,
                       uint32_t unit) {
    char *end;
    if (value[0] < '0' || value[0] > '9') return false;
    errno = 0;
    unsigned long v = strtoul(value, &end, 10);
    if (errno || *end || v < least || v > most) return false;
    *out = (uint32_t)v * unit;
    return true;
}

static bool set_capd(struct settings *c, const char *value) {
    if (value[0] != '/' && strcmp(value, "private") != 0) return false;
    return (size_t)snprintf(c->capd, sizeof c->capd, "%s", value) < sizeof c->capd;
}

/* Absolute paths with ':' between them. */
static bool set_dirs(struct settings *c, const char *value) {
    c->dirs = 0;
    while (*value) {
        size_t len = strcspn(value, ":");
        if (*value != '/' || len >= SETTINGS_PATH_BYTES || c->dirs == SETTINGS_DIRS) return false;
        memcpy(c->dir[c->dirs], value, len);
        c->dir[c->dirs++][len] = 0;
        value += len;
        if (*value == ':') value++;
    }
    return c->dirs > 0;
}

static bool set_resolve(struct settings *c, const char *v) {
    return set_switch(&c->resolve, v);
}
static bool set_probe(struct settings *c, const char *v) {
    return set_switch(&c->probe, v);
}
static bool set_tokens(struct settings *c, const char *v) {
    return set_number(&c->token_budget, v, 600, 8000, 1);
}
static bool set_hours(struct settings *c, const char *v) {
    return set_number(&c->retention_s, v, 1, 24 * 31, 3600);
}
static bool set_mib(struct settings *c, const char *v) {
    return set_number(&c->retention_bytes, v, 1, 1024, 1024 * 1024);
}

static const struct key {
    const char *name;
    bool (*set)(struct settings *c, const char *value);
    const char *allowed;
} keys[] = {
    {"capd", set_capd, "the absolute path of capd's socket (at most 107 bytes), or private"},
    {"file_directories", set_dirs, "up to 8 absolute paths with ':' between them"},
    {"resolve", set_resolve, "on or off"},
    {"probe", set_probe, "on or off"},
    {"token_budget", set_tokens, "a number from 600 to 8000"},
    {"retention_hours", set_hours, "a number from 1 to 744"},
    {"retention_mib", set_mib, "a number from 1 to 1024"},
};
#define KEYS (sizeof keys / sizeof keys[0])

static char *trim(char *s) {
    s += strspn(s, " \t\r\n");
    size_t len = strlen(s);
    while (len && strchr(" \t\r\n", s[len - 1])) s[--len] = 0;
    return s;
}

static bool refuse_key(const char *path, unsigned line, const char *key, struct fail *fail) {
    char names[160] = "";
    for (size_t i = 0, used = 0; i < KEYS; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                 keys[i].name);
    return fail_set(fail, FAIL_VALUE, "config", "%.100s:%u: unknown key \"%.40s\"; allowed: %s",
                    path, line, key, names);
}

static bool take_line(struct settings *c, char *text, const char *path, unsigned line,
                      uint32_t *seen, struct fail *fail) {
    char *key = trim(text);
    if (*key == 0 || *key == '#') return true;
    char *equals = strchr(key, '=');
    if (!equals)
        return fail_set(fail, FAIL_VALUE, "config", "%.100s:%u: expected `key = value`", path,
                        line);
    *equals = 0;
    key = trim(key);
    char *value = trim(equals + 1);
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(key, keys[i].name) != 0) continue;
        if (*seen >> i & 1)
            return fail_set(fail, FAIL_VALUE, "config", "%.100s:%u: %s stands twice", path, line,
                            key);
        *seen |= 1u << i;
        if (keys[i].set(c, value)) return true;
        return fail_set(fail, FAIL_VALUE, "config", "%.100s:%u: %s = \"%.40s\"; allowed: %s", path,
                        line, key, value, keys[i].allowed);
    }
    return refuse_key(path, line, key, fail);
}

/* What others could write must not steer us. */
static bool check_owner(int fd, const char *path, struct fail *fail) {
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return fail_set(fail, FAIL_VALUE, "config", "%.200s is no regular file", path);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return fail_set(fail, FAIL_VALUE, "config",
                        "%.200s belongs to uid %u; allowed: root or the user who runs mcpd", path,
                        (unsigned)st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return fail_set(fail, FAIL_VALUE, "config",
                        "%.200s has mode %04o; it must not be writable by group or others", path,
                        (unsigned)st.st_mode & 07777);
    return true;
}

static bool read_lines(struct settings *c, FILE *file, const char *path, struct fail *fail) {
    char text[LINE_BYTES];
    uint32_t seen = 0;
    for (unsigned line = 1; fgets(text, sizeof text, file); line++) {
        if (strlen(text) == sizeof text - 1 && text[sizeof text - 2] != '\n')
            return fail_set(fail, FAIL_VALUE, "config",
                            "%.100s:%u: a line may have at most %d bytes", path, line,
                            LINE_BYTES - 2);
        if (!take_line(c, text, path, line, &seen, fail)) return false;
    }
    return true;
}

bool settings_read(struct settings *c, const char *path, bool required, struct fail *fail) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && !required) return true;
    if (fd < 0)
        return fail_set(fail, FAIL_VALUE, "config", "cannot read %.200s: %s", path,
                        strerror(errno));
    FILE *file = check_owner(fd, path, fail) ? fdopen(fd, "r") : NULL;
    if (!file) {
        close(fd);
        return false;
    }
    bool ok = read_lines(c, file, path, fail);
    fclose(file);
    return ok;
}
