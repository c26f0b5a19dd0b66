#ifndef MCPD_CAPTURE_STORE_H
#define MCPD_CAPTURE_STORE_H
#include "mcpd/capture/snapshot.h"
#include "mcpd/mcp/tools.h"

/* What a probe did (contract section 3, `probe`). */
#define PROBE_TRIED 4u
struct capture_probe {
    char asked[320];   /* "HEAD https://example.com:443/"; "" when none was asked for */
    char why_not[200]; /* asked for, but there was nothing to do: why */
    bool done, ok;
    char error[256];
    struct addr peer;
    struct addr tried[PROBE_TRIED]; /* other addresses that were tried before the peer answered */
    uint32_t tries;
    uint32_t status;
    uint64_t dns_us, connect_us, tls_us, first_byte_us;
};

struct capture_run; /* what only a running capture has */

/* One capture, from its start until it expires. */
struct capture {
    char id[LIM_CAPTURE_ID + 1];
    enum capture_state state;
    struct caller caller;
    struct target target;
    char interface[LIM_IFNAME + 1]; /* "" for a file */
    char interface_why[160];
    uint64_t link_mbps; /* speed of the interface; 0: not known */
    char filter[2049];
    char ended_why[LIM_ERROR_TEXT + 1];
    char note[480];       /* what the look-up of the name said, if it is worth telling */
    uint64_t duration_ms; /* 0 for a file */
    uint64_t started_us;  /* wall clock */
    uint64_t started_mono_ms;
    uint64_t ended_mono_ms;     /* 0 while running */
    uint64_t refreshed_mono_ms; /* last snapshot with all tables; 0: none */
    struct snapshot *snapshot;  /* owned */
    uint32_t problems;          /* when they were counted last, for list_captures */
    uint64_t problems_mono_ms;  /* 0: never */
    bool compact;               /* the snapshot has been cut to its size */
    struct capture_probe probe;
    struct capture_run *run; /* NULL when it has ended */
};

/* Captures by id, oldest first.  Those that have ended are kept for a time and up to a size in all,
 * shared fairly by their callers; running ones always. */
struct store;

struct store *store_new(uint64_t keep_ms, size_t keep_bytes);
void store_free(struct store *s); /* frees the captures too */

struct capture *capture_new(void); /* with an empty snapshot; NULL: no memory */
void capture_free(struct capture *c);

/* Take ownership.  False: no memory (the caller still owns it). */
bool store_add(struct store *s, struct capture *c);

/* Call when one has ended, and from time to time: drops what is too old or too much. */
void store_expire(struct store *s, uint64_t now_mono_ms);

/* NULL: not (or no longer) here; *expired_out tells whether it once was. */
struct capture *store_find(struct store *s, const char *id, bool *expired_out);

uint32_t store_count(const struct store *s);
struct capture *store_at(struct store *s, uint32_t i); /* 0 is the oldest */

/* True if `who` may see and stop it. */
bool capture_visible(const struct capture *c, const struct caller *who);

/* True if `who` started it. */
bool capture_same_owner(const struct capture *c, const struct caller *who);

/* View for the report code; borrowed from `c`. */
struct capture_view capture_view(const struct capture *c);
#endif
