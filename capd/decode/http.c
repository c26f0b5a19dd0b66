/* HTTP/1 message headers, read line by line from the start each time more bytes are there: a header
 * is short, and a parser without memory between calls has no state to get wrong.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/http.h"
#include "capd/decode/http_target.h"

enum line { LINE_FOUND, LINE_NOT_YET, LINE_TOO_LONG };

/* Take a line without its CR LF (a bare LF is accepted, RFC 9112 section 2.2). */
static enum line line_take(struct cursor *c, struct cursor *line_out) {
    size_t left = cursor_left(c), look = left < HTTP_MAX_LINE ? left : HTTP_MAX_LINE;
    const uint8_t *lf = look > 0 ? memchr(c->p, '\n', look) : NULL;
    if (lf == NULL) return left >= HTTP_MAX_LINE ? LINE_TOO_LONG : LINE_NOT_YET;
    size_t len = (size_t)(lf - c->p);
    *line_out = cursor_sub(c, len);
    (void)cursor_skip(c, 1);
    if (len > 0 && line_out->end[-1] == '\r') line_out->end--;
    return LINE_FOUND;
}

static bool is_digit(uint8_t b) {
    return b >= '0' && b <= '9';
}

static uint8_t lower(uint8_t b) {
    return b >= 'A' && b <= 'Z' ? (uint8_t)(b + 32) : b;
}

/* RFC 9110 section 5.6.2 */
static bool is_token_byte(uint8_t b) {
    if (is_digit(b) || (lower(b) >= 'a' && lower(b) <= 'z')) return true;
    return b != 0 && memchr("!#$%&'*+-.^_`|~", b, 15) != NULL;
}

static struct http_view view_of(struct cursor c) {
    size_t len = cursor_left(&c);
    return (struct http_view){len > 0 ? c.p : NULL, (uint32_t)len};
}

static bool view_is(struct http_view v, const char *lower_text, size_t len) {
    if (v.p == NULL || v.len != len) return false;
    for (size_t i = 0; i < len; i++)
        if (lower(v.p[i]) != (uint8_t)lower_text[i]) return false;
    return true;
}
#define VIEW_IS(v, text) view_is(v, text, sizeof(text) - 1)

/* The part before the first `stop`, which is taken too; all of it if there is none. */
static struct cursor split(struct cursor *c, uint8_t stop) {
    size_t left = cursor_left(c);
    const uint8_t *at = left > 0 ? memchr(c->p, stop, left) : NULL;
    struct cursor part = cursor_sub(c, at != NULL ? (size_t)(at - c->p) : left);
    (void)cursor_skip(c, 1);
    return part;
}

static struct cursor trim(struct cursor c) {
    while (cursor_left(&c) > 0 && (*c.p == ' ' || *c.p == '\t')) c.p++;
    while (cursor_left(&c) > 0 && (c.end[-1] == ' ' || c.end[-1] == '\t')) c.end--;
    return c;
}

/* "HTTP/1.0" or "HTTP/1.1", as far as there are bytes; `n` of the eight were there. */
static bool version_begins(struct cursor c, size_t *n, uint8_t *version) {
    static const char text[] = "HTTP/1.";
    for (*n = 0; *n < 8; (*n)++) {
        uint8_t b;
        if (!cursor_u8(&c, &b)) return true;
        if (*n < 7 ? b != (uint8_t)text[*n] : !is_digit(b)) return false;
        if (*n == 7) *version = b == '0' ? 10 : 11;
    }
    return true;
}

/* The methods of RFC 9110 and RFC 5789: what begins with one of them is HTTP even if it is sloppy.
 */
static bool method_is_common(struct http_view v) {
    return VIEW_IS(v, "get") || VIEW_IS(v, "post") || VIEW_IS(v, "head") || VIEW_IS(v, "put") ||
           VIEW_IS(v, "delete") || VIEW_IS(v, "options") || VIEW_IS(v, "connect") ||
           VIEW_IS(v, "trace") || VIEW_IS(v, "patch");
}

/* The last word of the line if it is not the only one; `line` loses it. */
static struct cursor last_word(struct cursor *line) {
    struct cursor word = *line;
    for (struct cursor c = *line; cursor_left(&c) > 0;)
        if (*c.p++ == ' ') word.p = c.p;
    if (word.p > line->p)
        line->end = word.p - 1;
    else
        word.p = word.end;
    return word;
}

/* Method, target, version.  What small devices send, blanks in the target and more digits in the
 * version, is understood when the method leaves no doubt; the path then ends at the first blank.
 * A line without a version (HTTP/0.9) is none: too much else looks like it. */
static bool request_line(struct cursor line, struct http_message *m) {
    struct cursor method = split(&line, ' '), version = last_word(&line);
    struct cursor target = split(&line, ' ');
    size_t n;
    m->method = view_of(method); /* request_can_begin() saw that it is a token */
    bool strict = !method_is_common(m->method);
    if (!version_begins(version, &n, &m->version) || n != 8) return false;
    if (strict && (cursor_left(&version) != 8 || cursor_left(&line) > 0)) return false;
    if (cursor_left(&target) == 0) return false;
    m->request = true;
    http_target_read(target, VIEW_IS(m->method, "connect"), m);
    return true;
}

static bool status_line(struct cursor line, struct http_message *m) {
    size_t n;
    uint8_t space, a, b, d;
    if (!version_begins(line, &n, &m->version) || n != 8 || !cursor_skip(&line, 8)) return false;
    if (!cursor_u8(&line, &space) || space != ' ' || !cursor_u8(&line, &a) ||
        !cursor_u8(&line, &b) || !cursor_u8(&line, &d))
        return false;
    if (a < '1' || a > '9' || !is_digit(b) || !is_digit(d)) return false;
    if (cursor_left(&line) > 0 && *line.p != ' ') return false;
    m->status = (uint16_t)((a - '0') * 100 + (b - '0') * 10 + (d - '0'));
    return true;
}

/* Can these bytes, which end before their line does, be the start of a request? */
static bool request_can_begin(struct cursor c) {
    uint8_t b = 0;
    unsigned n = 0;
    while (cursor_u8(&c, &b) && b != ' ')
        if (!is_token_byte(b) || ++n > HTTP_METHOD_MAX) return false;
    if (b == ' ' && n == 0) return false;
    for (; b == ' ' && cursor_left(&c) > 0 && *c.p != ' '; c.p++)
        if (*c.p < 0x21 || *c.p == 0x7f) return *c.p == '\r' && cursor_left(&c) == 1;
    return true;
}

static enum http_status start_line(struct cursor *c, struct http_message *m) {
    struct cursor line, all = *c;
    size_t n;
    uint8_t version;
    bool response = version_begins(all, &n, &version); /* "HTTP" is a token, too */
    enum line found = line_take(c, &line);
    if (found == LINE_FOUND) {
        bool ok =
            response ? status_line(line, m) : request_can_begin(line) && request_line(line, m);
        m->start_line = ok;
        return ok ? HTTP_OK : HTTP_NOT_HTTP;
    }
    if (!response && !request_can_begin(all)) return HTTP_NOT_HTTP;
    return found == LINE_NOT_YET ? HTTP_NEED_MORE : HTTP_NOT_HTTP;
}

/* RFC 9112 section 6.3: one number, the same each time it is given. */
static bool length_read(struct http_view v, struct http_message *m) {
    uint64_t n = 0;
    if (v.len == 0) return false;
    for (; v.len > 1 && *v.p == '0'; v.p++) v.len--;
    if (v.len > 18) return false;
    for (uint32_t i = 0; i < v.len; i++) {
        if (!is_digit(v.p[i])) return false;
        n = n * 10 + (uint64_t)(v.p[i] - '0');
    }
    if (m->has_content_length && m->content_length != n) return false;
    m->has_content_length = true;
    m->content_length = n;
    return true;
}

static void options_read(struct cursor value, struct http_message *m) {
    while (cursor_left(&value) > 0) {
        struct http_view option = view_of(trim(split(&value, ',')));
        if (VIEW_IS(option, "close")) m->close = true;
        if (VIEW_IS(option, "keep-alive")) m->keep_alive = true;
        if (VIEW_IS(option, "upgrade")) m->upgrade = true;
    }
}

static void coding_read(struct cursor value, struct http_message *m) {
    m->has_transfer_encoding = true;
    while (cursor_left(&value) > 0)
        m->chunked = VIEW_IS(view_of(trim(split(&value, ','))), "chunked");
}

/* One field line.  False: it breaks RFC 9112 section 5. */
static bool field_read(struct cursor line, struct http_message *m) {
    if (*line.p == ' ' || *line.p == '\t') return true; /* continuation of a folded one */
    size_t all = cursor_left(&line);
    struct cursor name = split(&line, ':');
    if (cursor_left(&name) == 0 || cursor_left(&name) == all) return false;
    for (struct cursor c = name; cursor_left(&c) > 0; c.p++)
        if (!is_token_byte(*c.p)) return false;
    struct cursor value = trim(line);
    struct http_view field = view_of(name);
    if (VIEW_IS(field, "host") && cursor_left(&value) > 0)
        m->host = http_host_of(value);
    else if (VIEW_IS(field, "content-length"))
        return length_read(view_of(value), m);
    else if (VIEW_IS(field, "transfer-encoding"))
        coding_read(value, m);
    else if (VIEW_IS(field, "connection"))
        options_read(value, m);
    return true;
}

enum http_status decode_http(struct cursor c, struct http_message *out) {
    struct cursor whole = c, line;
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < 2; i++) /* empty lines a sloppy sender left, RFC 9112 section 2.2 */
        if (cursor_left(&c) >= 2 && c.p[0] == '\r' && c.p[1] == '\n') (void)cursor_skip(&c, 2);
    if (cursor_left(&c) == 0 || (cursor_left(&c) == 1 && *c.p == '\r')) return HTTP_NEED_MORE;
    enum http_status s = start_line(&c, out);
    if (s != HTTP_OK) return s;
    for (unsigned i = 0; i <= HTTP_MAX_HEADERS; i++) {
        enum line found = line_take(&c, &line);
        if (found == LINE_NOT_YET) return HTTP_NEED_MORE;
        if (found == LINE_TOO_LONG) return HTTP_MALFORMED;
        if (cursor_left(&line) == 0) {
            out->header_bytes = (uint32_t)(c.p - whole.p);
            return HTTP_OK;
        }
        if (!field_read(line, out)) return HTTP_MALFORMED;
    }
    return HTTP_MALFORMED;
}

bool decode_http_cut(struct cursor c, struct http_message *out) {
    memset(out, 0, sizeof *out);
    if (!request_can_begin(c)) return false;
    struct http_view method = view_of(split(&c, ' '));
    struct cursor target = split(&c, ' ');
    if (!method_is_common(method) || cursor_left(&target) == 0 || *target.p != '/') return false;
    out->request = out->start_line = true;
    out->method = method;
    http_target_read(target, false, out);
    return true;
}

bool http_is_interim(struct cursor c) {
    struct http_message m;
    do {
        enum http_status status = decode_http(c, &m);
        if (!m.start_line || m.request || m.status >= 200 || m.status == 101) return false;
        if (status == HTTP_NEED_MORE) return true;
        if (status != HTTP_OK || !cursor_skip(&c, m.header_bytes)) return false;
    } while (cursor_left(&c) > 0);
    return true;
}
