#ifndef MCPD_ANSWER_INTERFACES_H
#define MCPD_ANSWER_INTERFACES_H
#include "mcpd/app.h"

/* The interface list as an answer (contract section 3, list_network_interfaces): asks capd for the
 * interfaces and the network child for the resolvers.  Called once, with the tree (owned by the
 * callee), or NULL and why. */
typedef void answer_interfaces_fn(void *ctx, cJSON *tree, const struct fail *fail);
void answer_interfaces(struct app *a, answer_interfaces_fn *fn, void *ctx);

/* The same as text, one line per interface.  malloc'd. */
char *answer_interfaces_text(const cJSON *tree);
#endif
