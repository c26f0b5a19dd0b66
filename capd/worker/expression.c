/* Text of pcap-filter expressions, into room of fixed size.
 * Runs in: worker.  Input trust: none (typed values; the caller's text was checked by the parent).
 */
#include "capd/worker/expression.h"
#include <stdarg.h>
#include <stdio.h>

void expression_add(struct expression *e, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->out + e->used, e->cap - e->used, fmt, ap);
    va_end(ap);
    e->overflow |= n < 0 || (size_t)n >= e->cap - e->used;
    if (!e->overflow) e->used += (size_t)n;
}
