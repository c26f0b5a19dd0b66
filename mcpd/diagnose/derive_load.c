/* Computed values of the link and of the hosts that share it.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"

#define TOTALS_OF(r) (&(r)->view->snapshot->totals)
#define MEGABIT      1e6

/* ---- the link ---------------------------------------------------------------------------------
 */
static bool is_outward(const struct msg_totals *t) {
    return t->link_held_out_bps > t->link_held_in_bps;
}

static bool t_speed(const struct derive_row *r, double *out) {
    *out = (double)r->view->link_mbps * MEGABIT;
    return r->view->link_mbps > 0;
}

static bool t_held(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return number(out, is_outward(t) ? t->link_held_out_bps : t->link_held_in_bps);
}

static bool t_peak(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return number(out, is_outward(t) ? t->link_peak_out_bps : t->link_peak_in_bps);
}

static bool t_outward(const struct derive_row *r, double *out) {
    return is(out, is_outward(TOTALS_OF(r)));
}

static bool t_held_percent(const struct derive_row *r, double *out) {
    double held, speed;
    if (!t_speed(r, &speed) || !t_held(r, &held)) return false;
    *out = 100 * held / speed;
    return true;
}

static bool t_held_end(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    *out = (double)(is_outward(t) ? t->link_held_out_us : t->link_held_in_us) / 1e6;
    return true;
}

/* Round trips that grow, or loss: five events are the least that make a rate. */
static bool suffers(const struct msg_service *s) {
    uint64_t again = s->retransmitted_to_client + s->retransmitted_to_server;
    uint64_t sent = s->data_segments_to_client + s->data_segments_to_server;
    const struct dist *h = &s->handshake_us;
    bool dozes = s->rtt_beats >= 5 && s->rtt_on_beat * 10 >= s->rtt_beats * 7; /* rtt_inflation */
    return (s->rtt_judged >= 5 && 2 * s->rtt_inflated >= s->rtt_judged && !dozes) ||
           (again >= 5 && again * 100 >= sent) ||
           (h->samples >= 5 && h->p50_us >= 20000 && h->p50_us >= 4 * h->min_us);
}

/* Services that suffer, the one that makes most of the traffic itself left out. */
static bool t_suffering(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].bytes < TOTALS_OF(r)->bytes / 2 && suffers(&all->rows[i])) n++;
    return number(out, n);
}

const struct computed computed_load[] = {
    {"link_speed_bps", t_speed},           {"link_held_bps", t_held},
    {"link_held_percent", t_held_percent}, {"link_peak_bps", t_peak},
    {"link_outward", t_outward},           {"link_held_end_s", t_held_end},
    {"suffering_services", t_suffering},   {NULL, NULL},
};

/* ---- hosts ------------------------------------------------------------------------------------
 */
static bool h_share(const struct derive_row *r, double *out) {
    const struct msg_host *h = r->row;
    uint64_t all = TOTALS_OF(r)->bytes;
    return percent(out, h->bytes > all ? all : h->bytes, all);
}

/* Everything that is seen goes through this host, or it is the one that captures. */
static bool h_vantage(const struct derive_row *r, double *out) {
    const struct msg_host *h = r->row;
    uint64_t all = TOTALS_OF(r)->bytes;
    return is(out, h->local || h->bytes >= all - all / 100);
}

static bool is_group(const struct addr *a) {
    return a->len == 16 ? a->b[0] == 0xff : a->b[0] >= 224;
}

/* Most bytes of all, those left out through whom everything goes. */
static bool h_leads(const struct derive_row *r, double *out) {
    const struct msg_hosts *all = &r->view->snapshot->hosts;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        struct derive_row other = {r->view, TABLE_HOSTS, &all->rows[i]};
        double vantage;
        h_vantage(&other, &vantage);
        if (vantage == 0 && !is_group(&all->rows[i].address))
            return is(out, &all->rows[i] == r->row);
    }
    return is(out, false);
}

static bool h_hosts(const struct derive_row *r, double *out) {
    return number(out, r->view->snapshot->hosts.of);
}

/* Does it offer what makes most of its bytes?  By the services known. */
static bool h_serves(const struct derive_row *r, double *out) {
    const struct msg_host *h = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (addr_equal(&all->rows[i].address, &h->address)) bytes += all->rows[i].bytes;
    return is(out, bytes > h->bytes / 2);
}

static bool h_rate(const struct derive_row *r, double *out) {
    const struct msg_host *h = r->row;
    uint64_t us = TOTALS_OF(r)->duration_us;
    if (us == 0) return false;
    *out = (double)h->bytes * 8e6 / (double)us;
    return true;
}

const char *derive_host_name(const struct derive_row *r) {
    return ((const struct msg_host *)r->row)->name;
}

const struct computed computed_hosts[] = {
    {"share_percent", h_share}, {"leads", h_leads},   {"hosts", h_hosts},
    {"serves", h_serves},       {"rate_bps", h_rate}, {NULL, NULL},
};
