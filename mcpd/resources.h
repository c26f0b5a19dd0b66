#ifndef MCPD_RESOURCES_H
#define MCPD_RESOURCES_H
#include "mcpd/app.h"
#include "mcpd/mcp/server.h"

/* The resources of contract section 5: captures as reports of several kinds, and what never
 * changes. */
extern const struct mcp_resources app_resources;

/* Tell subscribers of `server` from now on what happens to captures.  `w` must live as long as the
 * captures do.  False: no memory. */
struct resources_watch {
    struct app *app;
    struct mcp_server *server;
};
bool resources_watch(struct resources_watch *w, struct app *a, struct mcp_server *server);
#endif
