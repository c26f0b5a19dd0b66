#ifndef MCPD_MCP_PROMPTS_H
#define MCPD_MCP_PROMPTS_H
/* What a prompt is, and how arguments are completed.  A prompt is a constant table row and a
 * function that makes its messages at once; completion may take its time. */
#include "mcpd/mcp/caller.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define MCP_ARGUMENT_MAX   2000u /* bytes of one argument: as much as a target may have */
#define MCP_COMPLETION_MAX 100u  /* values in one answer (MCP) */

struct mcp_completion;

/* Offer values for an argument by mcp_completion_offer(), then end the completion EXACTLY ONCE, now
 * or later, by mcp_completion_end().  The core leaves out what does not begin with what has been
 * typed. */
typedef void mcp_offer_fn(struct mcp_completion *c, void *app);

void mcp_completion_offer(struct mcp_completion *c, const char *value); /* copied, valid UTF-8 */
void mcp_completion_end(struct mcp_completion *c);
/* Valid until the completion ends. */
const struct caller *mcp_completion_caller(const struct mcp_completion *c);

struct mcp_prompt_argument {
    const char *name, *description;
    bool required;
    mcp_offer_fn *offer; /* NULL: any text, nothing to offer */
};

struct mcp_prompt {
    const char *name, *title, *description;
    const struct mcp_prompt_argument *arguments;
    size_t argument_count;
    /* The array of messages (content_message()), for arguments that are strings of at most
     * MCP_ARGUMENT_MAX bytes; those required are there and not empty.  NULL: an argument is wrong,
     * and `why` says which and what is allowed. */
    cJSON *(*messages)(const cJSON *arguments, char *why, size_t cap, void *app);
};

/* An argument: "" if not given. */
const char *mcp_prompt_text(const cJSON *arguments, const char *name);

#endif
