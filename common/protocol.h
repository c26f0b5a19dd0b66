#ifndef COMMON_PROTOCOL_H
#define COMMON_PROTOCOL_H
#include <stdio.h>

/* Print the wire protocol as Markdown to `out`, generated from common/schema.h. */
void protocol_print(FILE *out);
#endif
