/* Tool start_packet_capture.  The target is parsed here, at once, so that a wrong one is answered
 * before anything is asked of capd; all else is asynchronous.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/capture/target.h"
#include "common/text.h"
#include "mcpd/audit.h"
#include "mcpd/tools/tools.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct starting {
    struct app *app;
    struct tool_call *call;
    const cJSON *args;
    char target[sizeof((struct target *)0)->text];
};

static const char advice[] =
    "The capture runs now and sends nothing by itself: make the traffic now (open the page, run "
    "the "
    "failing command), then call get_capture_report with this capture_id, or stop_packet_capture "
    "to end it early.";
static const char advice_probe[] =
    "The capture runs now and the probe makes one connection to the target; other traffic may be "
    "made too. Then call get_capture_report with this capture_id.";

#define FILTER_ALLOWED                                                                             \
    "Allowed: a pcap-filter expression of at most 1024 bytes; example: \"tcp port 443 and host "   \
    "192.0.2.1\"."

static cJSON *answer(const struct capture *c, bool probe) {
    char ends[ANSWER_TIME_BYTES];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "capture_id", c->id);
    cJSON_AddStringToObject(o, "state", capture_state_names[c->state]);
    if (c->target.text[0]) cJSON_AddStringToObject(o, "target", c->target.text);
    cJSON_AddStringToObject(o, "mode", mode_names[c->target.mode]);
    cJSON_AddStringToObject(o, "mode_why", c->target.mode_why);
    cJSON_AddStringToObject(o, "interface", c->interface);
    cJSON_AddStringToObject(o, "interface_why", c->interface_why);
    cJSON_AddStringToObject(o, "filter", c->filter[0] ? c->filter : "(everything)");
    cJSON_AddStringToObject(o, "ends_at",
                            answer_time(c->started_us + c->duration_ms * 1000u, ends));
    if (c->note[0]) cJSON_AddStringToObject(o, "name_lookup", c->note);
    if (c->probe.why_not[0]) cJSON_AddStringToObject(o, "probe", c->probe.why_not);
    cJSON_AddStringToObject(o, "advice", probe ? advice_probe : advice);
    return o;
}

static char *answer_text(const struct capture *c, bool probe) {
    char *text = NULL, ends[ANSWER_TIME_BYTES];
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) return NULL;
    fprintf(out, "capture_id: %s, state: %s\n", c->id, capture_state_names[c->state]);
    fprintf(out, "On %s (%s), mode %s (%s), until %s.\n", c->interface, c->interface_why,
            mode_names[c->target.mode], c->target.mode_why,
            answer_time(c->started_us + c->duration_ms * 1000u, ends));
    fprintf(out, "Filter: %s\n", c->filter[0] ? c->filter : "(everything)");
    if (c->note[0]) fprintf(out, "%s.\n", c->note);
    if (c->probe.why_not[0]) fprintf(out, "No probe: %s.\n", c->probe.why_not);
    fprintf(out, "%s\n", probe ? advice_probe : advice);
    fclose(out);
    return text;
}

/* About a filter the sentence says what is wrong with it; what was given is said here unless it is
 * in there, and what a right one looks like. */
static void fail_start(struct tool_call *call, const char *filter, const struct fail *why) {
    if (strcmp(why->field, "filter") != 0)
        tool_fail(call, why);
    else if (strncmp(why->why, "filter \"", 8) == 0)
        tool_call_error(call, "%s. " FILTER_ALLOWED, why->why);
    else
        tool_call_error(call, "%s. Given: filter \"%.*s\". " FILTER_ALLOWED, why->why,
                        (int)text_fitting(filter, 300), filter);
}

/* `target`: without what a URL may hold of secrets. */
static void audit_start(const struct starting *s, bool probe, const struct capture *c,
                        const struct fail *refused) {
    audit_call(s->call, &(struct audit_call){.what = "start",
                                             .key = "target",
                                             .value = s->target,
                                             .interface = tool_text(s->args, "interface"),
                                             .filter = tool_text(s->args, "filter"),
                                             .probe = probe,
                                             .capture_id = c ? c->id : "",
                                             .refused = refused});
}

static void refuse(const struct starting *s, const struct fail *why) {
    audit_start(s, cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(s->args, "probe")), NULL, why);
    fail_start(s->call, tool_text(s->args, "filter"), why);
}

static void on_started(void *ctx, struct capture *c, const struct fail *fail) {
    struct starting s = *(struct starting *)ctx;
    free(ctx);
    if (!c) {
        refuse(&s, fail);
        return;
    }
    audit_start(&s, c->probe.asked[0] != 0, c, NULL);
    unsigned wait_s = tool_number(s.args, "wait_s", 0);
    bool probe = c->probe.asked[0] != 0;
    if (wait_s || tool_call_cancelled(s.call)) /* who has gone does not learn the id either */
        tool_await_own(s.app, s.call, s.args, c, wait_s * 1000, tool_report_or_status);
    else
        tool_call_result(s.call, answer(c, probe), answer_text(c, probe));
}

/* For capd, which sees one and the same mcpd: who asked, to the first comma, on whose account the
 * capture goes; then what the client calls itself. */
static const char *label_of(const struct tool_call *call, char out[LIM_LABEL + 1]) {
    const struct caller *who = tool_call_caller(call);
    const char *client = tool_call_client(call);
    size_t cap = LIM_LABEL + 1;
    int used = who->has_uid ? snprintf(out, cap, "uid %u", (unsigned)who->uid)
                            : snprintf(out, cap, "token %s", who->name);
    if (who->has_uid && who->kind == CALLER_TOKEN)
        used += snprintf(out + used, cap - (size_t)used, ", token %s", who->name);
    if (*client) snprintf(out + used, cap - (size_t)used, ", %s", client);
    return out;
}

static void start(struct tool_call *call, const cJSON *args, void *app) {
    struct app *a = app;
    char label[LIM_LABEL + 1];
    struct target target;
    struct fail fail;
    enum mode mode = MODE_AUTO;
    const char *filter = tool_text(args, "filter");
    struct starting asked = {a, call, args, ""};
    bool probe = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(args, "probe"));
    (void)target_mode_by_name(tool_text(args, "mode"), &mode);
    if (!target_parse(tool_text(args, "target"), mode, &target, &fail)) {
        /* Not in the words of `fail`: what was given could be a URL with a password. */
        audit_start(&asked, probe, NULL, &(struct fail){.why = "not understood as a target"});
        tool_fail(call, &fail);
        return;
    }
    memcpy(asked.target, target.text, sizeof asked.target);
    if (probe && !a->settings.probe) {
        audit_start(&asked, true, NULL, &(struct fail){.why = "probes are switched off"});
        tool_call_error(call, "probe: probes are switched off here (probe = off in mcpd.conf); "
                              "allowed: false. Make the traffic yourself while the capture runs.");
        return;
    }
    struct starting *s = malloc(sizeof *s);
    ASSERT(s);
    *s = asked;
    struct capture_request q = {.target = &target,
                                .caller = *tool_call_caller(call),
                                .label = label_of(call, label),
                                .interface = tool_text(args, "interface"),
                                .filter = filter,
                                .filter_only = *filter && mode == MODE_AUTO,
                                .probe = probe,
                                .duration_s = tool_number(args, "duration", 30),
                                .file_fd = -1};
    captures_start(a->captures, &q, on_started, s);
}

const struct tool tool_start_packet_capture = {
    .name = "start_packet_capture",
    .title = "Start packet capture",
    .description =
        "Starts counting and diagnosing live traffic: use it when something on the network is "
        "slow, "
        "failing or unclear. It only listens: the traffic must be made while it runs, by the user, "
        "by you, or with probe. Returns a capture_id at once, or with wait_s the report.",
    .input_schema =
        "{\"type\":\"object\",\"properties\":{"
        "\"target\":{\"type\":\"string\",\"maxLength\":2000,\"description\":\"What is in trouble: "
        "host name, address, prefix, host:port, port, URL, a service word such as dns, or auto for "
        "the whole network\",\"examples\":[\"example.com\",\"192.0.2.1:443\",\"auto\"]},"
        "\"mode\":{\"type\":\"string\",\"enum\":[\"auto\",\"domain\",\"port\",\"web\","
        "\"diagnosis\"],\"default\":\"auto\",\"description\":\"domain: all about one host; port: "
        "one service; web: names, TLS, HTTP; diagnosis: this host's network\"},"
        "\"duration\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":3600,\"default\":30,"
        "\"description\":\"Seconds\"},"
        "\"interface\":{\"type\":\"string\",\"maxLength\":15,\"description\":\"Default: chosen by "
        "the route\",\"examples\":[\"eth0\"]},"
        "\"filter\":{\"type\":\"string\",\"maxLength\":1024,\"description\":\"pcap-filter for "
        "experts; alone without mode, else joined by and\",\"examples\":[\"tcp port 443\"]},"
        "\"probe\":{\"type\":\"boolean\",\"default\":false,\"description\":\"Make one connection "
        "to the target itself\"},"
        "\"wait_s\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":50,\"default\":0,"
        "\"description\":\"Wait up to so many seconds for the end and return the report; cancelled "
        "meanwhile, the capture is stopped\"}},"
        "\"required\":[\"target\"],\"additionalProperties\":false}",
    .output_schema = TOOL_CAPTURE_OUTPUT,
    .ui = TOOL_UI,
    .open_world = true,
    .start = start};
