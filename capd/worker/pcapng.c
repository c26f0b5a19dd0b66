/* Blocks of a pcapng file (draft-ietf-opsawg-pcapng).  libpcap has one link type, snap length and
 * order of bytes per file; what mergecap writes, or a capture on two interfaces, has several.
 * Runs in: worker.  Input trust: capture files. */
#include "capd/worker/pcapng.h"
#include <string.h>
#include <unistd.h>

#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    2u /* obsolete: a 16-bit interface id, a count of drops */
#define BLOCK_SIMPLE    3u
#define BLOCK_COUNTS    5u /* Interface Statistics Block */
#define BLOCK_ENHANCED  6u

#define ORDER_MAGIC     0x1a2b3c4du
#define BLOCK_LEAST     12u
#define HEAD_MOST       20u /* fields before the bytes of a packet */
#define PACKET_MOST     (WINDOW_RECORD_MOST - 4u)
#define OPTIONS_MOST    WINDOW_RECORD_MOST /* of a block's body, looked at for the options used */
#define CUT_OPTIONS     4096u /* a longer block without a packet is taken for damage if it is cut */
#define BLOCKS_LOOKED   100000u /* before the first packet */
#define OPTION_TSRESOL  9u
#define OPTION_TSOFFSET 14u
#define OPTION_IFRECV   4u
#define OPTION_IFDROP   5u
#define OPTION_OSDROP   7u
#define COUNT_MOST      (UINT64_C(1) << 48) /* a larger one is none: what is unknown is all ones */
#define MICROSECONDS    6u

static uint32_t get32(const struct pcapng *p, const uint8_t *at) {
    return file_get32(at, p->swapped);
}

static uint16_t get16(const struct pcapng *p, const uint8_t *at) {
    return file_get16(at, p->swapped);
}

static uint64_t get64(const struct pcapng *p, const uint8_t *at) {
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return p->swapped ? __builtin_bswap64(v) : v;
}

static bool set_order(struct pcapng *p, const uint8_t *magic) {
    p->swapped = false;
    p->swapped = get32(p, magic) != ORDER_MAGIC;
    return get32(p, magic) == ORDER_MAGIC;
}

static bool length_is_good(uint32_t bytes) {
    return bytes >= BLOCK_LEAST && bytes % 4 == 0;
}

static bool is_packet(uint32_t type) {
    return type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_ENHANCED;
}

/* ---- before the first packet ------------------------------------------------------------------
 */
uint32_t pcapng_linktypes(int fd, uint16_t *out, uint32_t cap) {
    struct pcapng p = {0};
    uint8_t head[12]; /* type, length, and the link type or the order of bytes */
    uint32_t n = 0;
    off_t at = 0;
    for (uint32_t i = 0; i < BLOCKS_LOOKED; i++) {
        if (pread(fd, head, sizeof head, at) != (ssize_t)sizeof head) break;
        uint32_t type = get32(&p, head);
        if (type == PCAPNG_SECTION ? !set_order(&p, head + 8) : i == 0) break;
        uint32_t bytes = get32(&p, head + 4);
        if (!length_is_good(bytes)) break;
        if (is_packet(type)) break;
        bool known = type != BLOCK_INTERFACE;
        for (uint32_t k = 0; k < n && !known; k++) known = out[k] == get16(&p, head + 8);
        if (!known && n < cap) out[n++] = get16(&p, head + 8);
        at += bytes;
    }
    return n;
}

/* ---- blocks ------------------------------------------------------------------------------------
 */
/* What is left of a block's options. */
struct options {
    const uint8_t *at;
    uint32_t bytes;
};

struct option {
    uint16_t code, len;
    const uint8_t *value;
};

static bool next_option(const struct pcapng *p, struct options *o, struct option *out) {
    if (o->bytes < 4) return false;
    *out = (struct option){get16(p, o->at), get16(p, o->at + 2), o->at + 4};
    uint32_t all = 4u + (out->len + 3u) / 4u * 4u;
    if (out->code == 0 || all > o->bytes) return false;
    o->at += all;
    o->bytes -= all;
    return true;
}

/* A block's body of `bytes`, of which the options follow `fixed` ones. */
static const uint8_t *take_fields(struct file_window *w, uint32_t bytes, uint32_t fixed,
                                  struct options *out) {
    uint32_t here = bytes < OPTIONS_MOST ? bytes : OPTIONS_MOST;
    if (bytes < fixed) {
        window_broken(w, "the description of an interface is too short");
        return NULL;
    }
    const uint8_t *body = window_take(w, here);
    if (!body) return NULL;
    window_skip(w, bytes - here); /* which leaves what was taken where it is */
    *out = (struct options){body + fixed, here - fixed};
    return body;
}

static bool read_interface(struct pcapng *p, struct file_window *w, uint32_t bytes) {
    struct options options;
    struct option o;
    const uint8_t *body = take_fields(w, bytes, 8, &options);
    if (!body) return false;
    if (p->interfaces == PCAPNG_INTERFACES) return true;
    struct pcapng_interface *i = &p->interface[p->interfaces++];
    *i = (struct pcapng_interface){
        .linktype = get16(p, body), .resolution = MICROSECONDS, .snaplen = get32(p, body + 4)};
    while (next_option(p, &options, &o)) {
        if (o.code == OPTION_TSRESOL && o.len == 1) i->resolution = o.value[0];
        if (o.code == OPTION_TSOFFSET && o.len == 8) i->offset_s = (int64_t)get64(p, o.value);
    }
    return true;
}

/* Counts go on from the beginning of the capture: a block takes the place of the one before. */
static void take_count(uint64_t value, uint64_t *of_interface, uint64_t *of_all) {
    if (value > COUNT_MOST) return;
    *of_all += value - *of_interface;
    *of_interface = value;
}

static bool read_counts(struct pcapng *p, struct file_window *w, uint32_t bytes) {
    struct options options;
    struct option o;
    const uint8_t *body = take_fields(w, bytes, 12, &options);
    if (!body) return false;
    if (get32(p, body) >= p->interfaces) return true;
    struct pcapng_counts *one = &p->interface[get32(p, body)].counts, *all = &p->counts;
    while (next_option(p, &options, &o)) {
        if (o.len != 8) continue;
        uint64_t value = get64(p, o.value);
        if (o.code == OPTION_IFRECV) take_count(value, &one->received, &all->received);
        if (o.code == OPTION_IFDROP) take_count(value, &one->by_interface, &all->by_interface);
        if (o.code == OPTION_OSDROP) take_count(value, &one->by_system, &all->by_system);
    }
    return true;
}

static uint64_t time_of(const struct pcapng_interface *i, uint64_t ticks) {
    static const uint32_t tens[] = {1,      10,      100,      1000,      10000,
                                    100000, 1000000, 10000000, 100000000, 1000000000};
    uint64_t power = i->resolution & 0x7fu, s, ns;
    if (i->resolution & 0x80u) {
        if (power > 63) return 0;
        s = ticks >> power;
        ns = ticks & ((UINT64_C(1) << power) - 1);
        if (power > 30) ns >>= power - 30;
        ns = ns * 1000000000u >> (power > 30 ? 30 : power);
    } else {
        for (; power > 9; power--) ticks /= 10;
        s = ticks / tens[power];
        ns = ticks % tens[power] * tens[9 - power];
    }
    s += (uint64_t)i->offset_s; /* which may be negative */
    return s < INT64_MAX / 1000000000 ? s * 1000000000u + ns : 0;
}

/* The fields before the packet's bytes; `bytes` follow them in the block. */
static void read_head(const struct pcapng *p, const struct pcapng_interface *i, uint32_t type,
                      uint32_t bytes, struct file_frame *out) {
    const uint8_t *body = out->bytes;
    out->linktype = i->linktype;
    if (type == BLOCK_SIMPLE) {
        out->wire_bytes = out->cap_bytes = get32(p, body);
        if (i->snaplen && i->snaplen < out->cap_bytes) out->cap_bytes = i->snaplen;
        if (bytes < out->cap_bytes) out->cap_bytes = bytes;
    } else {
        out->ts_ns = time_of(i, (uint64_t)get32(p, body + 4) << 32 | get32(p, body + 8));
        out->cap_bytes = get32(p, body + 12);
        out->wire_bytes = get32(p, body + 16);
    }
}

/* The file ends within this block: as its writer left it, or is the length damaged? */
static void judge_cut(const struct pcapng *p, struct file_window *w, uint32_t bytes) {
    const uint8_t *body = window_take(w, HEAD_MOST);
    uint32_t cap = body ? get32(p, body + 12) : 0;
    if (body && (cap > bytes - HEAD_MOST || bytes - HEAD_MOST - cap > CUT_OPTIONS)) w->cut = false;
}

/* `bytes`: of the block's body. */
static bool read_packet(struct pcapng *p, struct file_window *w, uint32_t type, uint32_t bytes,
                        struct file_frame *out) {
    uint32_t size = type == BLOCK_SIMPLE ? 4 : HEAD_MOST, id = 0;
    if (bytes < size) return window_broken(w, "a packet block is too short");
    if (bytes > PACKET_MOST) return window_broken(w, "a packet block is longer than any can be");
    if (!(out->bytes = window_take(w, bytes + 4))) {
        if (type != BLOCK_SIMPLE) judge_cut(p, w, bytes);
        return false;
    }
    window_back(w, 4); /* the second length, there already: taking it moves nothing */
    if (type != BLOCK_SIMPLE)
        id = type == BLOCK_PACKET ? get16(p, out->bytes) : get32(p, out->bytes);
    if (id >= p->interfaces) return window_broken(w, "a packet's interface is not described");
    out->interface = id;
    read_head(p, &p->interface[id], type, bytes - size, out);
    if (out->cap_bytes > bytes - size) return window_broken(w, "a packet is longer than its block");
    if (out->cap_bytes > FRAME_BYTES_MOST) out->cap_bytes = FRAME_BYTES_MOST;
    if (out->wire_bytes < out->cap_bytes) out->wire_bytes = out->cap_bytes;
    if (type == BLOCK_SIMPLE) out->ts_ns = p->last_ns;
    p->last_ns = out->ts_ns;
    out->bytes += size;
    return true;
}

/* One block; `out` has bytes if it was a packet.  False: the end, or `w->error` is set. */
static bool read_block(struct pcapng *p, struct file_window *w, struct file_frame *out) {
    if (!window_begin(w)) return false;
    const uint8_t *head = window_take(w, BLOCK_LEAST);
    if (!head) return false;
    uint32_t type = get32(p, head);
    if (type == PCAPNG_SECTION && !set_order(p, head + 8))
        return window_broken(w, "a section header's byte order is unknown");
    uint32_t bytes = get32(p, head + 4), body = bytes - BLOCK_LEAST;
    if (!length_is_good(bytes)) return window_broken(w, "a block's length is wrong");
    window_back(w, 4); /* of the body, or the second length */
    if (type == PCAPNG_SECTION) p->interfaces = 0;
    bool good = type == BLOCK_INTERFACE ? read_interface(p, w, body)
                : type == BLOCK_COUNTS  ? read_counts(p, w, body)
                : is_packet(type)       ? read_packet(p, w, type, body, out)
                                        : window_skip(w, body);
    const uint8_t *end = good ? window_take(w, 4) : NULL;
    if (good && !end && body > CUT_OPTIONS) w->cut = false;
    if (end && get32(p, end) != bytes) return window_broken(w, "the two lengths of a block differ");
    return end != NULL;
}

bool pcapng_next(struct pcapng *p, struct file_window *w, struct file_frame *out) {
    do *out = (struct file_frame){0};
    while (read_block(p, w, out) && !out->bytes);
    return out->bytes && !w->error;
}
