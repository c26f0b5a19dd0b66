/* Computed values of the capture as a whole, and the look-up of all computed values.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <string.h>

/* ICMP types (RFC 792) and ICMPv6 types (RFC 4443 section 4.2, RFC 4861 section 4) */
enum { ECHO_REPLY = 0 };
enum { ECHO_REPLY6 = 129, ND_SOLICIT = 135, ND_ADVERTISE = 136 };

/* ---- the capture as a whole ---------------------------------------------------------------- */
#define TOTALS_OF(r) (&(r)->view->snapshot->totals)

static uint64_t missed_of(const struct msg_totals *t) {
    return t->missed_kernel + t->missed_interface;
}

static bool t_missed(const struct derive_row *r, double *out) {
    return number(out, missed_of(TOTALS_OF(r)));
}

static bool t_drop_percent(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return percent(out, missed_of(t), t->received + missed_of(t));
}

static bool t_gap_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->gap_acks, TOTALS_OF(r)->acks);
}

/* What the capture missed by the worse of its two signs; 0 when there is none. */
static bool t_missed_percent(const struct derive_row *r, double *out) {
    double drops = 0, gaps = 0;
    if (!t_drop_percent(r, &drops)) drops = 0;
    if (!t_gap_percent(r, &gaps)) gaps = 0;
    *out = drops > gaps ? drops : gaps;
    return true;
}

static bool t_file_unread_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->file_unread_bytes, TOTALS_OF(r)->file_bytes);
}

static bool t_duplicate_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->duplicates, TOTALS_OF(r)->seen);
}

static bool t_one_sided_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->one_sided_flows, TOTALS_OF(r)->tcp_flows);
}

static bool t_midstream_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->midstream, TOTALS_OF(r)->tcp_flows);
}

static bool t_ended(const struct derive_row *r, double *out) {
    return is(out, derive_ended(r->view));
}

static bool t_failed(const struct derive_row *r, double *out) {
    return is(out, r->view->state == CAPTURE_FAILED);
}

static bool t_has_target(const struct derive_row *r, double *out) {
    return is(out, derive_has_target(r->view));
}

static bool asks_for_ports(const struct capture_view *v) {
    return v->target && (v->target->mode == MODE_PORT || v->target->mode == MODE_WEB);
}

static bool t_some_ports(const struct derive_row *r, double *out) {
    return is(out, asks_for_ports(r->view));
}

/* Did the kernel keep packets from the capture: by the mode, or a filter that was given? */
static bool t_filtered(const struct derive_row *r, double *out) {
    const struct capture_view *v = r->view;
    bool narrow = asks_for_ports(v) || (v->filter && v->filter[0]);
    return is(out, !v->snapshot->totals.file && narrow);
}

static bool t_has_target_name(const struct derive_row *r, double *out) {
    return is(out, r->view->target && r->view->target->name[0]);
}

static bool t_target_addresses(const struct derive_row *r, double *out) {
    return number(out, r->view->target ? r->view->target->addresses : 0);
}

static bool t_tables(const struct derive_row *r, double *out) {
    return is(out, r->view->snapshot->full);
}

static uint64_t rcode_count(const struct msg_totals *t, uint64_t code) {
    for (uint32_t i = 0; i < t->dns_rcodes_n; i++)
        if (t->dns_rcodes[i].code == code) return t->dns_rcodes[i].count;
    return 0;
}

/* Table entries and incidents for which there was no room. */
static bool t_entries_lost(const struct derive_row *r, double *out) {
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    uint64_t dropped = all->of > all->rows_n ? all->of - all->rows_n : 0;
    return number(out, TOTALS_OF(r)->evicted + dropped);
}

static bool t_fragment_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->fragments, TOTALS_OF(r)->seen);
}

/* ICMP 11/1, ICMPv6 3/1: a host waited for the rest of a datagram in vain. */
static bool t_reassembly_failed(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    uint64_t n = 0;
    for (uint32_t i = 0; i < t->icmp_types_n; i++)
        if (t->icmp_types[i].code == 11 * 256 + 1) n += t->icmp_types[i].count;
    for (uint32_t i = 0; i < t->icmpv6_types_n; i++)
        if (t->icmpv6_types[i].code == 3 * 256 + 1) n += t->icmpv6_types[i].count;
    return number(out, n);
}

/* Connections that their client gave up when the server had answered: so do health checks. */
static uint64_t tried_and_left(const struct capture_view *v) {
    const struct msg_incidents *all = &v->snapshot->incidents;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *row = &all->rows[i];
        bool left = row->kind == INCIDENT_HALF_OPEN_RESET && row->worked && !row->toward_client;
        n += left ? row->count : 0;
    }
    return n;
}

/* Connections were tried and none came up, for whatever reason.  Where the caller named a target,
 * attempts that are too young to judge are no sign of health either. */
static bool t_none_set_up(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    uint64_t young = derive_has_target(r->view) ? 0 : t->pending;
    return is(out, t->attempted > young && t->established + t->midstream == 0 &&
                       tried_and_left(r->view) == 0);
}

static uint64_t icmpv6_messages(const struct msg_totals *t, uint64_t type) {
    for (uint32_t i = 0; i < t->icmpv6_types_n; i++)
        if (t->icmpv6_types[i].code == type * 256u) return t->icmpv6_types[i].count;
    return 0;
}

/* Did a ping of the target come back?  It says nothing of a port, and in the mode that sees the
 * whole network it may be another host's. */
static bool target_pinged(const struct capture_view *v) {
    const struct msg_totals *t = &v->snapshot->totals;
    uint64_t n = icmpv6_messages(t, ECHO_REPLY6);
    for (uint32_t i = 0; i < t->icmp_types_n; i++)
        if (t->icmp_types[i].code / 256 == ECHO_REPLY) n += t->icmp_types[i].count;
    return n > 0 && v->target->ports == 0 && v->target->mode != MODE_DIAGNOSIS;
}

/* Datagrams of the target passed in one direction, and nothing else of it in both: so do messages
 * that need no answer, and so does a service that is down.  Media are judged by what arrives. */
static bool t_one_way(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return is(out, derive_has_target(r->view) && t->target_udp_one_way > 0 &&
                       t->target_flows_both == 0 && r->view->snapshot->streams.rows_n == 0 &&
                       !target_pinged(r->view));
}

/* Names were asked for and nothing else happened, and no answer came as long as it was watched. */
static bool t_names_open(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return is(out, t->dns_transactions > 0 && t->dns_responses == 0 && t->tcp_flows == 0);
}

/* Of the target nothing was seen but questions for the next hop's address and their answers, by ARP
 * or IPv6 neighbour discovery (RFC 4861): hosts repeat these on their own, so they are no sign that
 * anybody used the target. */
static bool t_only_neighbours(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    uint64_t n = icmpv6_messages(t, ND_SOLICIT) + icmpv6_messages(t, ND_ADVERTISE);
    for (uint32_t i = 0; i < t->protocols_n; i++)
        if (t->protocols[i].proto == PROTO_ARP) n += t->protocols[i].packets;
    return is(out, derive_has_target(r->view) && t->packets > 0 && n >= t->packets);
}

/* mcpd's own connection to the target did not work. */
static bool t_probe_failed(const struct derive_row *r, double *out) {
    return is(out, r->view->probe_failed);
}

#define HIDDEN_SHARE                                                                               \
    10u /* a tenth of what was captured: too much to say that nothing was wrong                    \
         */

/* What passed, or too much of it where all was asked about, is of a kind that cannot be looked
 * into: no IP and no ARP, sealed, or without its headers. */
static bool t_nothing_legible(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    uint64_t other = 0;
    for (uint32_t i = 0; i < t->protocols_n; i++)
        if (t->protocols[i].proto == PROTO_OTHER) other = t->protocols[i].packets;
    uint64_t legible = t->packets > other ? t->packets - other : 0;
    legible -= legible < t->headless_packets ? legible : t->headless_packets;
    bool sealed = t->sealed_packets > legible,
         cut = t->headless_packets > t->packets / HIDDEN_SHARE;
    bool mostly = (sealed || cut) && !derive_has_target(r->view); /* may be others' */
    return is(out, t->packets > 0 && (legible == 0 || mostly));
}

static uint64_t unread_of(const struct msg_totals *t) {
    return t->unread_dns + t->unread_dhcp + t->unread_tcp;
}

static bool t_unread_packets(const struct derive_row *r, double *out) {
    return number(out, unread_of(TOTALS_OF(r)));
}

/* Of too much only the headers were kept. */
static bool t_contents_cut(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return is(out, unread_of(t) > t->packets / HIDDEN_SHARE);
}

/* No question of ARP or neighbour discovery is open. */
static bool t_neighbours_answered(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return is(out, t->arp_replies >= t->arp_requests &&
                       icmpv6_messages(t, ND_ADVERTISE) >= icmpv6_messages(t, ND_SOLICIT));
}

static bool host_is_target(const struct target *t, const struct addr *a) {
    for (uint32_t i = 0; i < t->addresses; i++)
        if (a->len == t->address[i].address.len &&
            addr_in_prefix(a, &t->address[i].address, (unsigned)t->address[i].prefix_len))
            return true;
    return false;
}

/* Packets whose ports stand in no table: all but TCP, ICMP and, if port 53 is not meant, DNS. */
static bool ports_unknown(const struct capture_view *v) {
    const struct msg_totals *t = &v->snapshot->totals;
    bool dns_meant = false;
    uint64_t n = 0, dns = 0;
    for (uint32_t i = 0; i < v->target->ports; i++) dns_meant |= v->target->port[i] == 53;
    for (uint32_t i = 0; i < t->protocols_n; i++) {
        const struct msg_protocol *p = &t->protocols[i];
        if (p->proto == PROTO_UDP || p->proto == PROTO_SCTP) n += p->packets;
        if (p->proto == PROTO_DNS && !dns_meant) dns = p->packets;
    }
    return n > dns;
}

/* Names were asked for, and each question got an answer that is no failure. */
static bool are_names_fine(const struct msg_totals *t) {
    return t->dns_responses > 0 && t->dns_unanswered == 0 && rcode_count(t, 2) == 0 &&
           rcode_count(t, 3) == 0 && rcode_count(t, 5) == 0;
}

static bool t_dns_fine(const struct derive_row *r, double *out) {
    return is(out, are_names_fine(TOTALS_OF(r)));
}

/* The whole network was judged, and in no table is anything of the target.  Tables that are not
 * complete prove nothing; nor do they for a port, unless all that passed was TCP, or its host was
 * not seen at all.  Of the web: names alone, which may be anybody's. */
static bool t_target_missing(const struct derive_row *r, double *out) {
    const struct snapshot *s = r->view->snapshot;
    const struct msg_totals *t = TOTALS_OF(r);
    enum mode mode = r->view->target ? r->view->target->mode : MODE_AUTO;
    if (mode == MODE_WEB && t->tcp_flows + t->quic_attempts == 0 && are_names_fine(t))
        return is(out, true);
    bool missing = mode == MODE_DIAGNOSIS && derive_has_target(r->view) && s->full &&
                   s->connections.rows_n >= s->connections.of &&
                   s->services.rows_n >= s->services.of && s->hosts.rows_n >= s->hosts.of;
    for (unsigned table = TABLE_SERVICES; missing && table < TABLE_COUNT; table++) {
        if (table == TABLE_HOSTS) continue; /* below */
        for (uint32_t i = 0; missing && i < derive_rows(s, (enum table_id)table); i++) {
            const void *row = derive_row_at(s, (enum table_id)table, i);
            struct derive_row at = {r->view, (enum table_id)table, row};
            missing = !derive_on_target(&at);
        }
    }
    bool seen = false;
    for (uint32_t i = 0; missing && i < s->hosts.rows_n; i++)
        seen |= host_is_target(r->view->target, &s->hosts.rows[i].address);
    bool host = missing && (r->view->target->name[0] || r->view->target->addresses);
    if (missing && (seen || !host)) missing = r->view->target->ports && !ports_unknown(r->view);
    return is(out, missing);
}

/* The caller named a host by its address, and the row is of another one, which it talks to. */
static bool is_of_other_end(const struct derive_row *r) {
    const struct target *t = r->view->target;
    const struct addr *address;
    unsigned port;
    return t->mode == MODE_DOMAIN && !t->name[0] && t->addresses > 0 &&
           derive_subject(r, &address, &port) && !host_is_target(t, address);
}

bool derive_is_selected(const struct derive_row *r) {
    bool all = r->view->target && r->view->target->mode != MODE_DIAGNOSIS;
    return derive_has_target(r->view) && (all || derive_on_target(r));
}

/* The row is what the caller named; never true when nothing was named. */
bool derive_of_target(const struct derive_row *r, double *out) {
    return is(out, derive_is_selected(r) && !is_of_other_end(r));
}

const struct computed computed_totals[] = {
    {"entries_lost", t_entries_lost},
    {"missed", t_missed},
    {"drop_percent", t_drop_percent},
    {"gap_percent", t_gap_percent},
    {"missed_percent", t_missed_percent},
    {"file_unread_percent", t_file_unread_percent},
    {"duplicate_percent", t_duplicate_percent},
    {"one_sided_percent", t_one_sided_percent},
    {"midstream_percent", t_midstream_percent},
    {"ended", t_ended},
    {"failed", t_failed},
    {"has_target", t_has_target},
    {"filtered", t_filtered},
    {"some_ports", t_some_ports},
    {"has_target_name", t_has_target_name},
    {"target_addresses", t_target_addresses},
    {"tables", t_tables},
    {"dns_fine", t_dns_fine},
    {"fragment_percent", t_fragment_percent},
    {"reassembly_failed", t_reassembly_failed},
    {"none_set_up", t_none_set_up},
    {"one_way", t_one_way},
    {"names_open", t_names_open},
    {"only_neighbours", t_only_neighbours},
    {"probe_failed", t_probe_failed},
    {"nothing_legible", t_nothing_legible},
    {"unread_packets", t_unread_packets},
    {"contents_cut", t_contents_cut},
    {"neighbours_answered", t_neighbours_answered},
    {"target_missing", t_target_missing},
    {NULL, NULL},
};

/* ---- by name ------------------------------------------------------------------------------- */
derive_fn derive_fn_find(enum table_id table, const char *name) {
    static const struct computed *const by_table[TABLE_COUNT] = {
        [TABLE_TOTALS] = computed_totals,       [TABLE_SERVICES] = computed_services,
        [TABLE_RESOLVERS] = computed_resolvers, [TABLE_CONNECTIONS] = computed_connections,
        [TABLE_INCIDENTS] = computed_incidents, [TABLE_UDP] = computed_udp,
        [TABLE_MEDIA] = computed_media,         [TABLE_HOSTS] = computed_hosts};
    bool services = table == TABLE_SERVICES;
    const struct computed *const lists[] = {by_table[table],
                                            services ? computed_names : NULL,
                                            services ? computed_tls : NULL,
                                            services ? computed_strain : NULL,
                                            table == TABLE_RESOLVERS ? computed_dns : NULL,
                                            table == TABLE_TOTALS ? computed_load : NULL};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (const struct computed *c = lists[i]; c && c->name; c++)
            if (strcmp(c->name, name) == 0) return c->fn;
    return NULL;
}

derive_list_fn derive_list_find(enum table_id table, const char *name) {
    static const struct {
        enum table_id table;
        const char *name;
        derive_list_fn fn;
    } lists[] = {{TABLE_SERVICES, "established_by_address", derive_established_by_address},
                 {TABLE_SERVICES, "failed_by_address", derive_failed_by_address},
                 {TABLE_SERVICES, "refused_by_address", derive_refused_by_address},
                 {TABLE_RESOLVERS, "answered_percent_by_resolver", derive_answered_by_resolver}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i].table == table && strcmp(lists[i].name, name) == 0) return lists[i].fn;
    return NULL;
}

/* ---- names from the wire, for the finding's own field --------------------------------------- */
static const char *service_name(const struct derive_row *r) {
    return ((const struct msg_service *)r->row)->name;
}

static const char *trouble_name(const struct derive_row *r) {
    return ((const struct msg_resolver *)r->row)->trouble_name;
}

static const char *incident_name(const struct derive_row *r) {
    const struct msg_service *s = derive_incident_service(r);
    return s ? s->name : "";
}

derive_name_fn derive_name_find(enum table_id table, const char *name) {
    static const struct {
        enum table_id table;
        const char *name;
        derive_name_fn fn;
    } names[] = {{TABLE_SERVICES, "name", service_name},
                 {TABLE_RESOLVERS, "trouble_name", trouble_name},
                 {TABLE_RESOLVERS, "servfail_name", derive_servfail_name},
                 {TABLE_RESOLVERS, "nxdomain_name", derive_nxdomain_name},
                 {TABLE_RESOLVERS, "refused_name", derive_refused_name},
                 {TABLE_INCIDENTS, "service_name", incident_name},
                 {TABLE_SERVICES, "host_of_4xx", derive_host_of_4xx},
                 {TABLE_SERVICES, "host_of_5xx", derive_host_of_5xx},
                 {TABLE_UDP, "name", derive_udp_name},
                 {TABLE_INCIDENTS, "cut_name", derive_cut_name},
                 {TABLE_RESOLVERS, "nodata_name", derive_nodata_name},
                 {TABLE_RESOLVERS, "retry_name", derive_retry_name},
                 {TABLE_RESOLVERS, "aaaa_name", derive_stall_name},
                 {TABLE_RESOLVERS, "cut_name", derive_truncated_name},
                 {TABLE_RESOLVERS, "private_name", derive_private_name},
                 {TABLE_RESOLVERS, "disputed_name", derive_disputed_name},
                 {TABLE_HOSTS, "name", derive_host_name}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].table == table && strcmp(names[i].name, name) == 0) return names[i].fn;
    return NULL;
}
