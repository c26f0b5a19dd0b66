#ifndef MCPD_CLI_SERVE_H
#define MCPD_CLI_SERVE_H
#include "mcpd/cli.h"
#include "mcpd/transport/tokens.h"

/* What `mcpd serve` opens before it gives up its rights. */
#define SERVE_SOCKETS 8u

struct serve_sockets {
    int fd[SERVE_SOCKETS]; /* listening */
    unsigned count;
    struct tokens *tokens; /* NULL: none is asked for */
    char unlink_path[108]; /* of the Unix socket made here; "" if none was */
    int notify_fd;         /* -1: nobody wants to know */
    unsigned watchdog_ms;  /* 0: no watchdog */
    char where[8 * 96];    /* "http://127.0.0.1:8808/mcp, unix:/run/..." for the log */
};

void serve_sockets_free(struct serve_sockets *s);

#endif
