#ifndef MCPD_MCP_ARGCHECK_H
#define MCPD_MCP_ARGCHECK_H
/* Tool arguments against the tool's own input schema.  The schema that clients see is the one that
 * is enforced; the keywords understood are those that tools.h lists, and any other is refused at
 * start-up so that no schema promises what nobody checks. */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define ARGCHECK_TEXT 2048u /* room for the complaint about one call */

/* Is this parsed input schema one that argcheck_apply() enforces completely?  If not, `why` says
 * what. */
bool argcheck_schema_ok(const cJSON *schema, char *why, size_t cap)
    __attribute__((warn_unused_result));

/* Fill defaults into `args` (an object) and check it.  False with `why` filled: up to four lines,
 * one per violation, each naming the argument, what was given (clipped, control and bidirectional
 * characters escaped), what is allowed, and an example.  `schema` has passed argcheck_schema_ok().
 */
bool argcheck_apply(const cJSON *schema, cJSON *args, char *why, size_t cap)
    __attribute__((warn_unused_result));

#endif
