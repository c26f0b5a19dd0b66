#ifndef MCPD_TRANSPORT_HTTP_PRIVATE_H
#define MCPD_TRANSPORT_HTTP_PRIVATE_H
/* Inside the HTTP transport: connections (http_peers.c), requests (http_exchange.c), whose turn it
 * is (http_turns.c), answers (http_reply.c), and what holds them together (http.c). */
#include "common/bucket.h"
#include "mcpd/mcp/httprules.h"
#include "mcpd/transport/http.h"
#include "mcpd/transport/http_limits.h"
#include <microhttpd.h>

#define HTTP_LISTENERS    8u /* sockets; systemd passes two */
#define HTTP_ADDRESS_TEXT 64u

struct http_listener {
    struct http *h;
    int fd;
    bool is_unix;
};

struct http {
    struct http_options o;
    struct MHD_Daemon *daemon;
    int daemon_fd; /* its epoll descriptor */
    int hangup_fd; /* epoll: who goes while we are silent */
    struct http_listener listener[HTTP_LISTENERS];
    size_t listeners;
    struct http_peer *peers;
    struct http_exchange *exchanges;
    unsigned tcp_peers, unix_peers, tcp_max;
    size_t bodies_bytes;
    size_t out_bytes; /* answers that are not read yet */
    uint64_t run_timer, sweep_timer, accept_timer, turn_timer;
    uint64_t turn;               /* the last that was given */
    uint64_t round_ms;           /* when this round of the loop began to work out what is asked */
    struct bucket refusals;      /* lines of the log */
    unsigned refusals_missed;    /* that had none, since the last one */
    struct http_peer *accepting; /* while libmicrohttpd is given a new connection */
    bool woken;                  /* a connection has been resumed since libmicrohttpd ran */
    bool stopping;
};

/* One connection. */
struct http_peer {
    struct http *h;
    struct http_peer *next, **link;
    struct MHD_Connection *connection; /* NULL: not taken over yet */
    int fd;
    bool is_unix;
    bool proved;                     /* has shown that it may ask */
    unsigned token;                  /* the number of what it has shown last; 0: none */
    struct caller caller;            /* once proved: who has shown that */
    uid_t uid;                       /* Unix sockets */
    char remote[HTTP_ADDRESS_TEXT];  /* TCP from elsewhere; "" for this machine */
    char address[HTTP_ADDRESS_TEXT]; /* what it connected to, as in a URL; "" for Unix */
    uint64_t since_ms;               /* when it was accepted, or last answered */
    struct http_exchange *exchange;  /* NULL between requests */
};

enum exchange_state {
    EXCHANGE_BODY,    /* being received */
    EXCHANGE_RUNNING, /* the core has it */
    EXCHANGE_REPLYING /* libmicrohttpd has the response */
};

/* One HTTP request. */
struct http_exchange {
    struct http *h;
    struct http_exchange *next, **link;
    struct http_peer *peer; /* NULL: the legacy client has gone, what it began goes on */
    enum exchange_state state;
    unsigned status; /* not 0: refused by its head or size */
    const char *why; /* a constant */
    bool endless;    /* nobody can tell where its body ends */
    struct caller caller;
    unsigned token; /* the number of what it has shown; 0: none was needed */
    struct head_accept accept;
    char *body; /* until the core has it */
    size_t body_len, body_room, swallowed;
    struct httprules rules;
    struct mcp_conn *conn;
    uint64_t turn;  /* not 0: it waits for that, and the core has not got it yet */
    bool suspended; /* libmicrohttpd leaves it alone until woken */
    bool streaming; /* answered as text/event-stream */
    bool done;      /* nothing more will be sent */
    bool gone;      /* the client is */
    char *out;      /* the answer, or what is to be streamed from `sent` on */
    size_t out_len, out_room, sent;
    size_t out_counted;  /* in h->out_bytes, until the response has gone */
    int code;            /* JSON-RPC code of the answer */
    uint64_t sse_timer;  /* answers in time are plain JSON */
    uint64_t began_ms;   /* of this state */
    uint64_t written_ms; /* last time the connection took something */
};

/* http.c: have libmicrohttpd do what is due; the second in the next round of the loop. */
void http_run(struct http *h);
void http_run_soon(struct http *h);

/* http_peers.c */
void peers_new_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code);
void peers_sweep(struct http *h, uint64_t now_ms);
/* Be told when a suspended exchange's client goes, or stop that. */
void peers_watch_hangup(struct http_peer *p, bool watch);
void peers_on_hangup(void *ctx, int fd, unsigned ready);
void peers_shut(struct http_peer *p); /* the connection ends at once */
/* The other side has closed, and all it sent has been read. */
bool peers_has_ended(const struct http_peer *p);
void peers_stop_listening(struct http *h);
/* A line of the log about who was turned away, not for each of many. */
void peers_log_refused(const struct http_peer *p, unsigned status, const char *why);

/* http_exchange.c */
struct http_exchange *exchange_new(struct http_peer *p);
void exchange_free(struct http_exchange *x);
/* The headers are here. */
void exchange_check_head(struct http_exchange *x, const char *url, const char *method);
void exchange_take_body(struct http_exchange *x, const char *bytes, size_t len);
void exchange_end_body(struct http_exchange *x);
/* Its turn has come. */
void exchange_begin(struct http_exchange *x);
void exchange_sweep(struct http *h, uint64_t now_ms);
void exchange_stop(struct http_exchange *x);
/* Its token counts no more.  False: there was nothing left to end. */
bool exchange_revoke(struct http_exchange *x);
/* The client has gone. */
void exchange_lost(struct http_exchange *x);
bool exchange_append(struct http_exchange *x, const char *bytes, size_t len);
/* One event of the stream. */
void exchange_append_event(struct http_exchange *x, const char *json, size_t len);

/* http_turns.c: have it begun, now or when it is its turn. */
void turns_take(struct http_exchange *x);

/* http_reply.c: queue what there is to say, or wait for it. */
enum MHD_Result reply_proceed(struct http_exchange *x);
void reply_wake(struct http_exchange *x);
/* Takes the place of the answer. */
void reply_error(struct http_exchange *x, int code, const char *text, cJSON *data);

#endif
