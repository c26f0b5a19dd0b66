/* mcpd.conf: one table row per key.
 * Runs in: mcpd.  Input trust: local (the file must belong to root or to the user who runs us). */
#include "mcpd/settings.h"
#include "common/conf.h"
#include <stdio.h>
#include <string.h>

void settings_defaults(struct settings *c) {
    *c = (struct settings){.capd = SETTINGS_CAPD_SOCKET,
                           .resolve = true,
                           .probe = true,
                           .token_budget = 1200,
                           .retention_s = 24 * 3600,
                           .retention_bytes = 16 * 1024 * 1024,
                           .max_captures = LIM_CAPTURES,
                           .max_captures_per_caller = LIM_CAPTURES_PER_CALLER};
}

static bool read_number(uint32_t *out, const char *value, unsigned least, unsigned most,
                        uint32_t unit) {
    unsigned v;
    if (!conf_number(value, least, most, &v)) return false;
    *out = v * unit;
    return true;
}

static bool read_capd(struct settings *c, const char *value) {
    if (value[0] != '/' && strcmp(value, "private") != 0) return false;
    return (size_t)snprintf(c->capd, sizeof c->capd, "%s", value) < sizeof c->capd;
}

/* Absolute paths with ':' between them. */
static bool read_dirs(struct settings *c, const char *value) {
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

/* `from` tells later who set it; the path is known when the whole file has been read. */
static bool read_limit(uint32_t *out, char from[SETTINGS_PATH_BYTES], const char *value) {
    from[0] = '?';
    return read_number(out, value, 1, LIM_CAPTURES, 1);
}

#define SETTER(name, expr)                                                                         \
    static bool set_##name(void *config, const char *v) {                                          \
        struct settings *c = config;                                                               \
        return expr;                                                                               \
    }
SETTER(capd, read_capd(c, v))
SETTER(dirs, read_dirs(c, v))
SETTER(resolve, conf_switch(v, &c->resolve))
SETTER(probe, conf_switch(v, &c->probe))
SETTER(tokens, read_number(&c->token_budget, v, 600, 8000, 1))
SETTER(hours, read_number(&c->retention_s, v, 1, 24 * 31, 3600))
SETTER(mib, read_number(&c->retention_bytes, v, 1, 1024, 1024 * 1024))
SETTER(captures, read_limit(&c->max_captures, c->limit_file, v))
SETTER(per_caller, read_limit(&c->max_captures_per_caller, c->limit_caller_file, v))

static const struct conf_key keys[] = {
    {"capd", set_capd, "the absolute path of capd's socket (at most 107 bytes), or private"},
    {"file_directories", set_dirs, "up to 8 absolute paths with `:` between them"},
    {"resolve", set_resolve, "on or off"},
    {"probe", set_probe, "on or off"},
    {"token_budget", set_tokens, "600 to 8000 (tokens)"},
    {"retention_hours", set_hours, "1 to 744 (hours)"},
    {"retention_mib", set_mib, "1 to 1024 (MiB)"},
    {"max_captures", set_captures, "1 to 8"},
    {"max_captures_per_caller", set_per_caller, "1 to 8"},
};

bool settings_read(struct settings *c, const char *path, bool required, struct fail *fail) {
    if (!conf_read(keys, sizeof keys / sizeof keys[0], c, path, required, fail)) return false;
    char *const from[] = {c->limit_file, c->limit_caller_file};
    for (size_t i = 0; i < 2; i++)
        if (from[i][0]) snprintf(from[i], SETTINGS_PATH_BYTES, "%s", path);
    return true;
}
