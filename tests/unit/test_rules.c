/* Each rule with witnesses for and against it, from snapshots filled in by hand. */
#include "tests/unit/witnesses.h"
#include "tests/unit/witnesses_apps.h"
#include "tests/unit/witnesses_data.h"
#include "tests/unit/witnesses_dnstls.h"
#include "tests/unit/witnesses_ends.h"
#include "tests/unit/witnesses_link.h"
#include "tests/unit/witnesses_names.h"
#include "tests/unit/witnesses_path.h"
#include "tests/unit/witnesses_udp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct rules *set;

/* expected NULL: the rule says nothing of it */
static const struct {
    const char *id;
    void (*change)(struct world *w);
    const char *severity, *confidence, *blame, *subject;
} witnesses[] = {
    {"no_matching_traffic", nothing_seen, "warning", "confirmed", "ambiguous", "api.example.com"},
    {"no_matching_traffic", healthy, NULL, NULL, NULL, NULL},
    {"no_matching_traffic", nothing_yet, NULL, NULL, NULL, NULL},
    {"capture_drops", drops_5_percent, "critical", "confirmed", "capture", "eth0"},
    {"capture_drops", drops_half_percent, "warning", "confirmed", "capture", "eth0"},
    {"capture_drops", drops_four_packets, NULL, NULL, NULL, NULL},
    {"capture_gaps", gaps_2_percent, "warning", "confirmed", "capture", "eth0"},
    {"capture_gaps", gaps_20_percent, "critical", "confirmed", "capture", "eth0"},
    {"capture_gaps", gaps_few, NULL, NULL, NULL, NULL},
    {"capture_one_sided", one_sided, "warning", "confirmed", "capture", "eth0"},
    {"capture_one_sided", one_sided_few, NULL, NULL, NULL, NULL},
    {"capture_midstream", midstream, "info", "confirmed", "capture", "eth0"},
    {"capture_midstream", healthy, NULL, NULL, NULL, NULL},
    {"capture_duplicates", duplicates, "info", "confirmed", "capture", "eth0"},
    {"capture_duplicates", duplicates_few, NULL, NULL, NULL, NULL},
    {"table_overflow", evicted, "warning", "confirmed", "capture", "eth0"},
    {"table_overflow", healthy, NULL, NULL, NULL, NULL},
    {"dns_no_answer", resolver_in_circles, NULL, NULL, NULL, NULL},
    {"dns_no_answer", resolver_dead, "critical", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_no_answer", resolver_some_lost, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_no_answer", resolver_one_lost, NULL, NULL, NULL, NULL},
    {"dns_first_server_dead", first_resolver_dead, "warning", "confirmed", "name_resolution",
     "192.0.2.53"},
    {"dns_first_server_dead", first_resolver_dead_two_tries, "warning", "likely", "name_resolution",
     "192.0.2.53"},
    {"dns_first_server_dead", first_resolver_dead_many_names, "warning", "confirmed",
     "name_resolution", "192.0.2.53"},
    {"dns_first_server_dead", first_resolver_lost_one, NULL, NULL, NULL, NULL},
    {"dns_first_server_dead", first_resolver_alive, NULL, NULL, NULL, NULL},
    {"dns_first_server_dead", resolver_dead_other_names, NULL, NULL, NULL, NULL},
    {"dns_first_server_dead", resolver_dead_other_client, NULL, NULL, NULL, NULL},
    {"dns_no_answer", first_resolver_dead, NULL, NULL, NULL, NULL},
    {"dns_no_answer", resolver_dead_other_names, "critical", "confirmed", "name_resolution",
     "192.0.2.53"},
    {"tcp_partial_addresses", partly_silent, "warning", "confirmed", "network_or_server",
     "203.0.113.9:443"},
    {"tcp_partial_addresses", partly_refused, "warning", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_partial_addresses", partly_silent_two, "warning", "confirmed", "network_or_server",
     "203.0.113.9:443, 203.0.113.11:443"},
    {"tcp_partial_addresses", partly_silent_target, "warning", "confirmed", "network_or_server",
     "203.0.113.9:443"},
    {"tcp_partial_addresses", ipv4_silent, "warning", "confirmed", "network_or_server",
     "203.0.113.9:443"},
    {"tcp_partial_addresses", ipv6_partly_silent, "warning", "confirmed", "network_or_server",
     "[2001:db8::9]:443"},
    {"tcp_partial_addresses", all_silent, NULL, NULL, NULL, NULL},
    {"tcp_partial_addresses", partly_one_syn, NULL, NULL, NULL, NULL},
    {"tcp_partial_addresses", another_name_silent, NULL, NULL, NULL, NULL},
    {"tcp_partial_addresses", another_port_silent, NULL, NULL, NULL, NULL},
    {"tcp_partial_addresses", partly_silent_sometimes, NULL, NULL, NULL, NULL},
    {"tcp_partial_addresses", refused_other_family, NULL, NULL, NULL, NULL},
    {"tcp_partial_addresses", ipv6_silent, NULL, NULL, NULL, NULL},
    {"tcp_syn_timeout", partly_silent, NULL, NULL, NULL, NULL},
    {"tcp_syn_timeout", partly_silent_sometimes, "warning", "confirmed", "network_or_server",
     "203.0.113.9:443"},
    {"ipv6_broken_fallback", ipv6_silent, "warning", "confirmed", "network", "[2001:db8::9]:443"},
    {"ipv6_broken_fallback", ipv6_silent_repeated, "warning", "confirmed", "network",
     "[2001:db8::9]:443"},
    {"ipv6_broken_fallback", ipv6_unreachable, "warning", "confirmed", "network",
     "[2001:db8::9]:443"},
    {"ipv6_broken_fallback", ipv6_given_up_once, NULL, NULL, NULL, NULL},
    {"ipv6_broken_fallback", ipv6_partly_silent, NULL, NULL, NULL, NULL},
    {"ipv6_broken_fallback", ipv6_refused, NULL, NULL, NULL, NULL},
    {"ipv6_broken_fallback", both_families_silent, NULL, NULL, NULL, NULL},
    {"ipv6_broken_fallback", ipv4_silent, NULL, NULL, NULL, NULL},
    {"dns_servfail", servfail_all, "critical", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_servfail", servfail_target, "critical", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_servfail", servfail_one_of_ten, "info", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_servfail", healthy, NULL, NULL, NULL, NULL},
    {"dns_refused", refused_all, "critical", "confirmed", "policy", "192.0.2.53"},
    {"dns_refused", healthy, NULL, NULL, NULL, NULL},
    {"dns_nxdomain", nxdomain_target, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_nxdomain", nxdomain_many, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_nxdomain", nxdomain_reverse, "info", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_nxdomain", nxdomain_search_list, NULL, NULL, NULL, NULL},
    {"dns_nxdomain", nxdomain_three, NULL, NULL, NULL, NULL},
    {"dns_slow", dns_slow, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_slow", dns_very_slow, "critical", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_slow", dns_once_slow, "info", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_slow", dns_slow_one_failing, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_slow", dns_slow_and_failing, NULL, NULL, NULL, NULL},
    {"dns_slow", dns_slow_twice, NULL, NULL, NULL, NULL},
    {"icmp_unreachable", unreachable, "critical", "confirmed", "network", "203.0.113.9:443"},
    {"icmp_unreachable", unreachable_v6, "critical", "confirmed", "network", "203.0.113.9:443"},
    {"icmp_unreachable", rejected_by_firewall, "critical", "confirmed", "ambiguous",
     "203.0.113.9:443"},
    {"icmp_unreachable", port_unreachable_udp, NULL, NULL, NULL, NULL},
    {"icmp_unreachable", prohibited, NULL, NULL, NULL, NULL},
    {"icmp_prohibited", prohibited, "critical", "confirmed", "policy", "203.0.113.9:443"},
    {"icmp_prohibited", prohibited_but_up, NULL, NULL, NULL, NULL},
    {"icmp_unreachable", unreachable_unseen, "info", "possible", "ambiguous", "203.0.113.77:443"},
    {"icmp_prohibited", prohibited_unseen, "info", "possible", "ambiguous", "203.0.113.77:443"},
    {"udp_port_unreachable", udp_closed_unseen, "info", "possible", "ambiguous",
     "203.0.113.9:5060"},
    {"tcp_syn_timeout", silent, "critical", "confirmed", "network_or_server", "203.0.113.9:443"},
    {"tcp_syn_timeout", silent_sometimes, "warning", "confirmed", "network_or_server",
     "203.0.113.9:443"},
    {"tcp_syn_timeout", silent_one_edge, "critical", "confirmed", "network_or_server",
     "203.0.113.9:443"},
    {"tcp_syn_timeout", silent_single_syn, NULL, NULL, NULL, NULL},
    {"tcp_syn_timeout", silent_one_sided, NULL, NULL, NULL, NULL},
    {"tcp_syn_timeout", silent_and_icmp, NULL, NULL, NULL, NULL},
    {"tcp_refused", refused, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_refused", refused_other_family, "info", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_refused", healthy, NULL, NULL, NULL, NULL},
    {"tcp_refused", refused_by_scan, NULL, NULL, NULL, NULL},
    {"syn_scan", port_scan, "warning", "likely", "client", "192.0.2.53"},
    {"syn_scan", port_scan_slow, NULL, NULL, NULL, NULL},
    {"syn_scan", ports_that_work, NULL, NULL, NULL, NULL},
    {"syn_scan", retries_of_one_port, NULL, NULL, NULL, NULL},
    {"tcp_syn_retry", syn_retry, "warning", "confirmed", "network_or_server", "203.0.113.9:443"},
    {"tcp_syn_retry", syn_retry_once, "info", "confirmed", "network_or_server", "203.0.113.9:443"},
    {"tcp_syn_retry", healthy, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", loss_4_percent, "critical", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_retransmissions", loss_1_percent, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_retransmissions", loss_half_percent, "info", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_retransmissions", loss_gaps_2_percent, "critical", "possible", "network",
     "203.0.113.9:443"},
    {"tcp_retransmissions", loss_throughout_short, "critical", "confirmed", "network",
     "203.0.113.9:443"},
    {"tcp_retransmissions", loss_too_few, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", loss_rare, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", loss_gaps_20_percent, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", loss_burst, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", dead_path_and_loss, NULL, NULL, NULL, NULL},
    {"tcp_loss_burst", loss_burst, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_loss_burst", loss_4_percent, NULL, NULL, NULL, NULL},
    {"tcp_loss_burst", loss_throughout_short, NULL, NULL, NULL, NULL},
    {"tcp_dead_path", dead_path, "critical", "confirmed", "network_or_server", "203.0.113.9:443"},
    {"tcp_dead_path", dead_path_full_window, "critical", "confirmed", "ambiguous",
     "203.0.113.9:443"},
    {"tcp_dead_path", dead_path_two, NULL, NULL, NULL, NULL},
    {"tcp_reordering", reordering, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_reordering", reordering_rare, NULL, NULL, NULL, NULL},
    {"tcp_zero_window", zero_window_client, "critical", "confirmed", "client", "203.0.113.9:443"},
    {"tcp_zero_window", zero_window_server, "warning", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_zero_window", zero_window_brief, NULL, NULL, NULL, NULL},
    {"tcp_reset_midstream", reset_server, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_reset_midstream", reset_client, "warning", "confirmed", "client", "203.0.113.9:443"},
    {"tcp_reset_midstream", reset_client_rare, "info", "confirmed", "client", "203.0.113.9:443"},
    {"tcp_reset_midstream", reset_foreign, "critical", "confirmed", "ambiguous", "203.0.113.9:443"},
    {"tcp_reset_midstream", healthy, NULL, NULL, NULL, NULL},
    {"slow_server", slow, "warning", "confirmed", "server", "203.0.113.9:443"},
    {"slow_server", very_slow, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"slow_server", slow_once_target, "warning", "likely", "server", "203.0.113.9:443"},
    {"slow_server", slow_once, NULL, NULL, NULL, NULL},
    {"slow_server", slow_path, NULL, NULL, NULL, NULL},
    {"slow_server", slow_by_ratio, NULL, NULL, NULL, NULL},
    {"slow_server", slow_ack_unknown, NULL, NULL, NULL, NULL},
    {"slow_server", slow_with_loss, NULL, NULL, NULL, NULL},
    {"slow_server", slow_250_ms, NULL, NULL, NULL, NULL},
    {"slow_server", slow_one_sided, NULL, NULL, NULL, NULL},
    {"path_latency_high", far_200_ms, "info", "confirmed", "network", "203.0.113.9:443"},
    {"path_latency_high", far_600_ms, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"path_latency_high", far_by_delayed_ack, NULL, NULL, NULL, NULL},
    {"path_latency_high", far_chatty, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"path_latency_high", far_stream, "info", "confirmed", "network", "203.0.113.9:443"},
    {"path_latency_high", far_600_ms_twice, "info", "likely", "network", "203.0.113.9:443"},
    {"tls_fatal_alert", tls_alert_server, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"tls_fatal_alert", tls_alert_client, "critical", "confirmed", "client", "203.0.113.9:443"},
    {"tls_fatal_alert", tls_alert_rare, "warning", "confirmed", "client", "203.0.113.9:443"},
    {"tls_fatal_alert", healthy, NULL, NULL, NULL, NULL},
    {"http_server_errors", http_errors_target, "warning", "confirmed", "server", "203.0.113.9:443"},
    {"http_server_errors", http_errors_many, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"http_server_errors", http_errors_other, NULL, NULL, NULL, NULL},
    {"arp_unanswered", arp_target, "warning", "confirmed", "local_link", "203.0.113.9"},
    {"arp_unanswered", arp_other, "info", "confirmed", "local_link", "203.0.113.9"},
    {"arp_unanswered", arp_old_list, "info", "confirmed", "local_link", "203.0.113.3"},
    {"arp_unanswered", arp_list_and_gateway, "critical", "confirmed", "local_link", "203.0.113.4"},
    {"arp_unanswered", arp_sweep, NULL, NULL, NULL, NULL},
    {"udp_port_unreachable", udp_closed, "warning", "confirmed", "server", "203.0.113.9:5060"},
    {"udp_port_unreachable", udp_closed_v6, "warning", "confirmed", "server", "203.0.113.9:5060"},
    {"udp_port_unreachable", udp_closed_once, "info", "confirmed", "server", "203.0.113.9:5060"},
    {"udp_port_unreachable", udp_closed_target, "critical", "confirmed", "server",
     "203.0.113.9:5060"},
    {"udp_port_unreachable", udp_closed_beside_tcp, "warning", "confirmed", "server",
     "203.0.113.9:443"},
    {"udp_port_unreachable", udp_rejected_by_firewall, "warning", "confirmed", "policy",
     "203.0.113.9:5060"},
    {"udp_port_unreachable", udp_netbios, "info", "confirmed", "server", "203.0.113.9:137"},
    {"udp_port_unreachable", udp_closed_resolver, "critical", "confirmed", "server",
     "192.0.2.53:53"},
    {"udp_port_unreachable", udp_asker_gone, NULL, NULL, NULL, NULL},
    {"udp_port_unreachable", udp_call_over, NULL, NULL, NULL, NULL},
    {"udp_port_unreachable", udp_traceroute, NULL, NULL, NULL, NULL},
    {"udp_port_unreachable", udp_scanned, NULL, NULL, NULL, NULL},
    {"udp_port_unreachable", rejected_by_firewall, NULL, NULL, NULL, NULL},
    {"dns_no_answer", udp_closed_resolver, NULL, NULL, NULL, NULL},
    {"icmp_unreachable", unreachable_datagram, "warning", "confirmed", "network",
     "203.0.113.9:5060"},
    {"icmp_unreachable", unreachable_asker, "info", "confirmed", "network", "203.0.113.9:5060"},
    {"icmp_prohibited", prohibited_sometimes, "warning", "confirmed", "policy", "203.0.113.9:443"},
    {"icmp_prohibited", prohibited_answer, NULL, NULL, NULL, NULL},
    {"icmp_prohibited", prohibited_later, NULL, NULL, NULL, NULL},
    {"tcp_refused", refused_other_family_of_target, "info", "confirmed", "server",
     "203.0.113.9:443"},
    {"tcp_refused", refused_other_port, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_dead_path", dead_path_of_client, "critical", "confirmed", "ambiguous", "203.0.113.9:443"},
    {"tcp_dead_path", dead_path_rare, "warning", "confirmed", "network_or_server",
     "203.0.113.9:443"},
    {"tls_no_server_hello", tls_mute, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"tls_no_server_hello", tls_mute_once, "critical", "likely", "server", "203.0.113.9:443"},
    {"tls_no_server_hello", tls_mute_sometimes, "warning", "likely", "server", "203.0.113.9:443"},
    {"tls_no_server_hello", tls_mute_one_sided, NULL, NULL, NULL, NULL},
    {"tls_no_server_hello", tls_mute_dead_path, NULL, NULL, NULL, NULL},
    {"slow_client", slow_client, "warning", "confirmed", "client", "203.0.113.9:443"},
    {"slow_client", slow_client_acks, "warning", "confirmed", "client", "203.0.113.9:443"},
    {"slow_client", slow_client_only_request, "info", "likely", "client", "203.0.113.9:443"},
    {"slow_client", slow_client_twice, NULL, NULL, NULL, NULL},
    {"slow_client", slow_client_seldom, NULL, NULL, NULL, NULL},
    {"slow_client", slow_client_with_loss, NULL, NULL, NULL, NULL},
    {"slow_client", slow_client_closed_window, NULL, NULL, NULL, NULL},
    {"http_client_errors", http_missing, "warning", "confirmed", "client", "203.0.113.9:443"},
    {"http_client_errors", http_forbidden_target, "warning", "confirmed", "client",
     "203.0.113.9:443"},
    {"http_client_errors", http_icons, "info", "confirmed", "client", "203.0.113.9:443"},
    {"http_client_errors", http_missing_once, NULL, NULL, NULL, NULL},
    {"http_client_errors", http_missing_rare, NULL, NULL, NULL, NULL},
    {"http_client_errors", http_forbidden_other, NULL, NULL, NULL, NULL},
    {"http_client_errors", http_log_in, NULL, NULL, NULL, NULL},
    {"http_server_errors", http_errors_rare, NULL, NULL, NULL, NULL},
    {"routing_loop", circles, "critical", "confirmed", "network", "203.0.113.9"},
    {"routing_loop", circles_moment, NULL, NULL, NULL, NULL},
    {"pmtu_discovered", too_big_heeded, "info", "confirmed", "network", "203.0.113.9:443"},
    {"pmtu_discovered", too_big_ignored, NULL, NULL, NULL, NULL},
    {"pmtud_ignored", too_big_ignored, "warning", "confirmed", "server", "203.0.113.9:443"},
    {"pmtud_ignored", too_big_under_way, NULL, NULL, NULL, NULL},
    {"pmtud_ignored", too_big_heeded, NULL, NULL, NULL, NULL},
    {"pmtud_blackhole", large_vanish, "critical", "likely", "network", "203.0.113.9:443"},
    {"pmtud_blackhole", all_vanish, NULL, NULL, NULL, NULL},
    {"pmtud_blackhole", small_vanish, NULL, NULL, NULL, NULL},
    {"ip_fragmentation", fragmented, "info", "confirmed", "network", "eth0"},
    {"ip_fragmentation", reassembly_given_up, "info", "confirmed", "network", "eth0"},
    {"ip_fragmentation", fragments_few, NULL, NULL, NULL, NULL},
    {"ping_loss", pings_lost, "warning", "confirmed", "network_or_server", "203.0.113.9"},
    {"ping_loss", pings_of_a_sweep, "info", "confirmed", "network_or_server", "203.0.113.9"},
    {"ping_loss", pings_of_a_site, "warning", "confirmed", "network_or_server", "203.0.113.9"},
    {"ping_loss", pings_seen_one_way, NULL, NULL, NULL, NULL},
    {"ping_loss", pings_in_circles, NULL, NULL, NULL, NULL},
    {"ping_loss", pings_lost_two, NULL, NULL, NULL, NULL},
    {"ping_loss", pings_lost_rarely, NULL, NULL, NULL, NULL},
    {"arp_duplicate_address", arp_duplicate, "critical", "confirmed", "local_link", "203.0.113.9"},
    {"arp_duplicate_address", arp_spoofing_and_duplicate, NULL, NULL, NULL, NULL},
    {"arp_spoofing_suspected", arp_spoofing, "critical", "likely", "local_link", "203.0.113.9"},
    {"arp_spoofing_suspected", arp_spoofing_and_duplicate, "critical", "likely", "local_link",
     "203.0.113.9"},
    {"arp_spoofing_suspected", arp_duplicate, NULL, NULL, NULL, NULL},
    {"arp_storm", arp_storm, "warning", "confirmed", "local_link", "eth0"},
    {"arp_storm", arp_storm_slow, NULL, NULL, NULL, NULL},
    {"arp_storm", loop_storm_flood, NULL, NULL, NULL, NULL},
    {"l2_loop", loop, "critical", "confirmed", "local_link", "eth0"},
    {"l2_loop", loop_storm_flood, "critical", "confirmed", "local_link", "eth0"},
    {"l2_loop", loop_few_copies, NULL, NULL, NULL, NULL},
    {"broadcast_storm", flood, "warning", "confirmed", "local_link", "eth0"},
    {"broadcast_storm", flood_small_part, NULL, NULL, NULL, NULL},
    {"broadcast_storm", loop_storm_flood, NULL, NULL, NULL, NULL},
    {"broadcast_storm", storm_and_flood, NULL, NULL, NULL, NULL},
    {"nd_unanswered", nd_target, "warning", "confirmed", "local_link", "203.0.113.9"},
    {"nd_unanswered", nd_gateway, "critical", "confirmed", "local_link", "203.0.113.9"},
    {"nd_unanswered", nd_other, "info", "confirmed", "local_link", "203.0.113.9"},
    {"nd_unanswered", nd_two_tries, NULL, NULL, NULL, NULL},
    {"dhcp_no_offer", dhcp_silent, "critical", "confirmed", "local_link", "eth0"},
    {"dhcp_no_offer", dhcp6_silent, "critical", "confirmed", "local_link", "eth0"},
    {"dhcp_no_offer", dhcp_one_question, NULL, NULL, NULL, NULL},
    {"dhcp_incomplete", dhcp_stuck, "critical", "confirmed", "local_link", "eth0"},
    {"dhcp_incomplete", dhcp_unheard, "critical", "confirmed", "local_link", "eth0"},
    {"dhcp_incomplete", dhcp_silent, NULL, NULL, NULL, NULL},
    {"dhcp_nak", dhcp_refused, "warning", "confirmed", "server", "203.0.113.9"},
    {"dhcp_nak", dhcp_declined, "warning", "confirmed", "server", "203.0.113.9"},
    {"dhcp_nak", dhcp_came_from_elsewhere, "info", "confirmed", "server", "203.0.113.9"},
    {"dhcp_nak", healthy, NULL, NULL, NULL, NULL},
    {"dhcp_multiple_servers", dhcp_two_servers, "warning", "confirmed", "local_link", "eth0"},
    {"dhcp_multiple_servers", dhcp_refused, NULL, NULL, NULL, NULL},
    {"udp_no_reply", ntp_silent, "warning", "confirmed", "network_or_server", "203.0.113.9:123"},
    {"udp_no_reply", ntp_once, NULL, NULL, NULL, NULL},
    {"udp_no_reply", ntp_just_asked, NULL, NULL, NULL, NULL},
    {"udp_no_reply", ntp_answered_once, NULL, NULL, NULL, NULL},
    {"udp_no_reply", ntp_refused, NULL, NULL, NULL, NULL},
    {"quic_blocked", quic_silent, "warning", "confirmed", "policy", "203.0.113.9:443"},
    {"quic_blocked", quic_answered, NULL, NULL, NULL, NULL},
    {"quic_blocked", quic_given_up, NULL, NULL, NULL, NULL},
    {"quic_blocked", quic_race, NULL, NULL, NULL, NULL},
    {"quic_blocked", quic_and_tcp_silent, NULL, NULL, NULL, NULL},
    WITNESSES_OF_ENDS,
    {"rtp_loss", voice_lost, "warning", "confirmed", "network", "203.0.113.9:4000"},
    {"rtp_loss", voice_lost_much, "critical", "confirmed", "network", "203.0.113.9:4000"},
    {"rtp_loss", voice_lost_here, "warning", "confirmed", "client", "203.0.113.9:4000"},
    {"rtp_loss", voice_lost_two, NULL, NULL, NULL, NULL},
    {"rtp_loss", voice_lost_one_percent, NULL, NULL, NULL, NULL},
    {"rtp_loss", voice_fine, NULL, NULL, NULL, NULL},
    {"rtp_jitter", voice_uneven, "warning", "confirmed", "network", "203.0.113.9:4000"},
    {"rtp_jitter", voice_very_uneven, "critical", "confirmed", "network", "203.0.113.9:4000"},
    {"rtp_jitter", voice_uneven_short, NULL, NULL, NULL, NULL},
    {"rtp_jitter", voice_fine, NULL, NULL, NULL, NULL},
    WITNESSES_ONE_WAY,
    {"udp_pacing", game_held_back, "warning", "likely", "network", "203.0.113.9:4000"},
    {"udp_pacing", game_stalled_twice, NULL, NULL, NULL, NULL},
    {"udp_pacing", game_without_beat, NULL, NULL, NULL, NULL},
    {"udp_pacing", voice_uneven_and_held_back, NULL, NULL, NULL, NULL},
    WITNESSES_DNSTLS WITNESSES_DATA};
#define WITNESSES (sizeof witnesses / sizeof witnesses[0])

static void check_sentences(const struct finding *f) {
    const char *const texts[] = {f->headline, f->explanation, f->next_step};
    for (size_t k = 0; k < 3; k++) {
        assert_true(strlen(texts[k]) > 10);
        assert_null(strchr(texts[k], '{'));
        assert_null(strstr(texts[k], " ? ")); /* a number that was not known */
    }
}

static void test_rules_witnesses(void **state) {
    (void)state;
    static struct world w;
    for (size_t i = 0; i < WITNESSES; i++) {
        world_init(&w);
        witnesses[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, witnesses[i].id);
        if (!f != !witnesses[i].severity)
            fail_msg("witness %zu of %s: %s", i, witnesses[i].id, f ? "said" : "not said");
        if (f) {
            assert_string_equal(severity_names[f->severity], witnesses[i].severity);
            assert_string_equal(confidence_names[f->confidence], witnesses[i].confidence);
            assert_string_equal(f->blame, witnesses[i].blame);
            assert_string_equal(f->subject, witnesses[i].subject);
            check_sentences(f);
        }
        diagnosis_free(d);
    }
}

/* One fault gives one finding above info: nothing else may be said of the same capture. */
static void test_rules_one_cause_one_finding(void **state) {
    (void)state;
    static struct world w;
    for (size_t i = 0; i < WITNESSES; i++) {
        if (!witnesses[i].severity) continue;
        world_init(&w);
        witnesses[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        for (uint32_t k = 0; k < d->n; k++) {
            const struct finding *f = &d->finding[k];
            bool quality = strncmp(f->rule->id, "capture_", 8) == 0;
            /* The note on slow pages takes its blame from the finding beside it. */
            bool its_cause = strcmp(witnesses[i].id, "http_slow") == 0 &&
                             strcmp(f->rule->id, "slow_server") == 0;
            if (f->severity > SEVERITY_INFO && !quality && !its_cause &&
                strcmp(f->rule->id, witnesses[i].id) != 0)
                fail_msg("witness %zu of %s also gives %s", i, witnesses[i].id, f->rule->id);
        }
        diagnosis_free(d);
    }
}

/* Evidence of several addresses: a number each, what fails before what works. */
static void test_rules_evidence_by_address(void **state) {
    static struct world w;
    static const struct {
        void (*change)(struct world *w);
        const char *id, *evidence;
    } cases[] = {
        {partly_silent_two, "tcp_partial_addresses",
         "{\"addresses\":3,\"failing\":2,\"established\":{\"203.0.113.9\":0,\"203.0.113.11\":0,"
         "\"203.0.113.10\":10},\"failed\":{\"203.0.113.9\":4,\"203.0.113.11\":3,"
         "\"203.0.113.10\":0}}"},
        {refused_on_both_families, "tcp_refused",
         "{\"count\":10,\"connection_attempts\":10,\"ms\":0,\"refused\":{\"203.0.113.9\":10,"
         "\"2001:db8::\":6}}"},
        {idle_silence, "tcp_idle_timeout", "{\"idle_s\":300,\"connections\":1,\"who\":\"server\"}"},
        {ipv6_silent, "ipv6_broken_fallback",
         "{\"added_ms\":250,\"attempts\":2,\"syn_sent\":2,\"unreachable\":0,\"established\":{"
         "\"2001:db8::9\":0,\"203.0.113.10\":10}}"},
        {first_resolver_dead, "dns_first_server_dead",
         "{\"resolver\":\"192.0.2.53\",\"questions\":2,\"tries\":4,\"answered_elsewhere\":2,"
         "\"added_ms\":1005,\"answered_percent\":{\"192.0.2.53\":0,\"192.0.2.54\":100}}"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        char *text = cJSON_PrintUnformatted(find_id(d, cases[i].id)->evidence);
        assert_string_equal(text, cases[i].evidence);
        assert_int_equal(d->n, 1);
        cJSON_free(text);
        diagnosis_free(d);
    }
    /* Many dead addresses: not all fit, but a working one is among those shown. */
    world_init(&w);
    partly_silent(&w);
    for (uint8_t i = 11; i < 17; i++) sibling(&w, v4_of(i));
    struct diagnosis *d = diagnose(set, &w.v);
    const struct finding *f = find_id(d, "tcp_partial_addresses");
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(f->evidence, "failed"));
    assert_string_equal(text, "{\"203.0.113.9\":4,\"203.0.113.11\":4,\"203.0.113.12\":4,"
                              "\"203.0.113.10\":0}");
    assert_non_null(strstr(f->subject, ", ..."));
    assert_int_equal(d->n, 1);
    cJSON_free(text);
    diagnosis_free(d);
}

/* What a resolver says about its failure is said on, and sharpens the advice. */
static void test_rules_extended_dns_error(void **state) {
    static struct world w;
    (void)state;
    for (int known = 0; known < 2; known++) {
        world_init(&w);
        servfail_all(&w);
        w.dns[0].extended_error = known ? 6 + 1 : 4711 + 1;
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, "dns_servfail");
        const cJSON *e = cJSON_GetObjectItemCaseSensitive(f->evidence, "extended_error");
        if (known)
            assert_string_equal(cJSON_GetStringValue(e), "DNSSEC bogus");
        else
            assert_int_equal(e->valueint, 4711);
        assert_int_equal(strstr(f->next_step, "signatures") && strstr(f->next_step, "bogus"),
                         known);
        diagnosis_free(d);
    }
}

static void test_rules_each_has_both_witnesses(void **state) {
    (void)state;
    for (unsigned r = 0; r < set->n; r++) {
        unsigned positive = 0, negative = 0;
        for (size_t i = 0; i < WITNESSES; i++) {
            if (strcmp(witnesses[i].id, set->rule[r].id) != 0) continue;
            if (witnesses[i].severity)
                positive++;
            else
                negative++;
        }
        if (!positive || !negative) fail_msg("%s lacks a witness", set->rule[r].id);
    }
}

static void test_rules_thresholds_have_reasons(void **state) {
    (void)state;
    for (unsigned r = 0; r < set->n; r++)
        for (unsigned i = 0; i < set->rule[r].thresholds; i++)
            assert_true(strlen(set->rule[r].threshold[i].reason) > 20);
}

/* ---- verdict --------------------------------------------------------------------------------- */
static void test_rules_verdict(void **state) {
    static const struct {
        void (*change)(struct world *w);
        const char *status, *headline_has;
    } cases[] = {
        {healthy, "healthy", "10 TCP connections and 10 DNS questions"},
        {midstream, "healthy", "No problem found"},
        {nothing_seen, "no_traffic", "api.example.com"},
        {only_arp_answered, "no_traffic", "api.example.com was seen, only address"},
        {only_arp_unanswered, "inconclusive", "no traffic of api.example.com"},
        {only_neighbour_discovery, "no_traffic", "api.example.com was seen, only address"},
        {discovery_unanswered, "inconclusive", "no traffic of api.example.com"},
        {ping_beside_discovery, "healthy", "No problem found"},
        {only_others_in_diagnosis, "no_traffic", "was seen; 2000 packets of other traffic"},
        {name_asked_in_diagnosis, "healthy", "No problem found"},
        {other_port_in_diagnosis, "no_traffic", "Nothing to or from other.example.com"},
        {host_of_no_port_in_diagnosis, "healthy", "No problem found"},
        {port_of_datagrams_in_diagnosis, "healthy", "No problem found"},
        {only_a_young_attempt, "inconclusive", "1 connection attempt was still without an answer"},
        {only_a_young_question, "inconclusive", "2 DNS questions were still without an answer"},
        {one_way_of_target, "inconclusive", "UDP of api.example.com passed in one"},
        {one_way_beside_both, "healthy", "No problem found"},
        {one_way_beside_ping, "healthy", "No problem found"},
        {one_way_of_anything, "healthy", "No problem found"},
        {nothing_yet, "pending", "Make the traffic now"},
        {silent, "problems", "203.0.113.9:443 does not answer"},
        {drops_5_percent, "inconclusive", "The capture missed"},
        {loss_gaps_20_percent, "inconclusive", "withheld"},
        {loss_gaps_2_percent, "problems", "Packets are lost"},
        {one_sided, "inconclusive", "Only one direction"},
    };
    static struct world w;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        assert_string_equal(status_names[d->verdict.status], cases[i].status);
        if (!strstr(d->verdict.headline, cases[i].headline_has))
            fail_msg("headline \"%s\" lacks \"%s\"", d->verdict.headline, cases[i].headline_has);
        diagnosis_free(d);
    }
}

static void test_rules_running_is_never_healthy(void **state) {
    static struct world w;
    (void)state;
    for (size_t i = 0; i < WITNESSES; i++) {
        world_init(&w);
        witnesses[i].change(&w);
        w.v.state = CAPTURE_RUNNING;
        struct diagnosis *d = diagnose(set, &w.v);
        assert_int_not_equal(d->verdict.status, STATUS_HEALTHY);
        diagnosis_free(d);
    }
    world_init(&w);
    w.v.state = CAPTURE_FAILED;
    struct diagnosis *d = diagnose(set, &w.v);
    assert_int_equal(d->verdict.status, STATUS_INCONCLUSIVE);
    diagnosis_free(d);
}

/* The target works, another service does not: kept, by its severity, and not the verdict. */
static void test_rules_verdict_is_about_the_target(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    world_target(&w, "api.example.com", MODE_DIAGNOSIS);
    silent(&w);
    w.service[1] = w.service[0];
    w.service[1].port = 80;
    w.service[0].on_target = false;
    world_incident(&w, INCIDENT_DEAD_PATH)->tries = 0;
    memset(&w.service[1].timeout_first_us, 0, sizeof(uint64_t));
    w.service[1].timeout_repeated = w.service[1].timed_out = 0;
    w.service[1].established = 4;
    w.service[1].syn_retried = 1;
    w.s.services.rows_n = 2;
    struct diagnosis *d = diagnose(set, &w.v);
    assert_int_equal(d->verdict.status, STATUS_HEALTHY);
    assert_non_null(strstr(d->verdict.headline, "Elsewhere on the network: 1 problem."));
    assert_int_equal(d->n, 2);
    assert_string_equal(d->finding[0].rule->id,
                        "tcp_syn_timeout"); /* not the target's, but worse */
    assert_string_equal(d->finding[1].rule->id, "tcp_syn_retry");
    diagnosis_free(d);
}

/* Two resets seen by different devices for one service are one finding. */
static void test_rules_same_subject_is_one_finding(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    unreachable(&w);
    struct msg_incident *second = world_incident(&w, INCIDENT_ICMP_UNREACHABLE);
    second->value = 3 * 256;
    second->count = 4;
    second->last_us = 9000000;
    struct diagnosis *d = diagnose(set, &w.v);
    assert_int_equal(d->n, 1);
    assert_true(d->finding[0].count == 5 && d->finding[0].last_s == 9);
    diagnosis_free(d);
}

static int set_up(void **state) {
    struct fail f;
    (void)state;
    set = rules_new(NULL, &f);
    if (!set) fprintf(stderr, "%s\n", f.why);
    return set ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    rules_free(set);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_witnesses),
        cmocka_unit_test(test_rules_one_cause_one_finding),
        cmocka_unit_test(test_rules_evidence_by_address),
        cmocka_unit_test(test_rules_extended_dns_error),
        cmocka_unit_test(test_rules_each_has_both_witnesses),
        cmocka_unit_test(test_rules_thresholds_have_reasons),
        cmocka_unit_test(test_rules_verdict),
        cmocka_unit_test(test_rules_running_is_never_healthy),
        cmocka_unit_test(test_rules_verdict_is_about_the_target),
        cmocka_unit_test(test_rules_same_subject_is_one_finding),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
