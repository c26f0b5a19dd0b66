/* A part of the capture file, in memory.  Not mapped: another process may cut a file while it is
 * read.  Runs in: worker.  Input trust: capture files. */
#include "capd/worker/file_window.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read at once: stays in a fast cache, and a call costs little beside it. */
#define FILL_BYTES   (32u * 1024u)
#define WINDOW_BYTES (WINDOW_RECORD_MOST + FILL_BYTES)
#define CUT_MOST                                                                                   \
    (72u * 1024u) /* of a packet: of IP, or as many segments as are joined, and options */

bool window_open(struct file_window *w, int fd) {
    struct stat about;
    *w = (struct file_window){.fd = fd, .bytes = malloc(WINDOW_BYTES)};
    if (fstat(fd, &about) == 0 && about.st_size > 0) w->size = (uint64_t)about.st_size;
    return w->bytes != NULL;
}

void window_close(struct file_window *w) {
    free(w->bytes);
    w->bytes = NULL;
}

bool window_broken(struct file_window *w, const char *why) {
    w->error = why;
    return false;
}

static bool read_more(struct file_window *w) {
    ssize_t n;
    do n = pread(w->fd, w->bytes + w->end, FILL_BYTES, (off_t)w->next);
    while (n < 0 && errno == EINTR);
    if (n < 0) return window_broken(w, strerror(errno));
    if (n == 0 && w->next < w->size)
        return window_broken(w, "the file became shorter while it was read");
    if (n == 0) return false;
    w->end += (size_t)n;
    w->next += (size_t)n;
    return true;
}

/* What was not taken moves to the front. */
static bool fill(struct file_window *w, size_t bytes) {
    if (w->gone) w->gone(w->ctx);
    w->end -= w->at;
    memmove(w->bytes, w->bytes + w->at, w->end);
    w->at = 0;
    while (w->end < bytes)
        if (!read_more(w)) return false;
    return true;
}

const uint8_t *window_take(struct file_window *w, size_t bytes) {
    if (w->end - w->at < bytes && !fill(w, bytes)) {
        if (w->error) return NULL;
        w->cut = true;
        window_broken(w, "the file ends within a packet or block");
        return NULL;
    }
    const uint8_t *here = w->bytes + w->at;
    w->at += bytes;
    return here;
}

void window_back(struct file_window *w, size_t bytes) {
    w->at -= bytes;
}

bool window_skip(struct file_window *w, size_t bytes) {
    size_t here = w->end - w->at;
    if (bytes <= here) {
        w->at += bytes;
    } else {
        w->at = w->end;
        w->next += bytes - here;
    }
    return true;
}

bool window_begin(struct file_window *w) {
    w->record = w->next - (w->end - w->at);
    return w->at < w->end || fill(w, 1);
}

/* A wrong length seems to end the file, too: what is left must not be more than one record. */
uint64_t window_unread(const struct file_window *w) {
    uint64_t left = w->error && w->size > w->record ? w->size - w->record : 0;
    return w->cut && left <= CUT_MOST ? 0 : left;
}
