/* Adds to the report what the report code, being pure, cannot know.
 * Runs in: mcpd.  Input trust: network child (texts, cleaned). */
#include "mcpd/answer.h"
#include "common/text.h"
#include "mcpd/report/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOKEN_BYTES 3u /* contract section 4: tokens are UTF-8 bytes / 3 */
#define NOTE_BYTES  121u
#define NOTE_TOKENS 170u /* of a budget of which the text gets half, every byte escaped */
/* The least a caller may ask for, and how much of it a note may have that is cut to NOTE_BYTES. */
#define TOKENS_LEAST    600u
#define NOTE_CUT_TOKENS 60u

const char *answer_time(uint64_t wall_us, char out[ANSWER_TIME_BYTES]) {
    time_t s = (time_t)(wall_us / 1000000u);
    struct tm tm;
    char date[24];
    out[0] = 0;
    if (!gmtime_r(&s, &tm)) return out;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, ANSWER_TIME_BYTES, "%s.%03uZ", date, (unsigned)(wall_us / 1000u % 1000u));
    return out;
}

static void add_ms(cJSON *o, const char *name, uint64_t us) {
    if (us) cJSON_AddNumberToObject(o, name, round((double)us / 100.0) / 10.0);
}

/* "probe": traffic that mcpd made itself must be told from what it found. */
static cJSON *probe_object(const struct capture_probe *p) {
    char peer[ADDR_TEXT_BYTES];
    if (!p->asked[0] && !p->why_not[0]) return NULL;
    cJSON *o = cJSON_CreateObject();
    if (p->why_not[0]) {
        cJSON_AddStringToObject(o, "result", "not made");
        cJSON_AddStringToObject(o, "why", p->why_not);
        return o;
    }
    cJSON_AddStringToObject(o, "asked", p->asked);
    cJSON_AddStringToObject(o, "result", !p->done ? "running" : p->ok ? "ok" : "failed");
    if (p->done && !p->ok) cJSON_AddStringToObject(o, "why", p->error);
    if (p->peer.len) cJSON_AddStringToObject(o, "peer", addr_format(&p->peer, peer));
    if (p->status) cJSON_AddNumberToObject(o, "status", p->status);
    cJSON *tried = p->tries ? cJSON_AddArrayToObject(o, "tried_before") : NULL;
    for (uint32_t i = 0; tried && i < p->tries; i++)
        cJSON_AddItemToArray(tried, cJSON_CreateString(addr_format(&p->tried[i], peer)));
    add_ms(o, "dns_ms", p->dns_us);
    add_ms(o, "connect_ms", p->connect_us);
    add_ms(o, "tls_ms", p->tls_us);
    add_ms(o, "first_byte_ms", p->first_byte_us);
    return o;
}

/* Attach to `tree`; NULL tree allowed. */
static cJSON *with_additions(cJSON *tree, cJSON *probe, const char *note) {
    if (!tree) {
        cJSON_Delete(probe);
        return NULL;
    }
    if (probe) cJSON_AddItemToObject(tree, "probe", probe);
    if (note[0]) cJSON_AddStringToObject(tree, "name_lookup", note);
    return tree;
}

static size_t printed_bytes(const cJSON *item) {
    char *text = item ? cJSON_PrintUnformatted(item) : NULL;
    size_t bytes = text ? strlen(text) : 0;
    cJSON_free(text);
    return bytes;
}

/* What the additions take of a budget. */
static unsigned added_tokens(const cJSON *probe, const char *note) {
    cJSON *text = note[0] ? cJSON_CreateString(note) : NULL;
    size_t bytes = printed_bytes(probe) + printed_bytes(text); /* and their names */
    cJSON_Delete(text);
    return bytes ? (unsigned)(bytes + 30 + TOKEN_BYTES - 1) / TOKEN_BYTES : 0;
}

cJSON *answer_full(const struct app *a, const struct capture *c) {
    struct capture_view v = capture_view(c);
    return with_additions(report_full(a->rules, &v), probe_object(&c->probe), c->note);
}

cJSON *answer_section(const struct app *a, const struct capture *c, const char *section,
                      const char *cursor, unsigned max_tokens, struct fail *fail) {
    struct capture_view v = capture_view(c);
    cJSON *probe = probe_object(&c->probe);
    char note[sizeof c->note];
    memcpy(note, c->note, sizeof note);
    unsigned tokens = added_tokens(probe, note);
    if (max_tokens < TOKENS_LEAST + tokens) { /* no room: the report comes first, then the note */
        cJSON_Delete(probe);
        probe = NULL;
        text_clean_again(c->note, note, NOTE_BYTES);
        tokens = added_tokens(NULL, note);
        if (tokens > NOTE_CUT_TOKENS) note[0] = 0;
        if (!note[0]) tokens = 0;
    }
    return with_additions(report_section(a->rules, &v, section, cursor, max_tokens - tokens, fail),
                          probe, note);
}

cJSON *answer_status(const struct app *a, const struct capture *c) {
    struct capture_view v = capture_view(c);
    return with_additions(report_status(a->rules, &v), probe_object(&c->probe), c->note);
}

static const char *text_of(const cJSON *object, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text ? text : "";
}

char *answer_report_text(const cJSON *tree, unsigned max_tokens) {
    const cJSON *probe = cJSON_GetObjectItemCaseSensitive(tree, "probe");
    const char *given = text_of(probe, "why");
    const cJSON *tried = cJSON_GetObjectItemCaseSensitive(probe, "tried_before");
    const cJSON *first = cJSON_GetArrayItem(tried, 0);
    char why[121];
    text_clean((const uint8_t *)given, strlen(given), why, sizeof why); /* cuts whole characters */
    const char *note = text_of(tree, "name_lookup");
    bool tell_probe = probe && max_tokens >= 800;
    /* A section's page holds as many rows as its text: nothing may take their room. */
    if ((!tell_probe && !*note) || *text_of(tree, "section")) return report_text(tree, max_tokens);
    unsigned taken = (tell_probe ? 200 : 0) + (*note ? NOTE_TOKENS : 0);
    char *body = report_text(tree, max_tokens - taken), *text = NULL;
    size_t bytes;
    FILE *out = body ? open_memstream(&text, &bytes) : NULL;
    if (out) {
        fputs(body, out);
        if (*note) {
            char said[NOTE_BYTES], shown[2 * NOTE_BYTES];
            text_clean_again(note, said, sizeof said);
            markdown_escape(said, shown, sizeof shown);
            fprintf(out, "\nName: %s\n", shown);
        }
        if (tell_probe)
            fprintf(out, "\nProbe (mcpd's own traffic): %.60s %s%s%s%s%s\n",
                    text_of(probe, "asked"), text_of(probe, "result"), *why ? ": " : "", why,
                    cJSON_IsString(first) ? ", after trying " : "",
                    cJSON_IsString(first) ? first->valuestring : "");
        fclose(out);
    }
    free(body);
    return text;
}
