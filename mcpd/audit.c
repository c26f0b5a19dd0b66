/* The trace of `mcpd serve`.  Who asks is what mcpd has proved; what the client calls itself is a
 * claim.  A caller that asks without end cannot fill the log: its lines are limited, and those left
 * out are counted.
 * Runs in: mcpd.  Input trust: client (its words are quoted). */
#include "mcpd/audit.h"
#include "common/bucket.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

#define TOKENS_FROM 0x80000000u /* in one table with uids, which are below */

static const struct bucket_rate line_rate = {5,
                                             50}; /* of one caller: more than a person asks for */
static struct bucket_shares lines;
static bool opened;

void audit_open(void) {
    opened = true;
}

static uint32_t number_of(const struct caller *who) {
    return who->has_uid ? (uint32_t)who->uid : TOKENS_FROM | bucket_id(who->name);
}

static const char *name_of(const struct caller *who, char out[64]) {
    char name[sizeof who->name];
    if (who->kind == CALLER_TOKEN)
        snprintf(out, 64, "token %s", text_quotable(who->name, name, sizeof name));
    else
        snprintf(out, 64, "uid %u", (unsigned)who->uid);
    return out;
}

/* May this caller have one more line?  `out`: how many had none before it. */
static bool has_line(const struct caller *who, char out[40]) {
    uint32_t missed = 0;
    out[0] = 0;
    if (!opened || !bucket_take_of(&lines, number_of(who), &line_rate, clock_mono_ms(), &missed))
        return false;
    if (missed) snprintf(out, 40, ", and %u more before", missed);
    return true;
}

void audit_resource(const struct caller *who, const char *capture_id, bool granted) {
    char name[64], object[256], left_out[40];
    if (has_line(who, left_out))
        log_line("audit: use caller=\"%s\" client_claimed=\"\" asked=\"%s\" %s%s%s",
                 name_of(who, name), text_quotable(capture_id, object, sizeof object),
                 granted ? "granted capture=" : "refused: \"no such capture of this caller\"",
                 granted ? object : "", left_out);
}

/* ` interface="..." filter="..."` of a start. */
static void put_where(const struct audit_call *a, char *out, size_t cap) {
    char interface[LIM_IFNAME + 1], filter[LIM_FILTER + 1];
    out[0] = 0;
    if (a->filter)
        snprintf(out, cap, " interface=\"%s\" filter=\"%s\"",
                 text_quotable(a->interface, interface, sizeof interface),
                 text_quotable(a->filter, filter, sizeof filter));
}

void audit_call(const struct tool_call *call, const struct audit_call *a) {
    const struct caller *who = tool_call_caller(call);
    char name[64], client[64], object[256], where[LIM_FILTER + 64], why[256], left_out[40];
    if (!has_line(who, left_out)) return;
    put_where(a, where, sizeof where);
    log_line("audit: %s caller=\"%s\" client_claimed=\"%s\" %s=\"%s\"%s%s %s%s%s%s", a->what,
             name_of(who, name), text_quotable(tool_call_client(call), client, sizeof client),
             a->key, text_quotable(a->value, object, sizeof object), where,
             a->probe ? " probe=on" : "", a->refused ? "refused: \"" : "granted capture=",
             a->refused ? text_quotable(a->refused->why, why, sizeof why) : a->capture_id,
             a->refused ? "\"" : "", left_out);
}

/* No limit: who may send this program signals can do worse to its log. */
void audit_reload(const struct audit_reload *r) {
    char file[256], why[LIM_ERROR_TEXT + 1];
    text_quotable(r->file, file, sizeof file);
    if (r->refused)
        log_line("audit: reload token_file=\"%s\" refused: \"%s\"; the %u tokens read before "
                 "stay in force",
                 file, text_quotable(r->refused->why, why, sizeof why), r->in_force);
    else
        log_line("audit: reload token_file=\"%s\" granted tokens=%u added=\"%s\" removed=\"%s\" "
                 "ended=%u",
                 file, r->in_force, r->added, r->removed, r->ended);
}
