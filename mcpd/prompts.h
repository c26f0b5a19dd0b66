#ifndef MCPD_PROMPTS_H
#define MCPD_PROMPTS_H
#include "mcpd/mcp/prompts.h"

/* The prompts of contract section 5, in the order in which clients see them. */
extern const struct mcp_prompt app_prompts[];
extern const size_t app_prompt_count;
#endif
