/* Computed values of a service that speaks TLS, or should.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"

/* Of the handshakes that the server answered. */
static bool of_answered(const struct derive_row *r, uint64_t n, double *out) {
    const struct msg_service *s = r->row;
    uint64_t all = s->tls_us.samples;
    return percent(out, n, n > all ? n : all);
}

static bool t_rejected_percent(const struct derive_row *r, double *out) {
    return of_answered(r, ((const struct msg_service *)r->row)->tls_rejected, out);
}

static bool t_refused_percent(const struct derive_row *r, double *out) {
    return of_answered(r, ((const struct msg_service *)r->row)->tls_refused, out);
}

static bool t_obsolete_percent(const struct derive_row *r, double *out) {
    return of_answered(r, ((const struct msg_service *)r->row)->tls_obsolete, out);
}

/* Of the connections that came up. */
static bool t_mismatch_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t all = s->established;
    return percent(out, s->tls_mismatch, s->tls_mismatch > all ? s->tls_mismatch : all);
}

/* 1: the client speaks TLS and the server does not; 0: the other way round. */
static bool t_mismatch_server(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return is(out, s->tls_mismatch_class >= TLS_MISMATCH_HTTP &&
                       s->tls_mismatch_class <= TLS_MISMATCH_BINARY);
}

/* TCP's own round trip with this service: of the handshakes, else of data. */
static bool t_tcp_rtt(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    const struct dist *d = s->handshake_us.samples > 0 ? &s->handshake_us : &s->rtt_us;
    if (d->samples == 0) return false;
    *out = (double)d->p50_us / 1e3;
    return true;
}

const struct computed computed_tls[] = {
    {"tls_rejected_percent", t_rejected_percent},
    {"tls_refused_percent", t_refused_percent},
    {"tls_obsolete_percent", t_obsolete_percent},
    {"tls_mismatch_percent", t_mismatch_percent},
    {"tls_mismatch_server", t_mismatch_server},
    {"tcp_rtt_ms", t_tcp_rtt},
    {NULL, NULL},
};
