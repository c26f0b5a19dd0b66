/* Sentences with numbers in them.  The only things a placeholder can name are derived numbers,
 * addresses of the row, the finding's own subject and what the caller gave himself: text from the
 * wire has no name here, so it cannot get into a sentence.
 * Runs in: mcpd.  Input trust: local (rule file) and client (target text). */
#include "common/text.h"
#include "mcpd/diagnose/rules.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET_IN_TEXT 80u /* a sentence stays a sentence */
#define PLACEHOLDER    96u

/* ---- numbers ------------------------------------------------------------------------------- */
static bool ends_with(const char *name, const char *suffix) {
    size_t n = strlen(name), s = strlen(suffix);
    return n >= s && strcmp(name + n - s, suffix) == 0;
}

double derive_round(const char *name, double value) {
    double step = 1;
    if (ends_with(name, "_ms"))
        step = fabs(value) < 10 ? 100 : 10;
    else if (ends_with(name, "_s") || ends_with(name, "_percent"))
        step = 100;
    return round(value * step) / step;
}

const char *words_find(const cJSON *words, const char *list, double value) {
    char key[32];
    snprintf(key, sizeof key, "%.0f", value);
    return json_text(json_get(words, list), key);
}

/* ---- where text is gathered ---------------------------------------------------------------- */
struct sink {
    char *out;
    size_t used, cap;
    bool full;
};

static void put(struct sink *s, const char *text, size_t len) {
    size_t room = s->cap - 1 - s->used;
    if (s->full) return;
    if (len > room) {
        s->full = true;
        for (len = room; len > 0 && (text[len] & 0xc0) == 0x80;) len--;
    }
    memcpy(s->out + s->used, text, len);
    s->used += len;
    s->out[s->used] = 0;
}

/* ---- texts --------------------------------------------------------------------------------- */
enum text_kind {
    TEXT_SERVICE,
    TEXT_ADDRESS,
    TEXT_PEER,
    TEXT_SUBJECT,
    TEXT_TARGET,
    TEXT_INTERFACE,
    TEXT_CLIENT,
    TEXT_SLOW_CLIENT,
    TEXT_FAILING,
    TEXT_MAC,
    TEXT_OTHER_MAC,
    TEXT_RESET_FROM,
    TEXT_PRIVATE
};
static const char *const text_names[] = {
    "service",     "address", "peer", "subject",   "target",     "interface", "client",
    "slow_client", "failing", "mac",  "other_mac", "reset_from", "private"};
#define TEXT_KINDS   13u
#define FAILING_TEXT 96u /* as long as a subject */

static bool text_fits(enum text_kind kind, enum table_id table) {
    if (kind == TEXT_SERVICE || kind == TEXT_ADDRESS) return table != TABLE_TOTALS;
    if (kind == TEXT_CLIENT) return table == TABLE_CONNECTIONS;
    if (kind == TEXT_SLOW_CLIENT || kind == TEXT_RESET_FROM) return table == TABLE_SERVICES;
    if (kind == TEXT_PRIVATE) return table == TABLE_RESOLVERS;
    if (kind == TEXT_FAILING) return table == TABLE_SERVICES;
    if (kind == TEXT_PEER) return table == TABLE_INCIDENTS || table == TABLE_MEDIA;
    bool of_incidents = kind == TEXT_MAC || kind == TEXT_OTHER_MAC;
    return !of_incidents || table == TABLE_INCIDENTS;
}

static void put_target(struct sink *out, const struct derive_row *r) {
    const struct target *t = r->view->target;
    char clean[TARGET_IN_TEXT];
    if (!t || !t->text[0]) {
        put(out, "*", 1);
        return;
    }
    put(out, clean, text_clean((const uint8_t *)t->text, strlen(t->text), clean, sizeof clean));
}

static void mac_format(const uint8_t m[6], char *out, size_t cap) {
    snprintf(out, cap, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void put_text(struct sink *out, enum text_kind kind, const struct template_input *in) {
    char text[FAILING_TEXT];
    const struct addr *address = NULL;
    unsigned port = 0;
    const char *word = text;
    text[0] = 0;
    switch (kind) {
    case TEXT_SERVICE:
    case TEXT_ADDRESS:
        if (derive_subject(in->row, &address, &port))
            addr_format_endpoint(address, kind == TEXT_SERVICE ? port : 0, text);
        break;
    case TEXT_PEER:
        addr_format(in->row->table == TABLE_MEDIA
                        ? &((const struct msg_media *)in->row->row)->receiver
                        : &((const struct msg_incident *)in->row->row)->peer,
                    text);
        break;
    case TEXT_CLIENT:
        addr_format(&((const struct msg_connection *)in->row->row)->client, text);
        break;
    case TEXT_SLOW_CLIENT:
        addr_format(&((const struct msg_service *)in->row->row)->slow_client, text);
        break;
    case TEXT_RESET_FROM:
        addr_format(&((const struct msg_service *)in->row->row)->reset_from, text);
        break;
    case TEXT_FAILING: derive_failing_text(in->row, text, sizeof text); break;
    case TEXT_MAC:
        mac_format(((const struct msg_incident *)in->row->row)->mac, text, sizeof text);
        break;
    case TEXT_OTHER_MAC:
        mac_format(((const struct msg_incident *)in->row->row)->other_mac, text, sizeof text);
        break;
    case TEXT_PRIVATE:
        addr_format(&((const struct msg_resolver *)in->row->row)->private_address, text);
        break;
    case TEXT_SUBJECT: word = in->subject ? in->subject : ""; break;
    case TEXT_TARGET: put_target(out, in->row); return;
    case TEXT_INTERFACE:
        word = in->row->view->interface[0] ? in->row->view->interface : "capture file";
        break;
    }
    put(out, word, strlen(word));
}

/* ---- placeholders -------------------------------------------------------------------------- */
struct placeholder {
    char name[PLACEHOLDER];
    char *one, *many, *list; /* into `name` */
    bool noun_only;
    size_t len; /* of the whole, braces included */
};

/* Split "{=name|one|many}" or "{name@list}"; false: not one. */
static bool placeholder_read(const char *p, struct placeholder *out) {
    const char *end = strchr(p, '}');
    *out = (struct placeholder){0};
    if (!end || (size_t)(end - p) >= PLACEHOLDER) return false;
    out->len = (size_t)(end - p) + 1;
    p++;
    out->noun_only = *p == '=';
    if (out->noun_only) p++;
    memcpy(out->name, p, (size_t)(end - p));
    if ((out->one = strchr(out->name, '|'))) {
        *out->one++ = 0;
        if (!(out->many = strchr(out->one, '|'))) return false;
        *out->many++ = 0;
    }
    if ((out->list = strchr(out->name, '@'))) *out->list++ = 0;
    return !(out->list && out->one) && !(out->noun_only && !out->one) && out->name[0];
}

bool template_check(const char *text, const struct scope *scope, struct fail *fail) {
    struct derived d;
    for (const char *p = text; (p = strchr(p, '{'));) {
        struct placeholder h;
        if (!placeholder_read(p, &h))
            return refuse(fail, scope->rule, "bad placeholder at \"%.30s\"", p);
        int kind = list_index(text_names, TEXT_KINDS, h.name);
        if (kind >= 0 && !text_fits((enum text_kind)kind, scope->table))
            return refuse(fail, scope->rule, "no {%s} in table %s", h.name,
                          table_names[scope->table]);
        if (kind < 0 && !derive_find(scope->table, h.name, &d))
            return refuse(fail, scope->rule, "no value {%s} in table %s", h.name,
                          table_names[scope->table]);
        if (h.list && !json_get(scope->words, h.list))
            return refuse(fail, scope->rule, "no list of words \"%s\"", h.list);
        p += h.len;
    }
    return true;
}

static void put_value(struct sink *out, const struct placeholder *h,
                      const struct template_input *in) {
    struct derived d;
    double v = 0;
    char text[48];
    bool known = derive_find(in->row->table, h->name, &d) && derive_value(&d, in->row, &v);
    const char *word = known && h->list ? words_find(in->words, h->list, v) : NULL;
    v = derive_round(h->name, v);
    snprintf(text, sizeof text, known ? "%.15g" : "?", v);
    if (!word) word = text;
    if (!h->noun_only) put(out, word, strlen(word));
    if (!h->one) return;
    if (!h->noun_only) put(out, " ", 1);
    const char *noun = v == 1 ? h->one : h->many;
    put(out, noun, strlen(noun));
}

void template_render(const char *text, const struct template_input *in, char *out, size_t cap) {
    struct sink s = {out, 0, cap, false};
    out[0] = 0;
    for (const char *p = text; *p;) {
        size_t plain = strcspn(p, "{");
        put(&s, p, plain);
        p += plain;
        struct placeholder h;
        if (*p == 0 || !placeholder_read(p, &h)) break;
        int kind = list_index(text_names, TEXT_KINDS, h.name);
        if (kind >= 0)
            put_text(&s, (enum text_kind)kind, in);
        else
            put_value(&s, &h, in);
        p += h.len;
    }
}
