/* Reads the command line.  One table of options, each with the commands it belongs to, so that an
 * option that would be ignored is refused instead.
 * Runs in: mcpd.  Input trust: local (the person who runs it). */
#include "mcpd/cli.h"
#include "common/text.h"
#include "mcpd/capture/target.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char cli_help[] =
    "mcpd: what is wrong with my network?  It captures headers, counts, and says so\n"
    "in sentences.\n"
    "\n"
    "  mcpd diagnose   [TARGET] [--mode MODE] [--duration SECONDS] [--interface NAME]\n"
    "                  [--no-probe] [--capd PATH|private] [--json | --format FORMAT]\n"
    "                                          capture, then report\n"
    "  mcpd analyze    FILE [TARGET] [--json | --format FORMAT]\n"
    "                                          the same report from a capture file\n"
    "  mcpd interfaces [--capd PATH|private] [--json]\n"
    "                                          where captures can be made\n"
    "  mcpd check      [--capd PATH|private]   what is configured, reachable,\n"
    "                                          missing, and how to mend it\n"
    "  mcpd stdio      [--capd PATH|private]   MCP server on standard input/output\n"
    "  mcpd serve      [--listen ADDRESS:PORT] [--socket PATH] [--no-token]\n"
    "                                          MCP server over HTTP, at /mcp\n"
    "  mcpd status | stop [ID] | report [ID] [--format text|json|markdown|html|csv]\n"
    "                  [--socket PATH]\n"
    "                                          captures of the running `mcpd serve`\n"
    "  mcpd --version | --help\n"
    "\n"
    "TARGET   a host name, an address, a prefix, host:port, [v6]:port, a port, a URL,\n"
    "         a service (http https dns ssh smtp imap ntp rdp mysql postgres redis\n"
    "         sip); none: this host's whole network\n"
    "MODE     auto (default), domain, port, web, diagnosis\n"
    "FORMAT   text (default), json, markdown, html (one file for a browser, complete\n"
    "         in itself), csv (the connections)\n"
    "SECONDS  1 to 3600, default 10; Ctrl-C ends a capture early, with its report\n"
    "\n"
    "Where TARGET is a name, a URL or host:port, diagnose makes one connection to it\n"
    "itself while it captures (--no-probe: it does not); else you make the traffic.\n"
    "All commands take --config FILE (default " SETTINGS_PATH ",\n"
    "if it is there).\n"
    "\n"
    "Reports go to standard output, all else to standard error.  Exit codes: 0 done\n"
    "and healthy; 1 done, and problems, no traffic or inconclusive; 2 usage; 3 not\n"
    "permitted or capd not reachable; 4 capture failed, or the output could not be\n"
    "written.\n";

static const char *const commands[] = {"stdio", "diagnose", "analyze", "interfaces", "check",
                                       "serve", "status",   "stop",    "report"};

#define FOR(command) (1u << (command))
#define FOR_ALL      0x1ffu
#define FOR_LIVE                                                                                   \
    (FOR(CLI_STDIO) | FOR(CLI_DIAGNOSE) | FOR(CLI_INTERFACES) | FOR(CLI_CHECK) | FOR(CLI_SERVE))
#define FOR_SOCKET (FOR(CLI_SERVE) | FOR(CLI_STATUS) | FOR(CLI_STOP) | FOR(CLI_REPORT))

static bool set_mode(struct cli *c, const char *v) {
    enum mode mode;
    c->mode = v;
    return target_mode_by_name(v, &mode);
}
static bool set_duration(struct cli *c, const char *v) {
    char *end;
    unsigned long n = strtoul(v, &end, 10);
    c->duration_s = (unsigned)n;
    c->duration_given = true;
    return *v >= '0' && *v <= '9' && !*end && n >= 1 && n <= LIM_DURATION_S;
}
static bool set_interface(struct cli *c, const char *v) {
    c->interface = v;
    return *v && strlen(v) <= LIM_IFNAME;
}
static bool set_capd(struct cli *c, const char *v) {
    c->capd = v;
    return *v != 0;
}
static bool set_config(struct cli *c, const char *v) {
    c->config = v;
    return *v != 0;
}
static bool set_format(struct cli *c, const char *v) {
    static const char *const formats[] = {"text", "json", "markdown", "html", "csv"};
    c->format = v;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(v, formats[i]) == 0) return true;
    return false;
}
static bool set_listen(struct cli *c, const char *v) {
    struct settings probe;
    c->listen = v;
    return settings_set_listen(&probe, v);
}
static bool set_socket(struct cli *c, const char *v) {
    struct settings probe;
    c->socket = v;
    return settings_set_socket(&probe, v);
}
static bool set_no_token(struct cli *c, const char *v) {
    (void)v;
    return c->no_token = true;
}
static bool set_no_probe(struct cli *c, const char *v) {
    (void)v;
    return c->no_probe = true;
}
static bool set_json(struct cli *c, const char *v) {
    (void)v;
    return c->json = true;
}

static const struct option {
    const char *name;
    unsigned commands;
    bool value;
    bool (*set)(struct cli *c, const char *value);
    const char *allowed;
} options[] = {
    {"--mode", FOR(CLI_DIAGNOSE), true, set_mode, "auto, domain, port, web or diagnosis"},
    {"--duration", FOR(CLI_DIAGNOSE), true, set_duration, "1 to 3600 (seconds)"},
    {"--interface", FOR(CLI_DIAGNOSE), true, set_interface, "a name of `mcpd interfaces`"},
    {"--capd", FOR_LIVE, true, set_capd, "a socket's path, or private"},
    {"--config", FOR_ALL, true, set_config, "a file"},
    {"--format", FOR(CLI_REPORT) | FOR(CLI_DIAGNOSE) | FOR(CLI_ANALYZE), true, set_format,
     "text, json, markdown, html or csv"},
    {"--listen", FOR(CLI_SERVE), true, set_listen, SETTINGS_LISTEN_ALLOWED},
    {"--socket", FOR_SOCKET, true, set_socket, "an absolute path"},
    {"--no-token", FOR(CLI_SERVE), false, set_no_token, ""},
    {"--no-probe", FOR(CLI_DIAGNOSE), false, set_no_probe, ""},
    {"--json", FOR(CLI_DIAGNOSE) | FOR(CLI_ANALYZE) | FOR(CLI_INTERFACES), false, set_json, ""},
};

static bool refuse(struct fail *fail, const char *field, const char *given, const char *why) {
    char shown[64];
    text_clean((const uint8_t *)given, strlen(given), shown, sizeof shown);
    return fail_set(fail, FAIL_VALUE, field, "%s: %s; see mcpd --help", shown, why);
}

/* `--name value` or `--name=value`; *i is moved past what was used. */
static bool take_option(struct cli *c, int argc, char **argv, int *i, struct fail *fail) {
    const char *arg = argv[*i];
    size_t len = strcspn(arg, "=");
    for (size_t k = 0; k < sizeof options / sizeof options[0]; k++) {
        const struct option *o = &options[k];
        if (strlen(o->name) != len || strncmp(o->name, arg, len) != 0) continue;
        char why[128];
        snprintf(why, sizeof why, "allowed after %s: %s", o->name, o->allowed);
        if (!(o->commands & FOR(c->command)))
            return refuse(fail, o->name, arg, "this command does not take it");
        if (!o->value && arg[len]) return refuse(fail, o->name, arg, "it takes no value");
        const char *value = arg[len] ? arg + len + 1 : "";
        if (o->value && !arg[len]) {
            if (*i + 1 == argc) return refuse(fail, o->name, arg, why);
            value = argv[++*i];
        }
        return o->set(c, value) || refuse(fail, o->name, value, why);
    }
    return refuse(fail, "option", arg, "no such option");
}

/* Ids are capd's: 32 hexadecimal digits. */
static bool take_id(struct cli *c, const char *word, struct fail *fail) {
    c->id = word;
    if (strlen(word) == LIM_CAPTURE_ID && !word[strspn(word, "0123456789abcdef")]) return true;
    return refuse(fail, "ID", word, "an ID has 32 hexadecimal digits");
}

static bool take_word(struct cli *c, const char *word, struct fail *fail) {
    if (c->command == CLI_ANALYZE && !c->file) {
        c->file = word;
        return true;
    }
    if ((c->command == CLI_ANALYZE || c->command == CLI_DIAGNOSE) && !c->target) {
        c->target = word;
        return true;
    }
    if ((c->command == CLI_STOP || c->command == CLI_REPORT) && !c->id)
        return take_id(c, word, fail);
    return refuse(fail, "argument", word, "one argument too many");
}

static bool take_command(struct cli *c, const char *word, struct fail *fail) {
    for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++) {
        if (strcmp(word, commands[k]) != 0) continue;
        c->command = (enum cli_command)k;
        return true;
    }
    return refuse(fail, "command", word, "no such command");
}

static bool is_any(const char *arg, const char *a, const char *b) {
    return strcmp(arg, a) == 0 || strcmp(arg, b) == 0;
}

bool cli_parse(struct cli *c, int argc, char **argv, struct fail *fail) {
    bool words_only = false;
    *c = (struct cli){.command = CLI_HELP, .duration_s = 10, .file_fd = -1};
    if (argc < 2)
        return fail_set(fail, FAIL_VALUE, "command", "a command is missing; see mcpd --help");
    for (int i = 1; i < argc; i++) {
        if (is_any(argv[i], "--help", "-h")) return c->command = CLI_HELP, true;
        if (is_any(argv[i], "--version", "-V")) return c->command = CLI_VERSION, true;
    }
    if (!take_command(c, argv[1], fail)) return false;
    for (int i = 2; i < argc; i++) {
        bool option = !words_only && argv[i][0] == '-' && argv[i][1];
        if (option && strcmp(argv[i], "--") == 0)
            words_only = true;
        else if (!(option ? take_option(c, argc, argv, &i, fail) : take_word(c, argv[i], fail)))
            return false;
    }
    if (c->json && c->format && strcmp(c->format, "json") != 0)
        return refuse(fail, "--format", "--format", "--json asks for another form");
    if (c->command == CLI_ANALYZE && !c->file)
        return refuse(fail, "file", "analyze", "a capture file is missing");
    return true;
}
