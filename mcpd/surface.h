#ifndef MCPD_SURFACE_H
#define MCPD_SURFACE_H
#include "mcpd/resources.h"

/* What this program offers over MCP, the same over every transport. */
struct surface {
    struct mcp_server *server;
    struct resources_watch watch;
};

/* Make the server and have it tell what happens to captures.  `s` must live as long as the
 * captures.  False: `why` says why not. */
bool surface_open(struct surface *s, struct app *a, char *why, size_t cap);

/* After all connections are freed.  Ends all captures first: nothing may end a call later. */
void surface_close(struct surface *s, struct app *a);
#endif
