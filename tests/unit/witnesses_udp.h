/* The same for datagrams: services that must answer, QUIC, voice and video, games. */
#ifndef TESTS_UNIT_WITNESSES_UDP_H
#define TESTS_UNIT_WITNESSES_UDP_H
#include "tests/unit/witnesses.h"

static struct msg_udp_service *udp_service(struct world *w, unsigned port) {
    struct msg_udp_service *u = &w->udp[w->s.udp.rows_n++];
    *u = (struct msg_udp_service){.address = w->service[0].address, .port = port};
    return u;
}
WITNESS(ntp_silent) {
    struct msg_udp_service *u = udp_service(w, 123);
    u->asked = w->s.totals.udp_asked = 3;
    u->ask_first_us = 1000000;
    u->ask_second_us = 2000000;
    u->ask_last_us = 4000000;
    u->waited_us = 5000000;
}
WITNESS(ntp_searched) {
    for (uint8_t host = 0; host < 12; host++) {
        ntp_silent(w);
        if (host > 0) w->udp[host].address.b[3] = (uint8_t)(100 + host);
    }
}
WITNESS(ntp_once) {
    ntp_silent(w);
    w->udp[0].asked = 1;
    w->udp[0].ask_second_us = w->udp[0].waited_us = 0;
}
WITNESS(ntp_just_asked) {
    ntp_silent(w);
    w->udp[0].waited_us = 1900000;
}
WITNESS(ntp_answered_once) {
    ntp_silent(w);
    w->udp[0].answered = 1;
}
WITNESS(ntp_refused) {
    ntp_silent(w);
    w->udp[0].icmp = 1;
}
WITNESS(quic_silent) {
    struct msg_udp_service *u = udp_service(w, 443);
    u->quic_attempts = w->s.totals.quic_attempts = 1;
    u->quic_tries = 4;
    u->quic_first_us = 1000000;
    u->quic_last_us = 3000000;
    u->quic_waited_us = 5000000;
}
WITNESS(quic_answered) {
    quic_silent(w);
    w->udp[0].quic_answered = 1;
}
WITNESS(quic_given_up) {
    quic_silent(w);
    w->udp[0].quic_tries = 2;
}
WITNESS(quic_race) {
    quic_silent(w);
    w->udp[0].quic_last_us = 1100000;
}
WITNESS(quic_and_tcp_silent) {
    quic_silent(w);
    w->service[0].established = 0;
    w->service[0].closed = 0;
}

static struct msg_media *voice(struct world *w) {
    struct msg_media *m = &w->media[w->s.streams.rows_n++];
    *m = (struct msg_media){.sender = w->service[0].address,
                            .sender_port = 4000,
                            .receiver = addr_from_bytes((uint8_t[]){192, 0, 2, 2}, 4),
                            .receiver_port = 5004,
                            .kind = MEDIA_RTP,
                            .audio = true,
                            .clock_hz = 8000,
                            .first_us = 1000000,
                            .last_us = 11000000,
                            .packets = 500,
                            .back_packets = 500,
                            .jitter_samples = 499,
                            .jitter_us = 2000,
                            .jitter_max_us = 4000,
                            .intervals = 499,
                            .interval_p50_us = 20000,
                            .interval_p99_us = 24000,
                            .regular_percent = 99};
    w->s.totals.rtp_streams = w->s.totals.media_streams = 1;
    return m;
}
WITNESS(voice_fine) {
    voice(w);
}
WITNESS(voice_lost) {
    voice(w)->lost = 15;
}
WITNESS(voice_lost_much) {
    voice(w)->lost = 50;
}
WITNESS(voice_lost_here) {
    voice_lost(w);
    w->media[0].sender_local = w->media[0].sender_is_client = true;
}
WITNESS(voice_lost_two) {
    struct msg_media *m = voice(w);
    m->packets = 60;
    m->lost = 2;
}
WITNESS(voice_lost_one_percent) {
    struct msg_media *m = voice(w);
    m->packets = 495;
    m->lost = 5;
}
WITNESS(voice_uneven) {
    voice(w)->jitter_us = 40000;
}
WITNESS(voice_very_uneven) {
    voice(w)->jitter_us = 60000;
}
WITNESS(voice_uneven_short) {
    voice_uneven(w);
    w->media[0].jitter_samples = 40;
}
WITNESS(voice_unanswered) {
    voice(w)->back_packets = 0;
}
WITNESS(voice_to_a_group) {
    voice_unanswered(w);
    w->media[0].multicast = true;
}
WITNESS(voice_to_who_listens) {
    voice_unanswered(w);
    w->media[0].heard_back = true;
}
WITNESS(voice_just_begun) {
    voice_unanswered(w);
    w->media[0].last_us = 2900000;
}
/* Somebody is called: the tone of ringing comes as RTP, and who hears it sends nothing yet. */
WITNESS(voice_rings) {
    voice_unanswered(w);
    w->media[0].last_us = w->media[0].first_us + 3500000;
}
WITNESS(voice_unanswered_for_six_seconds) {
    voice_unanswered(w);
    w->media[0].last_us = w->media[0].first_us + 6000000;
}
WITNESS(voice_from_a_camera) {
    voice_unanswered(w);
    w->service[0].port = 554;
}
WITNESS(video_unanswered) {
    voice_unanswered(w);
    w->media[0].audio = false;
}
WITNESS(game_held_back) {
    struct msg_media *m = voice(w);
    m->kind = MEDIA_PACED;
    w->s.totals.rtp_streams = 0;
    m->jitter_samples = m->jitter_us = 0;
    m->interval_p99_us = 180000;
    m->gaps = 8;
    m->longest_gap_us = 300000;
}
WITNESS(game_stalled_twice) {
    game_held_back(w);
    w->media[0].gaps = 2;
}
WITNESS(game_without_beat) {
    game_held_back(w);
    w->media[0].regular_percent = 40;
}
WITNESS(voice_uneven_and_held_back) {
    game_held_back(w);
    w->media[0].kind = MEDIA_RTP;
    w->s.totals.rtp_streams = 1;
    w->media[0].jitter_samples = 499;
    w->media[0].jitter_us = 40000;
}

/* clang-format off */
#define WITNESSES_ONE_WAY \
    {"rtp_one_way", voice_unanswered, "warning", "likely", "network", "203.0.113.9:4000"}, \
    {"rtp_one_way", voice_unanswered_for_six_seconds, "warning", "possible", "network", "203.0.113.9:4000"}, \
    {"rtp_one_way", voice_to_a_group, NULL, NULL, NULL, NULL}, \
    {"rtp_one_way", voice_to_who_listens, NULL, NULL, NULL, NULL}, \
    {"rtp_one_way", voice_just_begun, NULL, NULL, NULL, NULL}, \
    {"rtp_one_way", voice_rings, NULL, NULL, NULL, NULL}, \
    {"rtp_one_way", voice_from_a_camera, NULL, NULL, NULL, NULL}, \
    {"rtp_one_way", video_unanswered, NULL, NULL, NULL, NULL}
/* clang-format on */

#endif
