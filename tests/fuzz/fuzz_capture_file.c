/* libFuzzer: the readers of capture files.  Input: the file. */
#include "capd/worker/pcapfile.h"
#include "capd/worker/pcapng.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool next(bool is_pcapng, struct pcapng *blocks, const struct pcapfile *records,
                 struct file_window *w, struct file_frame *out) {
    return is_pcapng ? pcapng_next(blocks, w, out) : pcapfile_next(records, w, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int fd = -1;
    static struct pcapng blocks;
    struct pcapfile records;
    struct file_window w;
    struct file_frame f;
    uint16_t types[8];
    uint8_t copy[4096];
    if (fd < 0) fd = memfd_create("file", MFD_CLOEXEC);
    if (size == 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) return 0;
    uint32_t described = pcapng_linktypes(fd, types, 8);
    if (described > 8) __builtin_trap();
    blocks = (struct pcapng){0};
    if (!window_open(&w, fd)) return 0;
    bool good = described > 0 || pcapfile_open(&records, &w);
    for (size_t frames = 0; good && next(described > 0, &blocks, &records, &w, &f); frames++) {
        if (frames > size / 12) __builtin_trap(); /* a block or record has twelve bytes at least */
        if (f.cap_bytes > f.wire_bytes || f.cap_bytes > size) __builtin_trap();
        memcpy(copy, f.bytes, f.cap_bytes < sizeof copy ? f.cap_bytes : sizeof copy); /* readable */
    }
    window_close(&w);
    return 0;
}
