/* The part of the rows of resolvers, DNS and services that dns_faults.c and tls_faults.c fill.
 * Runs in: worker.  Input trust: packets. */
#include "capd/stat/rows.h"
#include "capd/track/dns_faults.h"

#define SLOW_AAAA_US 500000u /* quicker ones need no comparison with A */

void rows_put_dns_faults(const struct engine *e, const struct resolver *v, struct msg_resolver *r) {
    const struct dns_fault *two = &v->two_answers, *un = &v->unasked, *in = &v->private_answer;
    const struct dns_fault *late = un->count > 0 && un->last_us > two->last_us ? un : two;
    r->two_answers = two->count;
    r->unasked = un->count;
    r->disputed_first_us = two->count == 0 || (un->count > 0 && un->first_us < two->first_us)
                               ? un->first_us
                               : two->first_us;
    r->disputed_last_us = late->last_us;
    name_out(e, late->name, late->name_len, r->disputed_name, sizeof r->disputed_name);
    r->disputed_target = two->target || un->target;
    r->private_answers = in->count;
    r->private_address = v->private_address;
    r->private_first_us = in->first_us;
    r->private_last_us = in->last_us;
    r->private_target = in->target;
    r->iterative = v->transactions > 0 && v->iterative * 5 >= v->transactions * 4;
    name_out(e, in->name, in->name_len, r->private_name, sizeof r->private_name);
}

void rows_put_dns_more(const struct engine *e, const struct dns_entry *d, struct msg_dns_row *r) {
    r->room_bytes = d->udp_size;
    if (!d->answered || d->took_us >= SLOW_AAAA_US) r->a_us = dns_sibling_a_us(e, d);
    if (!d->answered) return;
    r->took_us = d->took_us;
    r->retry_us = d->retry_us;
    r->nodata = d->nodata;
    r->truncated = d->truncated;
    if (!d->truncated) return;
    r->unfollowed = dns_is_unfollowed(e, d);
    r->size_bytes = d->size_bytes > 65535 ? 65535 : d->size_bytes;
    r->tcp_tries = d->tcp_tries;
    r->tcp_connects = d->tcp_connects;
}

void rows_put_tls_faults(const struct service *v, const struct service_facts *x,
                         struct msg_service *r) {
    const struct tls_faults *t = &v->tls;
    r->tls_rejected = t->rejected;
    r->tls_rejected_bytes = t->rejected_bytes;
    r->tls_rejected_first_us = t->rejected_first_us;
    r->tls_rejected_last_us = t->rejected_last_us;
    r->tls_prompt = t->prompt;
    r->tls_refused = x->tls_refused;
    r->tls_refused_first_us = x->tls_refused_first_us;
    r->tls_refused_last_us = x->tls_refused_last_us;
    r->tls_obsolete = t->obsolete;
    r->tls_oldest_version = t->oldest;
    r->tls_obsolete_first_us = t->obsolete_first_us;
    r->tls_obsolete_last_us = t->obsolete_last_us;
    r->tls_mismatch = t->mismatch + x->plain_closed;
    r->tls_mismatch_class = t->mismatch_class;
    r->tls_mismatch_first_us = t->mismatch_first_us;
    r->tls_mismatch_last_us = t->mismatch_last_us;
    if (x->plain_closed == 0) return;
    if (t->mismatch == 0) r->tls_mismatch_class = TLS_MISMATCH_CLOSED;
    if (t->mismatch == 0 || x->plain_first_us < t->mismatch_first_us)
        r->tls_mismatch_first_us = x->plain_first_us;
    if (x->plain_last_us > t->mismatch_last_us) r->tls_mismatch_last_us = x->plain_last_us;
}
