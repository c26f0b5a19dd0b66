#ifndef CAPD_TRACK_LINK_H
#define CAPD_TRACK_LINK_H
#include "capd/track/state.h"

/* Detectors of the local link.  They see every frame, whatever the target, since a loop or a forged
 * neighbour hurts everybody; what they report is limited to what the mode judges. */

/* Look at the frame just decoded into `k`; `bytes` are its `cap` captured ones. */
void link_frame(struct engine *e, const struct packet *k, const uint8_t *bytes, uint32_t cap);

/* Report neighbours that stayed silent, and what of a loop was not told yet; before the incidents
 * are read. */
void link_report(struct engine *e);

/* Is the station of this address a gateway, without which nothing beyond answers?  Told by DHCP or
 * router advertisements, else by the link-layer addresses that packets came with; and by what came
 * since `silent_us` by the same address family; back: it has just spoken again, and with it what is
 * beyond. */
bool link_is_missed(const struct engine *e, const struct addr *a, uint64_t silent_us, bool back);

/* Would the answers to this asker pass here, as far as can be said?  A switch brings the questions
 * of other hosts here, and the answers to them not.  `foreign`: some to other hosts did pass. */
bool link_shows_answers(const struct engine *e, const struct addr *asker, const uint8_t mac[6],
                        bool foreign);

/* Hosts here were told that this is a router of theirs; none: ignored. */
void link_routes(struct engine *e, const struct addr *router);

/* A server of this address sent something. */
void link_heard(struct engine *e, const struct addr *server);

/* ---- the parts ---- */
void link_claims_frame(struct engine *e, const struct packet *k);
void link_storm_frame(struct engine *e, const struct packet *k, const uint8_t *bytes, uint32_t cap);
void link_storm_report(struct engine *e);
void nd_frame(struct engine *e, const struct packet *k);

/* Does the mode judge trouble of this address?  Sets whether it is on target. */
bool link_concerns(const struct engine *e, const struct addr *a, bool gateway, bool *on_target_out);

/* In two numbers: of so few bytes compilers make a call where they expect none. */
static inline bool mac_equal(const uint8_t a[6], const uint8_t b[6]) {
    uint32_t first[2];
    uint16_t last[2];
    memcpy(&first[0], a, 4);
    memcpy(&first[1], b, 4);
    memcpy(&last[0], a + 4, 2);
    memcpy(&last[1], b + 4, 2);
    return first[0] == first[1] && last[0] == last[1];
}

static inline bool mac_is_group(const uint8_t mac[6]) {
    return (mac[0] & 1) != 0;
}
#endif
