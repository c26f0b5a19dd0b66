#ifndef MCPD_TRANSPORT_HTTP_LIMITS_H
#define MCPD_TRANSPORT_HTTP_LIMITS_H
/* Every limit of the HTTP transport, each with its reason.  A body may have JSON_MAX_BYTES. */

#define HTTP_TCP_MAX   480u /* with the next and our own: below the usual 1024 files */
#define HTTP_TCP_FEW   32u  /* at least, where fewer files may be open */
#define HTTP_OWN_FILES 96u  /* of the rest of the program: what listens, capds, capture files */
#define HTTP_UNIX_MAX  64u  /* apart, so that strangers on TCP cannot lock out people's commands */
#define HTTP_PEER_MAX                                                                              \
    128u /* of one user, or of one other machine; all of this one are 127.0.0.1                    \
          */
#define HTTP_HEADER_BYTES                                                                          \
    (16u * 1024u)            /* memory of a connection: headers, then a piece of output */
#define HTTP_FIRST_MS 10000u /* for the headers of who has not shown a token yet */
#define HTTP_IDLE_MS  60000u /* for the next headers of who has: clients keep connections */
#define HTTP_BODY_MS  30000u /* 4 MiB at 1.2 Mbit/s */
#define HTTP_REFUSED_MS                                                                            \
    5000u /* for the rest of a body, and for reading why, of who showed no token */
#define HTTP_STALL_MS         60000u /* an answer of which nothing could be written for so long */
#define HTTP_GRACE_MS         250u   /* to send a first request, also when others want the place */
#define HTTP_BODIES_BYTES     (32u * 1024u * 1024u) /* of all bodies being received */
#define HTTP_BODY_FREE        (16u * 1024u) /* of each, always: most requests are no larger */
#define HTTP_OUT_BYTES        (64u * 1024u * 1024u) /* of all answers not yet read by their clients */
#define HTTP_CALLER_OUT_BYTES (16u * 1024u * 1024u) /* the same of one caller */
#define HTTP_SEND_BYTES                                                                            \
    (64 * 1024) /* of a connection in the kernel, which doubles it; else 2.5 MiB on loopback, and  \
                   what is there is in none of our counts */
#define HTTP_SWALLOW_BYTES                                                                         \
    (160u * 1024u * 1024u) /* read and forgotten so that a client gets to read why */
#define HTTP_SWALLOW_STRANGER (4u * 1024u * 1024u) /* the same, of who showed no token */
#define HTTP_CALLER_MAX       128u           /* requests of one caller that are not answered yet */
#define HTTP_CALLER_LISTENS   64u            /* of these, streams that stay open */
#define HTTP_STREAM_PAUSE     (256u * 1024u) /* waiting in one stream: notifications are dropped */
#define HTTP_SSE_AFTER_MS     1000u          /* an answer that takes longer becomes a stream */
#define HTTP_KEEPALIVE_MS     12000u /* proxies and clients give up on silence from 30 s on */
#define HTTP_BACKLOG          511

#endif
