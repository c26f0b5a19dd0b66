/* `mcpd check`: what is configured, what is reachable, what is missing and how to mend it.  One
 * line per fact, in the order in which a capture needs them; each fault is told by itself, so that
 * one does not hide the next.  The exit code says whether captures can be made.
 * Runs in: mcpd.  Input trust: local. */
#include "mcpd/cli_check.h"
#include "common/log.h"
#include <stdio.h>
#include <string.h>

#define RESOLVERS_SHOWN 3u /* the C library asks no more */

struct checking {
    struct app *app;
    bool files, live; /* what can be done */
    bool bad_settings, net_raw;
    struct addr resolver[RESOLVERS_SHOWN];
    uint32_t resolvers, asked;
};

/* ---- resolvers, last ------------------------------------------------------------------------- */

static void check_next_resolver(struct checking *k);

static void on_route(void *ctx, const struct netchild_answer *answer) {
    struct checking *k = ctx;
    char resolver[ADDR_TEXT_BYTES], from[ADDR_TEXT_BYTES];
    addr_format(&k->resolver[k->asked++], resolver);
    if (answer->ok && answer->addresses)
        check_line(CHECK_OK, "resolver", "%s, reached from %s", resolver,
                   addr_format(&answer->address[0], from));
    else
        check_line(CHECK_MISSING, "resolver",
                   "%s: no route to it (%s): names cannot be looked up there; mend the routes, or "
                   "/etc/resolv.conf",
                   resolver, answer->why);
    check_next_resolver(k);
}

static void check_next_resolver(struct checking *k) {
    if (k->asked == k->resolvers)
        loop_stop(k->app->loop);
    else
        netchild_route(k->app->net, &k->resolver[k->asked], on_route, k);
}

static void on_resolvers(void *ctx, const struct netchild_answer *answer) {
    struct checking *k = ctx;
    if (!answer->ok) {
        check_line(CHECK_MISSING, "resolver", "not known: %s", answer->why);
    } else if (answer->addresses == 0) {
        check_line(CHECK_MISSING, "resolver",
                   "/etc/resolv.conf names none that can be used: only names of /etc/hosts are "
                   "found; add a line `nameserver ADDRESS`");
    } else {
        k->resolvers = answer->addresses < RESOLVERS_SHOWN ? answer->addresses : RESOLVERS_SHOWN;
        memcpy(k->resolver, answer->address, sizeof k->resolver[0] * k->resolvers);
    }
    check_next_resolver(k);
}

/* The network child says what holds it. */
static void on_held(void *ctx, const struct netchild_answer *answer) {
    struct checking *k = ctx;
    check_line(answer->ok ? CHECK_OK : CHECK_MISSING, "mcpd-net held", "%s",
               answer->ok ? answer->held : answer->why);
    netchild_resolvers(k->app->net, on_resolvers, k);
}

static void check_resolvers(struct checking *k) {
    if (!k->app->launcher.net[0]) /* told already */
        loop_stop(k->app->loop);
    else
        netchild_held(k->app->net, on_held, k);
}

/* ---- capd ------------------------------------------------------------------------------------ */

static void fail_live(struct checking *k, const char *what, const struct fail *fail) {
    check_line(CHECK_MISSING, what, "%s%s", fail->why,
               strstr(fail->why, "capd is not running")
                   ? " (`capd --check` tells whether its configuration keeps it from starting)"
                   : "");
    k->live = false;
    check_resolvers(k);
}

static void list_interfaces(const struct interfaces *i) {
    char text[900] = "";
    size_t used = 0;
    uint32_t n = 0, all = i->rows_all > i->rows ? i->rows_all : i->rows;
    for (; n < i->rows && used + 80 < sizeof text; n++) {
        const struct msg_interface *row = &i->row[n];
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s (%s%s%s)", n ? ", " : "",
                                 row->name,
                                 !row->up       ? "down"
                                 : row->running ? "up"
                                                : "no carrier",
                                 row->default_v4 || row->default_v6 ? ", default route" : "",
                                 row->allowed ? "" : ", not allowed");
    }
    if (n < all) snprintf(text + used, sizeof text - used, ", and %u more", all - n);
    check_line(CHECK_OK, "interfaces", "%s", text[0] ? text : "none");
}

static void on_interfaces(void *ctx, const struct interfaces *i, const struct fail *fail) {
    struct checking *k = ctx;
    struct interface_choice choice;
    unsigned usable = 0;
    if (!i) {
        fail_live(k, "interfaces", fail);
        return;
    }
    list_interfaces(i);
    for (uint32_t n = 0; n < i->rows; n++) usable += i->row[n].allowed && i->row[n].up;
    if (usable == 0) {
        check_line(CHECK_MISSING, "capture on",
                   "no interface is both up and allowed: set one up (`ip link set NAME up`), or "
                   "name it in `interfaces` of capd.conf");
        k->live = false;
    } else if (interfaces_choose_default(i, &choice)) {
        check_line(CHECK_OK, "capture on", "%s, unless told otherwise: %s", choice.name,
                   choice.why);
    } else {
        check_line(CHECK_NOTE, "capture on", "no default: name one with --interface");
    }
    check_resolvers(k);
}

static void check_capability(struct checking *k, const struct msg_hello_reply *hello) {
    if (hello->live) return;
    k->live = false;
    if (hello->private && !k->net_raw)
        check_line(CHECK_MISSING, "CAP_NET_RAW",
                   "what started mcpd gives it to nobody, root included (a container's or a unit's "
                   "capabilities): allow it there, or use the service (systemctl start capd, then "
                   "without --capd private)");
    else if (hello->private)
        check_line(CHECK_MISSING, "CAP_NET_RAW",
                   "the private capd runs as you and lacks it: run mcpd as root, use the service "
                   "(systemctl start capd, then without --capd private), or give a copy of capd "
                   "for group capd-clients the capability (setcap cap_net_raw=ep)");
    else
        check_line(CHECK_MISSING, "CAP_NET_RAW",
                   "capd, not mcpd, lacks it: start it as the service (systemctl start capd), give "
                   "the binary the capability (setcap cap_net_raw=ep), or start it as root");
}

static void on_hello(void *ctx, const void *msg, const struct fail *fail) {
    struct checking *k = ctx;
    const struct msg_hello_reply *hello = msg;
    if (!hello) {
        fail_live(k, "capd", fail);
        return;
    }
    k->live = true;
    check_line(CHECK_OK, "capd",
               "%.40s answers, %s; at most %llu captures at once and %llu per user, %llu s each; "
               "names %s",
               hello->version, hello->private ? "private" : k->app->settings.capd,
               (unsigned long long)hello->max_captures, (unsigned long long)hello->max_per_caller,
               (unsigned long long)hello->max_duration_s, hello->names ? "on" : "off");
    check_capability(k, hello);
    if (strcmp(hello->version, "capd " PCM_VERSION) != 0)
        check_line(CHECK_NOTE, "versions",
                   "this is mcpd %s, and capd is another: install both of one version, then "
                   "restart capd",
                   PCM_VERSION);
    captures_interfaces(k->app->captures, 0, on_interfaces, k);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int conclude(const struct checking *k) {
    printf("\n%s; %s\n", k->live ? "live captures can be made" : "live captures cannot be made",
           k->files ? "capture files can be analysed" : "capture files cannot be analysed");
    fflush(stdout);
    if (k->bad_settings) return EXIT_USAGE;
    bool net = k->app->launcher.net[0] != 0;
    return k->live && k->files && net ? EXIT_HEALTHY : EXIT_NOT_PERMITTED;
}

int cli_check_unheld(const struct fail *why) {
    printf("mcpd %s\n\n", PCM_VERSION);
    check_line(CHECK_MISSING, "mcpd held",
               "%s; no command of mcpd goes on like that: the kernel must have system call filters "
               "(CONFIG_SECCOMP_FILTER, Linux 4.14), and a container must not forbid seccomp or "
               "Landlock",
               why->why);
    printf("\nlive captures cannot be made; capture files cannot be analysed\n");
    fflush(stdout);
    return EXIT_NOT_PERMITTED;
}

int cli_check(struct app *a, const struct cli *c, const struct fail *fault) {
    struct checking k = {.app = a, .bad_settings = fault != NULL, .net_raw = c->net_raw};
    struct fail fail;
    printf("mcpd %s\n\n", PCM_VERSION);
    k.files = check_local(a, c, fault);
    if (!captures_connect(a->captures, &fail) ||
        !capclient_when_ready(captures_client(a->captures), on_hello, &k, &fail))
        fail_live(&k, "capd", &fail);
    int rc = loop_run(a->loop);
    if (rc == 0) return conclude(&k);
    log_line("the event loop failed: %s", strerror(-rc));
    return EXIT_CAPTURE_FAILED;
}
