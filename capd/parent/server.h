#ifndef CAPD_PARENT_SERVER_H
#define CAPD_PARENT_SERVER_H
#include "capd/parent/config.h"
#include "capd/parent/interfaces.h"
#include "capd/parent/policy.h"
#include "capd/parent/relay.h"
#include "common/sysd.h"
#include "common/wire.h"

#define SERVER_CLIENTS   64
#define SERVER_PER_USER  24 /* one for each MCP client a person has open; the rest is for others */
#define CLIENT_OUT_BYTES (64u * 1024u)
#define NO_CLIENT        (-1)

/* One connection. */
struct client {
    int fd; /* -1: free slot */
    struct peer peer;
    bool greeted;           /* hello was answered */
    bool closing;           /* close when everything is sent */
    bool throttled;         /* its user asks too often: the next request waits in `in` */
    uint64_t half_frame_ms; /* since when a frame is incomplete, 0: none is */
    uint64_t last_request_ms;
    uint64_t stalled_ms;  /* since when the socket takes nothing, 0: it does */
    int sending;          /* capture whose frame is partly sent, -1: none */
    bool sending_replies; /* a reply is partly sent */
    uint8_t in[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    size_t in_used;
    uint8_t out[CLIENT_OUT_BYTES]; /* replies, whole frames */
    size_t out_used, out_sent;
};

/* One worker. */
struct capture {
    bool used;
    char id[LIM_CAPTURE_ID + 1];
    char interface[LIM_IFNAME + 1];
    uint32_t stream;             /* request id of its `start` */
    int client;                  /* who gets its frames, NO_CLIENT: nobody any more */
    uid_t uid;                   /* whose it is: who may see and stop it */
    char account[LIM_LABEL + 1]; /* on whose account, see policy_account() */
    pid_t pid, client_pid;
    int ipc; /* -1: end of file was seen */
    bool reaped, final, counted, killed, failed;
    int status; /* of waitpid, when reaped */
    uint64_t started_us, ends_us;
    uint64_t kill_ms;        /* monotonic deadline, 0: none */
    uint64_t snapshot_ms;    /* earliest next full snapshot */
    uint64_t packets, bytes; /* from the final frame's extension */
    struct relay relay;
};

/* The whole state; mapped with MADV_WIPEONFORK: a worker sees nothing of it. */
struct server {
    struct config config;
    bool private_mode, live, small_machine, sandbox_off;
    int listen_fd, signal_fd, file_fd;
    bool stopping;
    unsigned turn;
    struct sysd manager;
    struct bucket_shares requests, lookups; /* by uid: of any kind; of interfaces not listed */
    struct client client[SERVER_CLIENTS];
    struct capture capture[LIM_CAPTURES];
    struct interfaces interfaces; /* as read last */
};

/* Allocate the state; NULL: no memory. */
struct server *server_new(void);

/* Take an already connected socket (private mode).  0 or -errno. */
int server_adopt(struct server *s, int fd);

/* Serve until SIGTERM, SIGINT, or in private mode the end of the one connection. */
void server_run(struct server *s);

/* Queue one reply.  A client that does not read its replies is closed. */
void server_reply(struct client *c, uint32_t stream, unsigned type, const void *msg);
void server_reply_error(struct client *c, uint32_t stream, const struct fail *fail);

/* request.c: handle one whole frame of a client. */
void request_handle(struct server *s, struct client *c, const struct wire_header *h,
                    const uint8_t *body);
#endif
