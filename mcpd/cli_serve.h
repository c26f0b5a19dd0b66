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

/* What `mcpd serve`, started here and now, would find: for `mcpd check`. */
struct serve_look {
    char token_file[SETTINGS_PATH_BYTES]; /* "": there is no place for one */
    char token_dir[SETTINGS_PATH_BYTES];  /* its folder if it could be read again there; else "" */
    enum look_tokens { LOOK_NOT_MADE, LOOK_OF_ANOTHER, LOOK_BAD, LOOK_READ } tokens_are;
    size_t tokens;           /* LOOK_READ */
    uid_t token_owner;       /* LOOK_OF_ANOTHER: who else may read them */
    struct fail token_fault; /* LOOK_BAD */
    bool group_bad;
    struct fail group_fault; /* if so */
};

/* Look, before rights are given up; changes nothing. */
void cli_serve_look(const struct app *a, struct serve_look *out);
void serve_tokens_look(const struct app *a, struct serve_look *out);

/* Read the token file where one is needed; the first start makes it.  False: `fail`. */
bool serve_tokens_open(struct serve_sockets *s, const struct app *a, const struct cli *c,
                       const struct listener_kind *kind, struct fail *fail);

/* What of files has to stay readable so that the tokens can be read again; NULL: nothing. */
const char *serve_tokens_readable(const struct serve_sockets *s);

/* Read them again.  NULL: `fail`, and the old ones stay. */
struct tokens *serve_tokens_read(const struct serve_sockets *s, struct fail *fail);

#endif
