/* Computed values of what slows a service down: queues, windows, needless retransmissions.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"

/* ---- services ------------------------------------------------------------------------------- */
static bool ratio(double *out, double part, uint64_t whole) {
    if (whole == 0) return false;
    *out = part / (double)whole;
    return true;
}

static bool s_inflated_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->rtt_inflated, s->rtt_judged);
}

static bool s_on_beat_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->rtt_on_beat, s->rtt_beats);
}

static bool s_idle(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return ratio(out, (double)s->loaded_base_us / 1e3, s->loaded_rise_us.samples);
}

static bool s_busy_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->loaded_busy, s->loaded_rise_us.samples);
}

static bool s_loaded(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    if (!s_idle(r, out)) return false;
    *out += (double)s->loaded_rise_us.p50_us / 1e3;
    return true;
}

/* Handshakes of the connections that round trips were held against. */
static bool s_base(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return ratio(out, (double)s->rtt_base_us / 1e3, s->rtt_judged);
}

/* The side whose window was full for longer. */
struct full_window {
    unsigned side; /* 1 client, 2 server */
    uint64_t us, rounds_us, rounds, window_bytes, rtt_us;
};

static struct full_window full_of(const struct msg_service *s) {
    struct full_window c = {1,
                            s->full_to_client_us,
                            s->rounds_to_client_us,
                            s->full_to_client_rounds,
                            s->full_to_client_window_bytes,
                            s->full_to_client_rtt_us},
                       v = {2,
                            s->full_to_server_us,
                            s->rounds_to_server_us,
                            s->full_to_server_rounds,
                            s->full_to_server_window_bytes,
                            s->full_to_server_rtt_us};
    return c.us >= v.us ? c : v;
}

static bool s_full_side(const struct derive_row *r, double *out) {
    return number(out, full_of(r->row).side);
}

static bool s_full_percent(const struct derive_row *r, double *out) {
    struct full_window w = full_of(r->row);
    return percent(out, w.us, w.rounds_us);
}

static bool s_full_rounds(const struct derive_row *r, double *out) {
    return number(out, full_of(r->row).rounds);
}

static bool s_full_ms(const struct derive_row *r, double *out) {
    *out = (double)full_of(r->row).us / 1e3;
    return true;
}

static bool s_window_bytes(const struct derive_row *r, double *out) {
    struct full_window w = full_of(r->row);
    return ratio(out, (double)w.window_bytes, w.rounds);
}

static bool s_full_rtt(const struct derive_row *r, double *out) {
    struct full_window w = full_of(r->row);
    return ratio(out, (double)w.rtt_us / 1e3, w.rounds);
}

/* One window per round trip is all that can pass. */
static bool s_ceiling(const struct derive_row *r, double *out) {
    struct full_window w = full_of(r->row);
    return ratio(out, (double)w.window_bytes * 8e6, w.rtt_us);
}

/* Retransmissions that were not needed, in both directions. */
static uint64_t needless_and(const struct msg_service *s, uint64_t *all_out) {
    uint64_t all = s->retransmitted_to_client + s->retransmitted_to_server + s->spurious;
    uint64_t n = needless_of(s->spurious, s->dsacks_to_client + s->dsacks_to_server);
    *all_out = all;
    return n > all ? all : n;
}

static bool s_needless(const struct derive_row *r, double *out) {
    uint64_t all;
    return number(out, needless_and(r->row, &all));
}

static bool s_sent_again(const struct derive_row *r, double *out) {
    uint64_t all;
    needless_and(r->row, &all);
    return number(out, all);
}

static bool s_dsacks(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->dsacks_to_client + s->dsacks_to_server);
}

static bool s_needless_percent(const struct derive_row *r, double *out) {
    uint64_t all, n = needless_and(r->row, &all);
    return percent(out, n, all);
}

const struct computed computed_strain[] = {
    {"rtt_inflated_percent", s_inflated_percent},
    {"rtt_on_beat_percent", s_on_beat_percent},
    {"idle_ms", s_idle},
    {"loaded_ms", s_loaded},
    {"loaded_busy_percent", s_busy_percent},
    {"base_rtt_ms", s_base},
    {"full_window_side", s_full_side},
    {"full_window_percent", s_full_percent},
    {"full_window_rounds", s_full_rounds},
    {"full_window_ms", s_full_ms},
    {"window_bytes", s_window_bytes},
    {"full_window_rtt_ms", s_full_rtt},
    {"ceiling_bps", s_ceiling},
    {"needless", s_needless},
    {"sent_again", s_sent_again},
    {"dsacks", s_dsacks},
    {"needless_percent", s_needless_percent},
    {NULL, NULL},
};
