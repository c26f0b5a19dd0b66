/* Selection in user space.  The kernel filter lets everything through that may matter; a flow whose
 * name becomes known late (DNS answer, SNI, Host) is selected then, with all it had.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/select.h"
#include "capd/track/flows.h"
#include "capd/track/names.h"
#include "capd/track/seconds.h"
#include "capd/track/services.h"

void select_init(struct engine *e) {
    const struct engine_target *t = &e->o.target;
    const char *end = memchr(t->name, 0, sizeof t->name);
    e->target_name_len = (uint8_t)(end ? end - t->name : LIM_NAME);
    e->has_host = e->target_name_len > 0 || t->addresses > 0;
}

static bool excluded(const struct engine_target *t, const struct addr *a, uint16_t port) {
    for (uint32_t i = 0; i < t->excludes; i++)
        if (t->exclude[i].port == port && addr_equal(&t->exclude[i].address, a)) return true;
    return false;
}

bool select_excluded(const struct engine *e, const struct packet *k) {
    const struct engine_target *t = &e->o.target;
    if (t->excludes == 0 || !k->has_ports) return false;
    return excluded(t, &k->src, k->sport) || excluded(t, &k->dst, k->dport);
}

bool select_address(const struct engine *e, const struct addr *a) {
    const struct engine_target *t = &e->o.target;
    for (uint32_t i = 0; i < t->addresses; i++)
        if (addr_in_prefix(a, &t->address[i].address, (unsigned)t->address[i].prefix_len))
            return true;
    return e->target_name_len > 0 && names_is_target(e, a);
}

bool select_pair(const struct engine *e, const struct addr *a, const struct addr *b) {
    switch (e->o.target.mode) {
    case MODE_DOMAIN: return select_address(e, a) || select_address(e, b);
    case MODE_PORT: return e->has_host && (select_address(e, a) || select_address(e, b));
    case MODE_WEB: return !e->has_host || select_address(e, a) || select_address(e, b);
    default: return true;
    }
}

bool select_local(const struct engine *e, const struct addr *a) {
    for (uint32_t i = 0; i < e->o.locals; i++)
        if (addr_equal(&e->o.local[i], a)) return true;
    return false;
}

bool select_gateway(const struct engine *e, const struct addr *a) {
    for (uint32_t i = 0; i < e->o.target.gateways; i++)
        if (addr_equal(&e->o.target.gateway[i], a)) return true;
    return false;
}

/* Without a host, `port` judges whoever uses the port. */
static bool uses_port(const struct engine *e, const struct addr *a) {
    for (uint32_t i = 0; i < e->o.target.ports; i++)
        if (services_find(e, a, e->o.target.port[i])) return true;
    return false;
}

bool select_neighbours(const struct engine *e, const struct addr *a, const struct addr *b) {
    if (select_pair(e, a, b) || select_gateway(e, a) || select_gateway(e, b)) return true;
    return e->o.target.mode == MODE_PORT && !e->has_host && (uses_port(e, a) || uses_port(e, b));
}

static bool listed_port(const struct engine *e, uint16_t port) {
    for (uint32_t i = 0; i < e->o.target.ports; i++)
        if (e->o.target.port[i] == port) return true;
    return false;
}

static bool is_web_port(uint16_t port) {
    return port == 80 || port == 443 || port == 8080 || port == 8443;
}

static bool wanted_port(const struct engine *e, uint16_t port) {
    if (e->o.target.mode == MODE_WEB) return is_web_port(port) || listed_port(e, port);
    return e->o.target.ports == 0 || listed_port(e, port);
}

bool select_service(const struct engine *e, const struct addr *server, uint16_t port) {
    return (!e->has_host || select_address(e, server)) && wanted_port(e, port);
}

/* The other modes narrow to what they select. */
bool select_hidden(const struct engine *e, const struct flow *f) {
    if (e->o.target.mode != MODE_DIAGNOSIS || f->ip_proto != 6) return false;
    bool always = is_web_port(f->port[SERVER]) || is_web_port(f->port[CLIENT]) ||
                  f->port[SERVER] == 53 || f->port[CLIENT] == 53;
    return !always && !((e->has_host || e->o.target.ports > 0) && f->bits & FLOW_TARGET);
}

bool select_dns_target(const struct engine *e, const uint8_t *name, size_t len) {
    if (e->target_name_len > 0) return names_match_target(e, name, len);
    return !e->has_host && e->o.target.ports == 0;
}

bool select_dns(const struct engine *e, const uint8_t *name, size_t len) {
    switch (e->o.target.mode) {
    case MODE_DOMAIN: return names_match_target(e, name, len);
    case MODE_WEB: return !e->has_host || names_match_target(e, name, len);
    case MODE_PORT: return false; /* only as a flow on the port */
    default: return true;
    }
}

static bool flow_on_target(const struct engine *e, const struct flow *f) {
    bool port = wanted_port(e, f->port[SERVER]) ||
                ((f->bits & FLOW_GUESSED || f->ip_proto != 6) && wanted_port(e, f->port[CLIENT]));
    if (!port) return false;
    if (!e->has_host) return true;
    if (select_address(e, &f->end[SERVER]) || select_address(e, &f->end[CLIENT])) return true;
    const struct name *n = e->target_name_len ? names_get(e, f->name, f->name_gen) : NULL;
    return n && names_match_target(e, n->text, n->len);
}

static void move_counts(struct engine *e, struct flow *f) {
    struct totals *t = &e->total;
    t->other_packets -= f->other_packets;
    t->other_bytes -= f->other_bytes;
    t->packets += f->other_packets;
    t->bytes += f->other_bytes;
    unsigned l3 = f->end[0].len == 4 ? PROTO_IPV4 : PROTO_IPV6;
    unsigned l4 = f->ip_proto == 6 ? PROTO_TCP : f->ip_proto == 17 ? PROTO_UDP : PROTO_SCTP;
    t->proto_packets[l3] += f->other_packets;
    t->proto_bytes[l3] += f->other_bytes;
    t->proto_packets[l4] += f->other_packets;
    t->proto_bytes[l4] += f->other_bytes;
    seconds_move(&e->seconds, f->last_us, f->other_packets, f->other_bytes);
    for (int i = 0; i < ANALYSIS_COUNT; i++) {
        t->analysis[i] += f->analysis[i];
        f->analysis[i] = 0;
    }
    f->other_packets = 0;
    f->other_bytes = 0;
}

void select_flow(struct engine *e, struct flow *f) {
    if (!(f->bits & FLOW_TARGET) && flow_on_target(e, f)) {
        f->bits |= FLOW_TARGET;
        struct service *v = services_of(e, f);
        if (v) v->target = true;
    }
    if (f->bits & FLOW_SELECTED) return;
    if (e->o.target.mode != MODE_DIAGNOSIS && !(f->bits & FLOW_TARGET)) return;
    f->bits |= FLOW_SELECTED;
    e->total.flows++;
    if (f->ip_proto == 6) {
        e->total.tcp_flows++;
        services_join(e, f);
        if (f->handshake_us && f->bits & FLOW_ESTABLISHED) {
            hist_add(&e->total.handshake, f->handshake_us);
            services_sample(e, f, SERVICE_HANDSHAKE, f->handshake_us);
        }
    }
    move_counts(e, f);
}

void select_again(struct engine *e) {
    e->addresses_generation++;
    for (uint32_t i = 0; i < e->flows.fresh; i++)
        if (e->flows.link[i].list != FLOWS_FREE) select_flow(e, &e->flows.flow[i]);
}
