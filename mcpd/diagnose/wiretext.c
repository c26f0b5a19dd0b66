/* The worker cleans every string; a worker taken over by a packet would not.  So mcpd looks again.
 * Runs in: mcpd.  Input trust: packets. */
#include "common/text.h"
#include "mcpd/diagnose/diagnose.h"

void wire_text(const char *in, char *out, size_t cap) {
    (void)text_clean_again(in, out, cap);
}
