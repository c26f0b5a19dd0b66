/* The kernel filter as text.  It is generous: a name's first packets cannot be seen through a
 * filter that waits to learn its address, so `domain` and `diagnosis` take everything and `web` and
 * `port` take their ports with all that explains them (names, ICMP, ARP, connection ends).
 * `tcp[]` does not reach into IPv6, hence the flag test by hand.
 * Runs in: worker.  Input trust: none (typed values; the caller's text was checked by the parent).
 */
#include "capd/worker/expression.h"
#include "capd/worker/filter.h"
#include <stdio.h>
#include <string.h>

#define FILTER_AROUND   "port 53 or icmp or icmp6 or arp or " FILTER_ENDS
#define KERNEL_EXCLUDES 8u /* the engine leaves out all of them; these spare it the work */

static void add_ports(struct expression *t, const struct msg_start *s) {
    for (uint32_t i = 0; i < s->ports_n; i++)
        expression_add(t, "port %u or ", (unsigned)s->ports[i]); /* TCP, UDP and SCTP */
}

/* The mode's own part; empty: everything. */
static void add_mode(struct expression *t, const struct msg_start *s) {
    if (s->filter_only) return;
    if (s->mode == MODE_WEB) {
        add_ports(t, s);
        expression_add(
            t, "tcp port 80 or tcp port 443 or tcp port 8080 or tcp port 8443 or udp port 443 "
               "or " FILTER_AROUND);
    } else if (s->mode == MODE_PORT && s->ports_n > 0) {
        add_ports(t, s);
        expression_add(t, FILTER_FRAGMENTS " or " FILTER_AROUND);
    }
}

static void add_excludes(struct expression *t, const struct msg_start *s) {
    char address[ADDR_TEXT_BYTES];
    for (uint32_t i = 0; i < s->exclude_n && i < KERNEL_EXCLUDES; i++) {
        const struct msg_endpoint *e = &s->exclude[i];
        expression_add(t, "%snot (host %s", t->used ? " and " : "",
                       addr_format(&e->address, address));
        if (e->port) expression_add(t, " and port %u", (unsigned)e->port);
        expression_add(t, ")");
    }
}

/* Join what is there by `and`, each in parentheses when it is not alone.  False: no room. */
static bool join(const char *user, const char *mode, char *out, size_t cap) {
    bool both = user[0] && mode[0];
    int n = snprintf(out, cap, "%s%s%s%s%s", user[0] ? "(" : "", user,
                     both      ? ") and ("
                     : user[0] ? ")"
                     : mode[0] ? "("
                               : "",
                     mode, mode[0] ? ")" : "");
    return n >= 0 && (size_t)n < cap;
}

bool filter_build(const struct msg_start *start, const char *narrow, bool vlan,
                  struct filter_text *out) {
    char mode[FILTER_NARROW_BYTES] = "", excludes[1024] = "";
    struct expression t = {mode, sizeof mode, 0, false}, x = {excludes, sizeof excludes, 0, false};
    if (narrow)
        expression_add(&t, "%s", narrow);
    else
        add_mode(&t, start);
    add_excludes(&x, start);
    /* The caller's text first: a `vlan` in it shifts what comes after it, as it should. */
    if (t.overflow || x.overflow || !join(start->filter, mode, out->shown, sizeof out->shown))
        return false;
    struct expression k = {out->kernel, sizeof out->kernel, 0, false};
    out->kernel[0] = 0;
    expression_add(&k, "%s%s", excludes, excludes[0] && out->shown[0] ? " and " : "");
    if (!out->shown[0]) return !k.overflow;
    /* `vlan` shifts every offset after it, so the tagged form must stand last. */
    if (vlan && !strstr(start->filter, "vlan"))
        expression_add(&k, "(%s or (vlan and %s))", out->shown, out->shown);
    else
        expression_add(&k, "%s", out->shown);
    return !k.overflow;
}
