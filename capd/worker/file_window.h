#ifndef CAPD_WORKER_FILE_WINDOW_H
#define CAPD_WORKER_FILE_WINDOW_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A capture file as its readers (pcapfile.h, pcapng.h) see it: what is next, in one piece.  Nothing
 * is copied: a frame's bytes are those that the kernel wrote. */

#define FRAME_BYTES_MOST   262144u        /* libpcap's largest snap length */
#define WINDOW_RECORD_MOST (512u * 1024u) /* that can be taken at once */

struct file_window {
    int fd;                  /* read with pread; the descriptor's position is left alone */
    uint8_t *bytes;          /* WINDOW_BYTES */
    size_t at, end;          /* taken of them; there */
    uint64_t next;           /* where in the file the next ones are */
    uint64_t size;           /* of the file when it was opened; it may grow */
    uint64_t record;         /* where in the file the record being read begins */
    bool cut;                /* `error` is that the file ends within a record, which seems whole */
    const char *error;       /* why reading ended, if not at the end */
    void (*gone)(void *ctx); /* called before taken bytes are written over, if not NULL */
    void *ctx;
};

struct file_frame {
    const uint8_t *bytes;           /* until gone() is called */
    uint32_t cap_bytes, wire_bytes; /* cap_bytes <= wire_bytes, FRAME_BYTES_MOST */
    uint32_t interface;             /* its number in a pcapng section, else 0 */
    uint32_t linktype;
    uint64_t ts_ns; /* since the epoch */
};

/* `swapped`: the byte order is not this machine's. */
static inline uint32_t file_get32(const uint8_t *at, bool swapped) {
    uint32_t v;
    memcpy(&v, at, sizeof v);
    return swapped ? __builtin_bswap32(v) : v;
}

static inline uint16_t file_get16(const uint8_t *at, bool swapped) {
    uint16_t v;
    memcpy(&v, at, sizeof v);
    return swapped ? __builtin_bswap16(v) : v;
}

/* Memory for a window on `fd`.  False: there is none. */
bool window_open(struct file_window *w, int fd);
void window_close(struct file_window *w); /* frees it; not the descriptor */

/* The next `bytes` (up to WINDOW_RECORD_MOST).  NULL: the file ends before, or cannot be read; said
 * in `error`. */
const uint8_t *window_take(struct file_window *w, size_t bytes);

/* Give back the last `bytes` taken. */
void window_back(struct file_window *w, size_t bytes);

/* Leave them out.  Always true: where the file ends before, the next take says so. */
bool window_skip(struct file_window *w, size_t bytes);

/* A record begins here.  False: the file ends here, or `error` is set. */
bool window_begin(struct file_window *w);

/* Say why reading ends; false. */
bool window_broken(struct file_window *w, const char *why);

/* After an error: bytes of the file that were not read.  0 where the file ends within a record, as
 * it does when its writer was stopped. */
uint64_t window_unread(const struct file_window *w);
#endif
