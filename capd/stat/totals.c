/* The totals of a snapshot: counters kept while packets passed, plus what the live flows add.
 * Runs in: worker.  Input trust: packets. */
#include "capd/stat/rows.h"
#include "capd/track/dns_track.h"
#include "capd/track/flows.h"

static void add_live(const struct engine *e, struct flow_sums *sums) {
    for (uint32_t i = 0; i < e->flows.fresh; i++)
        if (e->flows.link[i].list != FLOWS_FREE && e->flows.flow[i].bits & FLOW_SELECTED)
            flow_add_sums(e, &e->flows.flow[i], sums);
}

static void fill_counts(struct msg_totals *t, const struct conn_counts *c) {
#define COPY(T, kind, name, bound, unit, doc) t->name = c->name;
    FIELDS_CONNECTION_COUNTS(COPY, unused)
}

static void fill_quality(const struct engine *e, struct msg_totals *t) {
    const struct totals *c = &e->total;
    t->packets = c->packets;
    t->bytes = c->bytes;
    t->other_packets = c->other_packets;
    t->tunnel_packets = c->tunnel_packets;
    t->other_bytes = c->other_bytes;
    t->seen = c->seen;
    t->received = c->received > c->seen ? c->received : c->seen;
    t->missed_kernel = c->missed_kernel;
    t->missed_interface = c->missed_interface;
    t->interface_down_us = c->interface_down_us;
    t->truncated = c->truncated;
    t->malformed = c->malformed;
    t->undecoded = c->undecoded;
    t->sealed_packets = c->sealed_packets;
    t->unread_dns = c->unread_dns;
    t->unread_dhcp = c->unread_dhcp;
    t->unread_tcp = c->unread_tcp;
    t->headless_packets = c->headless_packets;
    t->fragments = c->fragments;
    t->duplicates = c->duplicates;
    t->evicted = c->evicted;
    t->rows_dropped = c->rows_dropped;
    t->acks = c->acks;
    t->gap_acks = c->gap_acks;
    t->flows = c->flows;
    t->tcp_flows = c->tcp_flows;
    t->own_frames = c->own_frames;
    t->foreign_frames = c->foreign_frames;
    t->narrow_cause = e->narrow_cause;
    t->narrowed_us = e->narrowed_us;
    memcpy(t->narrow_filter, e->narrow_filter, sizeof t->narrow_filter);
    t->file_unread_bytes = c->file_unread_bytes;
    t->file_bytes = c->file_bytes;
    t->file_errors = e->file_error[0] != 0;
    memcpy(t->file_error, e->file_error, sizeof t->file_error);
}

static void fill_analysis(const struct engine *e, struct msg_totals *t) {
#define COPY_ANALYSIS(name) t->name = e->total.analysis[ANALYSIS_##name];
    TCP_ANALYSIS_LIST(COPY_ANALYSIS)
    t->peak_bps_to_client = e->seconds.peak_to[CLIENT] * 8;
    t->peak_bps_to_server = e->seconds.peak_to[SERVER] * 8;
    t->handshake_us = hist_summary(&e->total.handshake);
    t->rtt_us = hist_summary(&e->total.rtt);
    t->dns_us = hist_summary(&e->total.dns);
    t->tls_us = hist_summary(&e->total.tls);
    t->first_byte_us = hist_summary(&e->total.first_byte);
    t->transfer_us = hist_summary(&e->total.transfer);
}

static void fill_protocols(const struct engine *e, struct msg_totals *t) {
    const struct totals *c = &e->total;
    t->dns_queries = c->dns_queries;
    t->dns_responses = c->dns_responses;
    t->dns_transactions = c->dns_transactions;
    t->dns_unanswered = c->dns_lost;
    for (uint32_t i = 0; i < e->dns.used; i++)
        if (dns_is_unanswered(e, &e->dns.entry[i])) t->dns_unanswered++;
    t->http_requests = c->http_requests;
    t->http_responses = c->http_responses;
    t->tls_client_hellos = c->tls_client_hellos;
    t->tls_server_hellos = c->tls_server_hellos;
    t->tls_alerts = c->tls_alerts;
    t->arp_requests = c->arp_requests;
    t->arp_replies = c->arp_replies;
    t->stp_changes = c->stp_changes;
    t->sctp_inits = c->sctp_inits;
    t->sctp_init_acks = c->sctp_init_acks;
    t->sctp_aborts = c->sctp_aborts;
}

/* By code, smallest first. */
static uint32_t fill_codes(const struct codes *c, struct msg_code_count *out) {
    for (uint32_t i = 0; i < c->used; i++) {
        uint32_t at = i;
        for (; at > 0 && out[at - 1].code > c->code[i]; at--) out[at] = out[at - 1];
        out[at] = (struct msg_code_count){.code = c->code[i], .count = c->count[i]};
    }
    return c->used;
}

static uint32_t fill_shares(const struct totals *c, struct msg_protocol *out) {
    uint32_t n = 0;
    for (uint32_t p = 0; p < PROTO_COUNT && n < LIM_PROTOCOLS; p++) {
        if (c->proto_packets[p] == 0) continue;
        uint32_t at = n++;
        for (; at > 0 && out[at - 1].packets < c->proto_packets[p]; at--) out[at] = out[at - 1];
        out[at] = (struct msg_protocol){p, c->proto_packets[p], c->proto_bytes[p]};
    }
    return n;
}

void totals_fill(struct engine *e, struct msg_totals *t, struct msg_code_count codes[4][LIM_CODES],
                 struct msg_protocol protocols[LIM_PROTOCOLS]) {
    memset(t, 0, sizeof *t);
    struct flow_sums sums = e->total.done;
    add_live(e, &sums);
    t->snapshot_id = e->snapshot_id;
    t->file = e->o.file;
    t->names_hashed = !e->o.names;
    t->started_us = e->epoch_ns / 1000;
    t->duration_us = e->last_ns > e->epoch_ns ? (e->last_ns - e->epoch_ns) / 1000 : 0;
    fill_quality(e, t);
    fill_counts(t, &sums.counts);
    t->one_sided_flows = sums.one_sided;
    t->target_flows_both = sums.target_both;
    t->target_udp_one_way = sums.target_one_way;
    t->local_is_client = sums.local_client;
    t->local_is_server = sums.local_server;
    t->not_local = sums.not_local;
    fill_analysis(e, t);
    fill_protocols(e, t);
    totals_udp(e, t);
    totals_load(e, t);
    const struct codes *from[4] = {&e->total.dns_rcodes, &e->total.http_statuses,
                                   &e->total.icmp_types, &e->total.icmpv6_types};
    t->dns_rcodes = codes[0], t->http_statuses = codes[1];
    t->icmp_types = codes[2], t->icmpv6_types = codes[3];
    t->dns_rcodes_n = fill_codes(from[0], codes[0]);
    t->http_statuses_n = fill_codes(from[1], codes[1]);
    t->icmp_types_n = fill_codes(from[2], codes[2]);
    t->icmpv6_types_n = fill_codes(from[3], codes[3]);
    t->protocols = protocols;
    t->protocols_n = fill_shares(&e->total, protocols);
}
