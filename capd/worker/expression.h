#ifndef CAPD_WORKER_EXPRESSION_H
#define CAPD_WORKER_EXPRESSION_H
#include <stdbool.h>
#include <stddef.h>

/* A pcap-filter expression while it is written. */
struct expression {
    char *out;
    size_t cap, used;
    bool overflow; /* something did not fit, and the rest is left out */
};

void expression_add(struct expression *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
#endif
