#ifndef MCPD_ANSWER_INTERFACES_H
#define MCPD_ANSWER_INTERFACES_H
#include "mcpd/app.h"

/* The interface list as an answer (contract section 3, list_network_interfaces): asks capd for the
 * interfaces and the network child for the resolvers.  Called once, with the tree (owned by the
 * callee), or NULL and why. */
typedef void answer_interfaces_fn(void *ctx, cJSON *tree, const struct fail *fail);
void answer_interfaces(struct app *a, answer_interfaces_fn *fn, void *ctx);

/* When the app ends: who still waits is told nothing. */
void answer_interfaces_discard(struct app *a);

/* The same as text, one line per interface.  malloc'd. */
char *answer_interfaces_text(const cJSON *tree);

/* Take away what does not fit `max_bytes` of JSON: addresses beyond eight of an interface, then
 * interfaces.  Those with the default route come first, then those that are up, then those with
 * addresses; "lists" tells how many there are. */
void answer_interfaces_fit(cJSON *tree, size_t max_bytes);
#endif
