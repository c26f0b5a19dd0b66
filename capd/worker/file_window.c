/* A part of the capture file, in memory.  Not mapped: another process may cut a file while it is
 * read.  Runs in: worker.  Input trust: capture files. */
#include "capd/worker/file_window.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Read at once: stays in a fast cache, and a call costs little beside it. */
#define FILL_BYTES   (32u * 1024u)
#define WINDOW_BYTES (WINDOW_RECORD_MOST + FILL_BYTES)

bool window_open(struct file_window *w, int fd) {
    *w = (struct file_window){.fd = fd, .bytes = malloc(WINDOW_BYTES)};
    return w->bytes != NULL;
}

void window_close(struct file_window *w) {
    free(w->bytes);
    w->bytes = NULL;
}

static bool read_more(struct file_window *w) {
    ssize_t n;
    do n = pread(w->fd, w->bytes + w->end, FILL_BYTES, (off_t)w->next);
    while (n < 0 && errno == EINTR);
    if (n <= 0) return false;
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

bool window_broken(struct file_window *w, const char *why) {
    w->error = why;
    return false;
}

const uint8_t *window_take(struct file_window *w, size_t bytes) {
    if (w->end - w->at < bytes && !fill(w, bytes)) {
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
