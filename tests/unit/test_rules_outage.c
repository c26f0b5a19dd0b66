/* An outage of the way out, and what else a capture shows then: symptoms of it are not told beside
 * it, and what is not of it is. */
#include "tests/unit/outage.h"
#include "tests/unit/with_rules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* IPv4 hosts behind NAT64 are in one network of IPv6, and in several of IPv4. */
static void by_nat64(struct world *w) {
    static struct msg_connection client;
    cut_off(w);
    for (uint32_t i = 0; i < 4; i++) {
        uint8_t b[16] = {0, 0x64, 0xff, 0x9b, [12] = 203, 0, (uint8_t)(113 + i), 9};
        w->service[i].address = addr_from_bytes(b, 16);
    }
    client.client = addr_from_bytes((uint8_t[16]){0x20, 1, 0xd, 0xb8, 9}, 16);
    w->s.connections.rows = &client;
}

/* The other addresses of the names worked, before. */
static void of_names_with_two_addresses(struct world *w) {
    cut_off(w);
    for (uint32_t i = 4; i < 8; i++) {
        struct msg_service *s = beyond(w, i, (uint8_t)(113 + i - 4), 10);
        snprintf(s->name, sizeof s->name, "host%u.example", i - 4);
        s->established = s->closed = s->attempted = 1;
        s->timed_out = s->timeout_repeated = 0;
        s->both_directions = true;
        s->heard_us = 1000000;
    }
}

/* It worked over TCP, before. */
static void of_quic(struct world *w) {
    cut_off(w);
    struct msg_service *s = &w->service[0];
    s->established = s->closed = 1;
    s->attempted = 2;
    s->both_directions = true;
    s->heard_us = 1000000;
    w->udp[0] = (struct msg_udp_service){.address = s->address,
                                         .port = 443,
                                         .quic_attempts = 1,
                                         .quic_tries = 5,
                                         .quic_first_us = 3000000,
                                         .quic_last_us = 6000000,
                                         .quic_waited_us = 9000000};
    w->s.udp.rows_n = 1;
    w->s.totals.quic_attempts = 1;
}

/* One client tries eighty hosts at once. */
static void of_a_busy_client(struct world *w) {
    static struct msg_connection rows[80];
    cut_off(w);
    for (uint32_t i = 0; i < 80; i++) {
        rows[i] = first_client;
        rows[i].server = addr_from_bytes((uint8_t[]){203, 0, (uint8_t)(113 + i), 9}, 4);
        rows[i].server_port = 443;
        rows[i].state = CONN_TIMED_OUT;
        rows[i].start_us = 2000000 + i;
    }
    w->s.connections = (struct msg_connections){.rows = rows, .rows_n = 80, .of = 80};
}

/* It had scanned others before. */
static void after_a_scan(struct world *w) {
    of_a_busy_client(w);
    for (uint32_t i = 0; i < 80; i++) {
        w->s.connections.rows[i].server.b[0] = 198;
        w->s.connections.rows[i].start_us = 1000000 + i;
    }
}

/* Sites elsewhere are silent too; a host of this site in another network answers. */
static void of_sites(struct world *w, uint64_t rtt_us) {
    cut_off(w);
    w->service[3].address = addr_from_bytes((uint8_t[]){172, 17, 0, 5}, 4);
    w->udp[0] = (struct msg_udp_service){.address = addr_from_bytes((uint8_t[]){172, 16, 0, 5}, 4),
                                         .port = 123,
                                         .asked = 9,
                                         .answered = 9,
                                         .ask_last_us = 9000000,
                                         .answered_last_us = 9000600};
    w->s.udp.rows_n = 1;
    struct msg_service *s = beyond(w, 4, 120, 9);
    s->address = addr_from_bytes((uint8_t[]){172, 16, 0, 80}, 4);
    s->established = s->closed = 1;
    s->timed_out = s->timeout_repeated = 0;
    s->heard_us = 1000000;
    s->handshake_us = (struct dist){3, rtt_us, rtt_us, rtt_us, rtt_us};
}

static void of_sites_but_this_one(struct world *w) {
    of_sites(w, 600);
}

static void of_sites_but_a_far_one(struct world *w) {
    of_sites(w, 12000);
}

/* Another host of this site, whose distance nobody knows, says something. */
static void of_sites_but_a_word(struct world *w) {
    static struct msg_host row;
    of_sites(w, 600);
    w->s.services.rows_n = 4;
    w->s.udp.rows_n = 0;
    row = (struct msg_host){.address = w->udp[0].address, .said_us = 9000000};
    w->s.hosts = (struct msg_hosts){.rows = &row, .rows_n = 1, .of = 1};
}

/* A peer of an overlay network, in this house. */
static void but_for_an_overlay(struct world *w) {
    of_sites(w, 600);
    w->service[3].address = addr_from_bytes((uint8_t[]){203, 0, 116, 9}, 4);
    w->s.services.rows_n = 4;
    w->udp[0].address = addr_from_bytes((uint8_t[]){100, 90, 3, 4}, 4);
}

/* The gateway was away for a while, and came back: then a host fell silent. */
static void after_a_gateway_was_away(struct world *w, uint64_t silent_us) {
    cut_off(w);
    w->s.services.rows_n = 1;
    w->service[0].timeout_first_us = silent_us;
    w->service[0].timeout_last_us = silent_us + 3000000;
    struct msg_incident *n = world_incident(w, INCIDENT_ARP_UNANSWERED);
    n->subject = addr_from_bytes((uint8_t[]){10, 0, 0, 1}, 4);
    n->peer = first_client.client;
    n->gateway = true;
    n->tries = n->count = 45;
    n->first_us = 50000000;
    n->last_us = 95000000;
    n->span_us = 45000000;
}

static void with_the_gateway(struct world *w) {
    after_a_gateway_was_away(w, 90000000);
}

static void after_the_gateway(struct world *w) {
    after_a_gateway_was_away(w, 140000000);
}

/* Its last SYN passed when the gateway was back. */
static void from_the_gateways_time_on(struct world *w) {
    with_the_gateway(w);
    w->service[0].timeout_last_us = 119000000;
}

/* It was blocked long before. */
static void after_a_block_of_quic(struct world *w) {
    of_quic(w);
    w->udp[0].quic_first_us = 500000;
    w->udp[0].quic_last_us = 1500000;
}

/* Only hosts of private networks are off; another one, as near, answers. */
static void not_of_one_data_centre(struct world *w) {
    of_sites(w, 600);
    for (uint32_t i = 0; i < 4; i++)
        w->service[i].address = addr_from_bytes((uint8_t[]){10, (uint8_t)(20 + i), 0, 5}, 4);
}

/* Two of them, and a public host that is blocked. */
static void not_of_a_blocked_host(struct world *w) {
    of_sites(w, 600);
    for (uint32_t i = 0; i < 2; i++)
        w->service[i].address = addr_from_bytes((uint8_t[]){10, (uint8_t)(20 + i), 0, 5}, 4);
    w->service[3].address = addr_from_bytes((uint8_t[]){10, 23, 0, 5}, 4);
    w->s.services.rows_n = 4;
}

/* Members of an overlay network are off, others answer. */
static void not_of_an_overlay(struct world *w) {
    static struct msg_connection client;
    of_sites(w, 600);
    for (uint32_t i = 0; i < 4; i++)
        w->service[i].address = addr_from_bytes((uint8_t[]){100, (uint8_t)(100 + i), 0, 5}, 4);
    w->s.services.rows_n = 4;
    w->udp[0].address = addr_from_bytes((uint8_t[]){100, 90, 3, 4}, 4);
    client.client = addr_from_bytes((uint8_t[]){100, 80, 3, 4}, 4);
    w->s.connections.rows = &client;
}

/* A public network; the first connection is of a container, and one goes over loopback. */
static void of_a_public_network(struct world *w) {
    static struct msg_connection rows[6];
    cut_off(w);
    memset(rows, 0, sizeof rows);
    for (uint32_t i = 0; i < 6; i++)
        rows[i].client = addr_from_bytes((uint8_t[]){141, 30, 0, (uint8_t)i}, 4);
    rows[0].client = addr_from_bytes((uint8_t[]){172, 17, 0, 2}, 4);
    for (uint32_t i = 1; i < 4; i++) {
        rows[i].client = addr_from_bytes((uint8_t[]){127, 0, 0, 1}, 4);
        rows[i].server = rows[i].client;
    }
    w->s.connections = (struct msg_connections){.rows = rows, .rows_n = 6, .of = 6};
    struct msg_service *s = beyond(w, 4, 120, 9);
    s->address = addr_from_bytes((uint8_t[]){141, 30, 0, 80}, 4);
    s->established = s->closed = 1;
    s->timed_out = s->timeout_repeated = 0;
    s->heard_us = 29000000;
}

static const struct {
    void (*change)(struct world *w);
    const char *id; /* its findings, and no other but `beside` */
    uint32_t findings;
    const char *blame, *beside;
} cases[] = {{by_nat64, "tcp_syn_timeout", 1, "network", NULL},
             {of_names_with_two_addresses, "tcp_syn_timeout", 1, "network", NULL},
             {of_quic, "tcp_syn_timeout", 1, "network", NULL},
             {of_a_busy_client, "tcp_syn_timeout", 1, "network", NULL},
             {after_a_scan, "tcp_syn_timeout", 1, "network", "syn_scan"},
             {of_sites_but_a_word, "tcp_syn_timeout", 1, "network", NULL},
             {of_sites_but_this_one, "tcp_syn_timeout", 1, "network", NULL},
             {of_sites_but_a_far_one, "tcp_syn_timeout", 4, "network_or_server", NULL},
             {but_for_an_overlay, "tcp_syn_timeout", 1, "network", NULL},
             {with_the_gateway, "arp_unanswered", 1, "local_link", NULL},
             {from_the_gateways_time_on, "arp_unanswered", 1, "local_link", NULL},
             {after_a_block_of_quic, "tcp_syn_timeout", 1, "network", "quic_blocked"},
             {not_of_one_data_centre, "tcp_syn_timeout", 4, "network_or_server", NULL},
             {not_of_a_blocked_host, "tcp_syn_timeout", 4, "network_or_server", NULL},
             {not_of_an_overlay, "tcp_syn_timeout", 4, "network_or_server", NULL},
             {of_a_public_network, "tcp_syn_timeout", 1, "network", NULL},
             {after_the_gateway, "tcp_syn_timeout", 1, "network_or_server", "arp_unanswered"}};

static void test_rules_in_an_outage(void **state) {
    static struct world w;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t of_id = 0, others = 0;
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        for (uint32_t k = 0; k < d->n; k++) {
            const struct finding *f = &d->finding[k];
            bool is = strcmp(f->rule->id, cases[i].id) == 0;
            of_id += is;
            others += !is && !(cases[i].beside && strcmp(f->rule->id, cases[i].beside) == 0);
        }
        const struct finding *f = find_id(d, cases[i].id);
        if (of_id != cases[i].findings || others > 0 || strcmp(f->blame, cases[i].blame) != 0 ||
            (cases[i].beside && !find_id(d, cases[i].beside)))
            fail_msg("case %zu: %u and %u others, %s", i, of_id, others, f ? f->headline : "none");
        diagnosis_free(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules_in_an_outage)};
    return cmocka_run_group_tests_name("rules_outage", tests, read_rules, free_rules);
}
