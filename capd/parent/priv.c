/* From whatever started us to the least that can still open a capture.  An empty effective set
 * means that a bug in the request parser cannot call socket(AF_PACKET) without capset first.
 * Runs in: parent, before the first client.  Input trust: none. */
#include "capd/parent/priv.h"
#include "common/rlimit.h"
#include <errno.h>
#include <grp.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#define OPEN_FILES 128
#define FILES_MIN  80 /* poll() takes as many entries at most; server.c has 74 */
#define PROCESSES  128

static bool refuse(struct fail *fail, const char *what) {
    return fail_set(fail, FAIL_ENVIRONMENT, "", "cannot %s: %s", what, strerror(errno));
}

static bool set_capabilities(const char *text) {
    cap_t want = cap_from_text(text), have = NULL;
    bool ok =
        want && cap_set_proc(want) == 0 && (have = cap_get_proc()) && cap_compare(want, have) == 0;
    cap_free(want);
    cap_free(have);
    return ok;
}

bool priv_has_net_raw(void) {
    cap_flag_value_t on = CAP_CLEAR;
    cap_t caps = cap_get_proc();
    if (caps) cap_get_flag(caps, CAP_NET_RAW, CAP_PERMITTED, &on);
    cap_free(caps);
    return on == CAP_SET;
}

static bool leave_root(const struct priv_options *o, struct fail *fail) {
    for (cap_value_t c = 0; c <= CAP_LAST_CAP || cap_get_bound(c) >= 0; c++)
        if (c != CAP_NET_RAW && cap_get_bound(c) == 1 && cap_drop_bound(c) != 0)
            return refuse(fail, "shrink the bounding set");
    if (prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP |
                                     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NOROOT |
                                     SECBIT_NOROOT_LOCKED) != 0)
        return refuse(fail, "set the secure bits");
    if (setgroups(0, NULL) != 0 || setresgid(o->gid, o->gid, o->gid) != 0 ||
        setresuid(o->uid, o->uid, o->uid) != 0)
        return refuse(fail, "change the user");
    return true;
}

bool priv_lock(const struct priv_options *o, bool *live_out, struct fail *fail) {
    bool live = priv_has_net_raw();
    if (o->is_root && !leave_root(o, fail)) return false;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return refuse(fail, "clear ambient capabilities");
    if (!set_capabilities(live ? "cap_net_raw=p" : "=")) return refuse(fail, "drop capabilities");
    if (o->uid != 0 && setuid(0) == 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "", "root could be regained after dropping it");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refuse(fail, "set no-new-privileges");
    if (!o->dumpable && prctl(PR_SET_DUMPABLE, 0) != 0) return refuse(fail, "forbid core dumps");
    if (rlimit_lower(RLIMIT_CORE, 0) || rlimit_lower(RLIMIT_NOFILE, OPEN_FILES) ||
        (o->service && rlimit_lower(RLIMIT_NPROC, PROCESSES)))
        return refuse(fail, "set resource limits");
    if (sysconf(_SC_OPEN_MAX) < FILES_MIN)
        return fail_set(fail, FAIL_ENVIRONMENT, "", "needs %d open files (ulimit -n)", FILES_MIN);
    *live_out = live;
    return true;
}
