/* In the place of libFuzzer: give each file named to the target once.  For compilers that have no
 * fuzzer, and for counting what the seeds cover. */
#include "tests/fuzz/fuzz.h"

static void replay(const char *path) {
    FILE *f = fopen(path, "rb");
    HOLDS(f && fseek(f, 0, SEEK_END) == 0);
    long size = ftell(f);
    HOLDS(size >= 0 && fseek(f, 0, SEEK_SET) == 0);
    uint8_t *bytes = malloc(size ? (size_t)size : 1);
    HOLDS(bytes && fread(bytes, 1, (size_t)size, f) == (size_t)size);
    (void)fclose(f);
    (void)LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) replay(argv[i]);
    return 0;
}
