/* What the commands that end with a report have in common, and the two that do: diagnose captures
 * until its time is over or Ctrl-C, analyze reads a file.  Results go to stdout, all else to
 * stderr. Runs in: mcpd.  Input trust: local (arguments). */
#include "common/clock.h"
#include "common/log.h"
#include "mcpd/answer.h"
#include "mcpd/capture/target.h"
#include "mcpd/cli.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A failed probe has its whole explanation after the end guard of the rules (2 s): what is
 * unanswered then stays unanswered. */
#define EARLY_MS 2200u

struct report_run {
    struct app *app;
    const struct cli *cli;
    struct capture *capture; /* NULL until it runs */
    bool ended, stopping, failed, early;
    struct fail why;
    uint64_t progress_timer, early_timer;
};

int cli_fail(const struct fail *why) {
    log_line("%s", why->why);
    if (why->code == FAIL_PERMISSION || strcmp(why->field, "capd") == 0) return EXIT_NOT_PERMITTED;
    if (why->code == FAIL_VALUE || why->code == FAIL_NOT_FOUND || why->code == FAIL_FILTER)
        return EXIT_USAGE;
    return EXIT_CAPTURE_FAILED;
}

void cli_print_json(const cJSON *tree) {
    char *text = cJSON_Print(tree);
    if (text) printf("%s\n", text);
    cJSON_free(text);
}

static const char *text_of(const cJSON *o, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

/* "Label     text", wrapped at 80 columns below the text's first one. */
static void print_wrapped(const char *label, const char *text) {
    size_t column = (size_t)printf("\n%-10s", label) - 1;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > 10 && column + 1 + word > 80) {
            fputs("\n          ", stdout);
            column = 10;
        }
        if (column > 10) column += (size_t)printf(" ");
        column += (size_t)printf("%.*s", (int)word, text);
        text += word + strspn(text + word, " ");
    }
    putchar('\n');
}

static void print_probe(const cJSON *probe) {
    char text[1024], status[32] = "", first_byte[48] = "";
    const char *asked = text_of(probe, "asked"), *why = text_of(probe, "why");
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(probe, "status");
    const cJSON *ms = cJSON_GetObjectItemCaseSensitive(probe, "first_byte_ms");
    const cJSON *tried =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(probe, "tried_before"), 0);
    if (cJSON_IsNumber(code))
        snprintf(status, sizeof status, ", HTTP status %g", code->valuedouble);
    if (cJSON_IsNumber(ms))
        snprintf(first_byte, sizeof first_byte, ", first byte after %g ms", ms->valuedouble);
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s%s%s (this traffic was mcpd's own)", asked,
             *asked ? ": " : "", text_of(probe, "result"), *why ? ": " : "", why, status,
             first_byte, cJSON_IsString(tried) ? "; before that no answer in time from " : "",
             cJSON_IsString(tried) ? tried->valuestring : "");
    print_wrapped("Probe", text);
}

/* The lines below the report: what mcpd itself did. */
static void print_additions(const cJSON *tree) {
    const cJSON *probe = cJSON_GetObjectItemCaseSensitive(tree, "probe");
    if (probe) print_probe(probe);
    if (*text_of(tree, "name_lookup")) print_wrapped("Note", text_of(tree, "name_lookup"));
    if (*text_of(tree, "ended_early")) print_wrapped("Ended", text_of(tree, "ended_early"));
}

static int print_report(const struct app *a, const struct capture *c, bool json, bool early) {
    cJSON *tree = answer_full(a, c);
    if (!tree) return EXIT_CAPTURE_FAILED;
    if (early)
        cJSON_AddStringToObject(tree, "ended_early",
                                "before its time: the probe failed and the reason is found "
                                "(--duration S keeps it running)");
    if (json) {
        cli_print_json(tree);
    } else {
        const char *no_color = getenv("NO_COLOR");
        char *text = report_terminal(tree, isatty(STDOUT_FILENO) && !(no_color && *no_color));
        if (text) fputs(text, stdout);
        free(text);
        print_additions(tree);
    }
    fflush(stdout);
    bool healthy = report_is_healthy(tree);
    cJSON_Delete(tree);
    if (c->state == CAPTURE_FAILED) {
        log_line("the capture failed: %s", c->ended_why);
        return EXIT_CAPTURE_FAILED;
    }
    return healthy ? EXIT_HEALTHY : EXIT_PROBLEMS;
}

int cli_print_report(const struct app *a, const struct capture *c, bool json) {
    return print_report(a, c, json, false);
}

/* ---- progress -------------------------------------------------------------------------------- */

static void clear_progress(struct report_run *r) {
    if (r->progress_timer) fputs("\r\033[K", stderr);
    loop_timer_cancel(r->app->loop, r->progress_timer);
    r->progress_timer = 0;
}

static void show_progress(void *ctx) {
    struct report_run *r = ctx;
    const struct capture *c = r->capture;
    if (!c) return;
    unsigned seconds = (unsigned)((clock_mono_ms() - c->started_mono_ms) / 1000);
    fprintf(stderr, "\r\033[K%s %s: %u%s%.0u s, %llu packets%s",
            r->stopping ? "stopping" : "capturing", c->interface[0] ? c->interface : "file",
            seconds, c->duration_ms ? " of " : "", (unsigned)(c->duration_ms / 1000),
            (unsigned long long)c->snapshot->totals.packets,
            r->stopping ? "" : "; Ctrl-C ends it with a report");
    fflush(stderr);
}

/* ---- the run --------------------------------------------------------------------------------- */

static void on_early(void *ctx) {
    struct report_run *r = ctx;
    r->early_timer = 0;
    if (!r->ended && !r->stopping) captures_refresh(r->app->captures, r->capture);
}

/* All tables are fresh, the probe failed a while ago: problems that are there now stay, and nobody
 * waits for more. */
static void end_early(struct report_run *r) {
    cJSON *tree = answer_status(r->app, r->capture);
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(tree, "verdict");
    bool found = strcmp(text_of(verdict, "status"), "problems") == 0;
    cJSON_Delete(tree);
    r->early = found && captures_stop(r->app->captures, r->capture, &r->why);
}

static void on_event(void *ctx, struct capture *c, enum capture_event event) {
    struct report_run *r = ctx;
    bool gains = clock_mono_ms() - c->started_mono_ms + EARLY_MS + 1000 < c->duration_ms;
    if (event == CAPTURE_PROBED && !c->probe.ok && !r->cli->duration_given && gains)
        r->early_timer = loop_timer_once(r->app->loop, EARLY_MS, on_early, r);
    if (event == CAPTURE_REFRESHED && !r->early && !r->stopping && c->probe.done) end_early(r);
    if (event != CAPTURE_ENDED) return;
    loop_timer_cancel(r->app->loop, r->early_timer);
    r->ended = true;
    loop_stop(r->app->loop);
}

static void on_started(void *ctx, struct capture *c, const struct fail *fail) {
    struct report_run *r = ctx;
    r->capture = c;
    if (!c) {
        r->failed = true;
        r->why = *fail;
        loop_stop(r->app->loop);
        return;
    }
    (void)captures_watch(r->app->captures, c, on_event, r);
    if (r->stopping) (void)!captures_stop(r->app->captures, c, &r->why);
}

/* The first signal ends the capture with its report, the second ends the program. */
static void on_signal(void *ctx, int signo) {
    struct report_run *r = ctx;
    struct fail fail;
    if (r->stopping) {
        r->failed = true;
        fail_set(&r->why, FAIL_ENVIRONMENT, "", "ended by signal %d", signo);
        loop_stop(r->app->loop);
        return;
    }
    r->stopping = true;
    if (r->capture) (void)!captures_stop(r->app->captures, r->capture, &fail);
}

static int run(struct app *a, const struct cli *cli, const struct capture_request *q) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct report_run r = {.app = a, .cli = cli};
    int rc = loop_signals(a->loop, signals, 3, on_signal, &r);
    if (rc) log_line("signals: %s", strerror(-rc));
    if (isatty(STDERR_FILENO)) r.progress_timer = loop_timer_every(a->loop, 500, show_progress, &r);
    captures_start(a->captures, q, on_started, &r);
    rc = loop_run(a->loop);
    clear_progress(&r);
    if (rc) {
        log_line("the event loop failed: %s", strerror(-rc));
        return EXIT_CAPTURE_FAILED;
    }
    return r.failed ? cli_fail(&r.why) : print_report(a, r.capture, cli->json, r.early);
}

int cli_diagnose(struct app *a, const struct cli *c) {
    struct target target;
    struct fail fail;
    enum mode mode = MODE_AUTO;
    if (c->mode) (void)target_mode_by_name(c->mode, &mode);
    if (!target_parse(c->target, mode, &target, &fail)) return cli_fail(&fail);
    struct capture_request q = {.target = &target,
                                .caller = app_own_caller(),
                                .label = "mcpd diagnose",
                                .interface = c->interface,
                                .probe = c->target && !c->no_probe,
                                .duration_s = c->duration_s,
                                .file_fd = -1};
    return run(a, c, &q);
}

int cli_analyze(struct app *a, const struct cli *c) {
    struct target target;
    struct fail fail;
    if (!target_parse(c->target, MODE_AUTO, &target, &fail)) return cli_fail(&fail);
    struct capture_request q = {.target = &target,
                                .caller = app_own_caller(),
                                .label = "mcpd analyze",
                                .file_fd = c->file_fd};
    return run(a, c, &q);
}
