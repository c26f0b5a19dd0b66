/* The token file of `mcpd serve`: where it is, made on the first start, and what of it can be read
 * again by a process that is locked up.  Editors put a new file in the place of the old one, so the
 * folder would have to stay readable; but a folder may hold more than tokens (a home does).  It
 * stays readable only if nothing else is in it, as in the service's own; else the file alone does,
 * and can be changed only in place.
 * Runs in: mcpd. Input trust: local (settings, environment, names in a folder). */
#include "common/log.h"
#include "mcpd/cli_serve.h"
#include "mcpd/sandbox.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where it is when mcpd is started here and now. */
static bool find_path(const struct app *a, char out[SETTINGS_PATH_BYTES], struct fail *fail) {
    const char *state = getenv("STATE_DIRECTORY"), *config = getenv("XDG_CONFIG_HOME");
    int n;
    if (a->settings.token_file[0])
        n = snprintf(out, SETTINGS_PATH_BYTES, "%s", a->settings.token_file);
    else if (state && state[0] == '/' && !strchr(state, ':'))
        n = snprintf(out, SETTINGS_PATH_BYTES, "%s/tokens", state);
    else if (config && config[0] == '/')
        n = snprintf(out, SETTINGS_PATH_BYTES, "%s/packet-capture-mcp/tokens", config);
    else if (a->home[0])
        n = snprintf(out, SETTINGS_PATH_BYTES, "%s/.config/packet-capture-mcp/tokens", a->home);
    else
        n = -1;
    return (n > 0 && n < (int)SETTINGS_PATH_BYTES) ||
           fail_set(fail, FAIL_VALUE, "token_file",
                    "there is no home to keep the token file in: name one with token_file in "
                    "mcpd.conf");
}

/* Is this the token file, or a copy that an editor made of it? */
static bool is_token_file(const struct dirent *e, const char *name) {
    const char *entry = e->d_name;
    if (entry[0] == '.' && name[0] != '.') entry++;
    return e->d_type == DT_REG && strncmp(entry, name, strlen(name)) == 0;
}

/* The folder of that file if nothing but tokens is in it, or if it is not there yet; else "". */
static void find_folder(const char *path, char dir_out[SETTINGS_PATH_BYTES]) {
    snprintf(dir_out, SETTINGS_PATH_BYTES, "%s", path);
    char *name = strrchr(dir_out, '/');
    if (!name) {
        dir_out[0] = 0;
        return;
    }
    *name++ = 0;
    DIR *d = dir_out[0] ? opendir(dir_out) : NULL;
    bool alone = d != NULL || errno == ENOENT; /* not there yet: made for it */
    for (const struct dirent *e; d && alone && (e = readdir(d)) != NULL;)
        alone =
            strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || is_token_file(e, name);
    if (d) closedir(d);
    if (!alone) dir_out[0] = 0;
}

/* The first start makes what is missing of the path, below the last folder that is there. */
static bool can_be_made(const char *path, struct fail *fail) {
    char dir[SETTINGS_PATH_BYTES];
    snprintf(dir, sizeof dir, "%s", path);
    for (char *slash; (slash = strrchr(dir, '/')) != NULL && access(dir, F_OK) != 0;)
        slash[slash == dir] = 0;
    return access(dir, W_OK | X_OK) == 0 ||
           fail_set(fail, FAIL_PERMISSION, "token_file",
                    "token file %.160s cannot be made in %s: %s", path, dir, strerror(errno));
}

void serve_tokens_look(const struct app *a, struct serve_look *out) {
    struct stat st;
    struct fail none;
    if (!find_path(a, out->token_file, &none)) out->token_file[0] = 0;
    if (!out->token_file[0]) return;
    find_folder(out->token_file, out->token_dir);
    bool seen = lstat(out->token_file, &st) == 0;
    out->tokens_are = !seen && errno == ENOENT ? LOOK_NOT_MADE : LOOK_BAD;
    if (out->tokens_are == LOOK_NOT_MADE && !can_be_made(out->token_file, &out->token_fault)) {
        out->tokens_are = LOOK_BAD;
        return;
    }
    if (seen && st.st_uid != 0 && st.st_uid != getuid()) {
        out->tokens_are = LOOK_OF_ANOTHER;
        out->token_owner = st.st_uid;
    }
    struct tokens *t =
        out->tokens_are == LOOK_BAD ? tokens_read(out->token_file, &out->token_fault) : NULL;
    if (!t) return;
    out->tokens_are = LOOK_READ;
    out->tokens = tokens_count(t);
    tokens_free(t);
}

bool serve_tokens_open(struct serve_sockets *s, const struct app *a, const struct cli *c,
                       const struct listener_kind *kind, struct fail *fail) {
    const char *path = s->token_file;
    bool made;
    if (c->no_token && kind->beyond_loopback)
        return fail_set(fail, FAIL_VALUE, "--no-token",
                        "--no-token is for loopback addresses and Unix sockets only: others could "
                        "capture from anywhere");
    if (c->no_token)
        log_line("WARNING: --no-token: every local user, and every program of theirs, that can "
                 "connect can capture packet headers on this machine");
    if (c->no_token || !kind->tcp) return true;
    if (!find_path(a, s->token_file, fail) || !tokens_make(path, &made, fail)) return false;
    s->tokens = tokens_read(path, fail);
    if (!s->tokens) return false;
    find_folder(path, s->token_dir);
    log_line("%s %s: clients send \"Authorization: Bearer TOKEN\"%s",
             made ? "made a token; it is in" : "tokens are in", path,
             !s->hangup_reloads ? ""
             : s->token_dir[0]  ? "; SIGHUP: it is read again"
                                : "; SIGHUP: it is read again, if it was changed in place: more "
                                  "than tokens is in its folder");
    if (kind->beyond_loopback)
        log_line("WARNING: tokens and reports cross the network in clear: put a TLS proxy before "
                 "it, or listen on 127.0.0.1");
    return true;
}

const char *serve_tokens_readable(const struct serve_sockets *s) {
    if (!s || !s->tokens || !s->hangup_reloads) return NULL;
    return s->token_dir[0] ? s->token_dir : s->token_file;
}

struct tokens *serve_tokens_read(const struct serve_sockets *s, struct fail *fail) {
    struct tokens *t = tokens_read(s->token_file, fail);
    if (t || fail->code != FAIL_PERMISSION || s->token_dir[0] || sandbox_landlock_abi() == 0)
        return t;
    fail_set(fail, FAIL_PERMISSION, "token_file",
             "token file %.160s: another file has taken its place, and mcpd kept the right to read "
             "the first one alone, since more than tokens is in that folder: restart mcpd, change "
             "the file in place, or give it a folder of its own",
             s->token_file);
    return NULL;
}
