/* The same for names: their resolvers and their addresses. */
#ifndef TESTS_UNIT_WITNESSES_NAMES_H
#define TESTS_UNIT_WITNESSES_NAMES_H
#include "tests/unit/witnesses.h"

static struct addr v4_of(uint8_t last) {
    return addr_from_bytes((uint8_t[]){203, 0, 113, last}, 4);
}
static struct addr v6_of(uint8_t last) {
    uint8_t b[16] = {0x20, 1, 0xd, 0xb8};
    b[15] = last;
    return addr_from_bytes(b, 16);
}
static struct addr local_of(uint8_t last) {
    uint8_t b[16] = {0xfe, 0x80};
    b[15] = last;
    return addr_from_bytes(b, 16);
}

/* Two resolvers are asked for the same names, the first answers nothing. */
WITNESS(first_resolver_dead) {
    RESOLVER;
    w->resolver[1] = *r;
    w->resolver[1].address = addr_from_bytes((uint8_t[]){192, 0, 2, 54}, 4);
    w->resolver[2] = *r; /* has nothing to do with it */
    w->resolver[2].address = addr_from_bytes((uint8_t[]){192, 0, 2, 55}, 4);
    w->s.resolvers.rows_n = 3;
    r->responses = r->noerror = 0;
    r->transactions = r->unanswered = 2;
    r->unanswered_tries = 4;
    r->unanswered_wait_us = 20000000;
    for (unsigned i = 0; i < 4; i++) {
        struct msg_dns_row *d = world_dns(w, "www.example.com", 0);
        d->type = i % 2 ? 28 : 1;
        d->at_us = i < 2 ? 1000000 : 2005000;
        d->answered = i >= 2;
        if (i >= 2) d->server = w->resolver[1].address;
    }
}
WITNESS(first_resolver_dead_two_tries) {
    first_resolver_dead(w);
    w->resolver[0].unanswered_tries = 2;
}
/* The answers of the other one were not kept, but the name is known to have been resolved. */
WITNESS(first_resolver_dead_many_names) {
    first_resolver_dead(w);
    w->dns[0].resolved = true;
    w->s.dns.rows_n = 2;
}
/* One datagram lost, and asked elsewhere. */
WITNESS(first_resolver_lost_one) {
    first_resolver_dead(w);
    w->resolver[0].unanswered = w->resolver[0].unanswered_tries = 1;
    w->resolver[0].unanswered_wait_us = 1000000;
}
/* It answers other questions. */
WITNESS(first_resolver_alive) {
    first_resolver_dead(w);
    w->resolver[0].responses = 8;
    w->resolver[0].transactions = 10;
}
/* The other one is asked for other names: it does not take this one's place. */
WITNESS(resolver_dead_other_names) {
    first_resolver_dead(w);
    strcpy(w->dns[2].name, "other.example.com");
    strcpy(w->dns[3].name, "other.example.com");
}
/* Or by another client. */
WITNESS(resolver_dead_other_client) {
    first_resolver_dead(w);
    w->dns[2].client = w->dns[3].client = w->resolver[1].address;
}

/* The other one is asked from the host's address of the other family. */
WITNESS(first_resolver_dead_other_family) {
    first_resolver_dead(w);
    w->resolver[0].address = v6_of(53);
    for (unsigned i = 0; i < 4; i++) {
        w->dns[i].client = i < 2 ? v6_of(1) : addr_from_bytes((uint8_t[]){10, 0, 0, 1}, 4);
        w->dns[i].client_mark = 7;
        if (i < 2) w->dns[i].server = w->resolver[0].address;
    }
}
/* Or from its address that leads further. */
WITNESS(first_resolver_dead_other_reach) {
    first_resolver_dead_other_family(w);
    for (unsigned i = 2; i < 4; i++) w->dns[i].client = local_of(1);
}
/* From one that leads as far: a router's, behind which others ask. */
WITNESS(resolver_dead_same_reach) {
    first_resolver_dead_other_family(w);
    for (unsigned i = 2; i < 4; i++) w->dns[i].client = v6_of(2);
}
/* Two hosts. */
WITNESS(resolver_dead_other_host) {
    first_resolver_dead_other_family(w);
    w->dns[2].client_mark = w->dns[3].client_mark = 8;
}
/* Behind a router, as another one that asks over IPv4 shows. */
WITNESS(resolver_dead_behind_a_router) {
    first_resolver_dead_other_family(w);
    struct msg_dns_row *d = world_dns(w, "other.example.com", 0);
    d->client = addr_from_bytes((uint8_t[]){10, 0, 0, 2}, 4);
    d->client_mark = 7;
}
/* Nothing is known of the link. */
WITNESS(resolver_dead_no_link) {
    first_resolver_dead_other_family(w);
    for (unsigned i = 0; i < 4; i++) w->dns[i].client_mark = 0;
}
/* The other one is asked at the same time, or a little before. */
WITNESS(resolver_dead_asked_with_another) {
    first_resolver_dead_other_family(w);
    for (unsigned i = 2; i < 4; i++) {
        w->dns[i].at_us = w->dns[0].at_us + 50 - i * 20;
        w->dns[i].took_us = 10000;
    }
}
/* Asked once, without answer for long; the name was found elsewhere. */
WITNESS(resolver_dead_asked_once) {
    first_resolver_dead(w);
    w->resolver[0].unanswered = w->resolver[0].unanswered_tries = 1;
}
WITNESS(resolver_closed_beside_another) {
    first_resolver_dead(w);
    udp_closed_resolver(w);
}

/* A resolver far away takes as long as the nearest of so many servers. */
static void dns_over_a_long_line(struct world *w, uint32_t servers) {
    w->resolver[0].latency_us = (struct dist){8, 130000, 134000, 150000, 170000};
    w->service[0].handshake_us = (struct dist){4, 128000, 130000, 135000, 140000};
    for (uint32_t i = 1; i < servers; i++) {
        w->service[i] = w->service[0];
        w->service[i].address.b[3] = (uint8_t)(20 + i);
    }
    w->s.services.rows_n = servers;
}
WITNESS(dns_as_slow_as_the_line) {
    dns_over_a_long_line(w, 3);
}
WITNESS(dns_as_slow_as_few) {
    dns_over_a_long_line(w, 2);
}
/* All names are asked of two servers at once, or of this one first. */
static void slower_of_two(struct world *w, uint64_t between_us) {
    dns_slow(w);
    for (unsigned i = 0; i < 8; i++) {
        struct msg_dns_row *d = world_dns(w, "www.example.net", 0);
        d->at_us = i / 2 * 1000000 + i % 2 * between_us;
        d->took_us = i % 2 ? 12000 : 250000;
        if (i % 2) d->server.b[3]++;
    }
}
WITNESS(dns_slower_of_two) {
    slower_of_two(w, 0);
}
WITNESS(dns_slower_of_two_in_turn) {
    slower_of_two(w, 150000);
}
WITNESS(dns_slower_than_the_line) {
    dns_over_a_long_line(w, 3);
    w->resolver[0].latency_us.p50_us = 170000;
}
/* One server is near: so is the line. */
WITNESS(dns_slow_beside_one_near) {
    dns_over_a_long_line(w, 4);
    w->service[3].handshake_us.p50_us = 20000;
}
/* A device on the local network says nothing of the line. */
WITNESS(dns_as_slow_as_the_line_of_the_house) {
    dns_over_a_long_line(w, 4);
    w->service[3].handshake_us.p50_us = 500;
    w->service[3].address = addr_from_bytes((uint8_t[]){192, 168, 1, 70}, 4);
}
/* Nor do handshakes that wait for the client, seen beside the servers. */
WITNESS(dns_slow_where_clients_are_far) {
    dns_over_a_long_line(w, 3);
    for (unsigned i = 0; i < 3; i++) w->service[i].handshakes_by_client = 4;
}
/* A router that asks over such a line, and an office at its far end. */
WITNESS(dns_of_a_router_on_a_long_line) {
    dns_over_a_long_line(w, 3);
    w->resolver[0].address = addr_from_bytes((uint8_t[]){192, 168, 1, 1}, 4);
}
WITNESS(dns_of_a_far_office) {
    dns_over_a_long_line(w, 3);
    w->resolver[0].address = addr_from_bytes((uint8_t[]){10, 0, 0, 53}, 4);
    for (unsigned i = 0; i < 3; i++) w->service[i].address.b[0] = 10;
}
/* A resolver of the house, and another network far away. */
WITNESS(dns_of_a_house_beside_a_far_office) {
    dns_of_a_far_office(w);
    w->resolver[0].address.b[1] = 99;
}
/* Half of its answers take seconds, and so does all else. */
WITNESS(dns_over_seconds_of_line) {
    dns_over_a_long_line(w, 3);
    w->resolver[0].latency_us = (struct dist){8, 1200000, 1250000, 1300000, 1400000};
    for (unsigned i = 0; i < 3; i++) w->service[i].handshake_us.p50_us = 1200000;
}
WITNESS(dns_once_slow_on_a_long_line) {
    dns_over_a_long_line(w, 3);
    w->resolver[0].latency_us.max_us = 3000000;
}

/* Another address of the same name, as healthy as the first. */
static struct msg_service *sibling(struct world *w, struct addr address) {
    struct msg_service *s = &w->service[w->s.services.rows_n++];
    *s = w->service[0];
    s->address = address;
    return s;
}
WITNESS(partly_silent) {
    sibling(w, v4_of(10));
    silent(w);
}
WITNESS(partly_refused) {
    sibling(w, v4_of(10));
    refused(w);
}
/* Two dead addresses of one name are one finding. */
WITNESS(partly_silent_two) {
    sibling(w, v4_of(10));
    silent(w);
    sibling(w, v4_of(11))->timed_out = 3;
}
/* Known by address only: the names on the wire differ, as with aliases. */
WITNESS(partly_silent_target) {
    partly_silent(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    strcpy(w->service[1].name, "edge.cdn.example");
    w->service[0].target_address = w->service[1].target_address = true;
}
WITNESS(all_silent) {
    silent(w);
    sibling(w, v4_of(10));
}
WITNESS(partly_one_syn) {
    partly_silent(w);
    w->service[0].timed_out = w->service[0].timeout_syn_sent = 1;
    w->service[0].timeout_repeated = 0;
}
WITNESS(another_name_silent) {
    partly_silent(w);
    strcpy(w->service[1].name, "other.example.com");
}
WITNESS(another_port_silent) {
    partly_silent(w);
    w->service[1].port = 80;
}
WITNESS(partly_silent_sometimes) {
    sibling(w, v4_of(10));
    silent_sometimes(w);
}
/* IPv6 is tried first and stays silent; IPv4 comes up a quarter of a second later. */
WITNESS(ipv6_silent) {
    static struct msg_connection c[4];
    sibling(w, v4_of(10));
    silent(w);
    w->service[0].address = v6_of(9);
    w->service[0].timed_out = 2;
    w->service[0].timeout_repeated = 0; /* given up after one SYN, each time */
    w->service[0].timeout_syn_sent = w->service[0].syn_sent = 2;
    memset(c, 0, sizeof c);
    for (unsigned i = 0; i < 4; i++)
        c[i] = (struct msg_connection){.client = w->resolver[0].address,
                                       .server = w->service[i % 2].address,
                                       .server_port = 443,
                                       .state = i % 2 ? CONN_CLOSED : CONN_TIMED_OUT,
                                       .start_us = i / 2 * 5000000 + i % 2 * 250000};
    w->s.connections = (struct msg_connections){.rows = c, .rows_n = 4, .of = 4};
}
/* Each site is tried once over IPv6, and given up for IPv4. */
WITNESS(ipv6_silent_everywhere) {
    static struct msg_service s[6];
    ipv6_silent(w);
    for (unsigned i = 0; i < 6; i++) {
        s[i] = w->service[i % 2];
        s[i].address.b[s[i].address.len - 1] = (uint8_t)(9 + i);
        s[i].address.b[0] = s[i].address.len == 16 ? 0x20 : 203;
        s[i].address.b[1] = s[i].address.len == 16 ? 0x01 : 0;
        s[i].address.b[5] = s[i].address.len == 16 ? (uint8_t)i : 0;
        s[i].name[0] = (char)('a' + i / 2);
        if (i % 2) continue;
        s[i].attempted = s[i].timed_out = s[i].timeout_syn_sent = s[i].syn_sent = 1;
    }
    w->s.services = (struct msg_services){.rows = s, .rows_n = 6, .of = 6};
}
WITNESS(ipv6_silent_at_one) {
    ipv6_silent_everywhere(w);
    w->s.services.rows_n = 2;
}
WITNESS(ipv6_works_somewhere) {
    ipv6_silent_everywhere(w);
    struct msg_service *s = &w->s.services.rows[4];
    s->timed_out = s->timeout_syn_sent = 0;
    s->established = 1;
}
WITNESS(ipv6_unreachable) {
    ipv6_silent(w);
    w->service[0].timed_out = w->service[0].timeout_syn_sent = 0;
    w->service[0].unreachable = 1;
    world_incident(w, INCIDENT_ICMP_UNREACHABLE)->value = 65536 + 256;
}
WITNESS(ipv6_silent_repeated) {
    ipv6_silent(w);
    w->service[0].timeout_repeated = 2;
}
/* Given up once, when IPv4 was faster. */
WITNESS(ipv6_given_up_once) {
    ipv6_silent(w);
    w->service[0].timed_out = w->service[0].timeout_syn_sent = 1;
}
WITNESS(ipv6_partly_silent) {
    ipv6_silent_repeated(w);
    struct msg_service *works = sibling(w, v6_of(10));
    works->established = 5;
    works->timed_out = works->timeout_repeated = works->timeout_syn_sent = 0;
}
WITNESS(ipv6_refused) {
    ipv6_silent(w);
    w->service[0].timed_out = w->service[0].timeout_syn_sent = 0;
    w->service[0].refused = 2;
}
WITNESS(both_families_silent) {
    ipv6_silent_repeated(w);
    w->service[1].established = 0;
    w->service[1].timed_out = w->service[1].timeout_repeated = 2;
    w->service[1].timeout_syn_sent = 4;
}
WITNESS(ipv4_silent) {
    partly_silent(w);
    w->service[1].address = v6_of(9);
}

/* Servers of zones, as a resolver meets them. */
WITNESS(zone_server_far_away) {
    w->resolver[0].latency_us = (struct dist){30, 160000, 170000, 180000, 190000};
    w->resolver[0].iterative = true;
}
WITNESS(zone_lame) {
    servfail_all(w);
    w->resolver[0].iterative = true;
}
WITNESS(zone_lame_of_target) {
    servfail_target(w);
    w->resolver[0].iterative = true;
}
WITNESS(zone_refuses) {
    refused_all(w);
    w->resolver[0].iterative = true;
}
WITNESS(zone_has_no_such_names) {
    nxdomain_many(w);
    w->resolver[0].iterative = true;
}
WITNESS(zone_asked_again) {
    retried_twice(w);
    w->resolver[0].iterative = true;
}
WITNESS(zone_server_dead) {
    first_resolver_dead(w);
    w->resolver[0].iterative = true;
}
WITNESS(zone_dead) {
    resolver_dead(w);
    w->resolver[0].iterative = true;
}

#endif
