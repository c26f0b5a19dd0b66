#ifndef CAPD_TRACK_MEDIA_H
#define CAPD_TRACK_MEDIA_H
#include "capd/track/state.h"

/* media.c: recognise and follow RTP.  Returns PROTO_RTP, PROTO_RTCP, or PROTO_OTHER. */
enum proto media_datagram(struct engine *e, const struct packet *k, struct flow *f, unsigned dir);

/* Set `m` to the stream of a flow that is no RTP but comes in an even beat; false: it does not. */
bool media_of_pace(const struct engine *e, const struct udp_state *s, unsigned dir,
                   struct media *m_out);

/* Take a slot for a stream.  Full: the smallest healthy one gives way. */
struct media *media_take(struct engine *e);

/* rtp_stream.c: begin a stream with a candidate's packets; count one more packet of it. */
void rtp_begin(struct media *m, const struct rtp_candidate *c);
struct rtp_header;
void rtp_count(struct media *m, const struct rtp_header *h, uint64_t now_us);
/* Speech or music, by payload type or beat; else video or unknown. */
bool media_is_audio(const struct media *m);

/* pace.c */
/* A datagram of a stream without time stamps: the next one tells whether a gap was the network's
 * (what waited comes at once) or a pause of the sender. */
void pace_datagram(struct pace *p, uint64_t now_us);
/* An interval that the sender did not intend to be long. */
void pace_interval(struct pace *p, uint64_t us);
/* Interval below which `percent` of all lie, in microseconds; 0 without intervals. */
uint64_t pace_percentile(const struct pace *p, unsigned percent);
/* Percent of the intervals between half and twice the median. */
unsigned pace_regular_percent(const struct pace *p);
#endif
