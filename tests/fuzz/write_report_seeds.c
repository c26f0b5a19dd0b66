/* Write the witnesses of the rules as seeds of fuzz_report, and the frames of a snapshot with them
 * as seeds of fuzz_capclient and fuzz_message, into the three directories given.  Then let
 * libFuzzer keep what counts: fuzz_x -merge=1 tests/fuzz/seeds/x DIRECTORY. The witnesses stand in
 * the test of the rules, which comes along whole. */
#define main test_rules_main
#include "tests/unit/test_rules.c"
#undef main
#include "common/wire.h"
#include "tests/fuzz/fields.h"

/* In the order of fuzz_report.c. */
static const unsigned tables[] = {WIRE_TOTALS,      WIRE_SERVICES, WIRE_RESOLVERS, WIRE_INCIDENTS,
                                  WIRE_CONNECTIONS, WIRE_DNS,      WIRE_HTTP,      WIRE_TLS,
                                  WIRE_UDP,         WIRE_STREAMS,  WIRE_HOSTS,     WIRE_TIMELINE};
#define TABLES (sizeof tables / sizeof tables[0])

static const void *table_of(const struct snapshot *s, unsigned type) {
    const void *const message[TABLES] = {
        &s->totals, &s->services, &s->resolvers, &s->incidents, &s->connections, &s->dns,
        &s->http,   &s->tls,      &s->udp,       &s->streams,   &s->hosts,       &s->timeline};
    for (size_t i = 0; i < TABLES; i++)
        if (tables[i] == type) return message[i];
    return NULL;
}

static void save(const char *folder, const char *name, size_t number, const struct spill *s) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s-%zu", folder, name, number);
    FILE *f = fopen(path, "wb");
    HOLDS(f && fwrite(s->bytes, 1, s->used, f) == s->used && fclose(f) == 0);
}

static void save_report(const char *folder, const char *name, size_t number,
                        const struct world *w) {
    static uint8_t bytes[1u << 20];
    struct spill s = {bytes, 0, sizeof bytes};
    size_t sections = 0;
    while (report_sections[sections]) sections++;
    size_t what = number % 2 ? sections : number / 2 % sections; /* as fuzz_report.c reads it */
    spill_byte(&s, (uint8_t)(w->v.state | 4 | (w->v.link_mbps ? 32 : 0) | 16));
    spill_byte(&s, (uint8_t)(w->target.mode + MODE_COUNT * what));
    spill_number(&s, 600); /* the default budget */
    spill_number(&s, strlen(w->target.text));
    spill_bytes(&s, w->target.text, strlen(w->target.text));
    for (size_t i = 0; i < TABLES; i++)
        spill_message(&s, schema_of_wire(tables[i]), table_of(&w->s, tables[i]));
    save(folder, name, number, &s);
}

static void put_record(struct spill *s, unsigned type, unsigned flags, unsigned stream,
                       const void *msg) {
    static uint8_t body[LIM_FRAME_FROM_CAPD];
    size_t n = schema_encode(schema_of_wire(type), msg, body, sizeof body);
    HOLDS(n > 0 && n < 65536);
    spill_byte(s, (uint8_t)type);
    spill_byte(s, (uint8_t)flags);
    spill_byte(s, (uint8_t)stream);
    spill_byte(s, (uint8_t)(n >> 8));
    spill_byte(s, (uint8_t)n);
    spill_bytes(s, body, n);
}

/* A whole conversation: greeting 1, interfaces 2, capture 3. */
static void save_frames(const char *folder, const char *name, size_t number, struct world *w) {
    static uint8_t bytes[1u << 20];
    struct spill s = {bytes, 0, sizeof bytes};
    struct msg_interface eth0 = {.name = "eth0", .kind = "ethernet", .up = true, .allowed = true};
    put_record(&s, WIRE_HELLO_REPLY, 0, 1, &(struct msg_hello_reply){.version = "capd 1"});
    put_record(&s, WIRE_INTERFACES_REPLY, 0, 2,
               &(struct msg_interfaces_reply){.interfaces = &eth0, .interfaces_n = 1});
    put_record(&s, WIRE_STARTED, 0, 3,
               &(struct msg_started){.capture_id = "00", .datalink = "EN10MB"});
    for (size_t i = 0; i < TABLES; i++)
        put_record(&s, tables[i], i + 1 < TABLES ? WIRE_MORE : 0, 3, table_of(&w->s, tables[i]));
    put_record(&s, WIRE_ENDED, WIRE_FINAL, 3, &(struct msg_ended){.capture_id = "00"});
    save(folder, name, number, &s);
}

static void save_messages(const char *folder, const char *name, size_t number, struct world *w) {
    static uint8_t bytes[1u << 20];
    for (size_t i = 0; i < TABLES; i++) {
        bytes[0] = (uint8_t)tables[i];
        size_t n = schema_encode(schema_of_wire(tables[i]), table_of(&w->s, tables[i]), bytes + 1,
                                 sizeof bytes - 1);
        save(folder, name, number * TABLES + i, &(struct spill){bytes, n + 1, sizeof bytes});
    }
}

int main(int argc, char **argv) {
    static struct world w;
    if (argc != 4) return 2;
    for (size_t i = 0; i < WITNESSES; i++) {
        world_init(&w);
        witnesses[i].change(&w);
        save_report(argv[1], witnesses[i].id, i, &w);
        save_frames(argv[2], witnesses[i].id, i, &w);
        save_messages(argv[3], witnesses[i].id, i, &w);
    }
    return 0;
}
