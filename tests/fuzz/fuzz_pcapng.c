/* libFuzzer: the reader of pcapng files.  Input: the file. */
#include "capd/worker/pcapng.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int fd = -1;
    static struct pcapng p;
    uint16_t types[8];
    struct pcapng_frame f;
    uint8_t copy[4096];
    if (fd < 0) fd = memfd_create("file", MFD_CLOEXEC);
    if (size == 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) return 0;
    if (pcapng_linktypes(fd, types, 8) > 8) __builtin_trap();
    p = (struct pcapng){.file = fmemopen((void *)(uintptr_t)data, size, "rb")};
    if (!p.file) return 0;
    for (size_t frames = 0; pcapng_next(&p, &f); frames++) {
        if (frames > size / 12) __builtin_trap(); /* a block has twelve bytes at least */
        if (f.cap_bytes > f.wire_bytes || f.cap_bytes > size) __builtin_trap();
        memcpy(copy, f.bytes, f.cap_bytes < sizeof copy ? f.cap_bytes : sizeof copy); /* readable */
    }
    fclose(p.file);
    return 0;
}
