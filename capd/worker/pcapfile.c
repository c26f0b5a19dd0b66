/* Records of a classic capture file.  libpcap reads them too, through two buffers more, which costs
 * a quarter of the whole analysis.
 * Runs in: worker.  Input trust: capture files. */
#include "capd/worker/pcapfile.h"
#include "capd/worker/pcapng.h"

#define MAGIC_MICRO    0xa1b2c3d4u
#define MAGIC_NANO     0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u /* of a patch to Linux: eight bytes more per record */
#define FILE_HEAD      24u
#define RECORD_HEAD    16u
#define MODIFIED_HEAD  24u
#define LINKTYPE_MASK  0x03ffffffu /* above: whether frames end with a checksum */
#define MINOR_LAST     4u
#define MINOR_ORDERED  3u /* before it the two lengths of a record stood the other way round */

static uint32_t get32(const struct pcapfile *p, const uint8_t *at) {
    return file_get32(at, p->swapped);
}

static uint16_t get16(const struct pcapfile *p, const uint8_t *at) {
    return file_get16(at, p->swapped);
}

static bool is_magic(uint32_t magic) {
    return magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_MODIFIED;
}

/* Is there a file header at all, and of a version that is understood?  NULL: yes. */
static const char *refuse(const struct pcapfile *p, const uint8_t *head) {
    uint32_t magic = get32(p, head);
    if (magic == PCAPNG_SECTION)
        return "a pcapng file that describes no interface before its first packet";
    if (!is_magic(magic)) return "neither pcap nor pcapng";
    bool known = get16(p, head + 4) == 2 && p->minor <= MINOR_LAST;
    return known ? NULL : "a pcap file of an unknown version";
}

bool pcapfile_open(struct pcapfile *p, struct file_window *w) {
    *p = (struct pcapfile){0};
    const uint8_t *head = window_begin(w) ? window_take(w, FILE_HEAD) : NULL;
    if (!head && w->error && !w->cut) return false; /* it cannot be read */
    if (!head) return window_broken(w, "shorter than a file header");
    p->swapped = is_magic(__builtin_bswap32(get32(p, head)));
    uint32_t magic = get32(p, head), snaplen = get32(p, head + 16);
    p->nanoseconds = magic == MAGIC_NANO;
    p->head_bytes = magic == MAGIC_MODIFIED ? MODIFIED_HEAD : RECORD_HEAD;
    p->minor = get16(p, head + 6);
    p->snaplen = snaplen == 0 || snaplen > FRAME_BYTES_MOST ? FRAME_BYTES_MOST : snaplen;
    p->linktype = get32(p, head + 20) & LINKTYPE_MASK;
    const char *why = refuse(p, head);
    return why ? window_broken(w, why) : true;
}

static void swap_lengths(struct file_frame *f) {
    uint32_t cap = f->wire_bytes;
    f->wire_bytes = f->cap_bytes;
    f->cap_bytes = cap;
}

bool pcapfile_next(const struct pcapfile *p, struct file_window *w, struct file_frame *out) {
    if (!window_begin(w)) return false;
    const uint8_t *head = window_take(w, p->head_bytes);
    if (!head) return false;
    uint64_t s = get32(p, head), fraction = get32(p, head + 4);
    *out = (struct file_frame){.linktype = p->linktype,
                               .cap_bytes = get32(p, head + 8),
                               .wire_bytes = get32(p, head + 12),
                               .ts_ns = s * 1000000000u + fraction * (p->nanoseconds ? 1 : 1000)};
    if (p->minor < MINOR_ORDERED || (p->minor == MINOR_ORDERED && out->cap_bytes > out->wire_bytes))
        swap_lengths(out);
    if (s + fraction + out->cap_bytes + out->wire_bytes == 0) /* what a crash leaves of a file */
        return window_broken(w, "there are zeros in the place of packets");
    if (out->cap_bytes > FRAME_BYTES_MOST)
        return window_broken(w, "a packet is longer than any can be");
    bool odd = out->cap_bytes > out->wire_bytes || out->cap_bytes > p->snaplen;
    out->bytes = window_take(w, out->cap_bytes);
    if (!out->bytes && odd) w->cut = false; /* nobody wrote that: the length is damaged */
    if (out->wire_bytes < out->cap_bytes) out->wire_bytes = out->cap_bytes;
    return out->bytes != NULL;
}
