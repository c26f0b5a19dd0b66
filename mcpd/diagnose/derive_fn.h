#ifndef MCPD_DIAGNOSE_DERIVE_FN_H
#define MCPD_DIAGNOSE_DERIVE_FN_H
#include "mcpd/diagnose/derive.h"

/* Computed values, one table of names per subject; each table ends with a NULL name. */
struct computed {
    const char *name;
    derive_fn fn;
};
enum { RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5 }; /* RFC 1035 section 4.1.1 */

extern const struct computed computed_totals[], computed_services[], computed_resolvers[],
    computed_incidents[], computed_connections[], computed_names[], computed_udp[],
    computed_media[], computed_dns[], computed_tls[], computed_strain[], computed_load[],
    computed_hosts[];

/* What the rows of all addresses of the row's asker have in common; 0: nothing is known. */
uint64_t derive_host_mark(const struct derive_row *r, const struct msg_dns_row *d);

/* Did one host ask both?  Resolvers of another family or reach are asked from another address;
 * `mark` is derive_host_mark() of `a`. */
bool derive_same_asker(const struct msg_dns_row *a, const struct msg_dns_row *b, uint64_t mark);

/* 1 if the row is what the caller named; never when nothing was named.  All modes but `diagnosis`
 * select the target's traffic in the worker already. */
bool derive_of_target(const struct derive_row *r, double *out);
/* The row belongs to what the caller named, as either end.  All modes but `diagnosis` select the
 * target's traffic in the worker already. */
bool derive_is_selected(const struct derive_row *r);

/* Services that never worked: ports of this host, this port of all hosts, any of this network; 0
 * where the row itself did. */
bool derive_ports_failing_here(const struct derive_row *r, double *out);
bool derive_hosts_failing_there(const struct derive_row *r, double *out);
bool derive_services_failing_near(const struct derive_row *r, double *out);

/* Of these, those that one client tried once, or twice in a row, and, of the hosts, have no name; 0
 * where more than a few work, or the row itself is none of them. */
bool derive_ports_searched_here(const struct derive_row *r, double *out);
bool derive_hosts_searched_there(const struct derive_row *r, double *out);

/* Services of the kind that peers of peers offer, which did not answer; the first of them stands
 * for all. */
bool derive_peers_failing(const struct derive_row *r, double *out);
bool derive_peers_first(const struct derive_row *r, double *out);
bool derive_incident_peers_failing(const struct derive_row *r, double *out);
bool derive_incident_peers_first(const struct derive_row *r, double *out);

/* A service of DNS over TLS that never worked, whose clients ask without TLS as well. */
bool derive_dns_over_tls_tried(const struct derive_row *r, double *out);

/* Did the caller name the row's port; and that port of this very host? */
bool derive_port_asked(const struct derive_row *r, double *out);
bool derive_asked_for(const struct derive_row *r, double *out);

/* Connections and answers that the host of a service or resolver, or an incident's subject, gave;
 * its UDP ports, the row's included, that it said are closed; gateways before it that are silent.
 */
bool derive_served_here(const struct derive_row *r, double *out);
bool derive_incident_served_here(const struct derive_row *r, double *out);
bool derive_resolver_served_here(const struct derive_row *r, double *out);
bool derive_udp_served_here(const struct derive_row *r, double *out);
bool derive_udp_silent_here(const struct derive_row *r, double *out);
bool derive_beyond_silence(const struct derive_row *r, double *out);
bool derive_incident_beyond_silence(const struct derive_row *r, double *out);
bool derive_resolver_beyond_silence(const struct derive_row *r, double *out);
bool derive_udp_beyond_silence(const struct derive_row *r, double *out);
bool derive_incident_closed_here(const struct derive_row *r, double *out);
bool derive_resolver_closed_here(const struct derive_row *r, double *out);

/* derive_shared.c: find in the view a client of each family whose way out the others share, and
 * since when how many places beyond are silent.  Before any other. */
void derive_shared(struct capture_view *v);
/* Hosts beyond the local network that share the row's trouble, when no host there
 * fares better.  Unknown otherwise. */
bool derive_silent_beyond(const struct derive_row *r, double *out);
bool derive_heard_beyond(const struct derive_row *r, double *out);
bool derive_incident_silent_beyond(const struct derive_row *r, double *out);
bool derive_resolver_silent_beyond(const struct derive_row *r, double *out);
bool derive_udp_silent_beyond(const struct derive_row *r, double *out);
bool derive_connection_silent_beyond(const struct derive_row *r, double *out);
bool derive_no_way_beyond(const struct derive_row *r, double *out);
bool derive_lossy_beyond(const struct derive_row *r, double *out);
bool derive_far_beyond(const struct derive_row *r, double *out);

/* derive_clients.c: how many of a service's clients a trouble concerns. */
bool derive_http_4xx_clients(const struct derive_row *r, double *out);
bool derive_alerts_once(const struct derive_row *r, double *out);
bool derive_alerts_outside(const struct derive_row *r, double *out);
/* An address of an inner network, or of this host. */
bool derive_is_inside(const struct derive_row *r, const struct addr *a);
bool derive_vanished(const struct derive_row *r, double *out);
bool derive_retransmitted_to_others(const struct derive_row *r, double *out);
bool derive_client_is_target(const struct derive_row *r, double *out);

static inline bool is(double *out, bool truth) {
    *out = truth ? 1 : 0;
    return true;
}

/* Of resolvers: this one was asked. */
static inline bool derive_is_mine(const struct derive_row *r, const struct msg_dns_row *d) {
    const struct msg_resolver *me = r->row;
    return d->server_port == me->port && addr_equal(&d->server, &me->address);
}

/* Its handshake was done, and seen. */
static inline bool derive_came_up(const struct msg_connection *c) {
    return c->state == CONN_CLOSED || c->state == CONN_RESET || c->state == CONN_OPEN;
}

static inline bool number(double *out, uint64_t v) {
    *out = (double)v;
    return true;
}

/* Unknown when there is nothing to be a part of. */
static inline bool percent(double *out, uint64_t part, uint64_t whole) {
    if (whole == 0) return false;
    *out = 100.0 * (double)part / (double)whole;
    return true;
}

/* The service an incident is about, or NULL. */
const struct msg_service *derive_incident_service(const struct derive_row *r);

/* Lists for evidence; see derive_list_find(). */
unsigned derive_established_by_address(const struct derive_row *r, struct derive_item *out);
unsigned derive_failed_by_address(const struct derive_row *r, struct derive_item *out);
unsigned derive_refused_by_address(const struct derive_row *r, struct derive_item *out);
unsigned derive_answered_by_resolver(const struct derive_row *r, struct derive_item *out);

/* A reset that looks like the server's own: as many hops, what was sent is acknowledged, and not
 * sooner than it can have come. */
bool derive_by_itself(const struct derive_row *r, double *out);

/* derive_ends.c: of a service; of incidents. */
bool derive_idle_broken(const struct derive_row *r, double *out);
/* 1 no way, 2 prohibited, 3 no such port or protocol, 0 something else. */
bool derive_icmp_class(const struct derive_row *r, double *out);
bool derive_ended_by(const struct derive_row *r, double *out);
bool derive_silent_end_lives(const struct derive_row *r, double *out);
bool derive_ttl_rst(const struct derive_row *r, double *out);
bool derive_ttl_flow(const struct derive_row *r, double *out);
bool derive_other_names_work(const struct derive_row *r, double *out);

/* Sources of a finding's own `name`; see derive_name_find(). */
const char *derive_servfail_name(const struct derive_row *r);
const char *derive_nxdomain_name(const struct derive_row *r);
const char *derive_refused_name(const struct derive_row *r);
const char *derive_host_of_4xx(const struct derive_row *r);
const char *derive_host_of_5xx(const struct derive_row *r);
const char *derive_udp_name(const struct derive_row *r);
const char *derive_cut_name(const struct derive_row *r);
const char *derive_nodata_name(const struct derive_row *r);
const char *derive_retry_name(const struct derive_row *r);
const char *derive_stall_name(const struct derive_row *r);
const char *derive_truncated_name(const struct derive_row *r);
const char *derive_private_name(const struct derive_row *r);
const char *derive_disputed_name(const struct derive_row *r);
const char *derive_host_name(const struct derive_row *r);

/* Of what was sent again: seen to be needless here, or said to be by the receiver (the same ones
 * mostly, so the larger number counts). */
static inline uint64_t needless_of(uint64_t spurious, uint64_t dsacks) {
    return dsacks > spurious ? dsacks : spurious;
}
#endif
