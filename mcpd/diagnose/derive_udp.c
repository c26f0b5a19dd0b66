/* Computed values of UDP services and of media streams.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <string.h>

#define PORT_RTSP     554u
#define PORT_RTSP_ALT 8554u

/* ---- UDP services -------------------------------------------------------------------------------
 */
/* Is the TCP service the same one, by its address or the name seen for it? */
static bool same_place(const struct msg_udp_service *u, const struct addr *address, uint64_t port,
                       const char *name) {
    if (port != u->port) return false;
    return addr_equal(address, &u->address) || (u->name[0] && strcmp(name, u->name) == 0);
}

static bool u_tcp_established(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (same_place(r->row, &s->address, s->port, s->name)) n += s->established;
    }
    return number(out, n);
}

/* Is there any TCP, on whichever port, with this server? */
static bool u_tcp_here(const struct derive_row *r, double *out) {
    const struct msg_udp_service *u = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (addr_equal(&s->address, &u->address) || (u->name[0] && !strcmp(s->name, u->name)))
            return is(out, true);
    }
    return is(out, false);
}

/* From the first unanswered Initial to the first connection over TCP that came up after it; 0 when
 * the client tried both at once.  Unknown when there is none among the rows kept. */
static bool u_fallback(const struct derive_row *r, double *out) {
    const struct msg_udp_service *u = r->row;
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_connection *first = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (!derive_came_up(c) || !same_place(u, &c->server, c->server_port, c->name)) continue;
        if (c->start_us + 1000000u < u->quic_first_us) continue; /* from before */
        if (!first || c->start_us < first->start_us) first = c;
    }
    if (!first) return false;
    uint64_t at = first->start_us;
    *out = at > u->quic_first_us ? (double)(at - u->quic_first_us) / 1e3 : 0;
    return true;
}

static bool u_quic_span(const struct derive_row *r, double *out) {
    const struct msg_udp_service *u = r->row;
    if (u->quic_last_us < u->quic_first_us) return false;
    *out = (double)(u->quic_last_us - u->quic_first_us) / 1e3;
    return true;
}

/* A service on this port that never answered, of those nobody asked about. */
static bool is_silent(const struct derive_row *r, const struct msg_udp_service *u, uint64_t port) {
    struct derive_row other = *r;
    double target;
    other.row = u;
    return u->port == port && u->asked > 1 && u->answered == 0 &&
           derive_of_target(&other, &target) && target == 0;
}

/* Who searches a network for a service finds most of it silent: how many are like this one. */
static bool u_silent_alike(const struct derive_row *r, double *out) {
    const struct msg_udp_service *me = r->row;
    const struct msg_udp *all = &r->view->snapshot->udp;
    uint64_t n = 0;
    for (uint32_t i = 0; is_silent(r, me, me->port) && i < all->rows_n; i++)
        n += is_silent(r, &all->rows[i], me->port);
    return number(out, n);
}

#define PORT_NTP  123u
#define PORT_STUN 3478u

/* Services that clients ask several of, to be sure of one: what the others answered. */
static bool u_spare_answers(const struct derive_row *r, double *out) {
    const struct msg_udp_service *me = r->row;
    const struct msg_udp *all = &r->view->snapshot->udp;
    uint64_t n = 0;
    if (me->port != PORT_NTP && me->port != PORT_STUN) return number(out, 0);
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].port == me->port) n += all->rows[i].answered;
    return number(out, n);
}

/* It stands for all of them. */
static bool u_silent_first(const struct derive_row *r, double *out) {
    const struct msg_udp_service *me = r->row;
    const struct msg_udp *all = &r->view->snapshot->udp;
    for (uint32_t i = 0; i < all->rows_n && &all->rows[i] != me; i++)
        if (is_silent(r, &all->rows[i], me->port)) return is(out, false);
    return is(out, true);
}

const char *derive_udp_name(const struct derive_row *r) {
    return ((const struct msg_udp_service *)r->row)->name;
}

const struct computed computed_udp[] = {
    {"of_target", derive_of_target},
    {"tcp_established", u_tcp_established},
    {"tcp_here", u_tcp_here},
    {"fallback_ms", u_fallback},
    {"quic_span_ms", u_quic_span},
    {"silent_alike", u_silent_alike},
    {"silent_first", u_silent_first},
    {"spare_answers", u_spare_answers},
    {"served_here", derive_udp_served_here},
    {"beyond_silence", derive_udp_beyond_silence},
    {"silent_beyond", derive_udp_silent_beyond},
    {"silent_here", derive_udp_silent_here},
    {NULL, NULL},
};

/* ---- media --------------------------------------------------------------------------------------
 */
static bool m_lost_percent(const struct derive_row *r, double *out) {
    const struct msg_media *m = r->row;
    return percent(out, m->lost, m->packets + m->lost);
}

static bool m_duration(const struct derive_row *r, double *out) {
    const struct msg_media *m = r->row;
    if (m->last_us < m->first_us) return false;
    *out = (double)(m->last_us - m->first_us) / 1e6;
    return true;
}

/* A player that fetches a stream by RTSP (RFC 7826) sends none itself. */
static bool m_rtsp(const struct derive_row *r, double *out) {
    const struct msg_media *m = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        bool port = s->port == PORT_RTSP || s->port == PORT_RTSP_ALT;
        if (port && (addr_equal(&s->address, &m->sender) || addr_equal(&s->address, &m->receiver)))
            return is(out, true);
    }
    return is(out, false);
}

/* Whose machine made the stream, when it is the one that captures: 1 client, 2 server, 0 another.
 */
static bool m_local_side(const struct derive_row *r, double *out) {
    const struct msg_media *m = r->row;
    return number(out, !m->sender_local ? 0 : m->sender_is_client ? 1 : 2);
}

const struct computed computed_media[] = {
    {"of_target", derive_of_target}, {"lost_percent", m_lost_percent},
    {"duration_s", m_duration},      {"rtsp", m_rtsp},
    {"local_side", m_local_side},    {NULL, NULL},
};
