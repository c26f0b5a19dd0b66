/* Computed values of resolvers that compare questions with each other: A with AAAA of one name, a
 * question with the same one asked again, a cut answer with what followed it.  The rows are the
 * worst of all transactions, so that a fault is among them and what went well may not be.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them; names are only compared). */
#include "mcpd/diagnose/derive_fn.h"
#include <stdlib.h>
#include <string.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SVCB = 64, TYPE_HTTPS = 65 };
#define ICMP_PROHIBITED 2        /* derive_icmp_class() */
#define STALL_US        1000000u /* an answer for AAAA that is so much later than the one for A */
#define RETRY_US        100000u /* no resolver gives up sooner: a copy, or two programs that ask alike */

typedef bool (*row_test)(const struct derive_row *r, const struct msg_dns_row *d);

static uint64_t count_rows(const struct derive_row *r, row_test test) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        n += derive_is_mine(r, &all->rows[i]) && test(r, &all->rows[i]);
    return n;
}

/* The first row for which it holds, the target's before others. */
static const struct msg_dns_row *first_row(const struct derive_row *r, row_test test) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    const struct msg_dns_row *best = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        if (!derive_is_mine(r, d) || !test(r, d)) continue;
        if (!best || (d->on_target && !best->on_target)) best = d;
    }
    return best;
}

static const char *name_of(const struct derive_row *r, row_test test) {
    const struct msg_dns_row *d = first_row(r, test);
    return d ? d->name : "";
}

static int by_size(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Half of the rows for which it holds took less. */
static bool median_ms(const struct derive_row *r, row_test test,
                      uint64_t (*us)(const struct derive_row *r, const struct msg_dns_row *d),
                      double *out) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    uint64_t value[LIM_DNS_ROWS];
    uint32_t n = 0;
    for (uint32_t i = 0; i < all->rows_n && n < LIM_DNS_ROWS; i++)
        if (derive_is_mine(r, &all->rows[i]) && test(r, &all->rows[i]))
            value[n++] = us(r, &all->rows[i]);
    if (n == 0) return false;
    qsort(value, n, sizeof value[0], by_size);
    *out = (double)value[n / 2] / 1e3;
    return true;
}

/* ---- no data ------------------------------------------------------------------------------- */
static bool is_nodata(const struct derive_row *r, const struct msg_dns_row *d) {
    (void)r;
    return d->nodata && !d->resolved;
}

static bool is_nodata_target(const struct derive_row *r, const struct msg_dns_row *d) {
    return d->on_target && is_nodata(r, d);
}

static bool d_nodata(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_nodata));
}

static bool d_nodata_target(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_nodata_target));
}

/* The target was reached all the same: by an address known from before. */
static bool d_target_reached(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].target_address && all->rows[i].established > 0) return is(out, true);
    return is(out, false);
}

static bool d_nodata_type(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_nodata);
    return d && number(out, d->type);
}

static bool d_nodata_first(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_nodata);
    if (d) *out = (double)d->at_us / 1e6;
    return d != NULL;
}

const char *derive_nodata_name(const struct derive_row *r) {
    return name_of(r, is_nodata);
}

/* ---- asked again --------------------------------------------------------------------------- */
static bool is_open(const struct msg_dns_row *d) {
    return !d->answered && !d->pending;
}

/* The same client asked the same later, wherever, and got an answer. */
static const struct msg_dns_row *answered_later(const struct derive_row *r,
                                                const struct msg_dns_row *d) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    const uint64_t mark = derive_host_mark(r, d);
    const struct msg_dns_row *first = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *o = &all->rows[i];
        if (!o->answered || o->type != d->type || o->at_us < d->at_us) continue;
        if (!derive_same_asker(d, o, mark) || strcmp(o->name, d->name) != 0) continue;
        if (!first || o->at_us < first->at_us) first = o;
    }
    return first;
}

static bool is_retry(const struct derive_row *r, const struct msg_dns_row *d) {
    return d->retry_us >= RETRY_US || (is_open(d) && answered_later(r, d));
}

static uint64_t retry_us(const struct derive_row *r, const struct msg_dns_row *d) {
    if (d->retry_us >= RETRY_US) return d->retry_us;
    return answered_later(r, d)->at_us - d->at_us;
}

static bool is_retry_target(const struct derive_row *r, const struct msg_dns_row *d) {
    return d->on_target && is_retry(r, d);
}

static bool is_retry_aaaa(const struct derive_row *r, const struct msg_dns_row *d) {
    return d->a_us > 0 && is_retry(r, d);
}

static bool is_open_for_good(const struct derive_row *r, const struct msg_dns_row *d) {
    return is_open(d) && !answered_later(r, d);
}

static bool d_retries(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_retry));
}

static bool d_retry_target(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_retry_target));
}

static bool d_retry_aaaa(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_retry_aaaa));
}

static bool d_retry_percent(const struct derive_row *r, double *out) {
    const struct msg_resolver *me = r->row;
    uint64_t n = count_rows(r, is_retry);
    return percent(out, n > me->transactions ? me->transactions : n, me->transactions);
}

static bool d_retry_added(const struct derive_row *r, double *out) {
    return median_ms(r, is_retry, retry_us, out);
}

/* Queries for the question of the first such row. */
static bool d_retry_attempts(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_retry);
    if (!d) return false;
    const struct msg_dns_row *later = d->answered ? NULL : answered_later(r, d);
    return number(out, d->tries + (later ? later->tries : 0));
}

static bool d_retry_first(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_retry);
    if (d) *out = (double)d->at_us / 1e6;
    return d != NULL;
}

static bool d_open_for_good(const struct derive_row *r, double *out) {
    const struct msg_resolver *me = r->row;
    const struct msg_dns *all = &r->view->snapshot->dns;
    uint64_t later = 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        later += derive_is_mine(r, &all->rows[i]) && is_open(&all->rows[i]) &&
                 !is_open_for_good(r, &all->rows[i]);
    return number(out, me->unanswered > later ? me->unanswered - later : 0);
}

const char *derive_retry_name(const struct derive_row *r) {
    return name_of(r, is_retry);
}

/* ---- AAAA beside A ------------------------------------------------------------------------- */
static bool is_silent_aaaa(const struct derive_row *r, const struct msg_dns_row *d) {
    (void)r;
    return d->a_us > 0 && is_open(d);
}

static bool is_stall(const struct derive_row *r, const struct msg_dns_row *d) {
    bool slow = d->answered && d->a_us > 0 && d->took_us > d->a_us + STALL_US;
    return slow || is_silent_aaaa(r, d);
}

/* No single lost datagram explains it. */
static bool is_sure_stall(const struct derive_row *r, const struct msg_dns_row *d) {
    if (!is_stall(r, d)) return false;
    return d->answered ? d->retry_us == 0 : d->tries >= 2;
}

static bool is_sure_stall_target(const struct derive_row *r, const struct msg_dns_row *d) {
    return d->on_target && is_sure_stall(r, d);
}

static uint64_t stall_us(const struct derive_row *r, const struct msg_dns_row *d) {
    (void)r;
    return d->answered ? d->took_us : d->latency_us;
}

static uint64_t a_us(const struct derive_row *r, const struct msg_dns_row *d) {
    (void)r;
    return d->a_us;
}

static bool d_stalls(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_stall));
}

static bool d_silent_aaaa(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_silent_aaaa));
}

static bool d_sure_stalls(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_sure_stall));
}

static bool d_sure_target(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_sure_stall_target));
}

static bool d_stall_percent(const struct derive_row *r, double *out) {
    const struct msg_resolver *me = r->row;
    uint64_t n = count_rows(r, is_stall);
    return percent(out, n > me->transactions ? me->transactions : n, me->transactions);
}

static bool d_stall_ms(const struct derive_row *r, double *out) {
    return median_ms(r, is_stall, stall_us, out);
}

static bool d_stall_a_ms(const struct derive_row *r, double *out) {
    return median_ms(r, is_stall, a_us, out);
}

static bool d_stall_first(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_stall);
    if (d) *out = (double)d->at_us / 1e6;
    return d != NULL;
}

static bool d_open_beside_aaaa(const struct derive_row *r, double *out) {
    const struct msg_resolver *me = r->row;
    uint64_t n = count_rows(r, is_silent_aaaa);
    return number(out, me->unanswered > n ? me->unanswered - n : 0);
}

const char *derive_stall_name(const struct derive_row *r) {
    return name_of(r, is_stall);
}

/* ---- cut answers --------------------------------------------------------------------------- */
static bool is_cut(const struct derive_row *r, const struct msg_dns_row *d) {
    (void)r;
    return d->unfollowed;
}

/* Part of the addresses is enough for those who do not ask for the rest. */
static bool is_cut_and_missed(const struct derive_row *r, const struct msg_dns_row *d) {
    bool enough = (d->type == TYPE_A || d->type == TYPE_AAAA) && d->resolved;
    return is_cut(r, d) && (!enough || d->tcp_connects > 0);
}

static bool d_cut(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_cut));
}

static bool d_cut_missed(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_cut_and_missed));
}

static bool d_cut_size(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_cut);
    return d && number(out, d->size_bytes);
}

/* RFC 1035 section 4.2.1: 512 where nothing else was agreed on. */
static bool d_cut_room(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_cut);
    return d && number(out, d->room_bytes > 512 ? d->room_bytes : 512);
}

static bool d_cut_first(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_cut);
    if (d) *out = (double)d->at_us / 1e6;
    return d != NULL;
}

static bool d_cut_connects(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_cut);
    return d && number(out, d->tcp_connects);
}

static bool d_cut_asked(const struct derive_row *r, double *out) {
    const struct msg_dns_row *d = first_row(r, is_cut);
    return d && number(out, d->tcp_tries);
}

const char *derive_truncated_name(const struct derive_row *r) {
    return name_of(r, is_cut);
}

/* ---- answers of the inside from the outside ------------------------------------------------ */
/* Somebody was connected to the private address: whoever sees this is inside. */
static bool d_private_reached(const struct derive_row *r, double *out) {
    const struct msg_resolver *me = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].established > 0 && addr_equal(&all->rows[i].address, &me->private_address))
            return is(out, true);
    return is(out, false);
}

const char *derive_private_name(const struct derive_row *r) {
    return ((const struct msg_resolver *)r->row)->private_name;
}

const char *derive_disputed_name(const struct derive_row *r) {
    return ((const struct msg_resolver *)r->row)->disputed_name;
}

/* ---- who asks ------------------------------------------------------------------------------- */
/* The kept rows of this kind are of one client, and of one name if that is asked for. */
static bool is_one_asker(const struct derive_row *r, row_test test, bool one_name) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    const struct msg_dns_row *first = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        if (!derive_is_mine(r, d) || !test(r, d)) continue;
        if (!first) first = d;
        if (!addr_equal(&first->client, &d->client)) return false;
        if (one_name && strcmp(first->name, d->name) != 0) return false;
    }
    return first != NULL;
}

static bool is_any(const struct derive_row *r, const struct msg_dns_row *d) {
    (void)r, (void)d;
    return true;
}

static bool is_refused(const struct derive_row *r, const struct msg_dns_row *d) {
    (void)r;
    return d->answered && d->rcode == RCODE_REFUSED;
}

static bool d_one_question(const struct derive_row *r, double *out) {
    return is(out, is_one_asker(r, is_any, true));
}

static bool d_refused_one_asker(const struct derive_row *r, double *out) {
    return is(out, is_one_asker(r, is_refused, false));
}

/* A firewall says that it refuses what is sent there. */
static bool d_prohibited(const struct derive_row *r, double *out) {
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    const struct msg_resolver *me = r->row;
    bool found = false;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *n = &all->rows[i];
        struct derive_row at = {r->view, TABLE_INCIDENTS, n};
        double class;
        if (n->port != me->port || !addr_equal(&n->subject, &me->address)) continue;
        if (n->worked || n->unseen || n->toward_client) continue;
        found |= derive_icmp_class(&at, &class) && class == ICMP_PROHIBITED;
    }
    return is(out, found);
}

/* Refused to a stranger outside by a server inside, which is not meant to serve it. */
static bool is_refused_outside(const struct derive_row *r, const struct msg_dns_row *d) {
    return is_refused(r, d) && derive_is_inside(r, &d->server) && !derive_is_inside(r, &d->client);
}

/* About a name's services (RFC 9460); its addresses were found, and its asker goes on without. */
static bool is_failed_hint(const struct derive_row *r, const struct msg_dns_row *d) {
    (void)r;
    return d->answered && d->rcode == RCODE_SERVFAIL && d->resolved &&
           (d->type == TYPE_SVCB || d->type == TYPE_HTTPS);
}

static bool d_refused_outside(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_refused_outside));
}

static bool d_servfail_hints(const struct derive_row *r, double *out) {
    return number(out, count_rows(r, is_failed_hint));
}

const struct computed computed_dns[] = {
    {"nodata", d_nodata},
    {"nodata_target", d_nodata_target},
    {"target_reached", d_target_reached},
    {"nodata_type", d_nodata_type},
    {"nodata_first_s", d_nodata_first},
    {"retries", d_retries},
    {"retries_target", d_retry_target},
    {"retries_aaaa", d_retry_aaaa},
    {"retries_percent", d_retry_percent},
    {"retry_added_ms", d_retry_added},
    {"retry_attempts", d_retry_attempts},
    {"retry_first_s", d_retry_first},
    {"unanswered_for_good", d_open_for_good},
    {"aaaa_stalls", d_stalls},
    {"aaaa_silent", d_silent_aaaa},
    {"aaaa_sure_stalls", d_sure_stalls},
    {"aaaa_sure_target", d_sure_target},
    {"aaaa_stall_percent", d_stall_percent},
    {"aaaa_ms", d_stall_ms},
    {"a_ms", d_stall_a_ms},
    {"aaaa_first_s", d_stall_first},
    {"unanswered_beside_aaaa", d_open_beside_aaaa},
    {"cut_unfollowed", d_cut},
    {"cut_missed", d_cut_missed},
    {"cut_size_bytes", d_cut_size},
    {"cut_room_bytes", d_cut_room},
    {"cut_first_s", d_cut_first},
    {"cut_tcp_connects", d_cut_connects},
    {"cut_tcp_questions", d_cut_asked},
    {"private_reached", d_private_reached},
    {"one_question", d_one_question},
    {"refused_one_asker", d_refused_one_asker},
    {"prohibited", d_prohibited},
    {"refused_outside", d_refused_outside},
    {"servfail_hints", d_servfail_hints},
    {NULL, NULL},
};
