/* `mcpd status`, `stop` and `report`: the captures of a running `mcpd serve`, which outlive the
 * connection that started them.  Asked over its Unix socket, where the kernel says who asks; a
 * report comes over as JSON and is rendered here, as `mcpd diagnose` renders its own.
 * Runs in: mcpd.  Input trust: local (arguments), client (what the server says). */
#include "common/log.h"
#include "common/text.h"
#include "mcpd/cli.h"
#include "mcpd/privs.h"
#include "mcpd/sandbox.h"
#include "mcpd/serve_call.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *text_of(const cJSON *o, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
    return text ? text : "";
}

/* What the server says goes to a terminal: nothing in it may command one. */
static const char *clean(const char *text, char *out, size_t cap) {
    (void)text_clean_again(text, out, cap);
    return out;
}

/* The structured content of a tool's result, owned by the caller; NULL: `fail` is its sentence. */
static cJSON *call_tool(int fd, const char *tool, const char *id, struct fail *fail) {
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "name", tool);
    cJSON *arguments = cJSON_AddObjectToObject(params, "arguments");
    if (id) cJSON_AddStringToObject(arguments, "capture_id", id);
    cJSON *result = serve_ask(fd, "tools/call", tool, params, fail);
    if (!result) return NULL;
    cJSON *tree = cJSON_DetachItemFromObjectCaseSensitive(result, "structuredContent");
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(result, "content");
    if (!tree) {
        char said[LIM_ERROR_TEXT];
        fail_set(fail, FAIL_NOT_FOUND, "capture_id", "%s",
                 clean(text_of(cJSON_GetArrayItem(content, 0), "text"), said, sizeof said));
    }
    cJSON_Delete(result);
    return tree;
}

/* ---- status ---------------------------------------------------------------------------------- */

static const cJSON *rows_of(const cJSON *tree) {
    return cJSON_GetObjectItemCaseSensitive(tree, "captures");
}

static void print_row(const cJSON *row) {
    char id[40], state[16], target[80], mode[16], started[32];
    const cJSON *problems = cJSON_GetObjectItemCaseSensitive(row, "problems");
    const char *given = text_of(row, "target");
    printf("%-32s  %-8s  %8d  %-24s  %-9s  %s\n", clean(text_of(row, "id"), id, sizeof id),
           clean(text_of(row, "state"), state, sizeof state),
           cJSON_IsNumber(problems) ? problems->valueint : 0,
           clean(text_of(row, "started"), started, sizeof started),
           clean(text_of(row, "mode"), mode, sizeof mode),
           *given ? clean(given, target, sizeof target) : "(none)");
}

static int status(int fd) {
    struct fail fail;
    cJSON *tree = call_tool(fd, "list_captures", NULL, &fail);
    if (!tree) return cli_fail(&fail);
    const cJSON *rows = rows_of(tree), *row;
    if (cJSON_GetArraySize(rows) == 0)
        puts("no captures");
    else
        printf("%-32s  %-8s  %8s  %-24s  %-9s  %s\n", "ID", "STATE", "PROBLEMS", "STARTED", "MODE",
               "TARGET");
    cJSON_ArrayForEach(row, rows) print_row(row);
    const char *of = text_of(cJSON_GetObjectItemCaseSensitive(tree, "lists"), "captures");
    char part[40];
    if (*of) printf("%s: the running ones, then the newest\n", clean(of, part, sizeof part));
    cJSON_Delete(tree);
    return EXIT_HEALTHY;
}

/* ---- stop, report ---------------------------------------------------------------------------- */

static int print_report_of(int fd, const char *id, const struct cli *c) {
    char uri[80];
    struct fail fail;
    cJSON *known = call_tool(fd, "get_capture_status", id, &fail); /* else it says what there is */
    cJSON_Delete(known);
    if (!known) return cli_fail(&fail);
    snprintf(uri, sizeof uri, "capture://%.32s/report.json", id);
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "uri", uri);
    cJSON *result = serve_ask(fd, "resources/read", uri, params, &fail);
    const cJSON *contents = cJSON_GetObjectItemCaseSensitive(result, "contents");
    cJSON *tree = serve_parse(text_of(cJSON_GetArrayItem(contents, 0), "text"));
    if (result && !tree)
        fail_set(&fail, FAIL_ENVIRONMENT, "", "the report that came back cannot be read");
    int code = tree ? cli_print_report(tree, c) : cli_fail(&fail);
    cJSON_Delete(result);
    cJSON_Delete(tree);
    return code;
}

/* The only one there is, or the only one that runs, when none is named. */
static bool find_only(int fd, bool running, char id[LIM_CAPTURE_ID + 1], struct fail *fail) {
    cJSON *tree = call_tool(fd, "list_captures", NULL, fail);
    const cJSON *row;
    int count = 0;
    if (!tree) return false;
    cJSON_ArrayForEach(row, rows_of(tree)) {
        if (running && strcmp(text_of(row, "state"), "running") != 0) continue;
        if (count++ == 0) snprintf(id, LIM_CAPTURE_ID + 1, "%s", text_of(row, "id"));
    }
    cJSON_Delete(tree);
    if (count == 1) return true;
    const char *kind = running ? "running capture" : "capture";
    if (count == 0) return fail_set(fail, FAIL_NOT_FOUND, "capture_id", "there is no %s", kind);
    return fail_set(fail, FAIL_NOT_FOUND, "capture_id",
                    "there are several %ss: name one; `mcpd status` lists them", kind);
}

static int stop(int fd, const struct cli *c) {
    char id[LIM_CAPTURE_ID + 1];
    struct fail fail;
    if (!c->id && !find_only(fd, true, id, &fail)) return cli_fail(&fail);
    cJSON *tree = call_tool(fd, "stop_packet_capture", c->id ? c->id : id, &fail);
    if (!tree) return cli_fail(&fail);
    snprintf(id, sizeof id, "%s", text_of(tree, "capture_id"));
    cJSON_Delete(tree);
    return print_report_of(fd, id, c);
}

static int report(int fd, const struct cli *c) {
    char id[LIM_CAPTURE_ID + 1];
    struct fail fail;
    if (c->id)
        snprintf(id, sizeof id, "%s", c->id);
    else if (!find_only(fd, false, id, &fail))
        return cli_fail(&fail);
    return print_report_of(fd, id, c);
}

/* ---- all ------------------------------------------------------------------------------------- */

/* Connected, and from then on able to do little else; -1: told. */
static int connect_and_lock_up(const struct cli *c, int *code_out) {
    struct settings settings;
    struct sandbox_wishes wishes = {.mode = SANDBOX_PEOPLE};
    struct fail fail;
    settings_defaults(&settings);
    *code_out = EXIT_USAGE;
    if (!settings_read(&settings, c->config ? c->config : SETTINGS_PATH, c->config != NULL,
                       &fail)) {
        log_line("%s", fail.why);
        return -1;
    }
    const char *path = settings.socket[0] ? settings.socket : SETTINGS_SOCKET;
    int fd = serve_connect(c->socket ? c->socket : path, &fail);
    if (fd < 0) {
        *code_out = cli_fail(&fail);
        log_line("`mcpd diagnose` captures and reports without one; captures of an `mcpd stdio` "
                 "belong to the client that started it: ask there");
        return -1;
    }
    *code_out = EXIT_CAPTURE_FAILED;
    if (privs_drop() != 0 || !sandbox_enter(&wishes, &fail)) {
        log_line("cannot give up privileges");
        close(fd);
        return -1;
    }
    return fd;
}

int cli_serve_client(const struct cli *c) {
    int code;
    int fd = connect_and_lock_up(c, &code);
    if (fd < 0) return code;
    code = c->command == CLI_STATUS ? status(fd)
           : c->command == CLI_STOP ? stop(fd, c)
                                    : report(fd, c);
    close(fd);
    return cli_flushed(code);
}
