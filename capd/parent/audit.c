/* The trace an admin can rely on: identity from the kernel, claims marked as claims.
 * Runs in: parent.  Input trust: client (their words are quoted). */
#include "capd/parent/audit.h"
#include "common/log.h"
#include "common/text.h"

void audit_start(const struct client *c, const struct msg_start *m, const char *capture_id,
                 const struct fail *refused) {
    char filter[400], name[LIM_NAME + 1], caller[LIM_LABEL + 1], why[200], on[LIM_IFNAME + 1];
    log_line("audit: start uid=%u gid=%u pid=%d interface=\"%s\" mode=%s target=\"%s\" "
             "filter=\"%s\" duration_ms=%llu caller_claimed=\"%s\" %s%s%s",
             c->peer.uid, c->peer.gid, c->peer.pid, text_quotable(m->interface, on, sizeof on),
             mode_names[m->mode], text_quotable(m->name, name, sizeof name),
             text_quotable(m->filter, filter, sizeof filter), (unsigned long long)m->duration_ms,
             text_quotable(m->caller, caller, sizeof caller),
             refused ? "refused: \"" : "granted capture=",
             refused ? text_quotable(refused->why, why, sizeof why) : capture_id,
             refused ? "\"" : "");
}

void audit_connect(const struct client *c, const struct fail *refused) {
    log_line("audit: connect uid=%u gid=%u pid=%d refused: \"%s\"", c->peer.uid, c->peer.gid,
             c->peer.pid, refused->why);
}

void audit_stop(const struct client *c, const char *capture_id, const struct capture *of) {
    char id[LIM_CAPTURE_ID + 1];
    log_line("audit: stop uid=%u gid=%u pid=%d capture=%s %s", c->peer.uid, c->peer.gid,
             c->peer.pid, text_quotable(capture_id, id, sizeof id),
             of ? "granted" : "refused: \"no such capture of this user\"");
}

void audit_end(const struct capture *c, const struct fail *failed) {
    log_line("audit: end capture=%s uid=%u pid=%d interface=\"%s\" packets=%llu bytes=%llu %s%s%s",
             c->id, c->uid, c->client_pid, c->interface, (unsigned long long)c->packets,
             (unsigned long long)c->bytes, failed ? "failed: \"" : "complete",
             failed ? failed->why : "", failed ? "\"" : "");
}
