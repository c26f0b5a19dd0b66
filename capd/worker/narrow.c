/* The generous filter costs work for traffic that the engine does not select.  That is well spent
 * while the machine keeps up and harmful when it does not: then the target's own packets are lost
 * with the rest.  So the filter is narrowed once, for the rest of the capture, and the report says
 * from when; going back and forth would make what was seen impossible to describe.
 * Runs in: worker.  Input trust: none (typed values, addresses learned from packets). */
#include "capd/worker/narrow.h"
#include "capd/worker/expression.h"
#include "capd/worker/filter.h"
#include <stdio.h>
#include <string.h>

#define BUSY_MS         2000u /* contract section 3 */
#define DROPS_LEAST     5u    /* as capture_drops: fewer are no rate, ... */
#define DROPS_PER_MILLE 1u    /* ... and below 0.1 % no verdict changes */
#define WEB_PORTS       "port 80 or port 443 or port 8080 or port 8443"

static bool drops_matter(uint64_t seen, uint64_t missed) {
    return missed >= DROPS_LEAST && missed * 1000u >= (seen + missed) * DROPS_PER_MILLE;
}

enum narrow_cause load_judge(struct load *l, const struct load_sample *now) {
    struct load_sample was = l->last;
    uint64_t passed_ms = now->mono_ms - was.mono_ms;
    l->last = *now;
    if (passed_ms == 0) return NARROW_NONE;
    if (drops_matter(now->seen - was.seen, now->missed - was.missed)) return NARROW_DROPS;
    bool busy = now->cpu_us - was.cpu_us > passed_ms * 500u; /* half of 1000 us each ms */
    l->busy_ms = busy ? l->busy_ms + (uint32_t)passed_ms : 0;
    return l->busy_ms >= BUSY_MS ? NARROW_CPU : NARROW_NONE;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void add_ports(struct expression *t, const struct msg_start *s) {
    const char *between = "";
    if (s->mode == MODE_WEB) {
        expression_add(t, WEB_PORTS);
        between = " or ";
    }
    for (uint32_t i = 0; i < s->ports_n; i++) {
        expression_add(t, "%sport %u", between, (unsigned)s->ports[i]);
        between = " or ";
    }
}

/* Prefixes that were asked for, and single addresses, those of the wire among them. */
static void add_hosts(struct expression *t, const struct msg_start *s, const struct addr *address,
                      uint32_t addresses) {
    char shown[ADDR_TEXT_BYTES];
    const char *between = "";
    for (uint32_t i = 0; i < s->addresses_n; i++) {
        const struct msg_prefix *p = &s->addresses[i];
        if (p->prefix_len == p->address.len * 8u) continue; /* among the single ones */
        expression_add(t, "%snet %s/%u", between, addr_format(&p->address, shown),
                       (unsigned)p->prefix_len);
        between = " or ";
    }
    for (uint32_t i = 0; i < addresses; i++) {
        expression_add(t, "%shost %s", between, addr_format(&address[i], shown));
        between = " or ";
    }
}

/* "(hosts) and (ports)", as far as they are known; a name without an address yet is looked for on
 * the web's ports, where it can be told by what the client says. */
static void add_target(struct expression *t, const struct msg_start *s, const struct addr *address,
                       uint32_t addresses) {
    bool hosts = addresses > 0 || s->addresses_n > 0;
    bool ports = s->ports_n > 0 || s->mode == MODE_WEB;
    if (!hosts && !ports) {
        expression_add(t, WEB_PORTS);
        return;
    }
    expression_add(t, "(");
    if (hosts) {
        expression_add(t, "(");
        add_hosts(t, s, address, addresses);
        expression_add(t, ")");
    }
    if (hosts && ports) expression_add(t, " and ");
    if (ports) {
        expression_add(t, "(");
        add_ports(t, s);
        expression_add(t, ")");
    }
    expression_add(t, ")");
}

bool narrow_text(const struct msg_start *s, const struct addr *address, uint32_t addresses,
                 char *out, size_t cap) {
    struct expression t = {.out = out, .cap = cap};
    bool target = s->name[0] || s->addresses_n > 0 || s->ports_n > 0;
    out[0] = 0;
    if (s->filter_only) return false;
    if (target || s->mode == MODE_WEB) add_target(&t, s, address, addresses);
    if (s->mode == MODE_DIAGNOSIS)
        expression_add(&t,
                       "%s" WEB_PORTS
                       " or port 67 or port 68 or port 546 or port 547 or port 123 or " FILTER_ENDS,
                       target ? " or " : "");
    if (s->mode == MODE_PORT) expression_add(&t, " or " FILTER_FRAGMENTS);
    expression_add(&t, " or port 53 or icmp or icmp6 or arp");
    return !t.overflow;
}
