#ifndef MCPD_CAPTURE_TARGET_H
#define MCPD_CAPTURE_TARGET_H
#include "mcpd/capture/snapshot.h"

/* What a person or a model means by "target": pure text, no look-ups (contract section 3, "Targets
 * and modes").  Accepted: "", "auto" or "*" (no target); a host name (IDN by libidn2); an IPv4 or
 * IPv6 address; a CIDR prefix; host:port and [v6]:port; a port number; a URL; a service word.  Of a
 * URL the path, query, fragment and user part are dropped here, before anything else sees them. */

/* Parse `text` (NULL: none) for the mode asked for (MODE_AUTO: choose).  False: `fail` names
 * "target" or "mode" and gives an example. */
bool target_parse(const char *text, enum mode asked, struct target *out, struct fail *fail);

/* Join host addresses learned by resolving; known ones and those beyond LIM_TARGET_ADDRESSES are
 * left out.  Returns how many were new (they are the last ones of t->address). */
uint32_t target_add_addresses(struct target *t, const struct addr *address, uint32_t n);

/* Why a probe would have nothing to do, in words; NULL: it has.  For a target as parsed: addresses
 * learned later make no difference. */
const char *target_no_probe(const struct target *t);

/* Mode by its name; false: no such mode. */
bool target_mode_by_name(const char *name, enum mode *mode_out);

/* The words that are targets by themselves ("https"), one after the other; NULL: no more. */
const char *target_word(size_t i);

/* True for the ports that mode web covers by itself: 80, 443, 8080, 8443. */
bool target_is_web_port(uint16_t port);
#endif
