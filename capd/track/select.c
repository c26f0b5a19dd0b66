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

bool select_port(const struct engine *e, uint16_t port) {
    return e->o.target.mode != MODE_WEB || port == 53 || wanted_port(e, port);
}

bool select_service(const struct engine *e, const struct addr *server, uint16_t port) {
    return (!e->has_host || select_address(e, server)) && wanted_port(e, port);
}

bool select_asked(const struct engine *e, const struct flow *f) {
    return (e->has_host || e->o.target.ports > 0) && f->bits & FLOW_TARGET;
}

/* The other modes narrow to what they select. */
bool select_hidden(const struct engine *e, const struct flow *f) {
    if (e->o.target.mode != MODE_DIAGNOSIS || f->ip_proto != 6) return false;
    bool always = is_web_port(f->port[SERVER]) || is_web_port(f->port[CLIENT]) ||
                  f->port[SERVER] == 53 || f->port[CLIENT] == 53;
    return !always && !select_asked(e, f);
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

static bool flow_port_wanted(const struct engine *e, const struct flow *f) {
    return wanted_port(e, f->port[SERVER]) ||
           ((f->bits & FLOW_GUESSED || f->ip_proto != 6) && wanted_port(e, f->port[CLIENT]));
}

/* Will its SNI or Host still be seen? */
static bool may_say_name(const struct flow *f) {
    return f->ip_proto == 6 && f->port[SERVER] != 53 && app_is_read(f->app) &&
           f->data_segments[SERVER] == 0 &&
           !((f->side[CLIENT].bits | f->side[SERVER].bits) & (SIDE_RST | SIDE_FIN));
}

enum belongs { BELONGS_NOT, BELONGS, BELONGS_PERHAPS };

/* By port and addresses.  A name is the server's: when the client is the target it says nothing. */
static enum belongs flow_belongs(const struct engine *e, const struct flow *f) {
    if (!flow_port_wanted(e, f)) return BELONGS_NOT;
    if (!e->has_host || select_address(e, &f->end[CLIENT])) return BELONGS;
    if (f->bits & FLOW_FOREIGN || !select_address(e, &f->end[SERVER])) return BELONGS_NOT;
    return e->target_name_len > 0 && may_say_name(f) ? BELONGS_PERHAPS : BELONGS;
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

static void mark_target(struct engine *e, struct flow *f) {
    struct service *v = services_of(e, f);
    f->bits |= FLOW_TARGET;
    if (v) v->target = true;
    if (v) v->target_address |= select_address(e, &f->end[SERVER]);
}

/* What is asked of a flow only when it is selected early is caught up on. */
static void select_now(struct engine *e, struct flow *f) {
    f->bits &= ~(uint32_t)FLOW_WAITS;
    if (f->bits & FLOW_SELECTED) return;
    if (e->o.target.mode != MODE_DIAGNOSIS && !(f->bits & FLOW_TARGET)) return;
    f->bits |= FLOW_SELECTED;
    e->total.flows++;
    if (f->ip_proto == 6) {
        e->total.tcp_flows++;
        services_join(e, f);
        struct service *v = services_of(e, f);
        if (v && f->bits & FLOW_TARGET) v->target_address |= select_address(e, &f->end[SERVER]);
        uint32_t answer_us = f->synack_us - f->syn_us;
        if (f->bits & FLOW_SYN && f->bits & FLOW_SYNACK && answer_us > e->total.slowest_answer_us)
            e->total.slowest_answer_us = answer_us;
        if (f->handshake_us && f->bits & FLOW_ESTABLISHED) {
            hist_add(&e->total.handshake, f->handshake_us);
            services_sample(e, f, SERVICE_HANDSHAKE, f->handshake_us);
        }
    }
    move_counts(e, f);
}

void select_flow(struct engine *e, struct flow *f) {
    enum belongs b = f->bits & FLOW_TARGET ? BELONGS : flow_belongs(e, f);
    if (b == BELONGS && !(f->bits & FLOW_TARGET)) mark_target(e, f);
    select_now(e, f);
    if (b == BELONGS_PERHAPS) f->bits |= FLOW_WAITS;
}

void select_named(struct engine *e, struct flow *f, bool target) {
    if (target && !(f->bits & FLOW_TARGET) && flow_port_wanted(e, f)) mark_target(e, f);
    if (target)
        f->bits &= ~(uint32_t)FLOW_FOREIGN;
    else if (!(f->bits & FLOW_TARGET))
        f->bits |= FLOW_FOREIGN;
    select_now(e, f);
}

void select_settle(struct engine *e, struct flow *f) {
    if (!(f->bits & FLOW_TARGET) && flow_belongs(e, f) != BELONGS_NOT) mark_target(e, f);
    select_now(e, f);
}

void select_packet(struct engine *e, struct flow *f, const struct packet *k, unsigned dir) {
    if (k->tcp.flags & (TCP_RST | TCP_FIN) || (dir == SERVER && k->payload_bytes > 0))
        select_settle(e, f);
}

void select_settle_all(struct engine *e, uint64_t age_us) {
    if (e->target_name_len == 0) return;
    for (uint32_t i = 0; i < e->flows.fresh; i++) {
        struct flow *f = &e->flows.flow[i];
        if (e->flows.link[i].list == FLOWS_FREE || !(f->bits & FLOW_WAITS)) continue;
        if (e->now_us - f->first_us >= age_us) select_settle(e, f);
    }
}

void select_again(struct engine *e) {
    e->addresses_generation++;
    for (uint32_t i = 0; i < e->flows.fresh; i++)
        if (e->flows.link[i].list != FLOWS_FREE) select_flow(e, &e->flows.flow[i]);
}
