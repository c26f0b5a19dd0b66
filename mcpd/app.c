/* Puts the parts together, and opens the one kind of file that is read on a client's word.
 * Runs in: mcpd.  Input trust: client (paths). */
#include "mcpd/app.h"
#include "mcpd/answer_interfaces.h"
#include "common/text.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void find_home(struct app *a) {
    const struct passwd *me = getpwuid(getuid());
    const char *home = getenv("HOME");
    if (me && me->pw_dir && me->pw_dir[0] == '/') home = me->pw_dir;
    if (!home || home[0] != '/' || strcmp(home, "/") == 0) home = "";
    if (strlen(home) < sizeof a->home) snprintf(a->home, sizeof a->home, "%s", home);
}

bool app_init(struct app *a, struct fail *fail) {
    find_home(a);
    a->loop = loop_new();
    a->rules = rules_new(NULL, fail);
    if (!a->rules) return false;
    if (a->loop) a->net = netchild_new(a->loop, &a->launcher);
    struct captures_options o = {.loop = a->loop,
                                 .launcher = &a->launcher,
                                 .capd = a->settings.capd,
                                 .net = a->net,
                                 .resolve = a->settings.resolve,
                                 .probe = a->settings.probe,
                                 .keep_ms = a->settings.retention_s * 1000ull,
                                 .keep_bytes = a->settings.retention_bytes,
                                 .max_captures = a->settings.max_captures,
                                 .max_per_caller = a->settings.max_captures_per_caller,
                                 .limit_file = a->settings.limit_file,
                                 .limit_caller_file = a->settings.limit_caller_file};
    if (a->net) a->captures = captures_new(&o);
    if (!a->captures) return fail_set(fail, FAIL_ENVIRONMENT, "", "no memory");
    return true;
}

void app_free(struct app *a) {
    captures_free(a->captures);
    netchild_free(a->net);
    launcher_close(&a->launcher);
    rules_free(a->rules);
    answer_interfaces_discard(a);
    loop_free(a->loop);
}

struct caller app_own_caller(void) {
    return (struct caller){
        .kind = CALLER_UID, .has_uid = true, .uid = getuid(), .privileged = getuid() == 0};
}

/* ---- capture files --------------------------------------------------------------------------- */

static bool refuse(struct fail *fail, const char *path, const char *why) {
    char shown[128];
    text_clean((const uint8_t *)path, strlen(path), shown, sizeof shown);
    return fail_set(fail, FAIL_VALUE, "path", "path \"%s\" %s", shown, why);
}

static bool refuse_errno(struct fail *fail, const char *path, int err) {
    char why[128];
    snprintf(why, sizeof why, "cannot be opened: %s", strerror(err));
    refuse(fail, path, why);
    if (err == EACCES) fail->code = FAIL_PERMISSION;
    return false;
}

/* The directory itself counts: what it is no secret. */
static bool is_below(const char *path, const char *dir) {
    char *real = realpath(dir, NULL);
    size_t len = real ? strlen(real) : 0;
    bool below = len > 1 && strncmp(path, real, len) == 0 && (path[len] == '/' || !path[len]);
    free(real);
    return below;
}

static bool is_allowed(const struct app *a, const char *real) {
    if (a->settings.dirs == 0 && a->home[0] && is_below(real, a->home)) return true;
    for (uint32_t i = 0; i < a->settings.dirs; i++)
        if (is_below(real, a->settings.dir[i])) return true;
    return false;
}

/* One and the same text for everything outside, whether it is there or not. */
static bool refuse_outside(const struct app *a, const char *given, struct fail *fail) {
    char why[300], shown[200] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < a->settings.dirs && used < sizeof shown; i++)
        used += (size_t)snprintf(shown + used, sizeof shown - used, "%s%s", i ? ", " : "",
                                 a->settings.dir[i]);
    if (a->settings.dirs == 0) snprintf(shown, sizeof shown, "%.190s", a->home);
    snprintf(why, sizeof why,
             "lies outside the allowed directories; allowed: files below %s (file_directories in "
             "mcpd.conf)",
             shown[0] ? shown : "(none)");
    return refuse(fail, given, why);
}

/* A path that does not resolve: does the part of it that does end inside?  Only then may be told
 * why the rest does not.  A symbolic link that leads nowhere could lead anywhere. */
static bool stops_inside(const struct app *a, const char *path) {
    char part[4096];
    struct stat st;
    snprintf(part, sizeof part, "%s", path);
    for (size_t len = strlen(part); len > 1;) {
        if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode)) return false;
        while (len > 1 && part[len - 1] == '/') part[--len] = 0;
        while (len > 1 && part[len - 1] != '/') part[--len] = 0;
        while (len > 1 && part[len - 1] == '/') part[--len] = 0;
        char *real = realpath(part, NULL);
        if (!real) continue;
        bool inside = is_allowed(a, real);
        free(real);
        return inside;
    }
    return false;
}

/* The file that is open is the one that was checked: same device and inode. */
static int open_checked(const char *real, const char *path, struct fail *fail) {
    struct stat named, opened;
    if (lstat(real, &named) == 0 && !S_ISREG(named.st_mode)) {
        refuse(fail, path, "is no regular file");
        return -1;
    }
    int fd = open(real, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        refuse_errno(fail, path, errno);
        return -1;
    }
    bool same = lstat(real, &named) == 0 && fstat(fd, &opened) == 0 &&
                named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
    if (same && S_ISREG(opened.st_mode)) return fd;
    close(fd);
    refuse(fail, path, same ? "is no regular file" : "changed while it was opened");
    return -1;
}

int app_open_capture_file(const struct app *a, const char *path, struct fail *fail) {
    char expanded[4096];
    const char *given = path;
    if (a && path[0] == '~' && path[1] == '/' && a->home[0]) {
        snprintf(expanded, sizeof expanded, "%s%s", a->home, path + 1);
        path = expanded;
    } else if (a && path[0] != '/') {
        char why[SETTINGS_PATH_BYTES + 64];
        const char *folder = a->home[0] ? "~" : a->settings.dir[0];
        snprintf(why, sizeof why, "is not absolute; example: %s/trace.pcap", folder);
        if (a->home[0] || a->settings.dirs > 0)
            refuse(fail, given, why);
        else
            refuse_outside(a, given, fail);
        return -1;
    }
    if (a && a->settings.dirs == 0 && !a->home[0]) {
        refuse_outside(a, given, fail);
        return -1;
    }
    char *real = strlen(path) < sizeof expanded ? realpath(path, NULL) : NULL;
    int err = errno, fd = -1;
    if (a && (real ? !is_allowed(a, real) : !stops_inside(a, path)))
        refuse_outside(a, given, fail);
    else if (real)
        fd = open_checked(real, given, fail);
    else
        refuse_errno(fail, given, err);
    free(real);
    return fd;
}
