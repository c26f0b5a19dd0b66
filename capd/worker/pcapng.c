/* Blocks of a pcapng file (draft-ietf-opsawg-pcapng).  libpcap has one link type, snap length and
 * order of bytes per file; what mergecap writes, or a capture on two interfaces, has several.
 * Runs in: worker.  Input trust: capture files. */
#include "capd/worker/pcapng.h"
#include <string.h>
#include <unistd.h>

#define BLOCK_SECTION   0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    2u /* obsolete: a 16-bit interface id, a count of drops */
#define BLOCK_SIMPLE    3u
#define BLOCK_ENHANCED  6u

#define ORDER_MAGIC     0x1a2b3c4du
#define BLOCK_LEAST     12u
#define BLOCK_MOST      (16u * 1024u * 1024u) /* as libpcap has it */
#define PACKET_MOST     262144u               /* libpcap's largest snap length */
#define HEAD_MOST       20u                   /* fields before the bytes of a packet */
#define OPTIONS_MOST    1024u                 /* looked at for the two options used */
#define BLOCKS_LOOKED   1000u                 /* before the first packet */
#define OPTION_TSRESOL  9u
#define OPTION_TSOFFSET 14u
#define MICROSECONDS    6u

static uint8_t body[HEAD_MOST + PACKET_MOST]; /* of a packet block */

static uint32_t get32(const struct pcapng *p, const uint8_t *at) {
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return p->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t get16(const struct pcapng *p, const uint8_t *at) {
    uint16_t v;
    memcpy(&v, at, sizeof v);
    return p->swapped ? __builtin_bswap16(v) : v;
}

static bool set_order(struct pcapng *p, const uint8_t *magic) {
    p->swapped = false;
    p->swapped = get32(p, magic) != ORDER_MAGIC;
    return get32(p, magic) == ORDER_MAGIC;
}

static bool length_is_good(uint32_t bytes) {
    return bytes >= BLOCK_LEAST && bytes <= BLOCK_MOST && bytes % 4 == 0;
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
        if (type == BLOCK_SECTION ? !set_order(&p, head + 8) : i == 0) break;
        uint32_t bytes = get32(&p, head + 4);
        if (!length_is_good(bytes)) break;
        if (type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_ENHANCED) break;
        bool known = type != BLOCK_INTERFACE;
        for (uint32_t k = 0; k < n && !known; k++) known = out[k] == get16(&p, head + 8);
        if (!known && n < cap) out[n++] = get16(&p, head + 8);
        at += bytes;
    }
    return n;
}

/* ---- blocks ------------------------------------------------------------------------------------
 */
static bool broken(struct pcapng *p, const char *why) {
    p->error = why;
    return false;
}

static bool cut_off(struct pcapng *p) {
    p->cut = true;
    return broken(p, "the file ends within a block");
}

static bool take(struct pcapng *p, void *out, size_t bytes) {
    return fread(out, 1, bytes, p->file) == bytes || cut_off(p);
}

static bool drop(struct pcapng *p, size_t bytes) {
    uint8_t away[4096];
    for (; bytes > sizeof away; bytes -= sizeof away)
        if (!take(p, away, sizeof away)) return false;
    return take(p, away, bytes);
}

static void read_options(const struct pcapng *p, const uint8_t *at, uint32_t bytes,
                         struct pcapng_interface *out) {
    while (bytes >= 4) {
        uint16_t code = get16(p, at), len = get16(p, at + 2);
        uint32_t all = 4u + (len + 3u) / 4u * 4u;
        if (code == 0 || all > bytes) return;
        if (code == OPTION_TSRESOL && len == 1) out->resolution = at[4];
        if (code == OPTION_TSOFFSET && len == 8) {
            uint64_t v;
            memcpy(&v, at + 4, sizeof v);
            out->offset_s = (int64_t)(p->swapped ? __builtin_bswap64(v) : v);
        }
        at += all;
        bytes -= all;
    }
}

/* `bytes`: of the block's body, here and below. */
static bool read_interface(struct pcapng *p, uint32_t bytes) {
    uint32_t here = bytes < 8 + OPTIONS_MOST ? bytes : 8 + OPTIONS_MOST;
    if (bytes < 8) return broken(p, "an interface description is too short");
    if (!take(p, body, here) || !drop(p, bytes - here)) return false;
    if (p->interfaces == PCAPNG_INTERFACES) return true;
    struct pcapng_interface *i = &p->interface[p->interfaces++];
    *i = (struct pcapng_interface){
        .linktype = get16(p, body), .resolution = MICROSECONDS, .snaplen = get32(p, body + 4)};
    read_options(p, body + 8, here - 8, i);
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
                      uint32_t bytes, struct pcapng_frame *out) {
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

static bool read_packet(struct pcapng *p, uint32_t type, uint32_t bytes, struct pcapng_frame *out) {
    uint32_t size = type == BLOCK_SIMPLE ? 4 : HEAD_MOST, id = 0;
    uint32_t here = bytes < sizeof body ? bytes : (uint32_t)sizeof body;
    if (bytes < size) return broken(p, "a packet block is too short");
    if (!take(p, body, here) || !drop(p, bytes - here)) return false;
    if (type != BLOCK_SIMPLE) id = type == BLOCK_PACKET ? get16(p, body) : get32(p, body);
    if (id >= p->interfaces) return broken(p, "a packet's interface is not described");
    out->interface = id;
    read_head(p, &p->interface[id], type, bytes - size, out);
    if (out->cap_bytes > bytes - size) return broken(p, "a packet is longer than its block");
    if (out->cap_bytes > PACKET_MOST) out->cap_bytes = PACKET_MOST;
    if (out->wire_bytes < out->cap_bytes) out->wire_bytes = out->cap_bytes;
    out->bytes = body + size;
    return true;
}

static bool read_section(struct pcapng *p, const uint8_t *length, uint32_t *bytes_out) {
    uint8_t magic[4];
    if (!take(p, magic, sizeof magic)) return false;
    if (!set_order(p, magic)) return broken(p, "a section header's byte order is unknown");
    p->interfaces = 0;
    *bytes_out = get32(p, length);
    return length_is_good(*bytes_out) && *bytes_out >= 16
               ? drop(p, *bytes_out - 16)
               : broken(p, "a section header's length is wrong");
}

/* One block; `out` has bytes if it was a packet.  False: the end, or `error` is set. */
static bool read_block(struct pcapng *p, struct pcapng_frame *out) {
    uint8_t head[8], end[4];
    size_t n = fread(head, 1, sizeof head, p->file);
    if (n < sizeof head) return n == 0 ? false : cut_off(p);
    uint32_t type = get32(p, head), bytes = get32(p, head + 4);
    bool good;
    if (type != BLOCK_SECTION && !length_is_good(bytes))
        return broken(p, "a block's length is wrong");
    if (type == BLOCK_SECTION)
        good = read_section(p, head + 4, &bytes);
    else if (type == BLOCK_INTERFACE)
        good = read_interface(p, bytes - BLOCK_LEAST);
    else if (type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_ENHANCED)
        good = read_packet(p, type, bytes - BLOCK_LEAST, out);
    else
        good = drop(p, bytes - BLOCK_LEAST);
    if (!good || !take(p, end, sizeof end)) return false;
    if (get32(p, end) != bytes) return broken(p, "the two lengths of a block differ");
    p->at += bytes;
    return true;
}

bool pcapng_next(struct pcapng *p, struct pcapng_frame *out) {
    *out = (struct pcapng_frame){0};
    while (out->bytes == NULL)
        if (!read_block(p, out)) return false;
    return true;
}
