/* Write the golden frames as seeds of fuzz_decode_frame into the directory given.  The index of the
 * link type must be that of the table there. */
#include "tests/unit/frames.h"
#include <stdio.h>

int main(int argc, char **argv) {
    static const int datalinks[] = {1,   0,   9,   12,  14,  50,  51,  101, 104, 105,
                                    108, 113, 119, 127, 163, 192, 228, 229, 276};
    if (argc != 2) return 2;
    for (size_t i = 0; i < FRAMES; i++) {
        uint8_t bytes[2 + FRAME_MAX_BYTES] = {0};
        char path[4096];
        while (bytes[0] + 1u < sizeof datalinks / sizeof datalinks[0] &&
               datalinks[bytes[0]] != frames[i].datalink)
            bytes[0]++;
        uint32_t len = hex_read(frames[i].hex, bytes + 2, FRAME_MAX_BYTES);
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], frames[i].name);
        FILE *f = fopen(path, "wb");
        if (f == NULL || fwrite(bytes, 1, len + 2, f) != len + 2 || fclose(f) != 0) return 1;
    }
    return 0;
}
