/* One RTP source: what was lost, came late or twice by its sequence numbers (RFC 3550 appendix A.1
 * and A.3), and how evenly it came (section 6.4.1).
 *
 * Three things must not be taken for faults of the network.  Silence suppression: the sender
 * pauses, and its time stamps say so.  A sender that numbers anew: a jump for which no time has
 * passed. Packets of one video frame: they share a time stamp and only the first is timed. Runs in:
 * worker.  Input trust: packets. */
#include "capd/decode/rtp.h"
#include "capd/track/media.h"

#define DROPOUT_MAX   3000u    /* RFC 3550 appendix A.1 */
#define JUMP_CHECKED  50u      /* longer jumps must have taken their time */
#define CLOCK_US      2000000u /* a clock is measured over this: 50 ms of jitter are 3 % of it */
#define SENT_AGAIN_US 200000   /* what comes later was sent again (RFC 4588), and has no jitter */
#define STEP_US       2000000  /* a deviation beyond is a new time base of the sender */
#define TALKSPURT_US  60000u   /* a marker after such a silence begins a talkspurt, RFC 3551 4.1 */
#define PAUSE_US      100000u

/* Shift the window so that bit 0 stands for a number `n` higher. */
static void window_shift(struct media *m, uint32_t n) {
    if (n >= RTP_WINDOW) {
        m->seen[0] = m->seen[1] = 0;
    } else if (n >= 64) {
        m->seen[1] = m->seen[0] << (n - 64);
        m->seen[0] = 0;
    } else if (n > 0) {
        m->seen[1] = m->seen[1] << n | m->seen[0] >> (64 - n);
        m->seen[0] <<= n;
    }
}

static void timing_restart(struct media *m, uint32_t stamp, uint64_t now_us) {
    m->stamp = m->stamp_first = stamp;
    m->stamp_us = m->stamp_first_us = now_us;
}

/* Numbers before the first one are taken as seen: they are not missing. */
static void numbering_begin(struct media *m, uint16_t seq) {
    m->seen[0] = m->seen[1] = UINT64_MAX;
    m->seq_max = seq;
    m->has_bad_seq = false;
}

void rtp_begin(struct media *m, const struct rtp_candidate *c) {
    m->ssrc = c->ssrc;
    m->payload_type = c->payload_type;
    m->clock_hz = rtp_static_clock(c->payload_type);
    m->first_us = c->first_us;
    m->last_us = c->last_us;
    m->packets = m->expected = c->good;
    m->bytes = c->bytes;
    numbering_begin(m, c->seq);
    timing_restart(m, c->timestamp, c->last_us);
    m->stamp_first = c->first_stamp;
    m->stamp_first_us = c->first_us;
}

/* ---- clock and jitter -------------------------------------------------------------------------
 */
static uint32_t nearest_clock(uint64_t hz) {
    static const uint32_t known[] = {8000,  11025, 12000, 16000, 22050,
                                     24000, 32000, 44100, 48000, 90000};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint64_t off = hz > known[i] ? hz - known[i] : known[i] - hz;
        if (off * 100 <= known[i] * UINT64_C(4)) return known[i];
    }
    return 0;
}

/* Compare the time stamps with the clock on the wall once they have run for a while.  A static
 * payload type is believed unless it is far off: some senders use its number for something else. */
static void clock_check(struct media *m, uint32_t stamp, uint64_t now_us) {
    uint64_t us = now_us - m->stamp_first_us;
    if (m->checked || us < CLOCK_US) return;
    uint64_t hz = (uint64_t)(stamp - m->stamp_first) * 1000000u / us;
    m->stamp_first = stamp;
    m->stamp_first_us = now_us;
    if (m->clock_hz && hz * 3 > m->clock_hz * UINT64_C(2) && hz * 2 < m->clock_hz * UINT64_C(3)) {
        m->checked = true;
        return;
    }
    m->clock_hz = nearest_clock(hz);
    m->checked = m->clock_hz != 0;
    m->jitter_us = m->jitter_samples = m->jitter_sum_us = m->jitter_max_us = 0;
}

static void jitter_add(struct media *m, uint64_t off_us) {
    m->jitter_us = m->jitter_us + off_us - (m->jitter_us + 8) / 16; /* appendix A.8 */
    m->jitter_samples++;
    m->jitter_sum_us += m->jitter_us / 16;
    if (m->jitter_us / 16 > m->jitter_max_us) m->jitter_max_us = m->jitter_us / 16;
}

static uint64_t stamp_time_us(const struct media *m, int32_t stamps) {
    return m->clock_hz && stamps > 0 ? (uint64_t)stamps * 1000000u / m->clock_hz : 0;
}

/* A packet in order; `missing`: numbers left out before it. */
static void timing(struct media *m, const struct rtp_header *h, uint32_t missing, uint64_t now_us) {
    uint64_t silence = now_us > m->last_us ? now_us - m->last_us : 0;
    int32_t stamps = (int32_t)(h->timestamp - m->stamp);
    uint64_t meant = stamp_time_us(m, stamps);
    bool talkspurt = h->marker && silence > TALKSPURT_US;
    /* A gap for which the time stamps account is the sender's own. */
    bool paused = silence > PAUSE_US && missing == 0 && (talkspurt || meant * 2 >= silence);
    if (!paused && missing == 0) pace_interval(&m->pace, silence);
    if (!paused && silence > m->pace.longest_us)
        m->pace.longest_us = silence > UINT32_MAX ? UINT32_MAX : (uint32_t)silence;
    if (stamps == 0) return;
    if (stamps < 0) m->backwards++;
    int64_t off = (int64_t)(now_us - m->stamp_us) - (int64_t)meant;
    bool step = stamps < 0 || off > STEP_US || off < -STEP_US;
    if (m->clock_hz && !step && !talkspurt) jitter_add(m, (uint64_t)(off < 0 ? -off : off));
    if (step && !m->checked) timing_restart(m, h->timestamp, now_us);
    m->stamp = h->timestamp;
    m->stamp_us = now_us;
    clock_check(m, h->timestamp, now_us);
}

/* ---- sequence numbers ---------------------------------------------------------------------------
 */
/* A jump far ahead for which not even a quarter of its time has passed. */
static bool numbers_anew(const struct media *m, uint32_t ahead, uint64_t now_us) {
    if (ahead <= JUMP_CHECKED) return false;
    uint64_t each = (m->last_us - m->first_us) / (m->expected > 1 ? m->expected - 1 : 1);
    return (now_us - m->last_us) * 4 < each * ahead;
}

static void restart(struct media *m, const struct rtp_header *h, uint64_t now_us) {
    m->restarts++;
    m->packets++;
    m->expected++;
    numbering_begin(m, h->seq);
    timing_restart(m, h->timestamp, now_us);
    m->last_us = now_us;
}

static void advance(struct media *m, const struct rtp_header *h, uint32_t ahead, uint64_t now_us) {
    if (ahead - 1 > m->lost_in_a_row) m->lost_in_a_row = ahead - 1;
    window_shift(m, ahead);
    m->seen[0] |= 1;
    m->seq_max = h->seq;
    m->expected += ahead;
    m->packets++;
    m->has_bad_seq = false;
    timing(m, h, ahead - 1, now_us);
    m->last_us = now_us;
}

/* Jitter is that of the packets in the order they come (RFC 3550 section 6.4.1). */
static void timing_late(struct media *m, uint32_t stamp, uint64_t now_us) {
    int32_t stamps = (int32_t)(stamp - m->stamp);
    if (m->clock_hz == 0 || stamps == 0) return;
    int64_t meant = (int64_t)stamps * 1000000 / (int64_t)m->clock_hz;
    int64_t off = (int64_t)(now_us - m->stamp_us) - meant;
    if (off > SENT_AGAIN_US || off < -STEP_US) return;
    jitter_add(m, (uint64_t)(off < 0 ? -off : off));
    m->stamp = stamp;
    m->stamp_us = now_us;
}

static void late(struct media *m, const struct rtp_header *h, uint32_t behind, uint64_t now_us) {
    uint64_t *word = &m->seen[behind / 64], bit = UINT64_C(1) << (behind % 64);
    if (*word & bit) {
        m->repeated++;
        return;
    }
    *word |= bit;
    m->reordered++;
    m->packets++;
    timing_late(m, h->timestamp, now_us);
}

void rtp_count(struct media *m, const struct rtp_header *h, uint64_t now_us) {
    uint32_t ahead = (uint16_t)(h->seq - m->seq_max), behind = (uint16_t)(m->seq_max - h->seq);
    if (now_us < m->last_us) now_us = m->last_us;
    if (behind < RTP_WINDOW) {
        late(m, h, behind, now_us);
        return;
    }
    if (ahead < DROPOUT_MAX && !numbers_anew(m, ahead, now_us)) {
        advance(m, h, ahead, now_us);
        return;
    }
    /* Two in a row on the new numbers make it a restart; one is a stray packet. */
    if (m->has_bad_seq && h->seq == m->bad_seq) {
        restart(m, h, now_us);
        return;
    }
    m->bad_seq = (uint16_t)(h->seq + 1);
    m->has_bad_seq = true;
}

/* Speech comes in a beat of 10 to 60 ms. */
bool media_is_audio(const struct media *m) {
    if (rtp_static_clock(m->payload_type)) return rtp_static_audio(m->payload_type);
    uint64_t beat = pace_percentile(&m->pace, 50);
    return m->clock_hz != 0 && m->clock_hz != 90000 && beat >= 8000 && beat <= 70000;
}
