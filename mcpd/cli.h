#ifndef MCPD_CLI_H
#define MCPD_CLI_H
#include "mcpd/app.h"

struct serve_sockets;

/* The command line (contract section 2). */
enum cli_command {
    CLI_STDIO,
    CLI_DIAGNOSE,
    CLI_ANALYZE,
    CLI_INTERFACES,
    CLI_CHECK,
    CLI_SERVE,
    CLI_STATUS,
    CLI_STOP,
    CLI_REPORT,
    CLI_VERSION,
    CLI_HELP
};

struct cli {
    enum cli_command command;
    const char *target;    /* NULL: none */
    const char *file;      /* analyze */
    const char *mode;      /* NULL: auto */
    const char *interface; /* NULL: choose */
    const char *capd;      /* NULL: mcpd.conf's */
    const char *config;    /* NULL: the default file, if there is one */
    const char *id;        /* stop, report: NULL: the only one */
    const char *format;    /* of a report; NULL: text */
    unsigned duration_s;
    bool duration_given;
    const char *listen; /* serve; NULL: mcpd.conf's */
    const char *socket; /* serve and what talks to it; NULL: mcpd.conf's */
    bool no_probe, json, no_token;
    int file_fd;                   /* analyze: opened before privileges are given up */
    struct serve_sockets *sockets; /* serve: likewise */
    struct serve_look *look;       /* check: what `mcpd serve` would find; opened before, too */
    int held_fd;  /* check: what the kernel says of this process; opened before, too */
    bool net_raw; /* check: what it starts can have CAP_NET_RAW, as far as its starter left it */
};

struct mcp_server;

/* Exit codes. */
enum {
    EXIT_HEALTHY = 0,
    EXIT_PROBLEMS = 1, /* problems, no traffic, inconclusive */
    EXIT_USAGE = 2,
    EXIT_NOT_PERMITTED = 3, /* or capd not reachable */
    EXIT_CAPTURE_FAILED = 4
};

/* False: `fail` says what is wrong; exit code 2. */
bool cli_parse(struct cli *c, int argc, char **argv, struct fail *fail);
extern const char cli_help[];

/* Each runs its command to the end and returns the exit code. */
int cli_stdio(struct app *a, int in_fd, int out_fd);
/* `mcpd serve` in two steps: what may need the person's rights is opened before they are given up.
 */
struct serve_sockets *cli_serve_open(const struct app *a, const struct cli *c, struct fail *fail);
int cli_serve(struct app *a, struct serve_sockets *sockets);

int cli_diagnose(struct app *a, const struct cli *c);
int cli_analyze(struct app *a, const struct cli *c);
int cli_interfaces(struct app *a, const struct cli *c);
/* `fault`: what is wrong with the configuration, else NULL. */
int cli_check(struct app *a, const struct cli *c, const struct fail *fault);
/* The same when mcpd could not be locked up, so that nothing can be looked at. */
int cli_check_unheld(const struct fail *why);

/* status, stop, report: ask the running `mcpd serve`. */
int cli_serve_client(const struct cli *c);

/* The exit code, or that of a failure, told on stderr, when what was printed did not reach standard
 * output.  A reader that went away had what it wanted. */
int cli_flushed(int code);

/* Tell a failure on stderr; returns the exit code it means. */
int cli_fail(const struct fail *why);

/* Print a whole report as `cli` wants it; returns the exit code it means. */
int cli_print_report(const cJSON *tree, const struct cli *cli);

/* Print a tree as indented JSON with a line end. */
void cli_print_json(const cJSON *tree);
#endif
