/* Computed values of a service: each ratio and sum over its connections has its one place here.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <string.h>

struct both {
    uint64_t retransmitted, segments;
};

/* The direction that retransmitted more. */
static struct both worse_direction(const struct msg_service *s) {
    struct both c = {s->retransmitted_to_client, s->data_segments_to_client},
                v = {s->retransmitted_to_server, s->data_segments_to_server};
    return c.retransmitted > v.retransmitted ? c : v;
}

static bool s_retransmitted(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->retransmitted_to_client + s->retransmitted_to_server);
}

static bool s_data_segments(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->data_segments_to_client + s->data_segments_to_server);
}

static bool s_retransmitted_worse(const struct derive_row *r, double *out) {
    return number(out, worse_direction(r->row).retransmitted);
}

static bool s_segments_worse(const struct derive_row *r, double *out) {
    return number(out, worse_direction(r->row).segments);
}

static bool s_retransmit_percent(const struct derive_row *r, double *out) {
    struct both w = worse_direction(r->row);
    return percent(out, w.retransmitted, w.segments);
}

static bool s_percent_to_client(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->retransmitted_to_client, s->data_segments_to_client);
}

static bool s_percent_to_server(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->retransmitted_to_server, s->data_segments_to_server);
}

static bool s_retransmit_span(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    if (s->retransmit_last_us < s->retransmit_first_us) return false;
    *out = (double)(s->retransmit_last_us - s->retransmit_first_us) / 1e3;
    return true;
}

static bool s_active(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    if (s->last_us < s->first_us) return false;
    *out = (double)(s->last_us - s->first_us) / 1e3;
    return true;
}

static bool s_reordered_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->reordered, s->data_segments_to_client + s->data_segments_to_server);
}

static bool s_timed_out_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->timed_out, s->attempted);
}

static bool s_refused_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->refused, s->attempted);
}

static bool s_syn_retried_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->syn_retried, s->established);
}

/* Least round trip by whichever way it was measured. */
static bool s_lowest_rtt(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    const struct dist *a = &s->handshake_us, *b = &s->rtt_us;
    if (a->samples == 0 && b->samples == 0) return false;
    uint64_t least = a->samples == 0 ? b->min_us : a->min_us;
    if (b->samples > 0 && b->min_us < least) least = b->min_us;
    *out = (double)least / 1e3;
    return true;
}

static bool s_all_rtt_samples(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->handshake_us.samples + s->rtt_us.samples);
}

struct closed_window {
    unsigned side; /* 1 client, 2 server */
    uint64_t us, times, stuck, life_us;
};

/* The side that kept its window closed for longer. */
static struct closed_window closed_of(const struct msg_service *s) {
    struct closed_window c = {1, s->zero_window_by_client_us, s->zero_window_by_client_times,
                              s->zero_window_by_client_stuck, s->zero_window_by_client_life_us},
                         v = {2, s->zero_window_by_server_us, s->zero_window_by_server_times,
                              s->zero_window_by_server_stuck, s->zero_window_by_server_life_us};
    return c.us > v.us ? c : v;
}

static bool s_zero_side(const struct derive_row *r, double *out) {
    return number(out, closed_of(r->row).side);
}

static bool s_zero_closed(const struct derive_row *r, double *out) {
    *out = (double)closed_of(r->row).us / 1e3;
    return true;
}

static bool s_zero_times(const struct derive_row *r, double *out) {
    return number(out, closed_of(r->row).times);
}

static bool s_zero_stuck(const struct derive_row *r, double *out) {
    return number(out, closed_of(r->row).stuck);
}

static bool s_zero_percent(const struct derive_row *r, double *out) {
    struct closed_window w = closed_of(r->row);
    return percent(out, w.us, w.life_us);
}

static bool s_resets(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->reset_by_client + s->reset_by_server);
}

/* 1 client, 2 server, 3 both. */
static bool s_reset_side(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, (s->reset_by_client ? 1u : 0u) + (s->reset_by_server ? 2u : 0u));
}

/* Of all connections that carried on after their set-up, how many were reset in mid-stream. */
static bool s_reset_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t all = s->established + s->midstream, resets = s->reset_by_client + s->reset_by_server;
    return percent(out, resets > all ? all : resets, all);
}

static bool s_fatal_alerts(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->tls_fatal_by_client + s->tls_fatal_by_server);
}

static bool s_fatal_side(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, (s->tls_fatal_by_client ? 1u : 0u) + (s->tls_fatal_by_server ? 2u : 0u));
}

static bool s_http_5xx_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->http_5xx > s->requests ? s->requests : s->http_5xx, s->requests);
}

/* At least one connection was seen with what lies between its ends. */
static bool s_data_visible(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return is(out, s->hidden == 0 || s->hidden < s->attempted + s->midstream);
}

/* The same name (or this host itself) answered on this port by its other address family. */
static bool s_other_family(const struct derive_row *r, double *out) {
    const struct msg_service *me = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (s->port != me->port || s->address.len == me->address.len || s->established == 0)
            continue;
        bool loopback = addr_is_loopback(&s->address) && addr_is_loopback(&me->address);
        if (loopback || (me->name[0] && strcmp(me->name, s->name) == 0)) return is(out, true);
    }
    return is(out, false);
}

const struct computed computed_services[] = {
    {"of_target", derive_of_target},
    {"ports_failing_here", derive_ports_failing_here},
    {"hosts_failing_there", derive_hosts_failing_there},
    {"retransmitted", s_retransmitted},
    {"data_segments", s_data_segments},
    {"retransmitted_worse", s_retransmitted_worse},
    {"data_segments_worse", s_segments_worse},
    {"retransmit_percent", s_retransmit_percent},
    {"retransmit_to_client_percent", s_percent_to_client},
    {"retransmit_to_server_percent", s_percent_to_server},
    {"retransmit_span_ms", s_retransmit_span},
    {"active_ms", s_active},
    {"reordered_percent", s_reordered_percent},
    {"timed_out_percent", s_timed_out_percent},
    {"refused_percent", s_refused_percent},
    {"syn_retried_percent", s_syn_retried_percent},
    {"lowest_rtt_ms", s_lowest_rtt},
    {"all_rtt_samples", s_all_rtt_samples},
    {"zero_window_side", s_zero_side},
    {"zero_window_ms", s_zero_closed},
    {"zero_window_times", s_zero_times},
    {"zero_window_stuck", s_zero_stuck},
    {"zero_window_percent", s_zero_percent},
    {"resets", s_resets},
    {"reset_side", s_reset_side},
    {"reset_percent", s_reset_percent},
    {"fatal_alerts", s_fatal_alerts},
    {"fatal_side", s_fatal_side},
    {"http_5xx_percent", s_http_5xx_percent},
    {"other_family_works", s_other_family},
    {"data_visible", s_data_visible},
    {NULL, NULL},
};
