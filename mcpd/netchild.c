/* The client of the network child.  Every request is a slot with a deadline; a child that dies is
 * started again with the next request.  Over a number of them nothing is sent any more, and who
 * asks is told so.  Its answers are parsed as strictly as if a stranger had sent them: what it read
 * came from other hosts. Runs in: mcpd.  Input trust: network child. */
#include "mcpd/netchild.h"
#include "common/clock.h"
#include "common/text.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PENDING_MAX 128u   /* at the child; captures and the interface list need 25 at most */
#define SLOW_MAX    6u     /* of one caller, of the child's NET_CHILDREN_MAX */
#define SLOW_MS     30000u /* above the child's own deadlines */
#define FAST_MS     2000u
#define TICK_MS     250u

enum kind { KIND_ADDRESSES, KIND_ROUTE, KIND_PROBE, KIND_TEXT };

struct pending {
    struct pending *next;
    uint32_t id; /* 0: free */
    enum kind kind;
    uint64_t due_ms;
    netchild_fn *fn; /* NULL: forgotten, but the child is still at work */
    void *ctx;
    bool slow;         /* it has a process of its own there */
    struct caller who; /* slow: for whom */
    char refused[200]; /* could not be sent: told at the next tick */
};

struct netchild {
    struct loop *loop;
    struct launcher *launcher;
    int fd;
    uint32_t last_id;
    uint64_t timer;
    struct pending *pending; /* grows, and is used again */
};

static void end(struct pending *p, const struct netchild_answer *a) {
    struct pending was = *p;
    p->id = 0;
    if (was.fn) was.fn(was.ctx, a);
}

static void end_badly(struct pending *p, const char *why) {
    struct netchild_answer a = {.ok = false};
    text_clean((const uint8_t *)why, strlen(why), a.why, sizeof a.why);
    end(p, &a);
}

static void hang_up(struct netchild *n) {
    if (n->fd < 0) return;
    loop_fd_remove(n->loop, n->fd);
    close(n->fd);
    n->fd = -1;
}

/* ---- parsing --------------------------------------------------------------------------------- */

static char *next_word(char **rest) {
    char *word = *rest, *space;
    if (!word || !*word) return NULL;
    space = strchr(word, ' ');
    *rest = space ? space + 1 : NULL;
    if (space) *space = 0;
    return word;
}

static bool next_number(char **rest, uint64_t *out) {
    char *word = next_word(rest), *stop;
    if (!word || *word < '0' || *word > '9') return false;
    errno = 0;
    *out = strtoull(word, &stop, 10);
    return errno == 0 && *stop == 0;
}

static bool parse_addresses(char *rest, struct netchild_answer *a) {
    char *word;
    while ((word = next_word(&rest))) {
        if (a->addresses == NET_ADDRESSES) return false;
        if (!addr_parse(word, &a->address[a->addresses++])) return false;
    }
    return true;
}

static bool parse_route(char *rest, struct netchild_answer *a) {
    char *source = next_word(&rest), *name = next_word(&rest);
    if (!source || !addr_parse(source, &a->address[a->addresses++])) return false;
    if (name) text_clean((const uint8_t *)name, strlen(name), a->interface, sizeof a->interface);
    return true;
}

static bool parse_probe(char *rest, struct netchild_answer *a) {
    uint64_t status;
    char *peer = next_word(&rest);
    if (!peer) return false;
    if (strcmp(peer, "-") != 0 && !addr_parse(peer, &a->address[0])) return false;
    a->addresses = 1; /* the peer, even if unknown; then what else was tried */
    if (!next_number(&rest, &status) || status > 999) return false;
    a->status = (uint32_t)status;
    return next_number(&rest, &a->dns_us) && next_number(&rest, &a->connect_us) &&
           next_number(&rest, &a->tls_us) && next_number(&rest, &a->first_byte_us) &&
           parse_addresses(rest, a);
}

static bool parse_text(const char *rest, struct netchild_answer *a) {
    if (rest) text_clean((const uint8_t *)rest, strlen(rest), a->held, sizeof a->held);
    return rest != NULL;
}

static bool parse_answer(enum kind kind, char *rest, struct netchild_answer *a) {
    switch (kind) {
    case KIND_PROBE: return parse_probe(rest, a);
    case KIND_ROUTE: return parse_route(rest, a);
    case KIND_TEXT: return parse_text(rest, a);
    default: return parse_addresses(rest, a);
    }
}

static void take_answer(struct netchild *n, char *message) {
    struct netchild_answer a = {.ok = false};
    char *rest = message;
    uint64_t id;
    if (!next_number(&rest, &id)) return;
    struct pending *p = NULL;
    for (struct pending *k = n->pending; k && id; k = k->next)
        if (k->id == id) p = k;
    char *verdict = p ? next_word(&rest) : NULL; /* nobody waits: answered too late, or cancelled */
    if (!verdict) return;
    if (strcmp(verdict, "error") == 0) {
        end_badly(p, rest && *rest ? rest : "failed");
        return;
    }
    a.ok = strcmp(verdict, "ok") == 0 && parse_answer(p->kind, rest, &a);
    if (a.ok)
        end(p, &a);
    else
        end_badly(p, "the network child answered nonsense");
}

/* ---- the connection -------------------------------------------------------------------------- */

static void on_ready(void *ctx, int fd, unsigned ready) {
    struct netchild *n = ctx;
    char message[NET_MESSAGE_MAX + 1];
    (void)ready;
    for (int i = 0; i < 16; i++) {
        ssize_t got = recv(fd, message, NET_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            hang_up(n);
            for (struct pending *p = n->pending; p; p = p->next)
                if (p->id) end_badly(p, "the network child ended");
            return;
        }
        if (got > NET_MESSAGE_MAX) continue;
        message[got] = 0;
        if (strlen(message) == (size_t)got) take_answer(n, message);
        if (n->fd != fd) return;
    }
}

static bool connected(struct netchild *n, struct fail *fail) {
    if (n->fd >= 0) return true;
    int fd = launcher_network_child(n->launcher, fail);
    if (fd < 0) return false;
    int rc = loop_fd_add(n->loop, fd, LOOP_READ, on_ready, n);
    if (rc == 0) {
        n->fd = fd;
        return true;
    }
    close(fd);
    return fail_set(fail, FAIL_ENVIRONMENT, "", "%s", strerror(-rc));
}

static unsigned count(const struct netchild *n) {
    unsigned live = 0;
    for (const struct pending *p = n->pending; p; p = p->next) live += p->id != 0;
    return live;
}

static unsigned count_slow(const struct netchild *n, const struct caller *who) {
    unsigned live = 0;
    for (const struct pending *p = n->pending; p; p = p->next)
        live += p->id != 0 && p->slow && !p->refused[0] && caller_same(&p->who, who);
    return live;
}

static void on_tick(void *ctx) {
    struct netchild *n = ctx;
    uint64_t now = clock_mono_ms();
    for (struct pending *p = n->pending; p; p = p->next) {
        if (!p->id) continue;
        char refused[sizeof p->refused];
        memcpy(refused, p->refused, sizeof refused);
        if (refused[0])
            end_badly(p, refused);
        else if (now >= p->due_ms)
            end_badly(p, "no answer in time");
    }
    if (count(n) > 0) return; /* also what was asked for from inside */
    loop_timer_cancel(n->loop, n->timer);
    n->timer = 0;
}

static struct pending *place(struct netchild *n) {
    for (struct pending *p = n->pending; p; p = p->next)
        if (!p->id) return p;
    struct pending *p = calloc(1, sizeof *p);
    ASSERT(p);
    p->next = n->pending;
    n->pending = p;
    return p;
}

static void request(struct netchild *n, struct pending what, uint32_t wait_ms, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void request(struct netchild *n, struct pending what, uint32_t wait_ms, const char *fmt,
                    ...) {
    char message[NET_MESSAGE_MAX];
    struct fail fail = {.code = FAIL_NONE};
    bool full = count(n) >= PENDING_MAX;
    bool busy = what.slow && count_slow(n, &what.who) >= SLOW_MAX;
    struct pending *p = place(n);
    if (++n->last_id == 0) n->last_id = 1;
    what.next = p->next;
    *p = what;
    p->id = n->last_id;
    p->due_ms = clock_mono_ms() + wait_ms;
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    char *percent = strchr(message, '#'); /* where the id goes */
    char whole[NET_MESSAGE_MAX + 16];
    if (len < 0 || (size_t)len >= sizeof message || !percent) len = 0;
    if (len)
        len = snprintf(whole, sizeof whole, "%.*s%u%s", (int)(percent - message), message, p->id,
                       percent + 1);
    bool sent = len > 0 && !full && !busy && connected(n, &fail) &&
                send(n->fd, whole, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) == len;
    if (!sent)
        snprintf(p->refused, sizeof p->refused, "%.190s",
                 full        ? "too many questions to the network child are not answered yet"
                 : busy      ? "your look-ups and probes before this one are not done yet"
                 : fail.code ? fail.why
                             : "the network child takes no request");
    if (!n->timer) n->timer = loop_timer_every(n->loop, TICK_MS, on_tick, n);
}

/* ---- interface ------------------------------------------------------------------------------- */

struct netchild *netchild_new(struct loop *loop, struct launcher *launcher) {
    struct netchild *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    n->loop = loop;
    n->launcher = launcher;
    n->fd = -1;
    return n;
}

void netchild_free(struct netchild *n) {
    if (!n) return;
    hang_up(n);
    loop_timer_cancel(n->loop, n->timer);
    for (struct pending *p = n->pending, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    free(n);
}

void netchild_resolve(struct netchild *n, const struct caller *who, const char *name,
                      netchild_fn *fn, void *ctx) {
    request(
        n,
        (struct pending){.kind = KIND_ADDRESSES, .fn = fn, .ctx = ctx, .slow = true, .who = *who},
        SLOW_MS, "resolve # %s", name);
}

void netchild_route(struct netchild *n, const struct addr *address, netchild_fn *fn, void *ctx) {
    char text[ADDR_TEXT_BYTES];
    request(n, (struct pending){.kind = KIND_ROUTE, .fn = fn, .ctx = ctx}, FAST_MS, "route # %s",
            addr_format(address, text));
}

void netchild_resolvers(struct netchild *n, netchild_fn *fn, void *ctx) {
    request(n, (struct pending){.kind = KIND_ADDRESSES, .fn = fn, .ctx = ctx}, FAST_MS,
            "resolvers #");
}

void netchild_held(struct netchild *n, netchild_fn *fn, void *ctx) {
    request(n, (struct pending){.kind = KIND_TEXT, .fn = fn, .ctx = ctx}, FAST_MS, "held #");
}

void netchild_probe(struct netchild *n, const struct caller *who, const char *kind,
                    const char *host, uint16_t port, netchild_fn *fn, void *ctx) {
    request(n,
            (struct pending){.kind = KIND_PROBE, .fn = fn, .ctx = ctx, .slow = true, .who = *who},
            SLOW_MS, "probe # %s %s %u", kind, host, port);
}

void netchild_cancel(struct netchild *n, const void *ctx) {
    for (struct pending *p = n->pending; p; p = p->next)
        if (p->id && p->fn && p->ctx == ctx) {
            p->fn = NULL;
            if (!p->slow || p->refused[0]) p->id = 0;
        }
}
