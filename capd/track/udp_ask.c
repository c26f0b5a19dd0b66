/* Requests of protocols in which each must be answered, by well-known port, and WireGuard's by
 * their form, since it has no port of its own that is kept to: a client that asks twice and hears
 * nothing has a problem, whatever it is.  What needs no answer (a trap, an indication, a broadcast)
 * is no request. Runs in: worker.  Input trust: packets. */
#include "capd/decode/ntp.h"
#include "capd/decode/stun.h"
#include "capd/decode/vpn.h"
#include "capd/track/udp.h"

enum { PORT_DNS = 53, PORT_KERBEROS = 88, PORT_NTP = 123, PORT_SNMP = 161, PORT_IKE = 500 };
enum { PORT_OPENVPN = 1194, PORT_RADIUS_OLD = 1645, PORT_RADIUS = 1812, PORT_STUN = 3478 };
enum { PORT_IKE_NATT = 4500, PORT_SIP = 5060, PORT_STUN_GOOGLE = 19302 };

/* Does the datagram ask, of whichever end it comes? */
typedef bool (*asks_fn)(struct cursor c);

static bool dns_asks(struct cursor c) {
    return cursor_left(&c) >= 12 && !(c.p[2] & 0x80);
}

/* AS-REQ and TGS-REQ: application tags 10 and 12, RFC 4120 section 5.10. */
static bool kerberos_asks(struct cursor c) {
    return cursor_left(&c) >= 2 && (c.p[0] == 0x6a || c.p[0] == 0x6c);
}

static bool ntp_asks(struct cursor c) {
    struct ntp_header h;
    return decode_ntp(c, &h) == NTP_OK && h.mode == NTP_CLIENT;
}

/* A BER sequence; notifications go to port 162. */
static bool snmp_asks(struct cursor c) {
    return cursor_left(&c) >= 2 && c.p[0] == 0x30;
}

/* Access-Request and Accounting-Request, RFC 2865 section 3, RFC 2866. */
static bool radius_asks(struct cursor c) {
    return cursor_left(&c) >= 20 && (c.p[0] == 1 || c.p[0] == 4);
}

static bool stun_asks(struct cursor c) {
    struct stun_header h;
    return decode_stun(c, &h) == STUN_OK && h.class == STUN_REQUEST;
}

/* "REGISTER sip:...", RFC 3261 section 7.1: all but ACK are answered (section 17). */
static bool sip_asks(struct cursor c) {
    size_t n = 0, left = cursor_left(&c);
    while (n < left && c.p[n] >= 'A' && c.p[n] <= 'Z') n++;
    bool request = n >= 3 && left - n >= 6 && memcmp(c.p + n, " sip", 4) == 0;
    return request && !(n == 3 && memcmp(c.p, "ACK", 3) == 0);
}

/* Of another port than SIP's: the answer comes back to it where that is wanted (RFC 3581), else it
 * may go elsewhere, and a silence is none. */
static bool sip_asks_back(struct cursor c) {
    return sip_asks(c) && memmem(c.p, cursor_left(&c), ";rport", 6) != NULL;
}

static asks_fn protocol_of(uint16_t port) {
    switch (port) {
    case PORT_DNS: return dns_asks;
    case PORT_KERBEROS: return kerberos_asks;
    case PORT_NTP: return ntp_asks;
    case PORT_SNMP: return snmp_asks;
    case PORT_IKE: return vpn_ike_asks;
    case PORT_IKE_NATT: return vpn_ike_natt_asks;
    case PORT_OPENVPN: return vpn_openvpn_asks;
    case PORT_RADIUS_OLD:
    case PORT_RADIUS_OLD + 1:
    case PORT_RADIUS:
    case PORT_RADIUS + 1: return radius_asks;
    case PORT_STUN:
    case PORT_STUN_GOOGLE: return stun_asks;
    case PORT_SIP: return sip_asks;
    default: return NULL;
    }
}

bool udp_is_group(const struct packet *k) {
    static const uint8_t all[4] = {255, 255, 255, 255};
    if (k->has_mac && k->dst_mac[0] & 1) return true;
    if (k->dst.len == 16) return k->dst.b[0] == 0xff;
    return (k->dst.b[0] & 0xf0) == 0xe0 || memcmp(k->dst.b, all, 4) == 0;
}

static void count_ask(struct udp_facts *x, uint64_t now_us) {
    if (x->asked == 0) x->ask_first_us = now_us;
    if (x->asked == 1) x->ask_second_us = now_us;
    x->ask_last_us = now_us;
    x->asked++;
}

static enum proto named(const struct packet *k, uint16_t port, struct cursor c) {
    struct stun_header stun;
    struct ntp_header ntp;
    if (port == PORT_NTP && decode_ntp(c, &ntp) == NTP_OK) return PROTO_NTP;
    /* STUN is itself on any port: ICE checks a pair where the media will pass. */
    return k->payload_cap >= 20 && decode_stun(c, &stun) == STUN_OK ? PROTO_STUN : PROTO_OTHER;
}

/* The protocol of the flow, and which end has its port: the flow may have begun with an answer.
 * Looked for once: the ports stay, and most flows have none of these. */
static asks_fn protocol_of_flow(struct flow *f, unsigned *server_out) {
    if (f->app == APP_NONE || f->app == APP_ICE) return NULL;
    asks_fn asks = protocol_of(f->port[SERVER]);
    *server_out = asks ? SERVER : CLIENT;
    if (!asks) asks = protocol_of(f->port[CLIENT]);
    if (!asks) f->app = APP_NONE;
    return asks == sip_asks && f->port[0] != f->port[1] ? sip_asks_back : asks;
}

enum proto udp_ask(struct engine *e, const struct packet *k, struct flow *f, unsigned dir) {
    struct cursor c = cursor_make(k->payload, k->payload_cap);
    const struct udp_state *known = udp_state_find(e, f);
    unsigned server = SERVER;
    asks_fn asks = protocol_of_flow(f, &server);
    bool wireguard = (known && known->bits & UDP_WIREGUARD) || vpn_wireguard_asks(c);
    if (wireguard) asks = vpn_wireguard_asks;
    if (!asks) {
        enum proto proto = named(k, 0, c);
        if (proto == PROTO_STUN) f->app = APP_ICE;
        return proto;
    }
    struct udp_state *s = udp_state_of(e, f);
    bool question = asks(c);
    /* Both ends may use the port (NTP, IKE): then the one that asks first is the client. */
    bool by_asking = wireguard || f->port[0] == f->port[1];
    if (s->facts.asked == 0 && by_asking && question)
        s->server = (uint8_t)!dir;
    else if (s->facts.asked == 0 && !by_asking)
        s->server = (uint8_t)server;
    if (wireguard && !(s->bits & UDP_WIREGUARD)) { /* what came before was its data */
        s->bits |= UDP_WIREGUARD;
        s->facts.answered += f->packets[!dir] > 0;
    }
    if (dir == s->server) {
        s->facts.answered++;
        s->facts.answered_last_us = e->now_us;
    } else if (question && !udp_is_group(k)) {
        count_ask(&s->facts, e->now_us);
    }
    return named(k, f->port[s->server], c);
}
