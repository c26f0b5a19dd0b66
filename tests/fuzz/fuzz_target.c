/* libFuzzer: what a caller calls a target.  Input: mode, text.  A name that comes out is one that
 * may be looked up and that capd takes; nothing of a URL's path or password stays. */
#include "common/text.h"
#include "mcpd/capture/target.h"
#include "tests/fuzz/fuzz.h"

static void check_target(const struct target *t) {
    HOLDS(t->mode > MODE_AUTO && t->mode < MODE_COUNT);
    HOLDS(t->addresses <= LIM_TARGET_ADDRESSES && t->ports <= LIM_TARGET_PORTS);
    HOLDS(memchr(t->name, 0, sizeof t->name) && memchr(t->text, 0, sizeof t->text));
    HOLDS(memchr(t->mode_why, 0, sizeof t->mode_why));
    HOLDS(t->name[strspn(t->name, "abcdefghijklmnopqrstuvwxyz0123456789-._")] == 0);
    for (uint32_t i = 0; i < t->ports; i++) HOLDS(t->port[i] != 0);
    for (uint32_t i = 0; i < t->addresses; i++) {
        unsigned bits = t->address[i].address.len * 8u;
        HOLDS((bits == 32 || bits == 128) && t->address[i].prefix_len <= bits);
    }
    HOLDS(t->mode != MODE_PORT || t->ports > 0);
    HOLDS(!strchr(t->text, '@') && !strchr(t->text, '?') && !strchr(t->text, '#'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fail fail = {.code = FAIL_NONE};
    struct target t, again;
    if (size < 1) return 0;
    char *text = fuzz_text(data + 1, size - 1);
    if (!text) return 0;
    enum mode mode = (enum mode)(data[0] % MODE_COUNT);
    if (target_parse(text, mode, &t, &fail)) {
        check_target(&t);
        HOLDS(mode == MODE_AUTO || t.mode == mode);
        /* What a report shows of the target means the same target; not so hosts called ssh or auto.
         */
        bool word = t.name[0] && !strchr(t.name, '.');
        HOLDS(target_parse(t.text, mode, &again, &fail) || word);
        HOLDS(word || (strcmp(t.name, again.name) == 0 && t.addresses == again.addresses));
        HOLDS(word || (t.ports == again.ports && t.mode == again.mode));
    } else {
        HOLDS(fail.code != FAIL_NONE && fail.why[0]);
        HOLDS(text_is_utf8((const uint8_t *)fail.why, strlen(fail.why)));
    }
    free(text);
    return 0;
}
