#ifndef CAPD_TRACK_STRAIN_TABLES_H
#define CAPD_TRACK_STRAIN_TABLES_H
#include <stdbool.h>
#include <stdint.h>

/* What slowed the connections of a service down.  [CLIENT], [SERVER]: whose receive window. */
struct strain {
    uint32_t dsacks[2];   /* segments that a receiver said it had already, by who sent them */
    uint32_t needless[2]; /* sent again though acknowledged, by who did */
    uint64_t rtt_judged, rtt_inflated, rtt_base_us, judged_us; /* base: handshakes, summed */
    /* Of an inflated round trip: when it ended, and when it began; pairs compared with the beat of
     * Wi-Fi access points, and those on it: see strain.c */
    uint64_t beat_us, beat_sent_us, beats[2], on_beat[2];
    uint64_t loaded, busy, loaded_base_us; /* samples with data in flight */
    uint32_t round_last_us[2];             /* end of the latest round that counts */
    uint64_t rounds_us[2], full_us[2], full_rounds[2], full_window_bytes[2], full_rtt_us[2];
    uint64_t stalls, pauses, stall_longest_us, stall_first_us, stall_last_us;
    /* Of these, while nothing at all was captured from still_from_us on; and how it was before. */
    uint64_t still_from_us, still_stalls, still_pauses, longest_before_us, last_before_us;
};

/* The link's load by second, all frames.  [0] towards this host, [1] from it. */
#define LOAD_SECONDS 6u
struct load {
    uint64_t second, bytes[2];
    uint64_t past[LOAD_SECONDS][2]; /* whole seconds, newest at second % LOAD_SECONDS */
    uint64_t held[2];               /* largest bytes of a second that each of LOAD_SECONDS had */
    uint64_t peak[2], held_at_us[2];
};
#endif
