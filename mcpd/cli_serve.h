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
    char token_file[SETTINGS_PATH_BYTES];
    char token_dir[SETTINGS_PATH_BYTES]; /* its folder, if nothing else is in there; else "" */
    bool hangup_reloads;                 /* SIGHUP is no terminal's */
    struct sysd manager;
    char where[8 * 96]; /* "http://127.0.0.1:8808/mcp, unix:/run/..." for the log */
};

void serve_sockets_free(struct serve_sockets *s);

/* What is listened on. */
struct listener_kind {
    bool tcp, beyond_loopback;
};

/* Where `mcpd serve`, started here and now, keeps its tokens.  False: `fail`. */
bool serve_tokens_path(const struct app *a, char out[SETTINGS_PATH_BYTES], struct fail *fail);

/* The folder of that file if nothing but tokens is in it, or if it is not there yet; else "". */
void serve_tokens_folder(const char *path, char dir_out[SETTINGS_PATH_BYTES]);

/* Read the token file where one is needed; the first start makes it.  False: `fail`. */
bool serve_tokens_open(struct serve_sockets *s, const struct app *a, const struct cli *c,
                       const struct listener_kind *kind, struct fail *fail);

/* What of files has to stay readable so that the tokens can be read again; NULL: nothing. */
const char *serve_tokens_readable(const struct serve_sockets *s);

/* Read them again.  NULL: `fail`, and the old ones stay. */
struct tokens *serve_tokens_read(const struct serve_sockets *s, struct fail *fail);

#endif
