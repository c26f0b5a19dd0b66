/* One cause beyond the local network, of which many rows are symptoms: told once, and only then. */
#include "tests/unit/outage.h"
#include "tests/unit/with_rules.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void cut_off_and_no_names(struct world *w) {
    cut_off(w);
    struct msg_resolver *d = &w->resolver[0];
    d->responses = d->noerror = 0;
    d->unanswered = d->unanswered_tries = d->transactions;
    d->unanswered_wait_us = d->trouble_first_us = d->trouble_last_us = 5000000;
}

/* A connection that had worked dies as well. */
static void cut_off_later(struct world *w) {
    cut_off(w);
    struct msg_service *s = beyond(w, 4, 120, 9);
    s->established = s->open = 1;
    s->timed_out = s->timeout_repeated = 0;
    s->both_directions = true;
    s->retransmitted_to_server = 9;
    s->data_segments_to_server = 20;
    struct msg_incident *n = world_incident(w, INCIDENT_DEAD_PATH);
    n->subject = s->address;
    n->tries = 5;
    n->span_us = n->first_us = 3000000;
}

static void cut_off_but_for_one(struct world *w) {
    cut_off_later(w);
    w->service[4].heard_us = 29000000;
    w->s.incidents.rows_n = 0;
    w->service[4].retransmitted_to_server = 0;
}

/* To one of its clients only the way is dead. */
static void cut_off_but_for_another_client(struct world *w) {
    cut_off_later(w);
    w->service[4].heard_us = 29000000;
}

/* By the other address family they answer. */
static void cut_off_but_for_ipv6(struct world *w) {
    static struct msg_connection clients[2];
    cut_off(w);
    clients[0] = clients[1] = first_client;
    clients[1].client = addr_from_bytes((uint8_t[16]){0x20, 1, 0xd, 0xb8, 9}, 16);
    w->s.connections.rows = clients;
    w->s.connections.rows_n = 2;
    struct msg_service *s = beyond(w, 4, 120, 9);
    s->address = addr_from_bytes((uint8_t[16]){0x20, 1, 0xd, 0xb8, 7}, 16);
    s->established = 1;
    s->timed_out = s->timeout_repeated = 0;
    s->both_directions = true;
    s->heard_us = 29000000;
}

/* Who was visited before is silent now like the others. */
static void cut_off_after_visits(struct world *w) {
    cut_off(w);
    for (uint32_t i = 1; i < 4; i++) {
        struct msg_service *s = &w->service[i];
        s->established = s->closed = 1;
        s->attempted = 2;
        s->both_directions = true;
        s->heard_us = 1000000;
    }
}

static void cut_off_after_visits_to_all(struct world *w) {
    cut_off_after_visits(w);
    w->service[0].established = w->service[0].closed = 1;
    w->service[0].heard_us = 1000000;
}

/* One of them speaks again. */
static void silent_for_a_while(struct world *w) {
    cut_off_after_visits_to_all(w);
    w->service[0].heard_us = 9000000;
}

/* Servers for which there was no room have spoken since, or before only. */
static void cut_off_but_for_others(struct world *w) {
    cut_off(w);
    w->s.services.of = 300;
    w->s.services.others_heard_us = 9000000;
}

static void cut_off_after_others(struct world *w) {
    cut_off_but_for_others(w);
    w->s.services.others_heard_us = 1000000;
}

static void cut_off_but_for_quic(struct world *w) {
    cut_off(w);
    w->udp[0] = (struct msg_udp_service){.address = w->service[3].address,
                                         .port = 443,
                                         .answered = 40,
                                         .answered_last_us = 9000000,
                                         .quic_attempts = 1,
                                         .quic_answered = 1};
    w->s.udp.rows_n = 1;
}

/* A host that says something, whatever it is. */
static void cut_off_but_for_a_word(struct world *w, uint32_t address, uint64_t said_us) {
    static struct msg_host row;
    cut_off(w);
    row = (struct msg_host){.said_us = said_us};
    uint8_t b[] = {(uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8),
                   (uint8_t)address};
    row.address = addr_from_bytes(b, 4);
    w->s.hosts = (struct msg_hosts){.rows = &row, .rows_n = 1, .of = 1};
}

static void cut_off_but_for_a_visitor(struct world *w) {
    cut_off_but_for_a_word(w, 0xc6336407, 9000000);
}

static void cut_off_after_a_visitor(struct world *w) {
    cut_off_but_for_a_word(w, 0xc6336407, 2500000);
}

static void cut_off_but_for_another_site(struct world *w) {
    cut_off_but_for_a_word(w, 0xac100005, 9000000);
}

static void cut_off_but_for_this_host(struct world *w) {
    cut_off_but_for_a_visitor(w);
    w->s.hosts.rows[0].local = true;
}

/* Another network of the same site answers. */
static void cut_off_but_for_ipv6_of_the_site(struct world *w) {
    cut_off_but_for_ipv6(w);
    w->service[4].address.b[4] = 9;
    w->service[4].address.b[7] = 53;
}

/* What it said before the silence began tells nothing of later. */
static void cut_off_after_quic(struct world *w) {
    cut_off_but_for_quic(w);
    w->udp[0].answered_last_us = 1000000;
}

/* The time was told once, and then no more. */
static void cut_off_between_two_polls(struct world *w) {
    cut_off_after_quic(w);
    w->udp[0].quic_attempts = w->udp[0].quic_answered = 0;
    w->udp[0].asked = 2;
    w->udp[0].ask_last_us = 8000000;
}

static void cut_off_but_for_a_poll(struct world *w) {
    cut_off_between_two_polls(w);
    w->udp[0].ask_last_us = 2500000;
    w->udp[0].answered_last_us = 2530000;
}

/* Another network of the same site has another way. */
static void cut_off_but_for_the_site(struct world *w) {
    cut_off_but_for_one(w);
    w->service[4].address = addr_from_bytes((uint8_t[]){172, 16, 0, 5}, 4);
}

static void site_cut_off_but_for_one(struct world *w) {
    cut_off_but_for_the_site(w);
    w->service[3].address = addr_from_bytes((uint8_t[]){172, 17, 0, 5}, 4);
}

/* A host behind a VPN over the same way falls silent too; what answers is a millisecond away. */
static void cut_off_but_for_the_site_and_a_vpn(struct world *w) {
    site_cut_off_but_for_one(w);
    w->service[4].handshake_us = (struct dist){3, 1000, 2000, 3000, 3000};
}

#define NAMES 24u

/* A resolver nearby finds names of the internet all the while, later than its cache would. */
static void cut_off_but_for(struct world *w, uint32_t names) {
    static struct msg_dns_row rows[NAMES];
    cut_off(w);
    w->resolver[0].address = addr_from_bytes((uint8_t[]){10, 0, 0, 1}, 4);
    w->resolver[0].latency_us = (struct dist){names, 300, 12000, 12000, 12000};
    for (uint32_t i = 0; i < names; i++) {
        rows[i] = (struct msg_dns_row){.client = first_client.client,
                                       .server = w->resolver[0].address,
                                       .server_port = 53,
                                       .answered = true,
                                       .answers = 1,
                                       .latency_us = 12000,
                                       .at_us = (3 + i) * UINT64_C(1000000)};
        snprintf(rows[i].name, sizeof rows[i].name, "new%u.example", i);
    }
    w->s.dns = (struct msg_dns){.rows = rows, .rows_n = names, .of = names};
}

static void cut_off_but_for_names(struct world *w) {
    cut_off_but_for(w, 4);
}

/* A domain that is broken by itself among many that are found. */
static void cut_off_but_for_most_names(struct world *w) {
    cut_off_but_for(w, NAMES);
    w->s.dns.rows[NAMES - 1].rcode = 2;
}

static void cut_off_but_for_names_after_one(struct world *w) {
    cut_off_but_for_names(w);
    w->s.dns.rows[0].rcode = 5;
}

static void cut_off_but_for_half_of_the_names(struct world *w) {
    cut_off_but_for(w, NAMES);
    for (uint32_t i = 1; i < NAMES; i += 2) w->s.dns.rows[i].rcode = 2;
}

/* Whatever it knows comes over Wi-Fi. */
static void cut_off_with_names_over_wifi(struct world *w) {
    cut_off_but_for_names(w);
    w->resolver[0].latency_us = (struct dist){4, 3000, 4000, 12000, 12000};
    for (uint32_t i = 0; i < 4; i++) w->s.dns.rows[i].latency_us = 3000 + 2000 * i;
}

/* All of it is asked beyond: the fastest answer is no answer of a cache. */
static void cut_off_but_for_names_forwarded(struct world *w) {
    cut_off_but_for_names(w);
    w->resolver[0].latency_us.min_us = 12000;
}

static void cut_off_with_names_of_the_house(struct world *w) {
    static const char *const names[] = {"nas.lan", "printer.local", "nas",
                                        "5.1.168.192.in-addr.arpa"};
    cut_off_but_for_names(w);
    for (uint32_t i = 0; i < 4; i++)
        snprintf(w->s.dns.rows[i].name, sizeof w->s.dns.rows[i].name, "%s", names[i]);
}

static void cut_off_with_names_cached(struct world *w) {
    cut_off_but_for_names(w);
    for (uint32_t i = 0; i < 3; i++) w->s.dns.rows[i].latency_us = 300;
}

/* It knows what was asked before. */
static void cut_off_with_names_known(struct world *w) {
    cut_off_but_for_names(w);
    w->s.dns.rows[0].at_us = 1000000;
    for (uint32_t i = 1; i < 4; i++)
        memcpy(w->s.dns.rows[i].name, w->s.dns.rows[0].name, sizeof w->s.dns.rows[0].name);
}

static void cut_off_with_some_names(struct world *w) {
    cut_off_but_for_names(w);
    w->s.dns.rows[3].answered = false;
}

/* A host that is gone was tried long before the cut; the others still came up then. */
static void cut_off_after_a_dead_host(struct world *w) {
    static struct msg_connection rows[4];
    cut_off(w);
    for (uint32_t i = 0; i < 4; i++) {
        struct msg_service *s = &w->service[i];
        rows[i] = first_client;
        rows[i].server = s->address;
        rows[i].server_port = s->port;
        rows[i].start_us = 4000000 + i;
        rows[i].handshake_us = i == 3 ? 0 : 20000;
        if (i == 3) continue;
        s->established = s->open = 1;
        s->attempted = 2;
        s->timeout_first_us = 60000000;
        s->both_directions = true;
        s->last_us = 70000000;
        s->heard_us = 40900000;
        struct msg_incident *n = world_incident(w, INCIDENT_DEAD_PATH);
        n->subject = s->address;
        n->tries = 5;
        n->count = 1;
        n->span_us = 9000000;
        n->first_us = 41000000;
    }
    w->s.connections = (struct msg_connections){.rows = rows, .rows_n = 4, .of = 4};
}

/* The others had ended their connections, and try new ones. */
static void cut_off_after_a_dead_host_and_visits(struct world *w) {
    cut_off_after_a_dead_host(w);
    w->s.incidents.rows_n = 0;
    for (uint32_t i = 0; i < 3; i++) w->service[i].heard_us = 5000000;
}

/* The one that had worked goes on. */
static void dead_host_and_one_that_works(struct world *w) {
    cut_off_after_a_dead_host(w);
    struct msg_service *s = beyond(w, 4, 120, 9);
    s->timed_out = s->timeout_repeated = 0;
    s->heard_us = 80000000;
}

/* Servers of one kind, which the site has many of; their monitor has asked each twice. */
static void site_down(struct world *w, uint32_t hosts) {
    static struct msg_service rows[60];
    cut_off(w);
    for (uint32_t i = 0; i < hosts; i++) {
        rows[i] = w->service[0];
        rows[i].address = addr_from_bytes((uint8_t[]){10, 0, 0, (uint8_t)(100 + i)}, 4);
        rows[i].asked_again = 1;
        rows[i].name[0] = 0;
    }
    w->s.services = (struct msg_services){.rows = rows, .rows_n = hosts, .of = hosts};
}

static void many_down(struct world *w) {
    site_down(w, 51);
}

static void fewer_down(struct world *w) {
    site_down(w, 50);
}

static void few_down(struct world *w) {
    site_down(w, 20);
}

/* A dozen hosts that each offer a few things. */
static void rack_down(struct world *w) {
    site_down(w, 48);
    for (uint32_t i = 0; i < 48; i++) {
        w->s.services.rows[i].address.b[3] = (uint8_t)(100 + i / 4);
        w->s.services.rows[i].port = (uint16_t)(440 + i % 4);
    }
}

static void rack_refuses(struct world *w) {
    rack_down(w);
    for (uint32_t i = 0; i < 48; i++) {
        struct msg_service *s = &w->s.services.rows[i];
        s->refused = s->timed_out;
        s->timed_out = s->timeout_repeated = 0;
    }
}

/* As many, but in two networks. */
static void two_racks_down(struct world *w) {
    rack_down(w);
    for (uint32_t i = 0; i < 48; i += 8)
        for (uint32_t k = 0; k < 4; k++) w->s.services.rows[i + k].address.b[2] = 1;
}

static void many_refuse(struct world *w) {
    many_down(w);
    for (uint32_t i = 0; i < 51; i++) {
        struct msg_service *s = &w->s.services.rows[i];
        s->refused = s->timed_out;
        s->timed_out = s->timeout_repeated = 0;
    }
}

/* Each is one of the two addresses of a name; the others work. */
static void many_in_part(struct world *w) {
    static struct msg_service rows[102];
    many_down(w);
    for (uint32_t i = 0; i < 102; i++) {
        rows[i] = w->s.services.rows[i / 2];
        snprintf(rows[i].name, sizeof rows[i].name, "host%u.example", i / 2);
        if (i % 2 == 0) continue;
        rows[i].address.b[2] = 1;
        rows[i].established = rows[i].closed = rows[i].attempted = 2;
        rows[i].timed_out = rows[i].timeout_repeated = 0;
    }
    w->s.services = (struct msg_services){.rows = rows, .rows_n = 102, .of = 102};
}

/* Two kinds of servers; two hosts with many services. */
static void many_of_two_ports(struct world *w) {
    static struct msg_service rows[102];
    many_down(w);
    for (uint32_t i = 0; i < 102; i++) {
        rows[i] = w->s.services.rows[i % 51];
        rows[i].port = i < 51 ? 443 : 5432;
    }
    w->s.services = (struct msg_services){.rows = rows, .rows_n = 102, .of = 102};
}

static void two_hosts_down(struct world *w) {
    many_down(w);
    for (uint32_t i = 0; i < 50; i++) {
        w->s.services.rows[i].address.b[3] = i < 25 ? 9 : 10;
        w->s.services.rows[i].port = (uint16_t)(1000 + i);
    }
    w->s.services.rows_n = 50;
}

/* One attempt each: as whoever searches does it. */
static void many_tried_once(struct world *w) {
    many_down(w);
    for (uint32_t i = 0; i < 51; i++) w->s.services.rows[i].asked_again = 0;
}

/* The target is one of them, and seen by itself. */
static void cut_off_target(struct world *w) {
    cut_off(w);
    world_target(w, "host3.example", MODE_DIAGNOSIS);
    w->service[3].on_target = true;
}

static void only_target_seen(struct world *w) {
    cut_off_target(w);
    w->target.mode = MODE_DOMAIN;
}

static void two_networks_silent(struct world *w) {
    cut_off(w);
    for (uint32_t i = 2; i < 4; i++) w->service[i].address.b[2] = w->service[i - 2].address.b[2];
    for (uint32_t i = 2; i < 4; i++) w->service[i].address.b[3]++;
}

static void no_way_out(struct world *w) {
    cut_off(w);
    for (uint32_t i = 0; i < 4; i++) {
        struct msg_incident *n = world_incident(w, INCIDENT_ICMP_UNREACHABLE);
        n->subject = w->service[i].address;
        n->value = 3 * 256;
        n->ip_proto = 6;
        w->service[i].unreachable = 1;
    }
    w->service[3].unreachable = 0; /* the router says it once a second */
    w->s.incidents.rows_n = 3;
}

static void all_lossy(struct world *w) {
    cut_off(w);
    world_init(w);
    w->s.connections = (struct msg_connections){.rows = &first_client, .rows_n = 1, .of = 1};
    for (uint32_t i = 4; i-- > 0;) {
        struct msg_service *s = beyond(w, i, 113, (uint8_t)(9 + i));
        s->retransmitted_to_client = 40 + i;
        s->retransmit_first_us = 2000000;
        s->retransmit_last_us = 20000000;
    }
    w->s.services.rows_n = 4;
}

/* Servers of the client's own site, at which strangers have knocked before. */
static void lossy_at_home(struct world *w) {
    static struct msg_connection rows[5];
    all_lossy(w);
    for (uint32_t i = 0; i < 5; i++) {
        w->service[i % 4].address = addr_from_bytes((uint8_t[]){10, 0, 1, (uint8_t)(9 + i % 4)}, 4);
        rows[i].client = addr_from_bytes((uint8_t[]){198, (uint8_t)(51 + i % 3), 100, 7}, 4);
        rows[i].server = w->service[0].address;
    }
    rows[4].client = first_client.client;
    w->s.connections = (struct msg_connections){.rows = rows, .rows_n = 5, .of = 5};
}

static void lossy_but_for_one(struct world *w) {
    all_lossy(w);
    w->service[0].retransmitted_to_client = 0;
}

/* All lose some; one loses far more, and that is its own. */
static void lossy_and_one_worse(struct world *w) {
    all_lossy(w);
    w->service[0].retransmitted_to_client = 400;
}

/* Of four, two lose as much as only they do. */
static void lossy_and_two_worse(struct world *w) {
    lossy_and_one_worse(w);
    w->service[1].retransmitted_to_client = 390;
}

static void all_far(struct world *w) {
    all_lossy(w);
    for (uint32_t i = 0; i < 4; i++) {
        w->service[i].retransmitted_to_client = w->service[i].http_responses = 0;
        w->service[i].handshake_us = (struct dist){10, 600000 + i, 610000, 620000, 630000};
        w->service[i].rtt_us = w->service[i].handshake_us;
        w->service[i].request_ack_us = w->service[i].first_byte_us = w->service[i].rtt_us;
    }
}

static void far_but_for_one(struct world *w) {
    all_far(w);
    w->service[3].handshake_us = w->service[3].rtt_us =
        (struct dist){10, 20000, 21000, 22000, 23000};
}

static const struct {
    void (*change)(struct world *w);
    const char *id;
    uint32_t findings;
    const char *blame, *subject, *headline;
} cases[] = {
    {cut_off, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "Nothing beyond the gateway"},
    {cut_off_and_no_names, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_later, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "5 hosts"},
    {cut_off_but_for_one, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443",
     "does not answer"},
    {cut_off_after_visits, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_after_visits_to_all, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {silent_for_a_while, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
    {cut_off_but_for_others, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
    {cut_off_after_others, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_but_for_another_client, "tcp_syn_timeout", 5, "network_or_server", "203.0.113.9:443",
     ""},
    {cut_off_but_for_ipv6, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
    {cut_off_but_for_ipv6_of_the_site, "tcp_syn_timeout", 1, "network", "203.0.113.9:443",
     "4 hosts"},
    {cut_off_but_for_a_visitor, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
    {cut_off_after_a_visitor, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_but_for_another_site, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_but_for_this_host, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_but_for_quic, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
    {cut_off_after_quic, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_between_two_polls, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_but_for_a_poll, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
    {cut_off_but_for_the_site, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {site_cut_off_but_for_one, "tcp_syn_timeout", 4, "network_or_server", "172.17.0.5:443", ""},
    {cut_off_but_for_the_site_and_a_vpn, "tcp_syn_timeout", 1, "network", "172.17.0.5:443",
     "4 hosts"},
    {cut_off_but_for_names, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
    {cut_off_with_names_cached, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_with_names_known, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_with_some_names, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_but_for_most_names, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
    {cut_off_but_for_names_after_one, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443",
     ""},
    {cut_off_but_for_half_of_the_names, "tcp_syn_timeout", 1, "network", "203.0.113.9:443",
     "4 hosts"},
    {cut_off_with_names_over_wifi, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
    {cut_off_but_for_names_forwarded, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443",
     ""},
    {cut_off_with_names_of_the_house, "tcp_syn_timeout", 1, "network", "203.0.113.9:443",
     "4 hosts"},
    {cut_off_after_a_dead_host, "tcp_syn_timeout", 2, "network", "203.0.113.9:443", "3 hosts"},
    {cut_off_after_a_dead_host_and_visits, "tcp_syn_timeout", 2, "network", "203.0.113.9:443",
     "3 hosts"},
    {dead_host_and_one_that_works, "tcp_syn_timeout", 7, "network_or_server", "203.0.113.9:443",
     ""},
    {many_down, "tcp_syn_timeout", 1, "network_or_server", "10.0.0.100:443",
     "51 hosts cannot be reached on port 443"},
    {fewer_down, "tcp_syn_timeout", 1, "network_or_server", "10.0.0.100:443", "50 services of"},
    {few_down, "tcp_syn_timeout", 20, "network_or_server", "10.0.0.100:443", "does not answer"},
    {rack_down, "tcp_syn_timeout", 1, "network_or_server", "10.0.0.100:440",
     "48 services of 10.0.0.100 and its neighbours cannot be reached"},
    {rack_refuses, "tcp_refused", 1, "server", "10.0.0.100:440", "48 services of"},
    {two_racks_down, "tcp_syn_timeout", 2, "network_or_server", "10.0.0.101:440", "24 services of"},
    {many_refuse, "tcp_refused", 1, "server", "10.0.0.100:443", "51 hosts"},
    {many_in_part, "tcp_partial_addresses", 1, "network_or_server", "10.0.0.100:443", ""},
    {many_of_two_ports, "tcp_syn_timeout", 2, "network_or_server", "10.0.0.100:443",
     "51 hosts cannot be reached on port 443"},
    {two_hosts_down, "tcp_syn_timeout", 2, "network_or_server", "10.0.0.10:1025",
     "25 ports of 10.0.0.10 cannot be reached"},
    {many_tried_once, "tcp_syn_timeout", 1, "network_or_server", "10.0.0.100:443", "51 hosts"},
    {cut_off_target, "tcp_syn_timeout", 1, "network", "203.0.116.9:443", "Nothing beyond"},
    {only_target_seen, "tcp_syn_timeout", 4, "network_or_server", "203.0.116.9:443",
     "does not answer"},
    {two_networks_silent, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.10:443",
     "does not answer"},
    {no_way_out, "icmp_unreachable", 1, "network", "203.0.113.9:443",
     "Nothing beyond 198.51.100.1 can be reached"},
    {all_lossy, "tcp_retransmissions", 1, "network", "203.0.113.12:443", "all of 4 servers"},
    {lossy_at_home, "tcp_retransmissions", 4, "network", "10.0.1.12:443", ""},
    {lossy_but_for_one, "tcp_retransmissions", 3, "network", "203.0.113.12:443",
     "to or from 203.0.113.12:"},
    {lossy_and_one_worse, "tcp_retransmissions", 2, "network", "203.0.113.9:443",
     "to or from 203.0.113.9:"},
    {lossy_and_two_worse, "tcp_retransmissions", 3, "network", "203.0.113.9:443",
     "to or from 203.0.113.9:"},
    {all_far, "path_latency_high", 1, "network", "203.0.113.10:443", "all of 4 servers"},
    {far_but_for_one, "path_latency_high", 3, "network", "203.0.113.10:443",
     "The path to 203.0.113.10 is long"}};

static void test_rules_one_cause_beyond(void **state) {
    static struct world w;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, cases[i].id);
        if (!f || d->n != cases[i].findings || strcmp(f->blame, cases[i].blame) != 0 ||
            strcmp(f->subject, cases[i].subject) != 0 || !strstr(f->headline, cases[i].headline))
            fail_msg("case %zu: %u findings, %s, %s, %s", i, d->n, f ? f->blame : "none",
                     f ? f->subject : "", f ? f->headline : "");
        diagnosis_free(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules_one_cause_beyond)};
    return cmocka_run_group_tests(tests, read_rules, free_rules);
}
