/* `mcpd check`, the part that needs nobody else: the configuration, the programs, the folders with
 * capture files, what the kernel offers.
 * Runs in: mcpd.  Input trust: local. */
#include "common/held.h"
#include "common/landlock.h"
#include "common/text.h"
#include "mcpd/cli_check.h"
#include "mcpd/cli_serve.h"
#include "mcpd/report/term.h"
#include "mcpd/sandbox.h"
#include "mcpd/serve_call.h"
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define HEAD 24u /* columns before the detail */

/* On a terminal folded to its 80 columns; for other programs one line per fact. */
void check_line(enum check_word word, const char *what, const char *fmt, ...) {
    static const char *const words[] = {"ok", "note", "missing"};
    static const char *const paint[] = {"healthy", "warning", "critical"};
    char given[1200], detail[1200], head[HEAD + 1];
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool terminal = isatty(STDOUT_FILENO);
    struct text t = {.most = sizeof detail * 4,
                     .colour =
                         terminal && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(given, sizeof given, fmt, ap);
    va_end(ap);
    text_clean((const uint8_t *)given, strlen(given), detail,
               sizeof detail); /* paths of the caller */
    snprintf(head, sizeof head, "%-8s %-15s", words[word], what);
    if (terminal) term_wrap(&t, HEAD, "", detail);
    printf("%s%.8s%s%s", term_paint(&t, paint[word]), head, term_paint(&t, "off"), head + 8);
    if (terminal && t.bytes)
        printf("%s", t.bytes + HEAD);
    else
        printf("%s\n", detail);
    free(t.bytes);
    fflush(stdout);
}

/* ---- configuration --------------------------------------------------------------------------- */

static const char *on_off(bool on) {
    return on ? "on" : "off";
}

static void check_settings(const struct app *a, const struct cli *c, const struct fail *fault) {
    const struct settings *s = &a->settings;
    const char *file = c->config ? c->config : SETTINGS_PATH;
    if (fault) {
        check_line(CHECK_MISSING, "configuration",
                   "%s.  Mend that line or remove it; until then no other command of mcpd starts",
                   fault->why);
        return;
    }
    bool there = access(file, R_OK) == 0;
    check_line(CHECK_OK, "configuration", "%s%s", file,
               there ? "" : " is not there: every setting has its default");
    check_line(CHECK_OK, "settings",
               "resolve %s, probe %s, at most %u captures at once and %u per caller, reports kept "
               "%u h and %u MiB",
               on_off(s->resolve), on_off(s->probe), s->max_captures, s->max_captures_per_caller,
               s->retention_s / 3600, s->retention_bytes >> 20);
}

/* ---- folders --------------------------------------------------------------------------------- */

static void check_folder(const char *path, const char *origin) {
    struct stat st;
    if (stat(path, &st) != 0)
        check_line(CHECK_MISSING, "capture files", "%s: %s; %s", path, strerror(errno), origin);
    else if (!S_ISDIR(st.st_mode))
        check_line(CHECK_MISSING, "capture files", "%s is no directory; %s", path, origin);
    else if (access(path, X_OK) != 0)
        check_line(CHECK_MISSING, "capture files", "%s: %s for uid %u; %s", path, strerror(errno),
                   (unsigned)getuid(), origin);
    else
        check_line(CHECK_OK, "capture files", "clients may have those below %s analysed", path);
}

static void check_folders(const struct app *a) {
    for (uint32_t i = 0; i < a->settings.dirs; i++)
        check_folder(a->settings.dir[i], "make it, or change file_directories in mcpd.conf");
    if (a->settings.dirs) return;
    if (a->home[0])
        check_folder(a->home, "that is the home directory; set file_directories in mcpd.conf");
    else
        check_line(CHECK_NOTE, "capture files",
                   "you have no home directory, so clients can have no file analysed: set "
                   "file_directories in mcpd.conf (`mcpd analyze` takes any file)");
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* Those of the service are elsewhere, unless the configuration names a file. */
static void check_tokens(const struct app *a, const struct cli *c) {
    const struct serve_look *l = c->look;
    bool named = a->settings.token_file[0] != 0;
    char are[64] = "";
    if (!l->token_file[0]) return;
    if (l->tokens_are == LOOK_BAD) {
        check_line(CHECK_MISSING, "tokens", "`mcpd serve`%s does not start: %s",
                   named ? "" : " started by you", l->token_fault.why);
        return;
    }
    if (l->tokens_are == LOOK_NOT_MADE)
        snprintf(are, sizeof are, "its first start makes it");
    else if (l->tokens_are == LOOK_READ)
        snprintf(are, sizeof are, "%zu in it", l->tokens);
    else
        snprintf(are, sizeof are, "of uid %u, who must be the one that starts it",
                 (unsigned)l->token_owner);
    check_line(l->tokens_are == LOOK_OF_ANOTHER ? CHECK_NOTE : CHECK_OK, "tokens",
               "`mcpd serve`%s reads %s (%s)%s, again on SIGHUP (`systemctl reload mcpd.service`); "
               "%s%s",
               named ? "" : " started by you", l->token_file, are,
               named ? "" : ", mcpd.service /var/lib/mcpd/tokens",
               l->token_dir[0] ? "for that it can read what is in "
                               : "for that it can read this one file, which therefore must not be "
                                 "replaced: more than tokens is in its folder",
               l->token_dir);
}

/* ---- mcpd serve ------------------------------------------------------------------------------ */

/* Who may connect: of systemd's socket mcpd.socket says it. */
static void check_group(const struct app *a, const struct cli *c) {
    if (c->look->group_bad)
        check_line(CHECK_MISSING, "socket group",
                   "%s: `mcpd serve` opens no socket of its own until it is made (groupadd), or "
                   "another is named in mcpd.conf",
                   c->look->group_fault.why);
    else if (a->settings.socket_group[0])
        check_line(CHECK_OK, "socket group", "%s may connect to the socket of `mcpd serve`",
                   a->settings.socket_group);
}

/* Optional, so its absence is no fault; but a unit that failed (a port that was taken) is seen. */
static void check_serve(const struct app *a) {
    const char *path = a->settings.socket[0] ? a->settings.socket : SETTINGS_SOCKET;
    struct fail fail;
    int fd = serve_connect(path, &fail);
    if (fd < 0) {
        check_line(CHECK_NOTE, "mcpd serve",
                   "%s; MCP over HTTP and `mcpd status` need it: `systemctl status mcpd.socket "
                   "mcpd.service` tells why",
                   fail.why);
        return;
    }
    close(fd);
    check_line(CHECK_OK, "mcpd serve", "%s takes connections", path);
}

/* ---- programs -------------------------------------------------------------------------------- */

/* What the file gives, as struct vfs_cap_data of linux/capability.h: a version whose lowest bit is
 * "effective", then permitted and inheritable, each of 32 bits, and the upper halves of both. */
enum file_rights { RIGHTS_NONE, RIGHTS_NET_RAW, RIGHTS_OTHER };

static enum file_rights file_rights(const char *path) {
    uint32_t x[6] = {0}; /* with the root user that it holds for */
    ssize_t n = getxattr(path, "security.capability", x, sizeof x);
    bool effective = le32toh(x[0]) & 1;
    if (n <= 0) return errno == ERANGE ? RIGHTS_OTHER : RIGHTS_NONE;
    return n >= 20 && effective && le32toh(x[1]) == HELD_NET_RAW && !x[2] && !x[3] && !x[4]
               ? RIGHTS_NET_RAW
               : RIGHTS_OTHER;
}

static void check_private(const struct launcher *l, bool net_raw) {
    enum file_rights rights = file_rights(l->live);
    if (!net_raw)
        check_line(CHECK_NOTE, "private capd",
                   "what started mcpd gives CAP_NET_RAW to nobody, root included: --capd private "
                   "reads files only");
    else if (getuid() == 0)
        check_line(CHECK_OK, "private capd", "you are root: --capd private can capture");
    else if (rights == RIGHTS_NET_RAW)
        check_line(CHECK_OK, "private capd",
                   "%s has cap_net_raw=ep: --capd private can capture where capd.conf lets you, "
                   "unless what starts mcpd sets no-new-privileges",
                   l->live);
    else if (rights == RIGHTS_OTHER)
        check_line(CHECK_NOTE, "private capd",
                   "%s has other file capabilities than cap_net_raw=ep, which capd(8) asks for: "
                   "without that one effective --capd private reads files only, and more than that "
                   "one it does not need",
                   l->live);
    else
        check_line(
            CHECK_NOTE, "private capd",
            "for you --capd private has no CAP_NET_RAW and reads files only (capd(8) says how an "
            "administrator changes that)");
}

static bool check_programs(const struct launcher *l, bool net_raw) {
    static const char install[] =
        "found neither beside mcpd nor in /usr/sbin or /usr/libexec/packet-capture-mcp: install it "
        "(make install)";
    if (l->capd[0])
        check_line(CHECK_OK, "program", "%s", l->capd);
    else
        check_line(CHECK_MISSING, "program", "capd %s; capture files cannot be analysed without it",
                   install);
    if (l->capd[0]) check_private(l, net_raw);
    if (l->net[0])
        check_line(CHECK_OK, "program", "%s", l->net);
    else
        check_line(CHECK_MISSING, "program",
                   "mcpd-net %s; no name is looked up and no probe made without it", install);
    return l->capd[0] != 0;
}

/* ---- kernel ---------------------------------------------------------------------------------- */

static void check_kernel(void) {
    unsigned abi = landlock_abi();
    if (abi > 0)
        check_line(CHECK_OK, "Landlock", "ABI %u: files are denied to capture workers and to mcpd",
                   abi);
    else
        check_line(
            CHECK_NOTE, "Landlock",
            "%s: capture workers are kept from files by their system call filters alone, and "
            "mcpd may read what its user may; a kernel with Landlock (5.13, lsm=landlock) "
            "denies both",
            strerror(errno));
    if (access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0)
        check_line(CHECK_OK, "seccomp", "the kernel has system call filters");
    else if (access("/proc/sys/kernel", F_OK) == 0)
        check_line(CHECK_MISSING, "seccomp",
                   "this kernel has no system call filters (CONFIG_SECCOMP_FILTER): capd does not "
                   "start without them");
    else
        check_line(CHECK_NOTE, "seccomp", "not known: /proc is not mounted");
}

/* The kernel's word on this very process, which is locked up by now. */
static void check_held(int fd) {
    char held[HELD_TEXT_BYTES];
    if (held_text(fd, sandbox_landlock_abi(), held))
        check_line(CHECK_OK, "mcpd held", "%s", held);
    else
        check_line(CHECK_NOTE, "mcpd held", "not known: /proc is not mounted");
}

bool check_local(const struct app *a, const struct cli *c, const struct fail *fault) {
    check_settings(a, c, fault);
    bool files = check_programs(&a->launcher, c->net_raw);
    check_folders(a);
    check_tokens(a, c);
    check_group(a, c);
    check_serve(a);
    check_kernel();
    check_held(c->held_fd);
    return files;
}
