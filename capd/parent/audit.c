/* The trace an admin can rely on: identity from the kernel, claims marked as claims.
 * Runs in: parent.  Input trust: client (their words are quoted). */
#include "capd/parent/audit.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/targets.h"
#include "common/text.h"
#include <stdio.h>

#define ADDRESSES_TEXT 1900 /* 41 of the longest; all of a line then fits into one of log.h */
#define PORTS_TEXT     160  /* all of them */
#define REFUSED_TEXT   32

/* May one more refusal of this one have a line?  Else who is refused often would push the lines of
 * others out of the journal.  `out`: how the line ends. */
static bool refusal_has_line(uint32_t who, char out[REFUSED_TEXT]) {
    static struct bucket_shares shares;
    uint32_t more;
    bool has = bucket_take_of(&shares, who, &(struct bucket_rate){1, 10}, clock_mono_ms(), &more);
    if (has) snprintf(out, REFUSED_TEXT, "\", and %u more before", more);
    return has;
}

void audit_start(const struct client *c, const struct msg_start *m, const char *account,
                 const char *capture_id, const struct fail *refused) {
    char filter[LIM_FILTER + 1], name[LIM_NAME + 1], caller[LIM_LABEL + 1];
    char why[LIM_ERROR_TEXT + 1], on[LIM_IFNAME + 1], addresses[ADDRESSES_TEXT], ports[PORTS_TEXT];
    char more[REFUSED_TEXT] = "";
    if (refused && !refusal_has_line(bucket_id(account), more)) return;
    log_line("audit: start uid=%u gid=%u pid=%d interface=\"%s\" mode=%s target=\"%s\" "
             "addresses=\"%s\" ports=\"%s\" filter=\"%s\" duration_ms=%llu "
             "caller_claimed=\"%s\" %s%s%s",
             c->peer.uid, c->peer.gid, c->peer.pid, text_quotable(m->interface, on, sizeof on),
             mode_names[m->mode], text_quotable(m->name, name, sizeof name),
             targets_addresses(m->addresses, m->addresses_n, addresses, sizeof addresses),
             targets_ports(m->ports, m->ports_n, ports, sizeof ports),
             text_quotable(m->filter, filter, sizeof filter), (unsigned long long)m->duration_ms,
             text_quotable(m->caller, caller, sizeof caller),
             refused ? "refused: \"" : "granted capture=",
             refused ? text_quotable(refused->why, why, sizeof why) : capture_id, more);
}

void audit_connect(const struct peer *p, const struct fail *refused) {
    char more[REFUSED_TEXT];
    if (refusal_has_line(p->uid, more))
        log_line("audit: connect uid=%u gid=%u pid=%d refused: \"%s%s", p->uid, p->gid, p->pid,
                 refused->why, more);
}

void audit_order(const struct client *c, unsigned type, const char *capture_id,
                 const struct capture *of, const struct msg_retarget *m,
                 const struct fail *refused) {
    char id[LIM_CAPTURE_ID + 1], account[LIM_LABEL + 1], to[ADDRESSES_TEXT] = "";
    char more[REFUSED_TEXT] = "";
    if (refused && !refusal_has_line(c->peer.uid, more)) return;
    if (m) targets_addresses(m->addresses, m->addresses_n, to, sizeof to);
    log_line("audit: %s uid=%u gid=%u pid=%d capture=\"%s\" for=\"%s\"%s%s%s %s%s%s",
             type == WIRE_STOP ? "stop"
             : m               ? "retarget"
                               : "snapshot",
             c->peer.uid, c->peer.gid, c->peer.pid, text_quotable(capture_id, id, sizeof id),
             text_quotable(of ? of->account : "", account, sizeof account),
             m ? " addresses=\"" : "", to, m ? "\"" : "", refused ? "refused: \"" : "granted",
             !refused ? ""
             : of     ? refused->why
                      : "no such capture of this user",
             more);
}

void audit_end(const struct capture *c, const struct fail *failed) {
    char account[LIM_LABEL + 1], counted[64] = "packets=unknown bytes=unknown";
    if (c->counted)
        snprintf(counted, sizeof counted, "packets=%llu bytes=%llu", (unsigned long long)c->packets,
                 (unsigned long long)c->bytes);
    log_line("audit: end capture=%s uid=%u pid=%d for=\"%s\" interface=\"%s\" %s %s%s%s", c->id,
             c->uid, c->client_pid, text_quotable(c->account, account, sizeof account),
             c->interface, counted, failed ? "failed: \"" : "complete", failed ? failed->why : "",
             failed ? "\"" : "");
}
