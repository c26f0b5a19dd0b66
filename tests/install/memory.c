/* What the services may need at most, from the same limits the programs use; test_units compares it
 * with MemoryMax in the units.
 * Runs in: tests. */
#include "capd/parent/server.h"
#include "capd/track/engine.h"
#include "common/limits.h"
#include <stdio.h>

#define FLOWS_LIVE 16384u        /* capd/parent/captures.c: of a live capture */
#define FRAME_ROOM (64u * 1024u) /* capd/worker/output.c: beside the snapshot */

int main(void) {
    static struct engine_options options;
    options.flows = FLOWS_LIVE;
    printf("worker_bytes %zu\n", engine_memory(&options) + LIM_SNAPSHOT + FRAME_ROOM);
    printf("parent_bytes %zu\n",
           sizeof(struct server) + LIM_CAPTURES * (size_t)LIM_FRAME_FROM_CAPD);
    printf("captures %u\n", LIM_CAPTURES);
    return 0;
}
