#ifndef CAPD_TRACK_TLS_FAULTS_H
#define CAPD_TRACK_TLS_FAULTS_H
#include "capd/track/tcp.h"

/* What goes wrong with TLS beyond silence and alerts in clear: a certificate that one side turns
 * down inside TLS 1.3, versions out of date, two sides that do not speak the same protocol. */

/* The server chose this version. */
void tls_fault_version(struct engine *e, const struct flow *f, uint16_t version);

/* Has an encrypted record of TLS 1.3 with so many bytes of content room for an alert, and no more?
 */
bool tls_is_alert_size(uint32_t length);

/* The first record of application data that the client sends; `length` of its content.  t: the
 * connection's row, NULL if it was given up. */
void tls_fault_client_record(struct engine *e, const struct flow *f, const struct tls_entry *t,
                             uint32_t length);

/* The first record that the server sends after the client's first of application data. */
void tls_fault_server_record(const struct segment *s, uint32_t length);

/* The server's first payload, once the client's told what it speaks. */
void tls_fault_first_bytes(struct engine *e, const struct segment *s);

/* An HTTP answer in clear text. */
void tls_fault_http_answer(struct engine *e, const struct flow *f, unsigned status);

/* Of a flow that has ended, when it is summed up: clear text to a port of TLS, and the server
 * closed without a word; or what ended it came behind what seems to be an alert.  by_server: its
 * FIN or RST was the first. */
void tls_fault_closed(const struct flow *f, bool by_server, uint64_t at_us,
                      struct service_facts *x);
#endif
