/* capd.conf: one table row per key.
 * Runs in: parent, before it gives up privileges.  Input trust: local (root's file). */
#include "capd/parent/config.h"
#include "common/conf.h"
#include <stdio.h>
#include <string.h>

static bool copy(char *to, size_t cap, const char *v) {
    return *v && (size_t)snprintf(to, cap, "%s", v) < cap;
}

static bool add_id(struct config_ids *ids, const char *v,
                   bool (*id_of)(const char *value, unsigned *out)) {
    return ids->n < CONFIG_IDS && id_of(v, &ids->id[ids->n]) && ++ids->n;
}

/* One item of a list; false: not known, or no room. */
static bool add_user(void *ids, const char *v) {
    return add_id(ids, v, conf_user);
}

static bool add_group(void *ids, const char *v) {
    return add_id(ids, v, conf_group);
}

void config_defaults(struct config *c) {
    *c = (struct config){.socket = "/run/capd/capd.sock",
                         .socket_group = "capd-clients",
                         .max_captures = LIM_CAPTURES,
                         .max_captures_per_user = LIM_CAPTURES_PER_CALLER,
                         .max_duration_s = LIM_DURATION_S,
                         .snap_length = LIM_SNAPLEN,
                         .ring_mib = 8,
                         .names = true};
    (void)add_user(&c->services, "mcpd");
}

static bool add_interface(void *config, const char *v) {
    struct config *c = config;
    return c->interfaces_n < LIM_INTERFACES && !strchr(v, '/') &&
           copy(c->interfaces[c->interfaces_n++], sizeof c->interfaces[0], v);
}

#define SETTER(name, expr)                                                                         \
    static bool set_##name(void *config, const char *v) {                                          \
        struct config *c = config;                                                                 \
        return expr;                                                                               \
    }
SETTER(socket, *v == '/' && copy(c->socket, sizeof c->socket, v))
SETTER(socket_group, add_group(&(struct config_ids){.n = 0}, v) &&
                         copy(c->socket_group, sizeof c->socket_group, v))
SETTER(users, conf_words(v, add_user, &c->users))
SETTER(services, (c->services.n = 0, conf_words(v, add_user, &c->services)))
SETTER(groups, conf_words(v, add_group, &c->groups))
SETTER(interfaces, conf_words(v, add_interface, c))

static const struct conf_key keys[] = {
    CONF_SET("socket", set_socket, "an absolute path of at most 107 bytes"),
    CONF_SET("socket_group", set_socket_group, "a known group name or number"),
    CONF_SET("users", set_users, "known user names or numbers, at most 32"),
    CONF_SET("groups", set_groups, "known group names or numbers, at most 32"),
    CONF_SET("interfaces", set_interfaces, "interface names, at most 256 in the line's 1023 bytes"),
    CONF_NUMBER(struct config, "max_captures", max_captures, 1, LIM_CAPTURES, ""),
    CONF_NUMBER(struct config, "max_captures_per_user", max_captures_per_user, 1, LIM_CAPTURES, ""),
    CONF_SET("service_users", set_services, "known user names or numbers, at most 32"),
    CONF_NUMBER(struct config, "max_duration", max_duration_s, 1, LIM_DURATION_S, " (seconds)"),
    CONF_NUMBER(struct config, "snap_length", snap_length, 128, UINT16_MAX, " (bytes)"),
    CONF_NUMBER(struct config, "ring_mib", ring_mib, 1, 64, " (MiB)"),
    CONF_SWITCH(struct config, "names", names),
    CONF_SWITCH(struct config, "promiscuous", promiscuous),
};

bool config_parse(struct config *c, const char *path, char *text, struct fail *fail) {
    return conf_parse(keys, sizeof keys / sizeof keys[0], c, path, text, fail);
}

bool config_read(struct config *c, const char *path, bool required, struct fail *fail) {
    return conf_read(keys, sizeof keys / sizeof keys[0], c, path, required, fail);
}
