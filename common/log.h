#ifndef COMMON_LOG_H
#define COMMON_LOG_H
/* One line to stderr: "program: text".  Never for events that an outsider can repeat at will.
 * A first byte "<N>" is the journal's priority and is passed on only when stderr is no terminal. */
#define LOG_LINE_BYTES 4000 /* below a page: a pipe with room takes it whole */
void log_open(const char *program);

/* From now on a line that standard error does not take at once is lost, counted, and the count told
 * when it takes lines again: who does not read a service's log shall not stop the service. */
void log_never_wait(void);
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#endif
