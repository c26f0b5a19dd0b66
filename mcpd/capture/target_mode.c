/* The matrix of targets and modes, as a table: which mode `auto` becomes, and what each mode means
 * for each kind of target.  An empty sentence is a combination that makes no sense.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/capture/target_mode.h"
#include "mcpd/capture/target.h"
#include <stdio.h>
#include <string.h>

static const enum mode auto_mode[TARGET_KINDS] = {MODE_DIAGNOSIS, MODE_DOMAIN, MODE_DOMAIN,
                                                  MODE_PORT, MODE_WEB};

static const char *const meaning[TARGET_KINDS][MODE_COUNT] = {
    [TARGET_NONE] = {[MODE_WEB] = "all web traffic of this host is judged",
                     [MODE_DIAGNOSIS] =
                         "without a target the network health of this host is judged"},
    [TARGET_HOST] = {[MODE_DOMAIN] = "everything about that host is judged",
                     [MODE_WEB] = "the web traffic of that host is judged",
                     [MODE_DIAGNOSIS] = "the whole network, with a verdict about that host"},
    [TARGET_HOST_PORT] = {[MODE_DOMAIN] = "everything about that host is judged, on that port",
                          [MODE_PORT] = "that port of that host is judged",
                          [MODE_WEB] = "the web traffic of that host is judged",
                          [MODE_DIAGNOSIS] =
                              "the whole network, with a verdict about that service"},
    [TARGET_PORT] = {[MODE_PORT] = "that port is judged, on any host",
                     [MODE_WEB] = "all web traffic is judged",
                     [MODE_DIAGNOSIS] = "the whole network, with a verdict about that port"},
    [TARGET_WEB_WORD] = {[MODE_PORT] = "that port is judged, on any host",
                         [MODE_WEB] = "all web traffic is judged",
                         [MODE_DIAGNOSIS] = "the whole network, with a verdict about that port"},
};

bool target_mode_by_name(const char *name, enum mode *mode_out) {
    for (unsigned m = 0; m < MODE_COUNT; m++) {
        if (strcmp(mode_names[m], name) != 0) continue;
        *mode_out = (enum mode)m;
        return true;
    }
    return false;
}

bool target_is_web_port(uint16_t port) {
    return port == 80 || port == 443 || port == 8080 || port == 8443;
}

static bool refuse(const struct target *t, enum target_kind kind, enum mode asked,
                   struct fail *fail) {
    if (kind == TARGET_NONE)
        return fail_set(fail, FAIL_VALUE, "target",
                        "mode \"%s\" needs a target, for example %s; without a target use mode "
                        "web or diagnosis",
                        mode_names[asked], asked == MODE_PORT ? "443" : "example.com");
    if (kind == TARGET_HOST && asked == MODE_PORT) {
        const struct msg_prefix *p = t->name[0] ? NULL : &t->address[0];
        bool brackets = p && p->address.len == 16;
        bool whole = !p || p->prefix_len == p->address.len * 8u; /* a prefix takes no port */
        return fail_set(
            fail, FAIL_VALUE, "target",
            "mode \"port\" needs a port: give host:port, for example %s%.200s%s:443, or "
            "a port alone",
            brackets ? "[" : "",
            whole      ? t->text
            : brackets ? "2001:db8::1"
                       : "192.0.2.1",
            brackets ? "]" : "");
    }
    return fail_set(fail, FAIL_VALUE, "mode",
                    "mode \"%s\" needs a host and the target is a port (%.40s): give a host name "
                    "or address, for example example.com, or use mode port, web or diagnosis",
                    mode_names[asked], t->text);
}

/* Only a port that mode web does not cover anyway. */
static void keep_other_ports(struct target *t) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->ports; i++)
        if (!target_is_web_port(t->port[i])) t->port[kept++] = t->port[i];
    t->ports = kept;
}

bool target_choose_mode(struct target *t, enum target_kind kind, enum mode asked,
                        struct fail *fail) {
    enum mode mode = asked == MODE_AUTO ? auto_mode[kind] : asked;
    const char *what = meaning[kind][mode];
    if (!what) return refuse(t, kind, asked, fail);
    if (kind == TARGET_HOST_PORT && asked == MODE_DOMAIN) {
        t->ports = 0; /* asked for by name: the whole host */
        what = "everything about that host is judged, all its ports";
    }
    if (mode == MODE_WEB) keep_other_ports(t);
    t->mode = mode;
    snprintf(t->mode_why, sizeof t->mode_why, "%s: %s%s", asked == MODE_AUTO ? "auto" : "as asked",
             what, mode == MODE_WEB && t->ports ? ", that port added" : "");
    return true;
}
