/* `capd --protocol`: the page is made from the same table that encodes and checks.
 * Runs in: any.  Input trust: none. */
#include "common/protocol.h"
#include "common/schema.h"
#include "common/wire.h"
#include <inttypes.h>
#include <stdio.h>

static const char *kind_text(char kind) {
    switch (kind) {
    case 'U': return "uint";
    case 'B': return "bool";
    case 'S': return "text";
    case 'A': return "address";
    case 'M': return "mac";
    case 'D': return "dist";
    case 'N': return "uints";
    default: return "rows";
    }
}

static void print_fields(FILE *out, const struct schema *s) {
    fprintf(out, "| field | kind | bound | unit | meaning |\n|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < s->fields_n; i++) {
        const struct schema_field *f = &s->fields[i];
        fprintf(out, "| %s | %s | ", f->name, kind_text(f->kind));
        if (f->bound == UINT64_MAX)
            fprintf(out, "-");
        else
            fprintf(out, "%" PRIu64, f->bound);
        fprintf(out, " | %s | %s |\n", f->unit, f->doc);
    }
}

void protocol_print(FILE *out) {
    static const struct schema *const all[] = {
#define ADDRESS(name) &schema_##name,
        SCHEMA_LIST(ADDRESS)};
    fprintf(out, "# capd wire protocol, version %u\n\n", WIRE_VERSION);
    fprintf(
        out,
        "Frames over a Unix stream socket, integers big endian: magic `PCM1` (4 bytes), version "
        "(1), type (1), flags (2), stream (4), body length (4), with flag FINAL packets (8) and "
        "bytes (8), then the body: one msgpack map with exactly the fields below.\n\n");
    fprintf(
        out,
        "Flags: MORE %u (more frames of this snapshot follow), FINAL %u (last frame of a "
        "capture).  A request body has at most %u bytes, an answer's frame %u, a snapshot %u.\n\n",
        WIRE_MORE, WIRE_FINAL, LIM_FRAME_TO_CAPD, LIM_FRAME_FROM_CAPD, LIM_SNAPSHOT);
    fprintf(out,
            "The first request is `hello`.  Each request gets one answer on its own stream: its "
            "reply, OK or ERROR; START gets STARTED or ERROR, and all events of the capture carry "
            "START's stream.  The last one has FINAL: ENDED, or ERROR when the worker failed.\n\n");
    fprintf(out,
            "Kinds: address is a bin of 0, 4 or 16 bytes, mac of 0 or 6; dist is samples, min, "
            "median, 95th percentile, max; rows are arrays of the row type named under unit.\n\n"
            "## Message types\n\n| number | type | body |\n|---|---|---|\n");
#define ROW(type, name) fprintf(out, "| %d | %s | %s |\n", (int)(type), #type, #name);
    WIRE_BODY_LIST(ROW)
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        fprintf(out, "\n## %s\n\n", all[i]->name);
        print_fields(out, all[i]);
    }
}
