/* The trace an admin can rely on: identity from the kernel, claims marked as claims.
 * Runs in: parent.  Input trust: client (their words are quoted). */
#include "capd/parent/audit.h"
#include "common/log.h"
#include <stdio.h>
#include <string.h>

static const char *quoted(const char *text, char *out, size_t cap) {
    size_t n = strnlen(text, cap - 1);
    for (size_t i = 0; i < n; i++) out[i] = text[i] == '"' || text[i] == '\\' ? '?' : text[i];
    out[n] = '\0';
    return out;
}

void audit_start(const struct client *c, const struct msg_start *m, const char *capture_id,
                 const struct fail *refused) {
    char filter[400], name[LIM_NAME + 1], caller[LIM_LABEL + 1], why[200];
    log_line("audit: start uid=%u gid=%u pid=%d interface=%s mode=%s target=\"%s\" "
             "filter=\"%s\" duration_ms=%llu caller_claimed=\"%s\" %s%s",
             c->peer.uid, c->peer.gid, c->peer.pid, m->file ? "(file)" : m->interface,
             mode_names[m->mode], quoted(m->name, name, sizeof name),
             quoted(m->filter, filter, sizeof filter), (unsigned long long)m->duration_ms,
             quoted(m->caller, caller, sizeof caller), refused ? "refused: " : "granted capture=",
             refused ? quoted(refused->why, why, sizeof why) : capture_id);
}

void audit_stop(const struct client *c, const struct capture *of) {
    log_line("audit: stop uid=%u pid=%d capture=%s granted", c->peer.uid, c->peer.pid, of->id);
}

void audit_end(const struct capture *c) {
    log_line("audit: end capture=%s uid=%u pid=%d interface=%s packets=%llu bytes=%llu", c->id,
             c->uid, c->client_pid, c->interface, (unsigned long long)c->packets,
             (unsigned long long)c->bytes);
}
