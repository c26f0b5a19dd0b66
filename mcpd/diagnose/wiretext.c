/* The worker cleans every string; a worker taken over by a packet would not.  So mcpd looks again.
 * Cleaning twice must change nothing, and text_clean() doubles backslashes, so the text is taken
 * in pieces between them.
 * Runs in: mcpd.  Input trust: packets. */
#include "common/text.h"
#include "mcpd/diagnose/diagnose.h"
#include <string.h>

void wire_text(const char *in, char *out, size_t cap) {
    size_t used = 0;
    out[0] = 0;
    for (;;) {
        size_t n = strcspn(in, "\\");
        used += text_clean((const uint8_t *)in, n, out + used, cap - used);
        in += n;
        if (*in == 0 || used + 2 > cap) return;
        out[used++] = '\\';
        out[used] = 0;
        in++;
    }
}
