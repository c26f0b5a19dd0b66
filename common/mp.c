/* Typed put and get over msgpack-c.  The structural check comes first, always: msgpack-c
 * allocates what a length field claims.
 * Runs in: any.  Input trust: clients, workers. */
#include "common/mp.h"
#include "common/limits.h"
#include "common/mpcheck.h"
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

static int append(void *ctx, const char *bytes, size_t len) {
    struct mp_writer *w = ctx;
    if (w->overflow || w->cap - w->used < len) {
        w->overflow = true;
        return 0;
    }
    memcpy(w->bytes + w->used, bytes, len);
    w->used += len;
    return 0;
}

static msgpack_packer packer(struct mp_writer *w) {
    msgpack_packer pk;
    msgpack_packer_init(&pk, w, append);
    return pk;
}

void mp_writer_init(struct mp_writer *w, uint8_t *bytes, size_t cap) {
    *w = (struct mp_writer){bytes, 0, cap, false};
}

void mp_put_map(struct mp_writer *w, uint32_t pairs) {
    msgpack_packer pk = packer(w);
    msgpack_pack_map(&pk, pairs);
}

void mp_put_array(struct mp_writer *w, uint32_t items) {
    msgpack_packer pk = packer(w);
    msgpack_pack_array(&pk, items);
}

void mp_put_uint(struct mp_writer *w, uint64_t v) {
    msgpack_packer pk = packer(w);
    msgpack_pack_uint64(&pk, v);
}

void mp_put_bool(struct mp_writer *w, bool v) {
    msgpack_packer pk = packer(w);
    if (v)
        msgpack_pack_true(&pk);
    else
        msgpack_pack_false(&pk);
}

void mp_put_str(struct mp_writer *w, const char *text) {
    msgpack_packer pk = packer(w);
    msgpack_pack_str_with_body(&pk, text, strlen(text));
}

void mp_put_bin(struct mp_writer *w, const uint8_t *bytes, size_t len) {
    msgpack_packer pk = packer(w);
    msgpack_pack_bin_with_body(&pk, bytes, len);
}

struct mp_message {
    msgpack_unpacked unpacked;
};

struct mp_message *mp_parse(const uint8_t *bytes, size_t len) {
    if (!mpcheck(bytes, len, LIM_MP_DEPTH)) return NULL;
    struct mp_message *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    msgpack_unpacked_init(&m->unpacked);
    size_t offset = 0;
    if (msgpack_unpack_next(&m->unpacked, (const char *)bytes, len, &offset) !=
        MSGPACK_UNPACK_SUCCESS) {
        mp_free(m);
        return NULL;
    }
    return m;
}

void mp_free(struct mp_message *m) {
    if (!m) return;
    msgpack_unpacked_destroy(&m->unpacked);
    free(m);
}

const mp_object *mp_root(const struct mp_message *m) {
    return &m->unpacked.data;
}

bool mp_get_uint(const mp_object *o, uint64_t *v) {
    if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER) return false;
    *v = o->via.u64;
    return true;
}

bool mp_get_bool(const mp_object *o, bool *v) {
    if (o->type != MSGPACK_OBJECT_BOOLEAN) return false;
    *v = o->via.boolean;
    return true;
}

bool mp_get_str(const mp_object *o, const char **text, size_t *len) {
    if (o->type != MSGPACK_OBJECT_STR) return false;
    *text = o->via.str.ptr;
    *len = o->via.str.size;
    return true;
}

bool mp_get_bin(const mp_object *o, const uint8_t **bytes, size_t *len) {
    if (o->type != MSGPACK_OBJECT_BIN) return false;
    *bytes = (const uint8_t *)o->via.bin.ptr;
    *len = o->via.bin.size;
    return true;
}

bool mp_get_array(const mp_object *o, uint32_t *items) {
    if (o->type != MSGPACK_OBJECT_ARRAY) return false;
    *items = o->via.array.size;
    return true;
}

bool mp_get_map(const mp_object *o, uint32_t *pairs) {
    if (o->type != MSGPACK_OBJECT_MAP) return false;
    *pairs = o->via.map.size;
    return true;
}

const mp_object *mp_item(const mp_object *array, uint32_t i) {
    return &array->via.array.ptr[i];
}
const mp_object *mp_key(const mp_object *map, uint32_t i) {
    return &map->via.map.ptr[i].key;
}
const mp_object *mp_value(const mp_object *map, uint32_t i) {
    return &map->via.map.ptr[i].val;
}
