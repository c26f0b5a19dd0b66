/* `mcpd check`: what is configured, what is reachable, what is missing and how to mend it.  One
 * line per fact; the exit code says whether captures can be made. Runs in: mcpd.  Input trust:
 * local. */
#include "common/log.h"
#include "mcpd/cli.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct checking {
    struct app *app;
    struct capclient *client;
    bool done, told;
    int code;
};

static void line(const char *verdict, const char *what, const char *detail) {
    printf("%-8s %-14s %s\n", verdict, what, detail);
}

static void check_settings(const struct app *a, const struct cli *c) {
    char text[512];
    size_t used = 0;
    const char *file = c->config ? c->config : SETTINGS_PATH;
    snprintf(text, sizeof text, "%.300s%s", file,
             access(file, R_OK) == 0 ? "" : " (not there: defaults)");
    line("ok", "configuration", text);
    line("set", "live captures", a->settings.capd);
    for (uint32_t i = 0; i < a->settings.dirs; i++)
        used += (size_t)snprintf(text + used, sizeof text - used > 260 ? 260 : 1, "%s%.200s",
                                 i ? ", " : "", a->settings.dir[i]);
    if (!a->settings.dirs) snprintf(text, sizeof text, "%.250s", a->home[0] ? a->home : "none");
    line(a->settings.dirs || a->home[0] ? "ok" : "note", "capture files", text);
    line(a->settings.resolve ? "ok" : "note", "names",
         a->settings.resolve ? "are looked up" : "are not looked up (resolve = off)");
    line(a->settings.probe ? "ok" : "note", "probes",
         a->settings.probe ? "only when asked for" : "are switched off (probe = off)");
}

static bool check_programs(const struct app *a) {
    bool capd = a->launcher.capd[0] != 0, net = a->launcher.net[0] != 0;
    line(capd ? "ok" : "missing", "capd",
         capd ? a->launcher.capd
              : "not beside mcpd, not in /usr/sbin: capture files cannot be analysed; install it");
    line(net ? "ok" : "missing", "mcpd-net",
         net ? a->launcher.net : "not beside mcpd: names are not looked up; install it");
    return capd && net;
}

static void fail_check(struct checking *k, const char *what, const struct fail *fail) {
    line("missing", what, fail->why);
    k->code = EXIT_NOT_PERMITTED;
    k->done = true;
    loop_stop(k->app->loop);
}

static void on_interfaces(void *ctx, const struct interfaces *i, const struct fail *fail) {
    struct checking *k = ctx;
    struct interface_choice choice;
    char text[320];
    unsigned allowed = 0;
    if (k->done) return;
    if (!i) {
        fail_check(k, "interfaces", fail);
        return;
    }
    for (uint32_t n = 0; n < i->rows; n++) allowed += i->row[n].allowed;
    if (interfaces_choose_default(i, &choice)) {
        snprintf(text, sizeof text, "%u of %u may be captured on; default %s: %s", allowed, i->rows,
                 choice.name, choice.why);
        line("ok", "interfaces", text);
    } else {
        line("missing", "interfaces", "none may be captured on: see `interfaces` in capd.conf");
        k->code = EXIT_NOT_PERMITTED;
    }
    k->done = true;
    loop_stop(k->app->loop);
}

static void on_hello(void *ctx, const void *msg, const struct fail *fail) {
    struct checking *k = ctx;
    const struct msg_hello_reply *hello = msg;
    char text[320];
    if (k->done) return;
    if (!hello) {
        fail_check(k, "capd", fail);
        return;
    }
    snprintf(text, sizeof text,
             "%.40s, %s; at most %llu captures at once, %llu per user, %llu s each", hello->version,
             hello->private ? "private" : "shared", (unsigned long long)hello->max_captures,
             (unsigned long long)hello->max_per_caller, (unsigned long long)hello->max_duration_s);
    line("ok", "capd answers", text);
    if (!hello->live) {
        line("missing", "live capture",
             "this capd lacks CAP_NET_RAW: use the service (systemctl start capd), give the binary "
             "the capability (setcap cap_net_raw=p), or run it as root");
        k->code = EXIT_NOT_PERMITTED;
    }
    if (strcmp(hello->version, "capd " PCM_VERSION) != 0)
        line("note", "versions", "capd and mcpd differ: install the same version of both");
    captures_interfaces(k->app->captures, on_interfaces, k);
}

int cli_check(struct app *a, const struct cli *c) {
    struct checking k = {.app = a, .code = EXIT_HEALTHY};
    struct fail fail;
    printf("mcpd %s\n", PCM_VERSION);
    check_settings(a, c);
    if (!check_programs(a)) k.code = EXIT_NOT_PERMITTED;
    fflush(stdout);
    if (!captures_connect(a->captures, &fail) ||
        !capclient_when_ready(captures_client(a->captures), on_hello, &k, &fail))
        fail_check(&k, "capd", &fail);
    int rc = loop_run(a->loop);
    fflush(stdout);
    if (rc == 0) return k.code;
    log_line("the event loop failed: %s", strerror(-rc));
    return EXIT_CAPTURE_FAILED;
}
