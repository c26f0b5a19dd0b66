#ifndef COMMON_CONF_H
#define COMMON_CONF_H
#include "common/err.h"
#include <stdbool.h>
#include <stddef.h>

/* Configuration files: `key = value` lines, `#` comments.  Whatever is not understood stops the
 * start: a policy that is half read is no policy. */

struct conf_key {
    const char *name;
    bool (*set)(void *config, const char *value); /* false: not allowed; NULL: see below */
    const char *allowed;                          /* for the message; of a number: its unit */
    size_t at;                                    /* without `set`: offset in the config of */
    unsigned min, max;                            /* an unsigned of this range; 0, 0: of a bool */
};
#define CONF_SET(key, set, allowed)                                                                \
    { key, set, allowed, 0, 0, 0 }
#define CONF_NUMBER(type, key, field, min, max, unit)                                              \
    { key, NULL, unit, offsetof(type, field), min, max }
#define CONF_SWITCH(type, key, field)                                                              \
    { key, NULL, "on or off", offsetof(type, field), 0, 0 }

/* Parse `text` (NUL-terminated, changed) as read from `path`; at most 32 keys, each at most once;
 * lines of at most 1023 bytes.
 * False: `fail` names file, line, key and what is allowed. */
bool conf_parse(const struct conf_key *keys, size_t keys_n, void *config, const char *path,
                char *text, struct fail *fail);

/* Read the file.  It must be a regular one, no link, of less than 16 KiB that belongs to root or
 * the caller and that nobody else can change.  A missing file is an error only if `required`. */
bool conf_read(const struct conf_key *keys, size_t keys_n, void *config, const char *path,
               bool required, struct fail *fail);

/* Value helpers: a decimal number in min..max; a user or group by name or number; every word of a
 * list (blanks, commas; no comments, no quotation marks). */
bool conf_number(const char *value, unsigned long min, unsigned long max, unsigned *out);
bool conf_user(const char *value, unsigned *out);
bool conf_group(const char *value, unsigned *out);
bool conf_words(const char *value, bool (*add)(void *config, const char *word), void *config);
#endif
