/* Rows that make a rule fire, or keep it quiet: what is tried at a public server that offers
 * something else, and what programs try on chance. */
#ifndef TESTS_UNIT_WITNESSES_NOISE_H
#define TESTS_UNIT_WITNESSES_NOISE_H
#include "tests/unit/witnesses_ends.h"
#include "tests/unit/witnesses_path.h"
#include "tests/unit/witnesses_strangers.h"
#include "tests/unit/witnesses_udp.h"

/* Twenty strangers each on three ports that a firewall drops; six visitors are served. */
WITNESS(noise_on_three_ports) {
    static struct msg_service s[4];
    stray_silent(w);
    s[0] = w->service[1];
    for (unsigned i = 1; i < 4; i++) {
        s[i] = w->service[0];
        s[i].port = (uint16_t[]){0, 23, 445, 3389}[i];
        s[i].attempted = s[i].timed_out = s[i].timeout_repeated = s[i].by_strangers = 20;
        s[i].timeout_syn_sent = 40;
    }
    w->s.services = (struct msg_services){.rows = s, .rows_n = 4, .of = 4};
}
/* What the host offers nobody else is served with either: it is down. */
WITNESS(nothing_served) {
    noise_on_three_ports(w);
    w->s.services.rows++;
    w->s.services.rows_n = 3;
}
/* A mail server's program is down beside others that work; mailers come once each, and wait. */
WITNESS(noise_and_mail) {
    noise_on_three_ports(w);
    w->s.services.rows[1].port = 25;
}
/* They wait as those do who need it. */
WITNESS(patience_on_three_ports) {
    noise_on_three_ports(w);
    for (unsigned i = 1; i < 4; i++) w->s.services.rows[i].timeout_syn_sent = 80;
}
/* One false address asks again and again, so that the answers flood it. */
WITNESS(amplifier_wanted) {
    stray_questions(w);
    w->resolver[0].unanswered = w->resolver[0].by_strangers = 120;
    w->resolver[0].unanswered_tries = 400;
    world_dns(w, "api.example.com", 0)->answered = false;
    world_dns(w, "api.example.com", 0)->answered = false;
}
WITNESS(two_want_answers) {
    amplifier_wanted(w);
    w->dns[w->s.dns.rows_n - 1].client.b[3]++;
}
/* A resolver that needs them. */
WITNESS(many_answers_wanted) {
    amplifier_wanted(w);
    memcpy(w->dns[w->s.dns.rows_n - 1].name, "www", 3);
}
/* A server of zones does not serve those outside who look for resolvers. */
WITNESS(refused_outside) {
    refused_all(w);
    w->resolver[0].refused = w->s.dns.rows_n = 3;
    w->resolver[0].address = w->dns[0].server = addr_from_bytes((uint8_t[]){10, 0, 0, 5}, 4);
    w->dns[0].client = w->service[0].address;
    w->dns[1] = w->dns[2] = w->dns[0];
}
WITNESS(refused_inside) {
    refused_outside(w);
    w->dns[1].client = addr_from_bytes((uint8_t[]){10, 0, 0, 7}, 4);
}
/* A whole site's customers. */
WITNESS(refused_to_many_outside) {
    refused_outside(w);
    w->dns[1].client.b[3]++;
}
WITNESS(quic_of_strangers) {
    quic_silent(w);
    w->udp[0].asked = w->udp[0].by_strangers = 4;
}
/* The web server answers its visitors, and no stranger's ping. */
WITNESS(ping_of_a_stranger) {
    struct msg_incident *n = world_incident(w, INCIDENT_PING_LOSS);
    n->count = n->tries = 10;
    n->offers = 1;
}
WITNESS(ping_of_a_client) {
    ping_of_a_stranger(w);
    w->incident[0].offers = 0;
}
WITNESS(no_cloud) {
    silent(w);
    w->service[0].address = addr_from_bytes((uint8_t[]){169, 254, 169, 254}, 4);
}
/* Browsers try TLS first, and give it up for the page without. */
WITNESS(silent_before_plain_http) {
    refused_before_plain_http(w);
    SERVICE;
    s->timed_out = s->timeout_repeated = s->refused;
    s->refused = 0;
    s->timeout_syn_sent = 3 * s->timed_out;
    s->both_directions = false;
    for (unsigned i = 0; i < 4; i += 2) w->s.connections.rows[i].state = CONN_TIMED_OUT;
}
WITNESS(servfail_hints) {
    servfail_all(w);
    w->resolver[0].servfail = w->s.dns.rows_n = 3;
    for (unsigned i = 0; i < 3; i++) {
        w->dns[i] = w->dns[0];
        w->dns[i].type = 65;
        w->dns[i].resolved = true;
    }
}
WITNESS(servfail_hints_and_more) {
    servfail_hints(w);
    w->dns[1].type = 1;
}
/* The house's own one is dead; a device asks another one, that is blocked, on chance. */
WITNESS(own_resolver_dead) {
    resolver_dead(w);
    w->resolver[1] = w->resolver[0];
    w->resolver[0].address = addr_from_bytes((uint8_t[]){10, 0, 0, 1}, 4);
    w->s.resolvers.rows_n = 2;
}
/* Two that have nothing in common: it is the way. */
WITNESS(two_resolvers_dead) {
    resolver_dead(w);
    w->resolver[1] = w->resolver[0];
    w->resolver[1].address.b[3]++;
    w->s.resolvers.rows_n = 2;
}
WITNESS(names_prohibited) {
    resolver_dead(w);
    struct msg_incident *n = world_incident(w, INCIDENT_ICMP_UNREACHABLE);
    n->subject = w->resolver[0].address;
    n->port = 53;
    n->ip_proto = 17;
    n->count = 4;
    n->value = 3 * 256 + 13;
}
/* Only those over TLS are. */
WITNESS(names_over_tls_prohibited) {
    names_prohibited(w);
    w->incident[0].port = 853;
    w->incident[0].unseen = true; /* a note only */
}

/* clang-format off */
#define WITNESSES_NOISE \
    {"tcp_syn_timeout", noise_on_three_ports, "info", "confirmed", "network_or_server", "203.0.113.9:23"}, \
    {"tcp_syn_timeout", patience_on_three_ports, "critical", "confirmed", "network_or_server", "203.0.113.9:23"}, \
    {"tcp_syn_timeout", nothing_served, "critical", "confirmed", "network_or_server", "203.0.113.9:23"}, \
    {"tcp_syn_timeout", noise_and_mail, "critical", "confirmed", "network_or_server", "203.0.113.9:25"}, \
    {"dns_no_answer", amplifier_wanted, "info", "confirmed", "name_resolution", "203.0.113.9"}, \
    {"dns_no_answer", two_want_answers, "critical", "confirmed", "name_resolution", "203.0.113.9"}, \
    {"dns_no_answer", many_answers_wanted, "critical", "confirmed", "name_resolution", "203.0.113.9"}, \
    {"dns_refused", refused_to_many_outside, "warning", "confirmed", "policy", "10.0.0.5"}, \
    {"dns_refused", refused_outside, "info", "confirmed", "policy", "10.0.0.5"}, \
    {"dns_refused", refused_inside, "warning", "confirmed", "policy", "10.0.0.5"}, \
    {"quic_blocked", quic_of_strangers, "info", "confirmed", "policy", "203.0.113.9:443"}, \
    {"ping_loss", ping_of_a_stranger, "info", "confirmed", "network_or_server", "203.0.113.9"}, \
    {"ping_loss", ping_of_a_client, "warning", "confirmed", "network_or_server", "203.0.113.9"}, \
    {"tcp_syn_timeout", no_cloud, "info", "confirmed", "network_or_server", "169.254.169.254:443"}, \
    {"tcp_syn_timeout", silent_before_plain_http, "warning", "confirmed", "network_or_server", "203.0.113.9:443"}, \
    {"dns_servfail", servfail_hints, "info", "confirmed", "name_resolution", "192.0.2.53"}, \
    {"dns_servfail", servfail_hints_and_more, "warning", "confirmed", "name_resolution", "192.0.2.53"}, \
    {"dns_no_answer", two_resolvers_dead, "critical", "confirmed", "ambiguous", "192.0.2.53"}, \
    {"dns_no_answer", own_resolver_dead, "critical", "confirmed", "name_resolution", "10.0.0.1"}, \
    {"dns_no_answer", names_prohibited, NULL, NULL, NULL, NULL}, \
    {"dns_no_answer", names_over_tls_prohibited, "critical", "confirmed", "name_resolution", "192.0.2.53"}, \
    {"icmp_prohibited", names_prohibited, "critical", "confirmed", "policy", "192.0.2.53:53"}
/* clang-format on */
#endif
