/* What a person can ask for by a name: each prompt is a short plan for the model, which tools in
 * which order and what to make of the answer.  Arguments are set into the plan as they were given,
 * but for characters that could hide text.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/prompts.h"
#include "common/text.h"
#include "mcpd/app.h"
#include "mcpd/capture/target.h"
#include "mcpd/mcp/content.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_IT                                                                                    \
    " Tell me the verdict's headline first, then each problem with its evidence, whom it blames, " \
    "how sure that is, and the next step. What the capture itself missed is no loss on the "       \
    "network. If it saw no traffic, say so: that proves nothing."

/* ---- what arguments may be ------------------------------------------------------------------- */

static void on_interfaces(void *ctx, const struct interfaces *list, const struct fail *fail) {
    (void)fail; /* no list: nothing to offer */
    for (uint32_t i = 0; list && i < list->rows; i++)
        if (list->row[i].allowed) mcp_completion_offer(ctx, list->row[i].name);
    mcp_completion_end(ctx);
}

static void offer_interfaces(struct mcp_completion *c, void *app) {
    captures_interfaces(((struct app *)app)->captures, CAPTURES_FRESH_MS, on_interfaces, c);
}

static void offer_modes(struct mcp_completion *c, void *app) {
    (void)app;
    for (int i = 0; i < MODE_COUNT; i++) mcp_completion_offer(c, mode_names[i]);
    mcp_completion_end(c);
}

/* What was captured before, newest first, then the words. */
static void offer_targets(struct mcp_completion *c, void *app) {
    struct store *s = captures_store(((struct app *)app)->captures);
    const struct caller *who = mcp_completion_caller(c);
    char clean[256];
    for (uint32_t i = store_count(s); i-- > 0;) {
        const struct capture *one = store_at(s, i);
        text_clean((const uint8_t *)one->target.text, strlen(one->target.text), clean,
                   sizeof clean);
        if (capture_same_owner(one, who) && clean[0]) mcp_completion_offer(c, clean);
    }
    mcp_completion_offer(c, "auto");
    for (size_t i = 0; target_word(i); i++) mcp_completion_offer(c, target_word(i));
    mcp_completion_end(c);
}

static void offer_durations(struct mcp_completion *c, void *app) {
    static const char *const usual[] = {"30", "60", "300", "900", "3600"};
    (void)app;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) mcp_completion_offer(c, usual[i]);
    mcp_completion_end(c);
}

/* ---- plans ----------------------------------------------------------------------------------- */

/* An argument as it may stand in a plan. */
struct shown {
    char text[512];
};

static struct shown show(const cJSON *arguments, const char *name) {
    struct shown s = {.text = ""};
    (void)text_clean_again(mcp_prompt_text(arguments, name), s.text, sizeof s.text);
    return s;
}

/* What Linux and people call interfaces; nothing that reads like a sentence. */
static bool interface_ok(const cJSON *arguments, char *why, size_t cap) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._:@-";
    const char *given = mcp_prompt_text(arguments, "interface");
    if (!given[strspn(given, allowed)] && strlen(given) <= LIM_IFNAME) return true;
    snprintf(why, cap,
             "interface must be the name of an interface: at most %u letters, digits and ._:@-; "
             "example: eth0",
             LIM_IFNAME);
    return false;
}

/* ", interface "eth0", mode "web"" of what was given. */
static void show_options(const cJSON *arguments, char *out, size_t cap) {
    static const char *const options[] = {"interface", "mode"};
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < 2; i++) {
        struct shown s = show(arguments, options[i]);
        if (s.text[0] && used < cap)
            used += (size_t)snprintf(out + used, cap - used, ", %s \"%s\"", options[i], s.text);
    }
}

__attribute__((format(printf, 1, 2))) static cJSON *plan(const char *fmt, ...) {
    char text[3072];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    cJSON *list = cJSON_CreateArray();
    cJSON_AddItemToArray(list, content_message("user", content_text(text)));
    return list;
}

/* A target as plans speak of it. */
struct plan_target {
    struct shown as; /* without what the tool drops: user, path and query of a URL */
    bool probe;      /* one connection of mcpd's own is possible */
};

/* The arguments as the tool would take them.  False: `why` tells, as the tool itself would. */
static bool target_ok(const cJSON *arguments, const struct app *app, struct plan_target *out,
                      char *why, size_t cap) {
    struct target target;
    struct fail fail;
    enum mode mode = MODE_AUTO;
    const char *given = mcp_prompt_text(arguments, "mode");
    if (*given && !target_mode_by_name(given, &mode)) {
        snprintf(why, cap, "mode must be one of auto, domain, port, web, diagnosis");
        return false;
    }
    if (!interface_ok(arguments, why, cap)) return false;
    if (!target_parse(mcp_prompt_text(arguments, "target"), mode, &target, &fail)) {
        snprintf(why, cap, "%s", fail.why);
        return false;
    }
    (void)text_clean_again(target.text[0] ? target.text : "auto", out->as.text,
                           sizeof out->as.text);
    out->probe = app->settings.probe && !target_no_probe(&target);
    return true;
}

static cJSON *slow_site(const cJSON *arguments, char *why, size_t cap, void *app) {
    struct plan_target target;
    char options[200];
    if (!target_ok(arguments, app, &target, why, cap)) return NULL;
    show_options(arguments, options, sizeof options);
    return plan(
        "Find out why \"%s\" is slow from this machine. Call start_packet_capture with target "
        "\"%s\"%s%s, duration 30 and wait_s 45; while it runs I shall use the site%s. Compare the "
        "phases (DNS, connect, TLS, first byte, transfer): the longest one tells "
        "where the time goes, and get_capture_report with section connections which address is "
        "slow." READ_IT,
        target.as.text, target.as.text, options, target.probe ? ", probe true" : "",
        target.probe ? " as well" : "");
}

static cJSON *unreachable(const cJSON *arguments, char *why, size_t cap, void *app) {
    struct plan_target target;
    char options[200];
    if (!target_ok(arguments, app, &target, why, cap)) return NULL;
    show_options(arguments, options, sizeof options);
    return plan(
        "\"%s\" cannot be reached from this machine. Call start_packet_capture with target "
        "\"%s\"%s%s, duration 20 and wait_s 40%s. Say how far it gets: does the name "
        "resolve, is the connection refused, unanswered or reset, does TLS fail, and do all "
        "addresses fail or only some." READ_IT,
        target.as.text, target.as.text, options, target.probe ? ", probe true" : "",
        target.probe ? "" : "; while it runs I shall try to reach it");
}

static cJSON *check_dns(const cJSON *arguments, char *why, size_t cap, void *app) {
    char options[200];
    (void)app;
    if (!interface_ok(arguments, why, cap)) return NULL;
    show_options(arguments, options, sizeof options);
    return plan(
        "Check whether name resolution works well on this machine. Call list_network_interfaces "
        "to see which resolvers are configured, then start_packet_capture with target \"dns\"%s, "
        "duration 30 and wait_s 45, and have some names looked up meanwhile that are not in a "
        "cache. Then call get_capture_report with section dns: look for resolvers that do not "
        "answer, slow answers, SERVFAIL, and names asked again and again." READ_IT,
        options);
}

static cJSON *check_realtime(const cJSON *arguments, char *why, size_t cap, void *app) {
    struct plan_target target;
    char options[200];
    if (!target_ok(arguments, app, &target, why, cap)) return NULL;
    show_options(arguments, options, sizeof options);
    return plan(
        "A call, game or video with \"%s\" stutters. While it goes on, call start_packet_capture "
        "with target \"%s\"%s, mode diagnosis, duration 45 and wait_s 50, then get_capture_report. "
        "Look at loss, jitter and gaps of the streams, at bursts of other traffic on the same "
        "link (section hosts), and at round-trip times that grow under load." READ_IT,
        target.as.text, target.as.text, options);
}

static cJSON *watch_network(const cJSON *arguments, char *why, size_t cap, void *app) {
    const char *given = mcp_prompt_text(arguments, "duration");
    char options[200], *end;
    long seconds = strtol(given, &end, 10);
    (void)app;
    if (*end || seconds < 1 || seconds > 3600) {
        snprintf(why, cap, "duration must be a number of seconds from 1 to 3600");
        return NULL;
    }
    if (!interface_ok(arguments, why, cap)) return NULL;
    show_options(arguments, options, sizeof options);
    return plan(
        "Watch this machine's network for %ld s. Call start_packet_capture with target \"auto\"%s "
        "and duration %ld, then get_capture_status with wait_s 50 until it has finished, and tell "
        "me at once when a problem appears. At the end call get_capture_report, and its sections "
        "hosts and timeline if something stands out." READ_IT,
        seconds, options, seconds);
}

/* ---- the table ------------------------------------------------------------------------------- */

#define TARGET(what)                                                                               \
    { "target", what, true, offer_targets }
#define INTERFACE                                                                                  \
    { "interface", "Network interface; left out: chosen by the route", false, offer_interfaces }
#define MODE                                                                                       \
    { "mode", "auto, domain, port, web or diagnosis; left out: auto", false, offer_modes }

static const struct mcp_prompt_argument slow_site_arguments[] = {
    TARGET("Host name, URL, address or host:port that is slow"), INTERFACE, MODE};
static const struct mcp_prompt_argument unreachable_arguments[] = {
    TARGET("Host name, URL, address or host:port that does not answer"), INTERFACE, MODE};
static const struct mcp_prompt_argument dns_arguments[] = {INTERFACE};
static const struct mcp_prompt_argument realtime_arguments[] = {
    TARGET("Host or address of the service, or auto for the whole network"), INTERFACE};
static const struct mcp_prompt_argument watch_arguments[] = {
    {"duration", "Seconds to watch, 1 to 3600", true, offer_durations}, INTERFACE};

#define ARGUMENTS(a) .arguments = (a), .argument_count = sizeof(a) / sizeof *(a)

const struct mcp_prompt app_prompts[] = {
    {.name = "diagnose_slow_site",
     .title = "Why is it slow?",
     .description = "Captures while a site is used and tells which phase takes the time.",
     ARGUMENTS(slow_site_arguments),
     .messages = slow_site},
    {.name = "diagnose_unreachable",
     .title = "Why does it not answer?",
     .description = "Captures one attempt and tells how far it gets, and who is to blame.",
     ARGUMENTS(unreachable_arguments),
     .messages = unreachable},
    {.name = "check_dns",
     .title = "Check name resolution",
     .description = "Watches DNS and tells which resolver fails or is slow.",
     ARGUMENTS(dns_arguments),
     .messages = check_dns},
    {.name = "check_realtime",
     .title = "Check a call, game or video",
     .description = "Captures while it goes on and looks at loss, jitter and load.",
     ARGUMENTS(realtime_arguments),
     .messages = check_realtime},
    {.name = "watch_network",
     .title = "Watch the network",
     .description = "Captures everything for a while and tells what stands out.",
     ARGUMENTS(watch_arguments),
     .messages = watch_network},
};
const size_t app_prompt_count = sizeof app_prompts / sizeof *app_prompts;
