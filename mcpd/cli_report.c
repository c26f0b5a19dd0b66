/* What the commands that end with a report have in common, and the two that do: diagnose captures
 * until its time is over or Ctrl-C, analyze reads a file.  Results go to stdout, all else to
 * stderr: progress is one line that is redrawn and wiped before the report, and only shown where
 * that can be done.
 * Runs in: mcpd.  Input trust: local (arguments). */
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "mcpd/answer.h"
#include "mcpd/capture/target.h"
#include "mcpd/cli.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A failed probe has its whole explanation after the end guard of the rules (2 s): what is
 * unanswered then stays unanswered. */
#define EARLY_MS 2200u

#define NO_BUDGET (1u << 20) /* tokens: more than any report has */

struct report_run {
    struct app *app;
    const struct cli *cli;
    struct capture *capture; /* NULL until it runs */
    bool ended, stopping, failed, early;
    struct fail why;
    struct progress {
        uint64_t timer, ticks;
        uint64_t last_packets, last_ms; /* for the rate */
        unsigned problems;
        char worst[40]; /* id of the first of them */
    } progress;
    uint64_t early_timer;
};

int cli_fail(const struct fail *why) {
    log_line("%s", why->why);
    if (why->code == FAIL_PERMISSION || why->code == FAIL_LIMIT || strcmp(why->field, "capd") == 0)
        return EXIT_NOT_PERMITTED;
    if (why->code == FAIL_VALUE || why->code == FAIL_NOT_FOUND || why->code == FAIL_FILTER)
        return EXIT_USAGE;
    return EXIT_CAPTURE_FAILED;
}

int cli_flushed(int code) {
    struct pollfd reader = {.fd = STDOUT_FILENO};
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (written || (poll(&reader, 1, 0) > 0 && reader.revents & POLLERR)) return code;
    log_line("standard output could not be written: the disk is full, or it is closed");
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

static bool is_utf8_locale(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"}; /* the first that is set */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

/* A terminal that obeys escape sequences. */
static bool is_terminal(int fd) {
    const char *term = getenv("TERM");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

/* The report in the form that was asked for; NULL without memory. */
static char *rendered(const cJSON *tree, const struct cli *cli) {
    const char *format = cli->json ? "json" : cli->format ? cli->format : "text";
    if (strcmp(format, "json") == 0) return cJSON_Print(tree);
    if (strcmp(format, "html") == 0) return report_html(tree);
    if (strcmp(format, "csv") == 0) return report_csv_connections(tree);
    if (strcmp(format, "markdown") == 0) return report_text(tree, NO_BUDGET);
    const char *no_color = getenv("NO_COLOR");
    bool colour = is_terminal(STDOUT_FILENO) && !(no_color && *no_color);
    return report_terminal(tree, colour, !is_utf8_locale());
}

int cli_print_report(const cJSON *tree, const struct cli *cli) {
    char *text = rendered(tree, cli), why[LIM_ERROR_TEXT + 1];
    if (!text) return EXIT_CAPTURE_FAILED;
    printf("%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
    cJSON_free(text);
    fflush(stdout);
    const char *cut = text_of(cJSON_GetObjectItemCaseSensitive(tree, "lists"), "connections");
    if (cli->format && strcmp(cli->format, "csv") == 0 && *cut) log_line("connections: %s", cut);
    if (strcmp(text_of(tree, "state"), capture_state_names[CAPTURE_FAILED]) == 0) {
        (void)text_clean_again(text_of(tree, "ended_why"), why, sizeof why);
        log_line("the capture failed: %s", why);
        return EXIT_CAPTURE_FAILED;
    }
    return report_is_healthy(tree) ? EXIT_HEALTHY : EXIT_PROBLEMS;
}

static int print_report(const struct app *a, const struct capture *c, const struct cli *cli,
                        bool early) {
    cJSON *tree = answer_full(a, c);
    if (!tree) return EXIT_CAPTURE_FAILED;
    if (early)
        cJSON_AddStringToObject(tree, "ended_early",
                                "before its time: the probe failed and the reason is found "
                                "(--duration S keeps it running)");
    int code = cli_print_report(tree, cli);
    cJSON_Delete(tree);
    return code;
}

/* ---- progress -------------------------------------------------------------------------------- */

#define PROGRESS_MS    1000
#define PROBLEMS_TICKS 2u /* all tables are asked for every 2 s: capd gives them once a second */

static void clear_progress(struct report_run *r) {
    if (r->progress.timer) fputs("\r\033[K", stderr);
    loop_timer_cancel(r->app->loop, r->progress.timer);
    r->progress.timer = 0;
}

/* One line, never wider than the terminal: a line that wraps could not be wiped. */
static void draw(const char *line) {
    struct winsize size = {.ws_col = 0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size.ws_col = 80;
    fprintf(stderr, "\r\033[K%.*s", (int)size.ws_col - 1, line);
    fflush(stderr);
}

static void note_problems(struct report_run *r) {
    cJSON *status = answer_status(r->app, r->capture);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(status, "problems_detected"), *problem;
    r->progress.problems = 0;
    cJSON_ArrayForEach(problem, list) {
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(problem, "id"));
        const char *severity =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(problem, "severity"));
        if (!id || !severity || strcmp(severity, "info") == 0) continue;
        if (r->progress.problems++ == 0)
            snprintf(r->progress.worst, sizeof r->progress.worst, "%s", id);
    }
    cJSON_Delete(status);
}

/* Packets a second since the last look. */
static unsigned long long rate(struct progress *p, uint64_t packets, uint64_t now_ms) {
    uint64_t ms = now_ms - p->last_ms, more = packets - p->last_packets;
    if (!p->last_ms || packets < p->last_packets) more = 0;
    p->last_ms = now_ms;
    p->last_packets = packets;
    return ms ? more * 1000u / ms : 0;
}

static void show_progress(void *ctx) {
    struct report_run *r = ctx;
    struct progress *p = &r->progress;
    const struct capture *c = r->capture;
    char line[256], time[48] = "", problems[96] = "no problem so far";
    if (!c) {
        draw("starting the capture: name, route, interface");
        return;
    }
    if (!r->stopping && p->ticks++ % PROBLEMS_TICKS == 0)
        captures_refresh(r->app->captures, r->capture);
    uint64_t now = clock_mono_ms(), ran = now - c->started_mono_ms;
    uint64_t packets = c->snapshot->totals.packets;
    if (c->duration_ms)
        snprintf(
            time, sizeof time, "%llu s left, ",
            (unsigned long long)(ran < c->duration_ms ? (c->duration_ms - ran + 999) / 1000 : 0));
    if (p->problems)
        snprintf(problems, sizeof problems, "%u problem%s so far (%s%s)", p->problems,
                 p->problems == 1 ? "" : "s", p->worst, p->problems == 1 ? "" : ", ...");
    snprintf(line, sizeof line, "%s: %s%llu packets, %llu/s, %s%s",
             c->interface[0] ? c->interface : "file", r->stopping ? "stopping, " : time,
             (unsigned long long)packets, rate(p, packets, now), problems,
             r->stopping || !c->duration_ms ? "" : "; Ctrl-C: report");
    draw(line);
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
    if (event == CAPTURE_REFRESHED && r->progress.timer) note_problems(r);
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
    if (c->probe.why_not[0]) {
        clear_progress(r);
        log_line("no probe: %s; make the traffic while this runs", c->probe.why_not);
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
    if (is_terminal(STDERR_FILENO))
        r.progress.timer = loop_timer_every(a->loop, PROGRESS_MS, show_progress, &r);
    captures_start(a->captures, q, on_started, &r);
    rc = loop_run(a->loop);
    clear_progress(&r);
    if (rc) {
        log_line("the event loop failed: %s", strerror(-rc));
        return EXIT_CAPTURE_FAILED;
    }
    return r.failed ? cli_fail(&r.why) : print_report(a, r.capture, cli, r.early);
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
