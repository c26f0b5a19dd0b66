#ifndef TESTS_MCP_CONFORMANCE_FIXTURE_H
#define TESTS_MCP_CONFORMANCE_FIXTURE_H
/* What the MCP conformance suite expects a server to have, on this project's MCP core: nothing of
 * it is in the product. */
#include "mcpd/loop.h"
#include "mcpd/mcp/server.h"

struct fixture {
    struct loop *loop;
    struct mcp_server *server;
};

extern const struct tool *const fixture_tools[];
extern const size_t fixture_tool_count;
extern const struct mcp_resources fixture_resources;
extern const struct mcp_prompt fixture_prompts[];
extern const size_t fixture_prompt_count;

/* A picture of one red pixel (PNG). */
extern const unsigned char fixture_png[];
extern const size_t fixture_png_bytes;
#endif
