#ifndef COMMON_MP_H
#define COMMON_MP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The only door to msgpack-c: a writer into a caller's buffer, and a reader that runs
 * mpcheck() first.  Typed; nothing else of msgpack's data model is used. */

/* Writer.  Running out of room sets `overflow` and writes nothing more. */
struct mp_writer {
    uint8_t *bytes;
    size_t used, cap;
    bool overflow;
};

void mp_writer_init(struct mp_writer *w, uint8_t *bytes, size_t cap);
void mp_put_map(struct mp_writer *w, uint32_t pairs);
void mp_put_array(struct mp_writer *w, uint32_t items);
void mp_put_uint(struct mp_writer *w, uint64_t v);
void mp_put_bool(struct mp_writer *w, bool v);
void mp_put_str(struct mp_writer *w, const char *text);
void mp_put_bin(struct mp_writer *w, const uint8_t *bytes, size_t len);

/* Reader: a parsed message.  Objects are borrowed from it until mp_free(). */
struct mp_message;
struct msgpack_object;
typedef struct msgpack_object mp_object;

/* Check and parse.  NULL: not well-formed, or no memory.  The bytes must outlive the message. */
struct mp_message *mp_parse(const uint8_t *bytes, size_t len);
void mp_free(struct mp_message *m);
const mp_object *mp_root(const struct mp_message *m);

/* Typed access: false when the object has another type.  No conversions. */
bool mp_get_uint(const mp_object *o, uint64_t *v);
bool mp_get_bool(const mp_object *o, bool *v);
bool mp_get_str(const mp_object *o, const char **text, size_t *len); /* not NUL-terminated */
bool mp_get_bin(const mp_object *o, const uint8_t **bytes, size_t *len);
bool mp_get_array(const mp_object *o, uint32_t *items);
bool mp_get_map(const mp_object *o, uint32_t *pairs);
const mp_object *mp_item(const mp_object *array, uint32_t i);
const mp_object *mp_key(const mp_object *map, uint32_t i);
const mp_object *mp_value(const mp_object *map, uint32_t i);
#endif
