#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the bytes are valid UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool text_is_utf8(const uint8_t *bytes, size_t len);

/* Turn bytes from the wire into text that is safe in a report: valid UTF-8, control, bidirectional
 * and invisible format characters and bytes that are no UTF-8 become \xNN or \u{NNNN}, backslash
 * becomes \\, cut at a whole escape so that it fits.  `cap` includes the NUL; returns the length.
 */
size_t text_clean(const uint8_t *bytes, size_t len, char *out, size_t cap);

/* The same for text that may have been cleaned before, or that holds backslashes of ours: these
 * stay as they are, so that cleaning twice changes nothing.  `text` ends with NUL. */
size_t text_clean_again(const char *text, char *out, size_t cap);

/* How many of the first `most` bytes of `text` may stay so that no character of UTF-8 is cut. */
size_t text_fitting(const char *text, size_t most);

/* ASCII lower case copy of a name, NUL-terminated, at most cap - 1 bytes; returns the length. */
size_t text_lower(const char *in, char *out, size_t cap);

/* Copy `text`, cut to `cap`, so that it can stand between quotes in a line of a log: whatever is
 * not printable ASCII, a quote or a backslash becomes `?`, one byte for one, so that what stands
 * behind it in the line is not cut off.  Returns `out`. */
const char *text_quotable(const char *text, char *out, size_t cap);
#endif
