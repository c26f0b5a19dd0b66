/* mcpd.conf: one table row per key.
 * Runs in: mcpd.  Input trust: local (the file must belong to root or to the user who runs us). */
#include "mcpd/settings.h"
#include "common/conf.h"
#include "mcpd/transport/httphead.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void settings_defaults(struct settings *c) {
    *c = (struct settings){.capd = SETTINGS_CAPD_SOCKET,
                           .listen = {SETTINGS_LISTEN},
                           .listens = 1,
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

/* ADDRESS:PORT with a literal address, so that no name decides who can reach us. */
static bool add_listen(void *config, const char *word) {
    struct settings *c = config;
    char address[64], *colon, *start = address;
    unsigned char bytes[16];
    unsigned port;
    if ((size_t)snprintf(address, sizeof address, "%s", word) >= sizeof address) return false;
    if (c->listens == SETTINGS_ADDRESSES || !(colon = strrchr(address, ':'))) return false;
    *colon = 0;
    bool v6 = address[0] == '[' && colon > address + 1 && colon[-1] == ']';
    if (v6) {
        colon[-1] = 0;
        start++;
    }
    if (inet_pton(v6 ? AF_INET6 : AF_INET, start, bytes) != 1) return false;
    if (!conf_number(colon + 1, 0, 65535, &port)) return false;
    snprintf(c->listen[c->listens++], sizeof c->listen[0], "%s", word);
    return true;
}

bool settings_set_listen(struct settings *c, const char *value) {
    c->listens = 0;
    return strcmp(value, "none") == 0 || conf_words(value, add_listen, c);
}

static bool read_path(char *out, size_t cap, const char *value) {
    return value[0] == '/' && (size_t)snprintf(out, cap, "%s", value) < cap;
}

bool settings_set_socket(struct settings *c, const char *value) {
    return read_path(c->socket, sizeof c->socket, value);
}

/* Whether there is such a group shows when a socket is given to it. */
static bool read_group(struct settings *c, const char *value) {
    unsigned gid;
    bool number = value[0] >= '0' && value[0] <= '9';
    return value[0] && (!number || conf_number(value, 0, UINT32_MAX - 1ul, &gid)) &&
           (size_t)snprintf(c->socket_group, sizeof c->socket_group, "%s", value) <
               sizeof c->socket_group;
}

static bool add_name(char names[SETTINGS_NAMES][SETTINGS_NAME_BYTES], uint32_t *count,
                     const char *word) {
    if (*count == SETTINGS_NAMES || strlen(word) >= SETTINGS_NAME_BYTES) return false;
    snprintf(names[(*count)++], SETTINGS_NAME_BYTES, "%s", word);
    return true;
}

static bool add_origin(void *config, const char *word) {
    struct settings *c = config;
    return head_is_origin(word) && add_name(c->origin, &c->origins, word);
}

static bool add_host(void *config, const char *word) {
    struct settings *c = config;
    return head_host_is_ours(word, word, NULL) && add_name(c->host, &c->hosts, word);
}

#define SETTER(name, expr)                                                                         \
    static bool set_##name(void *config, const char *v) {                                          \
        struct settings *c = config;                                                               \
        return expr;                                                                               \
    }
SETTER(capd, read_capd(c, v))
SETTER(dirs, read_dirs(c, v))
SETTER(hours, read_number(&c->retention_s, v, 1, 24 * 31, 3600))
SETTER(mib, read_number(&c->retention_bytes, v, 1, 1024, 1024 * 1024))
SETTER(captures, read_limit(&c->max_captures, c->limit_file, v))
SETTER(per_caller, read_limit(&c->max_captures_per_caller, c->limit_caller_file, v))
SETTER(listen, settings_set_listen(c, v))
SETTER(socket, settings_set_socket(c, v))
SETTER(group, read_group(c, v))
SETTER(token_file, read_path(c->token_file, sizeof c->token_file, v))
SETTER(origins, conf_words(v, add_origin, c))
SETTER(hosts, conf_words(v, add_host, c))

static const struct conf_key keys[] = {
    CONF_SET("capd", set_capd,
             "the absolute path of capd's socket (at most 107 bytes), or private"),
    CONF_SET("file_directories", set_dirs, "up to 8 absolute paths with `:` between them"),
    CONF_SWITCH(struct settings, "resolve", resolve),
    CONF_SWITCH(struct settings, "probe", probe),
    CONF_NUMBER(struct settings, "token_budget", token_budget, 600, 8000, " (tokens)"),
    CONF_SET("retention_hours", set_hours, "1 to 744 (hours)"),
    CONF_SET("retention_mib", set_mib, "1 to 1024 (MiB)"),
    CONF_SET("max_captures", set_captures, "1 to 8"),
    CONF_SET("max_captures_per_caller", set_per_caller, "1 to 8"),
    CONF_SET("listen", set_listen, SETTINGS_LISTEN_ALLOWED),
    CONF_SET("socket", set_socket, "an absolute path of at most 107 bytes"),
    CONF_SET("socket_group", set_group, "the name or number of a group"),
    CONF_SET("token_file", set_token_file, "an absolute path of at most 255 bytes"),
    CONF_SET("allowed_origins", set_origins,
             "up to 8 of http://host[:port] or https://host[:port]"),
    CONF_SET("allowed_hosts", set_hosts, "up to 8 host names or addresses, IPv6 in brackets"),
};

bool settings_read(struct settings *c, const char *path, bool required, struct fail *fail) {
    if (!conf_read(keys, sizeof keys / sizeof keys[0], c, path, required, fail)) return false;
    char *const from[] = {c->limit_file, c->limit_caller_file};
    for (size_t i = 0; i < 2; i++)
        if (from[i][0]) snprintf(from[i], SETTINGS_PATH_BYTES, "%s", path);
    return true;
}
