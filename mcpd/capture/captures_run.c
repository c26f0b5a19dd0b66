/* What a start request and a probe are made from: pure functions of the request and the target.
 * Runs in: mcpd.  Input trust: client (already parsed). */
#include "mcpd/capture/captures_run.h"
#include <stdio.h>
#include <string.h>

/* The default gateways of the interface chosen: the next hops of whatever is not on its link. */
static uint32_t gateways_of(struct capture_run *r) {
    const struct interfaces *i = r->interfaces;
    const struct msg_interface *row = i ? interfaces_find(i, r->capture->interface) : NULL;
    uint32_t n = 0;
    for (uint32_t k = 0; row && k < i->gateways && n < LIM_GATEWAYS; k++)
        if (i->gateway[k].index == row->index) r->gateway[n++] = i->gateway[k];
    return n;
}

/* As the interface says it of itself. */
static uint64_t speed_of(const struct capture_run *r) {
    const struct interfaces *i = r->interfaces;
    const struct msg_interface *row = i ? interfaces_find(i, r->capture->interface) : NULL;
    return row ? row->speed_mbps : 0;
}

static bool is_any(const struct addr *a) {
    for (uint8_t i = 0; i < a->len; i++)
        if (a->b[i]) return false;
    return true;
}

/* Our endpoint at every address of this host, those of the captured interface (`of_it`) or all
 * others. */
static uint32_t exclude_everywhere(struct capture_run *r, const struct msg_endpoint *own,
                                   bool of_it, uint32_t n) {
    const struct msg_interface *row = interfaces_find(r->interfaces, r->capture->interface);
    for (uint32_t i = 0; i < r->interfaces->addresses && n < LIM_TARGET_ADDRESSES; i++) {
        const struct msg_if_address *a = &r->interfaces->address[i];
        bool same_family = a->address.len == own->address.len;
        if (same_family && (row && a->index == row->index) == of_it)
            r->exclude[n++] = (struct msg_endpoint){.address = a->address, .port = own->port};
    }
    return n;
}

/* What this program itself serves is no part of what anybody wants to see. */
static uint32_t excludes_of(struct capture_run *r) {
    uint32_t count, n = 0;
    const struct msg_endpoint *own = captures_own(r->m, &count);
    for (uint32_t i = 0; i < count && n < LIM_TARGET_ADDRESSES && r->interfaces; i++) {
        if (!is_any(&own[i].address)) {
            r->exclude[n++] = own[i];
            continue;
        }
        n = exclude_everywhere(r, &own[i], true, n);
        n = exclude_everywhere(r, &own[i], false, n);
    }
    return n;
}

void run_fill_start(struct capture_run *r, struct msg_start *out) {
    struct target *t = &r->capture->target;
    static uint64_t no_port[1];
    memset(out, 0, sizeof *out);
    out->file = r->file;
    out->mode = t->mode;
    out->duration_ms = r->capture->duration_ms;
    out->filter_only = r->filter_only && r->filter[0];
    out->addresses = t->address;
    out->addresses_n = t->addresses;
    out->ports = t->ports ? r->port : no_port;
    out->ports_n = t->ports;
    for (uint32_t i = 0; i < t->ports; i++) r->port[i] = t->port[i];
    out->exclude = r->exclude;
    out->exclude_n = excludes_of(r);
    out->gateways = r->gateway;
    out->gateways_n = gateways_of(r);
    r->capture->link_mbps = speed_of(r);
    memcpy(out->interface, r->capture->interface, sizeof out->interface);
    memcpy(out->name, t->name, sizeof out->name);
    memcpy(out->filter, r->filter, sizeof out->filter);
    memcpy(out->caller, r->label, sizeof out->caller);
}

static const char *kind_of_port(uint16_t port) {
    if (port == 443 || port == 8443) return "https";
    return port == 80 || port == 8080 ? "http" : "tcp";
}

bool run_plan_probe(const struct target *t, struct run_probe *plan, struct capture_probe *probe) {
    char address[ADDR_TEXT_BYTES];
    const char *why_not = target_no_probe(t);
    if (why_not) {
        snprintf(probe->why_not, sizeof probe->why_not, "%s", why_not);
        return false;
    }
    plan->port = t->asked_port ? t->asked_port : 443;
    plan->kind = kind_of_port(plan->port);
    snprintf(plan->host, sizeof plan->host, "%s",
             t->name[0] ? t->name : addr_format(&t->address[0].address, address));
    bool brackets = strchr(plan->host, ':') != NULL;
    bool tcp = strcmp(plan->kind, "tcp") == 0;
    snprintf(probe->asked, sizeof probe->asked, "%s%s%s%s%s:%u%s", tcp ? "connect to " : "HEAD ",
             tcp                                ? ""
             : strcmp(plan->kind, "https") == 0 ? "https://"
                                                : "http://",
             brackets ? "[" : "", plan->host, brackets ? "]" : "", plan->port, tcp ? "" : "/");
    return true;
}
