/* The trace an admin can rely on: identity from the kernel, claims marked as claims.
 * Runs in: parent.  Input trust: client (their words are quoted). */
#include "capd/parent/audit.h"
#include "common/log.h"
#include <stdio.h>

/* One byte for one: what stands behind in the line must not be cut off. */
static const char *quoted(const char *text, char *out, size_t cap) {
    snprintf(out, cap, "%s", text);
    for (char *p = out; *p; p++)
        if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\') *p = '?';
    return out;
}

void audit_start(const struct client *c, const struct msg_start *m, const char *capture_id,
                 const struct fail *refused) {
    char filter[400], name[LIM_NAME + 1], caller[LIM_LABEL + 1], why[200], on[LIM_IFNAME + 1];
    log_line("audit: start uid=%u gid=%u pid=%d interface=\"%s\" mode=%s target=\"%s\" "
             "filter=\"%s\" duration_ms=%llu caller_claimed=\"%s\" %s%s%s",
             c->peer.uid, c->peer.gid, c->peer.pid, quoted(m->interface, on, sizeof on),
             mode_names[m->mode], quoted(m->name, name, sizeof name),
             quoted(m->filter, filter, sizeof filter), (unsigned long long)m->duration_ms,
             quoted(m->caller, caller, sizeof caller), refused ? "refused: \"" : "granted capture=",
             refused ? quoted(refused->why, why, sizeof why) : capture_id, refused ? "\"" : "");
}

void audit_stop(const struct client *c, const struct capture *of) {
    log_line("audit: stop uid=%u pid=%d capture=%s granted", c->peer.uid, c->peer.pid, of->id);
}

void audit_end(const struct capture *c) {
    log_line("audit: end capture=%s uid=%u pid=%d interface=\"%s\" packets=%llu bytes=%llu", c->id,
             c->uid, c->client_pid, c->interface, (unsigned long long)c->packets,
             (unsigned long long)c->bytes);
}
