#ifndef MCPD_CAPTURE_SNAPSHOT_H
#define MCPD_CAPTURE_SNAPSHOT_H
#include "common/schema.h"

/* One decoded snapshot: what a worker counted, nothing judged.  `full` once all tables of one
 * snapshot are there; before the first full one the tables are empty and only totals are new. */
struct snapshot {
    bool full;
    struct msg_totals totals;
    struct msg_services services;
    struct msg_resolvers resolvers;
    struct msg_connections connections;
    struct msg_dns dns;
    struct msg_http http;
    struct msg_tls tls;
    struct msg_hosts hosts;
    struct msg_timeline timeline;
    struct msg_incidents incidents;
    struct msg_udp udp;
    struct msg_streams streams;
    struct schema_arena arena; /* owns the rows */
    uint32_t seen;             /* tables taken since the last totals, one bit per wire type */
};

/* NULL: no memory.  An empty snapshot has all counters 0. */
struct snapshot *snapshot_new(void);
void snapshot_free(struct snapshot *s);

/* Take one frame body of wire type `type` (WIRE_TOTALS .. WIRE_INCIDENTS).  False: `fail`. */
bool snapshot_take(struct snapshot *s, unsigned type, const uint8_t *body, size_t len,
                   struct fail *fail);

/* A copy that holds its rows and nothing more, to be kept.  NULL: no memory. */
struct snapshot *snapshot_compact(const struct snapshot *s);

/* Memory that a snapshot takes, for the store's limit. */
size_t snapshot_bytes(const struct snapshot *s);

enum capture_state { CAPTURE_STARTING, CAPTURE_RUNNING, CAPTURE_FINISHED, CAPTURE_FAILED };
extern const char *const capture_state_names[]; /* "starting" "running" "finished" "failed" */

/* What the target text meant, after parsing (and, for a name, resolving). */
struct target {
    char text[LIM_NAME + 16]; /* as the caller gave it, without path and query; "" for none */
    char name[LIM_NAME + 1];  /* host name in lower-case ASCII (punycode), "" if none */
    struct msg_prefix address[LIM_TARGET_ADDRESSES];
    uint32_t addresses;
    uint16_t port[LIM_TARGET_PORTS];
    uint32_t ports;
    uint16_t asked_port; /* the first that was given, whatever the mode judges; 0: none */
    enum mode mode;      /* as resolved, never AUTO */
    char mode_why[160];
};

/* Everything a report is made from; borrowed, read only. */
struct capture_view {
    char id[LIM_CAPTURE_ID + 1];
    enum capture_state state;
    const struct target *target;
    const char *interface; /* "" for a file */
    const char *interface_why;
    const char *filter;    /* as installed */
    const char *ended_why; /* end_names[] text or a failure's sentence; "" while running */
    uint64_t duration_ms;  /* asked for; 0 for a file */
    bool probe_failed;     /* mcpd's own connection, if it made one */
    uint64_t link_mbps;    /* speed of the interface; 0: not known, or a file */
    const struct snapshot *snapshot;
    /* derive_shared(): */
    const struct addr *us[2]; /* a client of IPv4, of IPv6 */
    uint64_t silent_since_us; /* nobody beyond was heard since; only if silent_places > 0 */
    uint32_t silent_places;
};
#endif
