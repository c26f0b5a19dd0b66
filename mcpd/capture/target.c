/* The target parser.  One text becomes a host (name, address or prefix), ports, or nothing; which
 * of these were given decides, with the mode asked for, what is judged.  The order of the tests is
 * the order of the contract's table: a form that could be read in two ways is read in the first.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/capture/target.h"
#include "common/text.h"
#include "mcpd/capture/target_mode.h"
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXAMPLES                                                                                   \
    "allowed: a host name (example.com), an address (192.0.2.1), a prefix (10.0.0.0/8), "          \
    "host:port (example.com:443, [2001:db8::1]:443), a port (443), a URL, or \"auto\""

#define ZONE "has a zone: leave it out and give the interface argument"

/* Service words and URL schemes with their ports, first the usual one.  Only words marked so, which
 * come first, may stand alone as a target; any other word is a host name. */
static const struct service {
    const char *name;
    uint16_t port[3];
    bool word, web;
} services[] = {
    {"http", {80}, true, true},
    {"https", {443}, true, true},
    {"dns", {53}, true, false},
    {"ssh", {22}, true, false},
    {"smtp", {25, 465, 587}, true, false},
    {"imap", {143, 993}, true, false},
    {"ntp", {123}, true, false},
    {"rdp", {3389}, true, false},
    {"mysql", {3306}, true, false},
    {"postgres", {5432}, true, false},
    {"redis", {6379}, true, false},
    {"sip", {5060, 5061}, true, false},
    {"ws", {80}, false, true},
    {"wss", {443}, false, true},
    {"ftp", {21}, false, false},
    {"sftp", {22}, false, false},
    {"imaps", {993}, false, false},
    {"smtps", {465}, false, false},
    {"sips", {5061}, false, false},
    {"ldap", {389}, false, false},
    {"ldaps", {636}, false, false},
    {"rtsp", {554}, false, false},
    {"mqtt", {1883}, false, false},
    {"postgresql", {5432}, false, false},
};

static const struct service *service_find(const char *name, size_t len) {
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (strlen(services[i].name) == len && strncasecmp(services[i].name, name, len) == 0)
            return &services[i];
    return NULL;
}

const char *target_word(size_t i) {
    return i < sizeof services / sizeof services[0] && services[i].word ? services[i].name : NULL;
}

/* Refuse the target, quoting at most 60 cleaned bytes of it. */
static bool refuse(struct fail *fail, const char *given, const char *why) {
    char quoted[64];
    text_clean((const uint8_t *)given, strlen(given), quoted, sizeof quoted);
    return fail_set(fail, FAIL_VALUE, "target", "target \"%s\" %s; %s", quoted, why, EXAMPLES);
}

static bool parse_number(const char *text, unsigned max, unsigned *out) {
    unsigned v = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        v = v * 10 + (unsigned)(*text - '0');
        if (v > max) return false;
    }
    *out = v;
    return true;
}

static bool all_digits(const char *text) {
    return *text && text[strspn(text, "0123456789")] == 0;
}

static void add_port(struct target *t, uint16_t port) {
    if (port && t->ports < LIM_TARGET_PORTS) t->port[t->ports++] = port;
}

static void add_prefix(struct target *t, const struct addr *a, unsigned prefix_len) {
    struct msg_prefix *p = &t->address[t->addresses++];
    p->address = *a;
    p->prefix_len = prefix_len;
    for (unsigned bit = prefix_len; bit < a->len * 8u; bit++)
        p->address.b[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

/* An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is IPv4 on the wire. */
static bool parse_address(const char *text, struct addr *out) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (!addr_parse(text, out)) return false;
    if (out->len == 16 && memcmp(out->b, mapped, sizeof mapped) == 0)
        *out = addr_from_bytes(out->b + sizeof mapped, 4);
    return true;
}

/* ---- hosts ----------------------------------------------------------------------------------- */

/* Letters, digits, '-' and '_', in labels of 1..63, and a last label that is not all digits: such
 * a text is a mistyped address. */
static bool name_is_valid(const char *name) {
    size_t label = 0;
    const char *last = name;
    for (const char *p = name; *p; p++) {
        if (*p == '.') {
            if (label == 0) return false;
            label = 0;
            last = p + 1;
            continue;
        }
        bool ok = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_';
        if (!ok || ++label > 63) return false;
    }
    return label > 0 && !all_digits(last);
}

/* Turn a host name into lower-case ASCII, without the root's dot. */
static bool name_to_ascii(const char *given, char out[LIM_NAME + 1]) {
    char *ascii = NULL;
    bool plain = true;
    for (const char *p = given; *p; p++)
        if ((unsigned char)*p >= 0x80) plain = false;
    if (!plain) {
        if (!text_is_utf8((const uint8_t *)given, strlen(given))) return false;
        if (idn2_to_ascii_8z(given, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
            return false;
    }
    const char *name = plain ? given : ascii;
    size_t len = strlen(name);
    bool ok = len > 0 && len <= LIM_NAME;
    if (ok) text_lower(name, out, LIM_NAME + 1);
    if (!plain) idn2_free(ascii);
    if (!ok) return false;
    if (len > 1 && out[len - 1] == '.') out[--len] = 0;
    return len <= 253 && name_is_valid(out);
}

static bool parse_host(const char *given, const char *host, struct target *t, struct fail *fail) {
    struct addr a;
    if (parse_address(host, &a)) {
        add_prefix(t, &a, a.len * 8u);
        return true;
    }
    if (strchr(host, '%') && strchr(host, ':')) return refuse(fail, given, ZONE);
    if (!name_to_ascii(host, t->name))
        return refuse(fail, given, "is neither a host name nor an address");
    return true;
}

static bool parse_prefix(const char *given, const char *slash, struct target *t,
                         struct fail *fail) {
    char net[ADDR_TEXT_BYTES];
    struct addr a;
    unsigned len;
    snprintf(net, sizeof net, "%.*s", (int)(slash - given), given);
    if (!addr_parse(net, &a)) return refuse(fail, net, "is no prefix");
    char shown[ADDR_TEXT_BYTES + 8]; /* what is no length may be a path, and stays unsaid */
    snprintf(shown, sizeof shown, "%s/%s", net, strlen(slash + 1) < 4 ? slash + 1 : "...");
    if (!parse_number(slash + 1, a.len * 8u, &len))
        return refuse(fail, shown,
                      a.len == 4 ? "needs a prefix length of 0 to 32" : "needs one of 0 to 128");
    add_prefix(t, &a, len);
    return true;
}

/* host, host:port, [v6], [v6]:port; `service` gives the port when there is none. */
static bool parse_authority(const char *given, char *text, const struct service *service,
                            struct target *t, struct fail *fail) {
    char *host = text, *port = NULL;
    unsigned number;
    if (*text == '[') {
        char *close = strchr(text, ']');
        struct addr a;
        if (!close) return refuse(fail, given, "lacks the closing bracket");
        *close = 0;
        host = text + 1;
        if (close[1] && close[1] != ':') return refuse(fail, given, "has text after the bracket");
        if (strchr(host, '%')) return refuse(fail, given, ZONE);
        if (!addr_parse(host, &a) || a.len != 16)
            return refuse(fail, given, "has no IPv6 address in its brackets");
        if (close[1] == ':') port = close + 2;
    } else {
        char *colon = strchr(text, ':');
        if (colon && !strchr(colon + 1, ':')) {
            *colon = 0;
            port = colon + 1;
        }
    }
    if (!parse_host(given, host, t, fail)) return false;
    if (port && *port == 0 && service) port = NULL; /* "http://host:/" (RFC 3986 section 3.2.3) */
    if (port && (!parse_number(port, UINT16_MAX, &number) || number == 0))
        return refuse(fail, given, "has no port from 1 to 65535 after the colon");
    if (port)
        add_port(t, (uint16_t)number);
    else if (service)
        add_port(t, service->port[0]);
    return true;
}

/* "scheme://user@host:port/path?query#fragment": only scheme, host and port are looked at. */
static bool parse_url(const char *given, const char *rest, size_t scheme_len, struct target *t,
                      struct fail *fail) {
    char authority[LIM_NAME + 64];
    const struct service *service = service_find(given, scheme_len);
    size_t len = strcspn(rest, "/?#\\");
    if (len >= sizeof authority) return refuse(fail, "...", "has too long a host");
    memcpy(authority, rest, len);
    authority[len] = 0;
    char *at = strrchr(authority, '@');
    char *host = at ? at + 1 : authority;
    char shown[64]; /* never the user part or the path, not even in an error */
    size_t cut = text_fitting(given, scheme_len < 16 ? scheme_len : 16);
    snprintf(shown, sizeof shown, "%.*s://%.*s", (int)cut, given, (int)text_fitting(host, 32),
             host);
    if (!parse_authority(shown, host, service, t, fail)) return false;
    if (t->ports) return true;
    return refuse(fail, shown, "has a scheme without a known port: add one, as in host:8443");
}

/* ---- the text as a whole --------------------------------------------------------------------- */

static bool means_none(const char *text) {
    return *text == 0 || strcmp(text, "*") == 0 || strcasecmp(text, "auto") == 0;
}

static bool parse_port(const char *given, struct target *t, struct fail *fail) {
    unsigned number;
    if (!parse_number(given, UINT16_MAX, &number) || number == 0)
        return refuse(fail, given, "is no port from 1 to 65535");
    add_port(t, (uint16_t)number);
    return true;
}

/* Without a scheme: a prefix if an address stands before the slash, else a path to be dropped. */
static bool parse_plain(char *text, struct target *t, struct fail *fail) {
    char copy[LIM_NAME + 64];
    char *cut = strpbrk(text, "/?#");
    if (cut) {
        struct addr a;
        char slash = *cut;
        *cut = 0;
        bool prefix = slash == '/' && addr_parse(text, &a);
        *cut = slash;
        if (prefix) return parse_prefix(text, cut, t, fail);
        *cut = 0;
    }
    char *at = strrchr(text, '@');
    if (at) text = at + 1;
    snprintf(copy, sizeof copy, "%s", text);
    return parse_authority(text, copy, NULL, t, fail);
}

static bool parse_form(char *text, struct target *t, enum target_kind *kind, struct fail *fail) {
    const struct service *service = service_find(text, strlen(text));
    const char *scheme = strstr(text, "://");
    *kind = TARGET_NONE;
    if (means_none(text)) return true;
    *kind = TARGET_PORT;
    if (all_digits(text)) return parse_port(text, t, fail);
    if (service && service->word) {
        for (int i = 0; i < 3; i++) add_port(t, service->port[i]);
        if (service->web) *kind = TARGET_WEB_WORD;
        return true;
    }
    bool ok = scheme ? parse_url(text, scheme + 3, (size_t)(scheme - text), t, fail)
                     : parse_plain(text, t, fail);
    *kind = t->ports ? TARGET_HOST_PORT : TARGET_HOST;
    return ok;
}

/* The text as reports show it: made from what was understood, so that nothing else can be in it. */
static void write_text(struct target *t, const char *word, enum target_kind kind) {
    char host[LIM_NAME + 8];
    const struct msg_prefix *p = &t->address[0];
    char address[ADDR_TEXT_BYTES];
    if (kind == TARGET_NONE) return;
    if (kind == TARGET_PORT && all_digits(word)) {
        snprintf(t->text, sizeof t->text, "%u", t->port[0]); /* without leading zeros */
        return;
    }
    if (kind == TARGET_PORT || kind == TARGET_WEB_WORD) {
        text_lower(word, t->text, sizeof t->text);
        return;
    }
    snprintf(host, sizeof host, "%s", t->name);
    if (!t->name[0]) {
        addr_format(&p->address, address);
        bool whole = p->prefix_len == p->address.len * 8u;
        if (!whole)
            snprintf(host, sizeof host, "%s/%u", address, (unsigned)p->prefix_len);
        else
            snprintf(host, sizeof host, t->ports && p->address.len == 16 ? "[%s]" : "%s", address);
    }
    if (t->ports)
        snprintf(t->text, sizeof t->text, "%s:%u", host, t->port[0]);
    else
        snprintf(t->text, sizeof t->text, "%s", host);
}

bool target_parse(const char *text, enum mode asked, struct target *out, struct fail *fail) {
    char copy[2048];
    enum target_kind kind;
    memset(out, 0, sizeof *out);
    if (!text) text = "";
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len && strchr(" \t\r\n", text[len - 1])) len--;
    if (len >= sizeof copy) return refuse(fail, "...", "is longer than 2047 bytes");
    memcpy(copy, text, len);
    copy[len] = 0;
    char word[LIM_NAME + 1];
    snprintf(word, sizeof word, "%.64s", copy);
    bool ok = parse_form(copy, out, &kind, fail);
    explicit_bzero(copy, sizeof copy); /* it may hold a password */
    if (ok) write_text(out, word, kind);
    explicit_bzero(word, sizeof word);
    if (!ok) return false;
    out->asked_port = out->ports ? out->port[0] : 0;
    return target_choose_mode(out, kind, asked, fail);
}

const char *target_no_probe(const struct target *t) {
    const struct msg_prefix *p = &t->address[0];
    if (!t->name[0] && (t->addresses != 1 || p->prefix_len != p->address.len * 8u))
        return "a probe needs one host: give a name or an address";
    if (!t->asked_port && !t->name[0]) return "a probe of an address needs a port: give host:port";
    if (t->asked_port == 53 || t->asked_port == 123)
        return "this port is not probed: its service does not use TCP in the first place";
    return NULL;
}

uint32_t target_add_addresses(struct target *t, const struct addr *address, uint32_t n) {
    uint32_t before = t->addresses;
    for (uint32_t i = 0; i < n; i++) {
        bool known = address[i].len == 0;
        for (uint32_t k = 0; k < t->addresses && !known; k++)
            known = addr_equal(&t->address[k].address, &address[i]);
        if (!known && t->addresses < LIM_TARGET_ADDRESSES)
            add_prefix(t, &address[i], address[i].len * 8u);
    }
    return t->addresses - before;
}
