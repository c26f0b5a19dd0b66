#ifndef CAPD_TRACK_APP_H
#define CAPD_TRACK_APP_H
#include "capd/track/tcp.h"

/* Between app.c and the parsers of a stream's messages. */

enum app_result {
    APP_TOOK, /* a message: go on `bytes` further, which may lie beyond what was given */
    APP_MORE, /* a message begins here; not enough bytes yet */
    APP_LOSE, /* no message here: look again at the start of a later segment */
    APP_QUIT  /* nothing more to find in either direction */
};
struct app_step {
    enum app_result result;
    uint32_t bytes;
};

/* `c` starts at a message boundary, or where one may be.  last: no more bytes will come to this
 * view; take what is there. */
struct app_step http_step(struct engine *e, struct segment *s, struct cursor c, bool last);
struct app_step tls_step(struct engine *e, struct segment *s, struct cursor c, bool last);

/* The connection ends: a TLS row learns how. */
void tls_flow_over(struct engine *e, struct flow *f, bool reset);

/* The flow's server is called so (SNI, Host): name it, and select it if that is the target.  No
 * name (len 0), or an address instead of one: nothing more will be said, its address decides. */
void app_name_server(struct engine *e, struct flow *f, const uint8_t *name, size_t len);

/* Whoever asks again has heard the other side up to its ACK: what is missing there will not come.
 */
void app_heard(struct engine *e, const struct segment *s);

/* Length of a host without ":port". */
size_t app_host_length(const uint8_t *host, size_t len);
#endif
