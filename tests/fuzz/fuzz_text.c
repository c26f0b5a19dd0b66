/* libFuzzer: bytes from the wire on their way into a report.  Input: room in the result, bytes.
 * What comes out is UTF-8 without control, bidirectional and invisible characters, fits, and does
 * not change when it is cleaned once more. */
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

/* The characters that turn or hide text: U+200B..U+200F, U+202A..U+202E, U+2066..U+2069, U+FEFF. */
static bool is_invisible(const uint8_t *p) {
    if (p[0] == 0xe2 && p[1] == 0x80)
        return (p[2] >= 0x8b && p[2] <= 0x8f) || (p[2] >= 0xaa && p[2] <= 0xae);
    if (p[0] == 0xe2 && p[1] == 0x81) return p[2] >= 0xa6 && p[2] <= 0xa9;
    return p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf;
}

static void check_clean(const char *text, size_t n) {
    HOLDS(strlen(text) == n && text_is_utf8((const uint8_t *)text, n));
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = (const uint8_t *)text + i;
        HOLDS(*p >= ' ' && *p != 0x7f);
        HOLDS(n - i < 3 || !is_invisible(p));
        HOLDS(n - i < 2 || p[0] != 0xc2 || p[1] >= 0xa0); /* C1 */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    size_t cap = 1u + data[0] * 4u, whole = (size - 1) * 12 + 1;
    uint8_t *bytes = fuzz_copy(data + 1, size - 1);
    char *out = malloc(cap), *again = malloc(cap), *all = malloc(whole);
    HOLDS(out && again && all);
    size_t n = text_clean(bytes, size - 1, out, cap);
    HOLDS(n < cap);
    check_clean(out, n);
    size_t full = text_clean(bytes, size - 1, all, whole);
    check_clean(all, full);
    HOLDS(n <= full && memcmp(out, all, n) == 0); /* cut, not changed */
    HOLDS(text_clean_again(out, again, cap) == n && strcmp(out, again) == 0);
    free(bytes);
    free(out);
    free(again);
    free(all);
    return 0;
}
