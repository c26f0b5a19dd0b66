#ifndef CAPD_TRACK_UNANSWERED_H
#define CAPD_TRACK_UNANSWERED_H
#include "capd/track/tcp.h"

#define QUESTION_BYTES 4096u /* of payload: more is an upload */

/* What is asked in vain; `value` of INCIDENT_UNHEARD. */
enum unanswered {
    UNANSWERED_NOTHING,   /* it needs no answer, has got one, or is told elsewhere */
    UNANSWERED_IN_CLEAR,  /* the first word of the connection, to which an answer is due */
    UNANSWERED_PERHAPS,   /* the same where it is not known that one is due */
    UNANSWERED_ONCE_MORE, /* in clear, after earlier answers */
    UNANSWERED_SEALED,    /* inside TLS, the first request */
    UNANSWERED_SOON,      /* one of the others, but the second; the client left within seconds */
    UNANSWERED_GREETING   /* nothing: the server should have spoken first */
};

/* Of a connection that unanswered_is() tells. */
enum unanswered unanswered_kind(const struct engine *e, const struct flow *f, bool left);

/* Did the server close by FIN what it was asked on, without a byte of answer to a request that it
 * had acknowledged? */
bool unanswered_by_end(const struct flow *f);

/* Does a request of the connection wait in vain?  `left`: the client closed it first; else it is
 * still open. */
bool unanswered_is(const struct engine *e, const struct flow *f, bool left);

/* When the client sent the last of it, or got the SYN-ACK if the server is to speak first. */
uint32_t unanswered_since_us(const struct flow *f);

/* Since the last of what the client sent, or the handshake: until it left, or until now. */
uint64_t unanswered_us(const struct engine *e, const struct flow *f, bool left);

/* Ports whose protocol has the client ask first and the server answer whatever it is asked:
 * directories, databases, caches, queues, file and remote desktop services, controllers. */
bool unanswered_port(uint16_t port);

/* Protocols whose server speaks first: FTP, SSH, SMTP, POP3, IMAP, submission, MySQL. */
bool unanswered_greets(uint16_t port);
#endif
