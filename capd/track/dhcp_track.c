/* Clients that ask for an address and do not get one, and servers that contradict each other.  A
 * switch may hide a server's answer to another host, but never that host's next question: a client
 * that goes on to request an address was offered one, seen or not.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/dhcp_track.h"
#include "capd/decode/dhcp.h"
#include "capd/track/hash.h"
#include "capd/track/link.h"
#include "capd/track/link_limits.h"

/* What both versions have in common. */
enum step { STEP_DISCOVER, STEP_OFFER, STEP_REQUEST, STEP_ACK, STEP_NAK, STEP_DECLINE, STEP_NONE };

struct event {
    enum step step;
    uint32_t xid;
    bool own;           /* this host's own client */
    bool selects;       /* REQUEST: names the server whose offer it takes */
    bool local;         /* server: no relay in between */
    bool gives;         /* server: an address is in it */
    bool boots;         /* client: firmware */
    struct addr server; /* IPv4 only */
};

/* ---- clients ---- */
static bool judged(const struct engine *e, const struct dhcp_client *c) {
    return e->o.target.mode == MODE_DIAGNOSIS || c->own;
}

static struct msg_incident incident_of(const struct engine *e, const struct dhcp_client *c,
                                       enum incident_kind kind) {
    struct msg_incident row = {.kind = kind,
                               .on_target = c->own || (!e->has_host && e->o.target.ports == 0),
                               .count = 1,
                               .first_us = c->first_us,
                               .last_us = c->last_us,
                               .value = c->version};
    memcpy(row.mac, c->mac, 6);
    return row;
}

/* Has it asked in vain, as far as can be said at `now_us`? */
static bool in_vain(const struct dhcp_client *c, uint64_t now_us) {
    /* To keep an address; in another network it asks so as well, and then begins anew. */
    if (c->discovers == 0)
        return c->requests >= DHCP_RENEWS && c->request_us - c->first_us >= DHCP_RENEW_US;
    if (now_us - c->first_us < DHCP_WAIT_US) return false;
    if (c->offers == 0) return c->discovers >= DHCP_TRIES;
    if (c->requests > 0) return c->discovers >= DHCP_TRIES || c->requests >= DHCP_TRIES;
    /* Offers alone are wanted by a monitor that looks who is there, each time anew. */
    return c->discovers > DHCP_TRIES && c->again >= DHCP_AGAIN && !c->boots;
}

static void client_report(const struct engine *e, const struct dhcp_client *c,
                          struct incidents *all) {
    if (c->version == 0 || !judged(e, c)) return;
    if (in_vain(c, e->now_us) && (c->version == 4 || e->link.dhcp6_announced)) {
        bool no_offer = c->discovers > 0 && c->offers == 0;
        struct msg_incident row =
            incident_of(e, c, no_offer ? INCIDENT_DHCP_NO_OFFER : INCIDENT_DHCP_INCOMPLETE);
        row.tries = c->discovers;
        row.offers = c->offers;
        bool v6 = c->version == 6;
        bool served = e->link.dhcp_ack_us[v6] > c->first_us; /* others, since it asks */
        row.worked = no_offer && c->own;
        row.requests = !no_offer ? c->requests : served ? e->link.dhcp_acks[v6] : 0;
        row.span_us = c->last_us - c->first_us;
        incidents_join(all, &row);
    }
    if (c->naks + c->declines > 0) {
        struct msg_incident row = incident_of(e, c, INCIDENT_DHCP_NAK);
        row.subject = c->naker;
        row.count = c->naks + c->declines;
        row.tries = c->naks;
        row.value = (c->recovered ? 1u : 0u) + (c->declines > 0 ? 2u : 0u);
        row.first_us = c->nak_first_us;
        row.last_us = c->nak_last_us;
        incidents_join(all, &row);
    }
}

static struct dhcp_client *client_get(struct engine *e, uint8_t version, const uint8_t key[8],
                                      uint64_t segment) {
    struct dhcp_client *all = e->dhcp_client, *oldest = all;
    for (uint32_t i = 0; i < DHCP_CLIENTS; i++) {
        struct dhcp_client *c = &all[i];
        if (c->version == version && c->segment == segment && memcmp(c->key, key, 8) == 0) return c;
        if (c->version == 0 || (oldest->version != 0 && c->last_us < oldest->last_us)) oldest = c;
        if (c->version == 0) break; /* never emptied: the rest is unused, too */
    }
    client_report(e, oldest, &e->incidents); /* what was wrong with it stays said */
    *oldest = (struct dhcp_client){.version = version, .segment = segment};
    memcpy(oldest->key, key, 8);
    return oldest;
}

static void series_end(struct dhcp_client *c) {
    c->discovers = c->again = c->offers = c->requests = 0;
}

/* ---- servers ---- */
/* Two answer one transaction.  Behind a relay that is the usual redundancy; on the link itself the
 * second server is mostly one that nobody wanted. */
static void server_heard(struct engine *e, struct dhcp_client *c, const struct event *v) {
    if (v->server.len == 0 || !(v->gives || v->step == STEP_NAK)) return;
    bool other = c->server.len > 0 && c->server_xid == v->xid &&
                 e->now_us - c->server_us <= DHCP_SERVERS_US && !addr_equal(&c->server, &v->server);
    if (other && (v->local || c->server_local) && judged(e, c)) {
        bool ordered = memcmp(&c->server, &v->server, sizeof v->server) < 0;
        struct msg_incident row = incident_of(e, c, INCIDENT_DHCP_SERVERS);
        row.subject = ordered ? c->server : v->server;
        row.peer = ordered ? v->server : c->server;
        memset(row.mac, 0, sizeof row.mac); /* whichever client was told */
        row.first_us = row.last_us = e->now_us;
        incident_add(e, &row);
    }
    c->server = v->server;
    c->server_us = e->now_us;
    c->server_xid = v->xid;
    c->server_local = v->local;
}

/* ---- steps ---- */
static bool is_copy(const struct engine *e, uint64_t before_us, bool same) {
    return same && e->now_us - before_us <= DHCP_COPY_US;
}

static void step_discover(struct engine *e, struct dhcp_client *c, const struct event *v) {
    if (is_copy(e, c->discover_us, c->discovers > 0 && c->xid == v->xid)) return;
    if (c->discovers == 0 || e->now_us - c->discover_us > DHCP_SERIES_US) {
        series_end(c);
        c->first_us = e->now_us;
    }
    if (c->discovers++ > 0 && c->xid == v->xid) c->again++;
    c->boots = v->boots;
    c->discover_us = c->last_us = e->now_us;
    c->xid = v->xid;
}

static void step_request(struct engine *e, struct dhcp_client *c, const struct event *v) {
    if (is_copy(e, c->request_us, c->requests > 0 && c->xid == v->xid)) return;
    if (v->selects && c->offers == 0) series_end(c); /* it was offered one out of sight */
    bool keeps = c->discovers == 0;                  /* an address that it has */
    if (keeps && (c->xid != v->xid || e->now_us - c->request_us > DHCP_SERIES_US)) series_end(c);
    if (keeps && c->requests == 0) c->first_us = e->now_us;
    c->requests++;
    c->request_us = c->last_us = e->now_us;
    c->xid = v->xid;
}

static void step_refused(struct engine *e, struct dhcp_client *c, const struct event *v) {
    /* A client that repeats its request is refused again: still one refusal. */
    bool again =
        c->naks > 0 && c->nak_xid == v->xid && e->now_us - c->nak_last_us <= DHCP_SERVERS_US;
    if (v->step == STEP_NAK && again) return;
    if (c->naks + c->declines == 0) c->nak_first_us = e->now_us;
    if (v->step == STEP_NAK)
        c->naks++;
    else
        c->declines++;
    c->nak_last_us = e->now_us;
    c->nak_xid = v->xid;
    c->recovered = false;
    if (v->server.len > 0) c->naker = v->server;
    series_end(c); /* it begins anew */
}

static void take(struct engine *e, struct dhcp_client *c, const struct event *v) {
    c->own |= v->own;
    switch (v->step) {
    case STEP_DISCOVER: step_discover(e, c, v); break;
    case STEP_REQUEST: step_request(e, c, v); break;
    case STEP_OFFER:
        if (v->gives) c->offers++;
        server_heard(e, c, v);
        break;
    case STEP_ACK:
        server_heard(e, c, v);
        if (v->gives) {
            series_end(c);
            c->recovered = true;
        }
        break;
    case STEP_NAK:
        server_heard(e, c, v);
        step_refused(e, c, v);
        break;
    case STEP_DECLINE: step_refused(e, c, v); break;
    case STEP_NONE: return;
    }
    c->last_us = e->now_us;
}

/* ---- messages ---- */
static void count_served(struct engine *e, bool v6) {
    e->link.dhcp_acks[v6]++;
    e->link.dhcp_ack_us[v6] = e->now_us;
}

static void message4(struct engine *e, const struct packet *k) {
    static const enum step steps[] = {STEP_NONE,    STEP_DISCOVER, STEP_OFFER, STEP_REQUEST,
                                      STEP_DECLINE, STEP_ACK,      STEP_NAK};
    struct dhcp_message m;
    enum dhcp_status s = decode_dhcp(cursor_make(k->payload, k->payload_cap), &m);
    if (s == DHCP_NOT_DHCP || !m.has_mac || m.type >= sizeof steps / sizeof steps[0]) return;
    struct event v = {.step = steps[m.type],
                      .xid = m.xid,
                      .own = mac_equal(m.mac, e->o.own_mac),
                      .selects = m.server.len > 0,
                      .local = !m.relayed,
                      .gives = m.offered.len > 0,
                      .boots = m.boots,
                      .server = m.server};
    bool by_server = v.step == STEP_OFFER || v.step == STEP_ACK || v.step == STEP_NAK;
    if (v.step == STEP_NONE || by_server != m.from_server) return;
    if (v.step == STEP_ACK) link_routes(e, &m.router);
    if (v.step == STEP_ACK && v.gives) count_served(e, false);
    uint8_t key[8] = {0};
    memcpy(key, m.mac, 6);
    struct dhcp_client *c = client_get(e, 4, key, k->segment);
    memcpy(c->mac, m.mac, 6);
    take(e, c, &v);
}

static enum step step_of6(const struct dhcp6_message *m) {
    switch (m->type) {
    case DHCP6_SOLICIT: return STEP_DISCOVER;
    case DHCP6_ADVERTISE: return STEP_OFFER;
    case DHCP6_REQUEST:
    case DHCP6_RENEW:
    case DHCP6_REBIND: return STEP_REQUEST;
    case DHCP6_REPLY: return STEP_ACK;
    case DHCP6_DECLINE: return STEP_DECLINE;
    default: return STEP_NONE;
    }
}

static void message6(struct engine *e, const struct packet *k) {
    struct dhcp6_message m;
    enum dhcp_status s = decode_dhcp6(cursor_make(k->payload, k->payload_cap), &m);
    if (s == DHCP_NOT_DHCP || s == DHCP_MALFORMED || !m.client) return;
    struct event v = {.step = step_of6(&m),
                      .xid = m.xid,
                      .selects = m.type == DHCP6_REQUEST,
                      .local = m.relays == 0,
                      .gives = true};
    if (v.step == STEP_NONE) return;
    bool from_client = v.step == STEP_DISCOVER || v.step == STEP_REQUEST;
    v.own = from_client && k->has_mac && mac_equal(k->src_mac, e->o.own_mac);
    uint64_t hash = hash_bytes(e->o.seed, m.client, m.client_len);
    uint8_t key[8];
    memcpy(key, &hash, sizeof key);
    struct dhcp_client *c = client_get(e, 6, key, k->segment);
    if (from_client && v.local && k->has_mac) memcpy(c->mac, k->src_mac, 6);
    /* A reply to a question for settings ends no search for an address. */
    if (v.step == STEP_ACK && c->xid != m.xid) return;
    if (v.step == STEP_ACK) count_served(e, true);
    take(e, c, &v);
}

void dhcp_packet(struct engine *e, const struct packet *k) {
    if (k->payload_cap == 0) return;
    if (k->ip_version == 4 && (k->dport == 67 || k->dport == 68)) message4(e, k);
    if (k->ip_version == 6 && (k->dport == 546 || k->dport == 547)) message6(e, k);
}

void dhcp_report(const struct engine *e, struct incidents *all) {
    for (uint32_t i = 0; i < DHCP_CLIENTS; i++) client_report(e, &e->dhcp_client[i], all);
}
