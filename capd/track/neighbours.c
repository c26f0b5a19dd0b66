/* Neighbours that are asked for again and again and do not answer.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/neighbours.h"
#include "capd/track/link.h"
#include "capd/track/link_limits.h"
#include "capd/track/select.h"

#define COPY_US   20000u   /* the same frame, seen again */
#define DUE_US    500000u  /* an answer may be on its way until then */
#define OUTAGE_US 5000000u /* from then on a silence is told though it is over */
#define SERIES_US 5000000u /* whoever waits asks again every second or so */

static enum incident_kind kind_of(const struct addr *a) {
    return a->len == 16 ? INCIDENT_ND_UNANSWERED : INCIDENT_ARP_UNANSWERED;
}

static struct neighbours *neighbours_of(struct engine *e, const struct addr *a) {
    return &e->link.neighbours[a->len == 16];
}

static struct neighbour *find(struct engine *e, const struct addr *asker,
                              const struct addr *target) {
    struct neighbour *entry = neighbours_of(e, target)->entry, *oldest = entry;
    for (uint32_t i = 0; i < NEIGHBOURS; i++) {
        struct neighbour *n = &entry[i];
        if (!n->used) {
            oldest = n;
            break;
        }
        if (addr_equal(&n->target, target) && addr_equal(&n->asker, asker)) return n;
        if (n->asked.last_us < oldest->asked.last_us) oldest = n;
    }
    *oldest = (struct neighbour){.asker = *asker, .target = *target, .used = true};
    oldest->asked.last_us = e->now_us;
    return oldest;
}

/* Once more, now.  tries 0 before: a new series. */
static void ask(struct questions *q, uint64_t now_us) {
    if (q->tries > 0 && now_us - q->last_us < COPY_US) return;
    if (q->tries++ == 0) q->first_us = now_us;
    q->before_us = q->last_us;
    q->last_us = now_us;
}

/* Those that should have had their answer by now: all, or all but the last. */
static struct questions due_of(const struct questions *q, uint64_t now_us) {
    struct questions due = *q;
    if (now_us - q->last_us >= DUE_US || q->tries == 0) return due;
    due.last_us = q->before_us;
    due.tries = q->tries - 1;
    if (now_us - q->before_us >= DUE_US || due.tries == 0) return due;
    due.last_us = now_us - DUE_US > q->first_us ? now_us - DUE_US : q->first_us;
    due.tries--; /* of those just before it is not known how many */
    return due;
}

/* back: the address has just spoken, after a silence of which nothing was told yet. */
static void report_one(struct engine *e, struct neighbour *n, bool back) {
    struct questions due = due_of(&n->asked, e->now_us);
    uint64_t span = due.last_us - due.first_us;
    bool on_target, gateway;
    if (n->answered || due.tries < NEIGHBOUR_TRIES) return;
    if (span < (back ? OUTAGE_US : NEIGHBOUR_SPAN_US)) return;
    if (!link_shows_answers(e, &n->asker, n->mac, neighbours_of(e, &n->target)->answers_pass))
        return;
    gateway = select_gateway(e, &n->target) || link_is_missed(e, &n->target, due.first_us, back);
    if (!link_concerns(e, &n->target, gateway, &on_target)) return;
    if (back && !gateway && !(e->has_host && on_target)) return;
    struct msg_incident row = {.kind = kind_of(&n->target),
                               .subject = n->target,
                               .peer = n->asker,
                               .on_target = on_target,
                               .count = 1,
                               .first_us = due.first_us,
                               .last_us = due.last_us,
                               .tries = due.tries,
                               .span_us = span,
                               .worked = back,
                               .gateway = gateway};
    incident_add(e, &row);
    n->answered = true; /* reported: what follows is a new case */
    n->asked.tries = 0;
}

void neighbours_heard(struct engine *e, const struct addr *a) {
    struct neighbour *n = neighbours_of(e, a)->entry;
    for (uint32_t i = 0; i < NEIGHBOURS && n[i].used; i++) {
        if (!addr_equal(&n[i].target, a)) continue;
        report_one(e, &n[i], !incident_goes_on(e, kind_of(a), a));
        n[i].answered = true;
    }
    incident_ends(e, kind_of(a), a);
}

void neighbours_asked(struct engine *e, const struct packet *k, const struct addr *asker,
                      const struct addr *target) {
    struct neighbour *n = find(e, asker, target);
    if (k->has_mac) memcpy(n->mac, k->src_mac, 6);
    if (n->answered || e->now_us - n->asked.last_us > SERIES_US) { /* asked anew */
        report_one(e, n, false);
        n->answered = false;
        n->asked.tries = 0;
    }
    ask(&n->asked, e->now_us);
}

void neighbours_answers_pass(struct engine *e, bool v6) {
    e->link.neighbours[v6].answers_pass = true;
}

void neighbours_report(struct engine *e) {
    for (unsigned v6 = 0; v6 < 2; v6++) {
        struct neighbour *n = e->link.neighbours[v6].entry;
        for (uint32_t i = 0; i < NEIGHBOURS && n[i].used; i++) report_one(e, &n[i], false);
    }
}
