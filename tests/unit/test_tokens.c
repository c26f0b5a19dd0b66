/* mcpd/transport/tokens: a token file is read as written, or refused; only a whole token is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/transport/tokens.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/mcpd-tokens-XXXXXX", path[64];

static struct tokens *read_text(const char *text, mode_t mode, struct fail *fail) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
    return tokens_read(path, fail);
}

#define A "aaaaaaaaaaaaaaaa"
#define B "aaaaaaaaaaaaaaab"

static void test_tokens_name_their_callers(void **state) {
    struct fail fail;
    struct caller who;
    (void)state;
    struct tokens *t = read_text(
        "# comment\n\nalice:" A "\r\n  bob:" B ":4711 \nroot:rrrrrrrrrrrrrrrr:0", 0600, &fail);
    if (!t) fail_msg("%s", fail.why);
    assert_int_equal(tokens_count(t), 3);
    assert_true(tokens_find(t, A, &who));
    assert_string_equal(who.name, "alice");
    assert_int_equal(who.kind, CALLER_TOKEN);
    assert_false(who.has_uid || who.privileged);
    assert_true(tokens_find(t, B, &who));
    assert_true(who.has_uid && who.uid == 4711 && !who.privileged);
    assert_true(tokens_find(t, "rrrrrrrrrrrrrrrr", &who) && who.privileged);
    static const char *const wrong[] = {
        "", "a", "aaaaaaaaaaaaaaa", A "a", "aaaaaaaaaaaaaaac", "alice:" A, "baaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(tokens_find(t, wrong[i], &who));
    tokens_free(t);
}

static void test_tokens_are_compared_with_those_before(void **state) {
    struct fail fail;
    struct caller who;
    char names[16];
    (void)state;
    struct tokens *a = read_text("alice:" A "\nbob:" B "\ncarol:cccccccccccccccc:7", 0600, &fail);
    struct tokens *b =
        read_text("carol:cccccccccccccccc:8\nbob:dddddddddddddddd\nalice:" A, 0600, &fail);
    if (!a || !b) fail_msg("%s", fail.why);
    assert_int_equal(tokens_kept(b, a, 0), 0);
    assert_int_equal(tokens_kept(b, a, tokens_find(a, A, &who)), tokens_find(b, A, &who));
    assert_int_equal(tokens_kept(b, a, tokens_find(a, B, &who)), 0); /* another token */
    assert_int_equal(tokens_kept(b, a, tokens_find(a, "cccccccccccccccc", &who)), 0); /* and user */
    assert_int_equal(tokens_only_in(b, a, names, sizeof names), 2);
    assert_string_equal(names, "carol,bob");
    assert_int_equal(tokens_only_in(b, a, names, 10), 2);
    assert_string_equal(names, "carol...");
    assert_int_equal(tokens_only_in(b, b, names, sizeof names), 0);
    assert_string_equal(names, "");
    tokens_free(a);
    tokens_free(b);
}

static void test_tokens_refuse_bad_files(void **state) {
    static const struct {
        const char *text;
        mode_t mode;
        const char *says;
    } rows[] = {
        {"", 0600, "holds no token"},
        {"alice " A, 0600, ":1: there is no ':'"},
        {"\nalice:short", 0600, ":2: this is no token"},
        {"alice:" A " x", 0600, ":1: this is no token"},
        {":" A, 0600, "this is no name"},
        {"a b:" A, 0600, "this is no name"},
        {"a:" A ":x", 0600, "this is no uid"},
        {"a:" A ":4294967295", 0600, "this is no uid"},
        {"a:" A ":1:2", 0600, "this is no uid"},
        {"a:" A "\na:" B, 0600, ":2: this name is there already"},
        {"a:" A "\nb:" A, 0600, ":2: this token is there already"},
        {"a:" A, 0640, "others may read"},
        {"a:" A, 0604, "others may read"},
        {"a:" A, 0622, "others may read or write"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fail fail;
        assert_null(read_text(rows[i].text, rows[i].mode, &fail));
        if (!strstr(fail.why, rows[i].says) || !strstr(fail.why, path))
            fail_msg("%s: %s", rows[i].text, fail.why);
        assert_null(strstr(fail.why, A)); /* a token is never told */
    }
}

static void test_tokens_refuse_links(void **state) {
    char link[80];
    struct fail fail;
    (void)state;
    tokens_free(read_text("a:" A, 0600, &fail));
    snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink(path, link), 0);
    assert_null(tokens_read(link, &fail));
    unlink(link);
}

static void test_tokens_are_made_once(void **state) {
    char made_path[96], dir[80];
    struct fail fail;
    struct stat st;
    bool made;
    (void)state;
    snprintf(dir, sizeof dir, "%s/new", folder);
    snprintf(made_path, sizeof made_path, "%s/tokens", dir);
    assert_true(tokens_make(made_path, &made, &fail) && made);
    assert_int_equal(stat(made_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    struct tokens *t = tokens_read(made_path, &fail);
    assert_non_null(t);
    assert_int_equal(tokens_count(t), 1);
    assert_true(tokens_make(made_path, &made, &fail) && !made);
    tokens_free(t);
    unlink(made_path);
    rmdir(dir);
    assert_false(tokens_make("/proc/nowhere/tokens", &made, &fail));
    assert_non_null(strstr(fail.why, "token_file"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_name_their_callers),
        cmocka_unit_test(test_tokens_are_compared_with_those_before),
        cmocka_unit_test(test_tokens_refuse_bad_files),
        cmocka_unit_test(test_tokens_refuse_links),
        cmocka_unit_test(test_tokens_are_made_once),
    };
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/tokens", folder);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return rc;
}
