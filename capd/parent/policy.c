/* Decisions, without side effects: who may talk, what may be started.
 * Runs in: parent.  Input trust: client (identity from the kernel, values from the request). */
#include "capd/parent/policy.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool named(const struct config_ids *ids, uint32_t id) {
    for (unsigned i = 0; i < ids->n; i++)
        if (ids->id[i] == id) return true;
    return false;
}

bool policy_admits(const struct config *c, const struct peer *p, struct fail *fail) {
    if (p->uid == 0 || (c->users.n == 0 && c->groups.n == 0)) return true;
    if (named(&c->users, p->uid) || named(&c->groups, p->gid)) return true;
    for (unsigned i = 0; i < p->groups_n; i++)
        if (named(&c->groups, p->groups[i])) return true;
    return fail_set(fail, FAIL_PERMISSION, "",
                    "uid %u is neither among `users` nor in one of the `groups` of capd.conf",
                    p->uid);
}

bool policy_allows_interface(const struct config *c, const char *name) {
    for (unsigned i = 0; i < c->interfaces_n; i++)
        if (strcmp(c->interfaces[i], name) == 0) return true;
    return c->interfaces_n == 0;
}

bool policy_owns(const struct peer *p, uid_t owner) {
    return p->uid == 0 || p->uid == owner || p->uid == geteuid();
}

const char *policy_account(const struct config *c, uid_t uid, const char *caller,
                           char out[LIM_LABEL + 1]) {
    snprintf(out, LIM_LABEL + 1, "uid %u", uid);
    if (*caller && named(&c->services, uid))
        snprintf(out, LIM_LABEL + 1, "%.*s", (int)strcspn(caller, ","), caller);
    return out;
}

bool policy_allows_start(const struct config *c, const struct policy_start *w, struct fail *fail) {
    const char *file = "capd.conf (the administrator's, or its default)";
    if (w->in_all >= c->max_captures)
        return fail_set(fail, FAIL_LIMIT, "", "%u run already; %s: max_captures = %u", w->in_all,
                        file, c->max_captures);
    if (w->of_user >= c->max_captures_per_user)
        return fail_set(fail, FAIL_LIMIT, "", "this user runs %u; %s: max_captures_per_user = %u",
                        w->of_user, file, c->max_captures_per_user);
    if (w->duration_ms > c->max_duration_s * 1000ull)
        return fail_set(fail, FAIL_LIMIT, "duration_ms",
                        "duration: %llu s; allowed: 1 to %u (max_duration in capd.conf)",
                        (unsigned long long)((w->duration_ms + 999) / 1000), c->max_duration_s);
    return true;
}
