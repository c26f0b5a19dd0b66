/* The token file.  Tokens are kept padded to one length and every one is compared in full with
 * whatever is shown, so that time tells neither which of them was nearly met nor how far.
 * Runs in: mcpd, at the start and when it is told to read the file again. Input trust: local (the
 * file), client (what is shown). */
#include "mcpd/transport/tokens.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES (16u * 1024u) /* 64 lines of at most 200 bytes, with room for comments */

struct tokens {
    size_t count;
    struct token {
        struct caller who;
        unsigned char bytes[TOKEN_BYTES]; /* padded with zeros */
    } token[TOKENS_MAX];
};

static const char allowed[] = "allowed: name:token or name:token:uid, one per line; name of up to "
                              "32 letters, digits, '.', '_', '-'; token of 16 to 128 characters";

static bool bad_line(struct fail *fail, const char *path, unsigned line, const char *what) {
    return fail_set(fail, FAIL_VALUE, "token_file", "%.120s:%u: %s; %s", path, line, what, allowed);
}

static bool is_word(const char *text, const char *extra) {
    for (; *text; text++)
        if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
              (*text >= '0' && *text <= '9') || strchr(extra, *text)))
            return false;
    return true;
}

static bool read_uid(const char *text, struct caller *who) {
    char *end;
    errno = 0;
    unsigned long uid = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || uid >= (uid_t)-1) return false;
    who->has_uid = true;
    who->uid = (uid_t)uid;
    who->privileged = uid == 0 || uid == getuid();
    return true;
}

/* What is wrong with the line, NULL if nothing. */
static const char *take_line(struct tokens *t, char *line) {
    char *name = line, *token = strchr(line, ':'), *uid = NULL;
    if (!token) return "there is no ':'";
    *token++ = 0;
    if ((uid = strchr(token, ':')) != NULL) *uid++ = 0;
    struct token *new = &t->token[t->count];
    if (t->count == TOKENS_MAX) return "more than 64 tokens";
    *new = (struct token){.who = {.kind = CALLER_TOKEN}};
    if (!*name || strlen(name) >= sizeof new->who.name || !is_word(name, "._-"))
        return "this is no name";
    if (strlen(token) < TOKEN_LEAST || strlen(token) > TOKEN_BYTES || !is_word(token, "._~+/=-"))
        return "this is no token";
    if (uid && !read_uid(uid, &new->who)) return "this is no uid";
    memcpy(new->who.name, name, strlen(name) + 1);
    memcpy(new->bytes, token, strlen(token));
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->token[i].who.name, name) == 0) return "this name is there already";
        if (memcmp(t->token[i].bytes, new->bytes, TOKEN_BYTES) == 0)
            return "this token is there already";
    }
    t->count++;
    return NULL;
}

static bool take_text(struct tokens *t, const char *path, char *text, struct fail *fail) {
    unsigned number = 0;
    for (char *line = text, *next; line; line = next) {
        number++;
        if ((next = strchr(line, '\n')) != NULL) *next++ = 0;
        line += strspn(line, " \t");
        size_t len = strlen(line);
        while (len > 0 && strchr(" \t\r", line[len - 1])) line[--len] = 0;
        if (!*line || *line == '#') continue;
        const char *what = take_line(t, line);
        if (what) return bad_line(fail, path, number, what);
    }
    if (t->count == 0)
        return fail_set(fail, FAIL_VALUE, "token_file", "%.160s: holds no token; %s", path,
                        allowed);
    return true;
}

static bool refuse_file(struct fail *fail, const char *path, const char *why) {
    return fail_set(fail, FAIL_ENVIRONMENT, "token_file", "token file %.160s: %s", path, why);
}

/* Descriptor of a file that only we, or root, can have read or written; -1: `fail`. */
static int open_private(const char *path, struct fail *fail) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    const char *why = NULL;
    if (fd < 0 && errno == EACCES) {
        fail_set(fail, FAIL_PERMISSION, "token_file",
                 "token file %.160s: Permission denied; it must belong to uid %u, who runs mcpd",
                 path, (unsigned)getuid());
        return -1;
    }
    if (fd < 0) {
        refuse_file(fail, path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        why = "it is no regular file";
    else if (st.st_uid != 0 && st.st_uid != getuid())
        why = "it belongs to somebody else";
    else if (st.st_mode & 077)
        why = "others may read or write it; run: chmod 600 on it, and make new tokens";
    else if (st.st_size >= (off_t)FILE_BYTES)
        why = "it is larger than 16 KiB";
    if (!why) return fd;
    close(fd);
    refuse_file(fail, path, why);
    return -1;
}

struct tokens *tokens_read(const char *path, struct fail *fail) {
    char *text = calloc(1, FILE_BYTES);
    struct tokens *t = calloc(1, sizeof *t);
    int fd = open_private(path, fail);
    bool ok = false;
    if (fd >= 0 && text && t) {
        size_t used = 0;
        ssize_t n;
        while ((n = read(fd, text + used, FILE_BYTES - 1 - used)) > 0) used += (size_t)n;
        ok = n == 0 ? take_text(t, path, text, fail) : refuse_file(fail, path, strerror(errno));
    } else if (fd >= 0) {
        refuse_file(fail, path, "no memory");
    }
    if (fd >= 0) close(fd);
    if (text) explicit_bzero(text, FILE_BYTES);
    free(text);
    if (ok) return t;
    tokens_free(t);
    return NULL;
}

static bool make_directory(const char *path, struct fail *fail) {
    char dir[512];
    size_t len = strlen(path);
    if (len >= sizeof dir) return refuse_file(fail, path, "the path is too long");
    memcpy(dir, path, len + 1);
    for (char *p = dir + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = 0;
        if (mkdir(dir, 0700) != 0 && errno != EEXIST)
            return fail_set(fail, FAIL_ENVIRONMENT, "token_file",
                            "token file %.120s: cannot make %.120s: %s; name another place with "
                            "token_file in mcpd.conf",
                            path, dir, strerror(errno));
    }
    return true;
}

static bool write_new(int fd) {
    unsigned char bits[TOKEN_NEW_BITS / 8];
    char text[256];
    if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits) return false;
    int used =
        snprintf(text, sizeof text, "# name:token or name:token:uid, one per line\ndefault:");
    for (size_t i = 0; i < sizeof bits; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%02x", bits[i]);
    text[used++] = '\n';
    bool ok = write(fd, text, (size_t)used) == used && fsync(fd) == 0;
    explicit_bzero(text, sizeof text);
    explicit_bzero(bits, sizeof bits);
    return ok;
}

/* Written beside and linked into place: two that start at once do not read half a file. */
bool tokens_make(const char *path, bool *made_out, struct fail *fail) {
    char beside[600];
    *made_out = false;
    if (access(path, F_OK) == 0) return true;
    if (!make_directory(path, fail)) return false;
    snprintf(beside, sizeof beside, "%s.%ld", path, (long)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return refuse_file(fail, path, strerror(errno));
    bool ok = write_new(fd);
    *made_out = ok && link(beside, path) == 0;
    ok = ok && (*made_out || errno == EEXIST);
    int err = errno;
    close(fd);
    (void)unlink(beside);
    return ok || refuse_file(fail, path, strerror(err));
}

/* ---- who shows one -------------------------------------------------------------------------- */

/* No branch that depends on the bytes. */
static unsigned differs(const unsigned char *a, const unsigned char *b) {
    unsigned bits = 0;
    for (size_t i = 0; i < TOKEN_BYTES; i++) bits |= (unsigned)(a[i] ^ b[i]);
    return bits;
}

unsigned tokens_find(const struct tokens *t, const char *token, struct caller *who_out) {
    unsigned char shown[TOKEN_BYTES] = {0};
    size_t len = strlen(token), found = t->count;
    if (len < TOKEN_LEAST || len > TOKEN_BYTES) return 0;
    memcpy(shown, token, len);
    for (size_t i = 0; i < t->count; i++)
        if (differs(shown, t->token[i].bytes) == 0) found = i;
    if (found == t->count) return 0;
    *who_out = t->token[found].who;
    return (unsigned)found + 1;
}

/* ---- two sets ------------------------------------------------------------------------------- */

unsigned tokens_kept(const struct tokens *t, const struct tokens *before, unsigned number) {
    struct caller who;
    char text[TOKEN_BYTES + 1] = "";
    if (number == 0) return 0;
    const struct token *old = &before->token[number - 1];
    memcpy(text, old->bytes, TOKEN_BYTES);
    unsigned now = tokens_find(t, text, &who);
    explicit_bzero(text, sizeof text);
    bool same = now && strcmp(who.name, old->who.name) == 0 && who.has_uid == old->who.has_uid &&
                who.uid == old->who.uid;
    return same ? now : 0;
}

unsigned tokens_only_in(const struct tokens *t, const struct tokens *other, char *names_out,
                        size_t cap) {
    unsigned count = 0;
    size_t used = 0;
    bool cut = false;
    names_out[0] = 0;
    for (unsigned i = 1; i <= t->count; i++) {
        const char *name = t->token[i - 1].who.name;
        if (tokens_kept(other, t, i)) continue;
        count++;
        cut = cut || used + strlen(name) + sizeof ",..." > cap;
        if (!cut)
            used += (size_t)snprintf(names_out + used, cap - used, "%s%s", used ? "," : "", name);
    }
    if (cut) snprintf(names_out + used, cap - used, "...");
    return count;
}

size_t tokens_count(const struct tokens *t) {
    return t->count;
}

void tokens_free(struct tokens *t) {
    if (!t) return;
    explicit_bzero(t, sizeof *t);
    free(t);
}
