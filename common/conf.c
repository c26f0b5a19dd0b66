/* `key = value` files, one table row per key.
 * Runs in: any, at the start.  Input trust: local (the admin's file). */
#include "common/conf.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_BYTES      16384u
#define CONF_LINE_BYTES 1024u    /* a longer one is no setting but a file that went wrong */
#define PATH            "%.120s" /* in messages: the end of the sentence must not be lost */

struct parser {
    const struct conf_key *keys;
    size_t keys_n;
    void *config;
    const char *path;
    unsigned line;
    uint32_t seen; /* one bit per key */
    struct fail *fail;
};

bool conf_number(const char *value, unsigned long min, unsigned long max, unsigned *out) {
    char *end;
    errno = 0;
    if (*value < '0' || *value > '9') return false;
    unsigned long v = strtoul(value, &end, 10);
    if (errno || *end || v < min || v > max) return false;
    *out = (unsigned)v;
    return true;
}

bool conf_user(const char *value, unsigned *out) {
    const struct passwd *p = getpwnam(value);
    if (p) *out = p->pw_uid;
    return p || conf_number(value, 0, UINT32_MAX - 1ul, out);
}

bool conf_group(const char *value, unsigned *out) {
    const struct group *g = getgrnam(value);
    if (g) *out = g->gr_gid;
    return g || conf_number(value, 0, UINT32_MAX - 1ul, out);
}

static bool read_switch(const char *value, bool *out) {
    *out = strcmp(value, "on") == 0;
    return *out || strcmp(value, "off") == 0;
}

/* No item of any list looks like this; what does was meant as a comment or a quotation, and its
 * words would be taken for items. */
static bool is_no_item(const char *word) {
    return *word == '-' || strpbrk(word, "#;\"'`()") != NULL;
}

bool conf_words(const char *value, bool (*add)(void *config, const char *word), void *config) {
    char words[CONF_LINE_BYTES], *rest = NULL;
    if ((size_t)snprintf(words, sizeof words, "%s", value) >= sizeof words) return false;
    char *word = strtok_r(words, " ,\t", &rest);
    if (!word) return false;
    for (; word; word = strtok_r(NULL, " ,\t", &rest))
        if (is_no_item(word) || !add(config, word)) return false;
    return true;
}

static char *trim(char *s) {
    s += strspn(s, " \t");
    size_t n = strlen(s);
    while (n && strchr(" \t\r", s[n - 1])) s[--n] = '\0';
    return s;
}

static bool unknown_key(const struct parser *p, const char *name) {
    char all[300] = "";
    for (size_t i = 0, used = 0; i < p->keys_n && used < sizeof all; i++)
        used +=
            (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", p->keys[i].name);
    return fail_set(p->fail, FAIL_VALUE, "", PATH ":%u: unknown key `%.40s`; allowed: %s", p->path,
                    p->line, name, all);
}

static bool set_value(const struct conf_key *key, void *config, const char *value) {
    void *at = (char *)config + key->at;
    if (key->set) return key->set(config, value);
    return key->max ? conf_number(value, key->min, key->max, at) : read_switch(value, at);
}

static bool not_allowed(const struct parser *p, const struct conf_key *key, const char *value) {
    char range[32] = "";
    if (key->max) snprintf(range, sizeof range, "%u to %u", key->min, key->max);
    return fail_set(p->fail, FAIL_VALUE, key->name, PATH ":%u: `%s = %.60s`; allowed: %s%s",
                    p->path, p->line, key->name, value, range, key->allowed);
}

static bool parse_line(struct parser *p, char *text) {
    char *value = strchr(text, '=');
    if (!value)
        return fail_set(p->fail, FAIL_VALUE, "", PATH ":%u: `%.40s` is no `key = value`", p->path,
                        p->line, text);
    *value++ = '\0';
    const char *name = trim(text);
    value = trim(value);
    for (size_t i = 0; i < p->keys_n; i++) {
        const struct conf_key *key = &p->keys[i];
        if (strcmp(name, key->name) != 0) continue;
        if (p->seen >> i & 1)
            return fail_set(p->fail, FAIL_VALUE, name, PATH ":%u: `%s` stands twice", p->path,
                            p->line, name);
        p->seen |= 1u << i;
        if (*value == '#' || strstr(value, " #") || strstr(value, "\t#"))
            return fail_set(p->fail, FAIL_VALUE, name,
                            PATH ":%u: `%s = %.60s`; a comment stands on a line of its own",
                            p->path, p->line, name, value);
        return set_value(key, p->config, value) || not_allowed(p, key, value);
    }
    return unknown_key(p, name);
}

bool conf_parse(const struct conf_key *keys, size_t keys_n, void *config, const char *path,
                char *text, struct fail *fail) {
    struct parser p = {keys, keys_n, config, path, 0, 0, fail};
    ASSERT(keys_n <= 32);
    for (char *next; text; text = next) {
        next = strchr(text, '\n');
        if (next) *next++ = '\0';
        p.line++;
        if (strlen(text) >= CONF_LINE_BYTES)
            return fail_set(fail, FAIL_VALUE, "", PATH ":%u: the line has %zu bytes; allowed: %u",
                            path, p.line, strlen(text), CONF_LINE_BYTES - 1);
        text = trim(text);
        if (*text && *text != '#' && !parse_line(&p, text)) return false;
    }
    return true;
}

static bool check_file(int fd, const char *path, struct fail *fail) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return fail_set(fail, FAIL_VALUE, "", PATH ": is %s; allowed: a regular file", path,
                        S_ISDIR(st.st_mode) ? "a directory" : "no file");
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022))
        return fail_set(fail, FAIL_VALUE, "",
                        PATH ": mode %03o, owner %u: it must belong to root or to this user and be "
                             "writable for nobody else (chown root; chmod 644)",
                        path, st.st_mode & 0777u, st.st_uid);
    return true;
}

/* Whole and readable as text; a NUL byte would hide what stands behind it. */
static bool check_text(const char *text, ssize_t n, const char *path, struct fail *fail) {
    unsigned line = 1;
    const char *nul = n > 0 ? memchr(text, 0, (size_t)n) : NULL;
    if (n < 0)
        return fail_set(fail, FAIL_VALUE, "", PATH ": cannot be read: %s", path, strerror(errno));
    if ((size_t)n == CONF_BYTES)
        return fail_set(fail, FAIL_VALUE, "", PATH ": is too long; allowed: less than 16 KiB",
                        path);
    for (const char *p = text; nul && p < nul; p++) line += *p == '\n';
    return !nul ||
           fail_set(fail, FAIL_VALUE, "", PATH ":%u: holds a NUL byte; allowed: text", path, line);
}

/* The file itself, no link to it: who may change the link could choose what is read. */
static int open_file(const char *path, bool required, bool *missing_out, struct fail *fail) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    *missing_out = fd < 0 && errno == ENOENT && !required;
    if (fd < 0 && errno == ELOOP)
        fail_set(fail, FAIL_VALUE, "", PATH ": is a symbolic link; name the file itself", path);
    else if (fd < 0 && !*missing_out)
        fail_set(fail, FAIL_VALUE, "", PATH ": cannot be read: %s", path, strerror(errno));
    return fd;
}

bool conf_read(const struct conf_key *keys, size_t keys_n, void *config, const char *path,
               bool required, struct fail *fail) {
    char text[CONF_BYTES + 1];
    bool missing;
    int fd = open_file(path, required, &missing, fail);
    if (fd < 0) return missing;
    bool ok = check_file(fd, path, fail);
    ssize_t n = ok ? read(fd, text, CONF_BYTES) : 0;
    if (ok) ok = check_text(text, n, path, fail);
    close(fd);
    if (!ok) return false;
    text[n] = '\0';
    return conf_parse(keys, keys_n, config, path, text, fail);
}
