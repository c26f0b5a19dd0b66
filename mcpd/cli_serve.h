#ifndef MCPD_CLI_SERVE_H
#define MCPD_CLI_SERVE_H
#include "common/sysd.h"
#include "mcpd/cli.h"
#include "mcpd/transport/tokens.h"

/* What `mcpd serve` opens before it gives up its rights. */
#define SERVE_SOCKETS 8u

struct serve_sockets {
    int fd[SERVE_SOCKETS]; /* listening */
    unsigned count;
    struct msg_endpoint own[CAPTURES_OWN]; /* the TCP ones among them */
    uint32_t own_n;
    struct tokens *tokens; /* NULL: none is asked for */
    struct sysd manager;
    char where[8 * 96]; /* "http://127.0.0.1:8808/mcp, unix:/run/..." for the log */
};

void serve_sockets_free(struct serve_sockets *s);

#endif
