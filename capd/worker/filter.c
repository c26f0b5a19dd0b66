/* The kernel filter as text.  It is generous: a name's first packets cannot be seen through a
 * filter that waits to learn its address, so `domain` and `diagnosis` take everything and `web` and
 * `port` take their ports with all that explains them (names, ICMP, ARP, connection ends).
 * `tcp[]` does not reach into IPv6, hence the flag test by hand.
 * Runs in: worker.  Input trust: none (typed values; the caller's text was checked by the parent).
 */
#include "capd/worker/filter.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* SYN, FIN and RST; fragments after the first; what else explains a failed connection. */
#define FILTER_ENDS      "tcp[tcpflags]&(tcp-syn|tcp-fin|tcp-rst)!=0 or (ip6[6]=6 and ip6[53]&7!=0)"
#define FILTER_AROUND    "port 53 or icmp or icmp6 or arp or " FILTER_ENDS
#define FILTER_FRAGMENTS "ip[6:2]&0x1fff!=0 or ip6 proto 44"
#define KERNEL_EXCLUDES  8u /* the engine leaves out all of them; these spare it the work */

struct text {
    char *out;
    size_t used;
    bool overflow;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->out + t->used, FILTER_TEXT_BYTES - t->used, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= FILTER_TEXT_BYTES - t->used)
        t->overflow = true;
    else
        t->used += (size_t)n;
}

static void add_ports(struct text *t, const struct msg_start *s) {
    for (uint32_t i = 0; i < s->ports_n; i++)
        add(t, "port %u or ", (unsigned)s->ports[i]); /* TCP, UDP and SCTP */
}

/* The mode's own part; empty: everything. */
static void add_mode(struct text *t, const struct msg_start *s) {
    if (s->filter_only) return;
    if (s->mode == MODE_WEB) {
        add_ports(t, s);
        add(t, "tcp port 80 or tcp port 443 or tcp port 8080 or tcp port 8443 or udp port 443 "
               "or " FILTER_AROUND);
    } else if (s->mode == MODE_PORT && s->ports_n > 0) {
        add_ports(t, s);
        add(t, FILTER_FRAGMENTS " or " FILTER_AROUND);
    }
}

static void add_excludes(struct text *t, const struct msg_start *s) {
    char address[ADDR_TEXT_BYTES];
    for (uint32_t i = 0; i < s->exclude_n && i < KERNEL_EXCLUDES; i++) {
        const struct msg_endpoint *e = &s->exclude[i];
        add(t, "%snot (host %s", t->used ? " and " : "", addr_format(&e->address, address));
        if (e->port) add(t, " and port %u", (unsigned)e->port);
        add(t, ")");
    }
}

bool filter_build(const struct msg_start *start, bool vlan, char out[FILTER_TEXT_BYTES]) {
    char mode_text[1024] = "", both[2400] = "";
    struct text t = {out, 0, false};
    struct text m = {both, 0, false};
    out[0] = '\0';
    add_mode(&t, start);
    t.overflow |= t.used >= sizeof mode_text;
    if (t.overflow) return false;
    memcpy(mode_text, out, t.used + 1);
    /* The caller's text first: a `vlan` in it shifts what comes after it, as it should. */
    bool user = start->filter[0] != '\0', mode = mode_text[0] != '\0';
    int n = snprintf(both, sizeof both, "%s%s%s%s%s%s%s", user ? "(" : "", start->filter,
                     user ? ")" : "", user && mode ? " and " : "", mode ? "(" : "", mode_text,
                     mode ? ")" : "");
    if (n < 0 || (size_t)n >= sizeof both) return false;
    m.used = (size_t)n;
    t.used = 0;
    out[0] = '\0';
    add_excludes(&t, start);
    if (m.used == 0) return !t.overflow;
    if (t.used) add(&t, " and ");
    /* `vlan` shifts every offset after it, so the tagged form must stand last. */
    if (vlan && !strstr(start->filter, "vlan"))
        add(&t, "(%s or (vlan and %s))", both, both);
    else
        add(&t, "%s", both);
    return !t.overflow;
}
