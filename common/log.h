#ifndef COMMON_LOG_H
#define COMMON_LOG_H
/* One line to stderr: "program: text".  Never for events that an outsider can repeat at will.
 * A first byte "<N>" is the journal's priority and is passed on only when stderr is no terminal. */
void log_open(const char *program);
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#endif
