#ifndef COMMON_SCHEMA_TABLES_H
#define COMMON_SCHEMA_TABLES_H

/* The part of schema.h that grows with every metric: rows and tables of a snapshot, in its
 * notation. Only schema.h includes this. */

/* clang-format off */
#define FIELDS_code_count(F, T) \
    F(T, U, code, MAX32, none, "code") \
    F(T, U, count, ANY, count, "how often")
#define FIELDS_protocol(F, T) \
    F(T, U, proto, PROTO_COUNT - 1, proto, "protocol") \
    F(T, U, packets, ANY, count, "packets that carry it") \
    F(T, U, bytes, ANY, bytes, "their bytes on the wire")

/* Wireshark's tcp.analysis counters, Wireshark User's Guide "TCP Analysis". */
#define TCP_ANALYSIS_LIST(X) X(retransmission) X(fast_retransmission) X(spurious_retransmission) \
    X(out_of_order) X(duplicate_ack) X(zero_window) X(zero_window_probe) X(window_full) \
    X(keep_alive) X(lost_segment) X(ack_lost_segment)

/* Counters over TCP connections; shared by totals and services (contract section 4). */
#define FIELDS_CONNECTION_COUNTS(F, T) \
    F(T, U, attempted, ANY, count, "connections whose SYN was seen") \
    F(T, U, established, ANY, count, "SYN, SYN-ACK and the client's ACK seen") \
    F(T, U, refused, ANY, count, "RST answered the SYN") \
    F(T, U, timed_out, ANY, count, "no answer and older than the end guard") \
    F(T, U, unreachable, ANY, count, "an ICMP error answered") \
    F(T, U, aborted, ANY, count, "RST or FIN before the handshake was done") \
    F(T, U, pending, ANY, count, "too young to say") \
    F(T, U, closed, ANY, count, "established, FIN both ways") \
    F(T, U, reset, ANY, count, "established, ended by RST") \
    F(T, U, open, ANY, count, "established, not ended") \
    F(T, U, midstream, ANY, count, "no SYN seen") \
    F(T, U, syn_sent, ANY, count, "SYN segments without ACK") \
    F(T, U, syn_retried, ANY, count, "established only after a repeated SYN") \
    F(T, U, data_segments_to_client, ANY, count, "segments with payload") \
    F(T, U, data_segments_to_server, ANY, count, "segments with payload") \
    F(T, U, retransmitted_to_client, ANY, count, "the engine's own judgement, duplicates of the capture removed") \
    F(T, U, retransmitted_to_server, ANY, count, "the same, other direction") \
    F(T, U, lost_before, ANY, count, "retransmitted data never seen before: lost before the capture point") \
    F(T, U, lost_after, ANY, count, "retransmitted data seen before: lost after the capture point") \
    F(T, U, spurious, ANY, count, "retransmitted although it had arrived; not among retransmitted_*") \
    F(T, U, reordered, ANY, count, "segments that arrived late but were not sent twice") \
    F(T, U, payload_to_client, ANY, bytes, "TCP payload, without retransmissions") \
    F(T, U, payload_to_server, ANY, bytes, "TCP payload, without retransmissions") \
    F(T, U, hidden, ANY, count, "connections of which the filter let only SYN, FIN and RST through")

#define FIELDS_totals(F, T) \
    F(T, U, snapshot_id, MAX32, none, "rises by one with each full snapshot") \
    F(T, B, file, 1, none, "from a capture file") \
    F(T, U, started_us, ANY, us, "wall clock at the start; first packet of a file") \
    F(T, U, duration_us, ANY, us, "packet time so far; live: time since the start") \
    F(T, U, packets, ANY, count, "selected packets") \
    F(T, U, bytes, ANY, bytes, "selected bytes on the wire") \
    F(T, U, other_packets, ANY, count, "packets seen that do not belong to the target") \
    F(T, U, tunnel_packets, ANY, count, "packets of a tunnel between an address of the target and another: what they carry has addresses of its own") \
    F(T, U, other_bytes, ANY, bytes, "their bytes") \
    F(T, U, seen, ANY, count, "packets the worker read") \
    F(T, U, received, ANY, count, "packets the capture got: seen, or more where a file holds, or a filter left, a part") \
    F(T, U, missed_kernel, ANY, count, "dropped for want of room in the ring, of a file as it says; not among received") \
    F(T, U, missed_interface, ANY, count, "dropped by the interface while capturing, of a file as it says") \
    F(T, U, interface_down_us, ANY, us, "the interface was down, without carrier or gone; looked at once a second") \
    F(T, U, truncated, ANY, count, "headers, and messages that are looked at, cut by the snap length") \
    F(T, U, malformed, ANY, count, "packets that break their protocol's rules") \
    F(T, U, undecoded, ANY, count, "packets of a link or network type not known here") \
    F(T, U, sealed_packets, ANY, count, "Wi-Fi frames whose data the link encrypts (WPA, WEP)") \
    F(T, U, headless_packets, ANY, count, "packets whose TCP, UDP or SCTP header the snap length cut off") \
    F(T, U, unread_dns, ANY, count, "selected packets of DNS, cut too short to be read") \
    F(T, U, unread_dhcp, ANY, count, "selected packets of DHCP, cut too short to be read") \
    F(T, U, unread_tcp, ANY, count, "selected packets in which a message over TCP begins, cut too short to be read") \
    F(T, U, fragments, ANY, count, "IP fragments") \
    F(T, U, duplicates, ANY, count, "copies of the capture itself") \
    F(T, U, evicted, ANY, count, "live table entries evicted for want of room") \
    F(T, U, rows_dropped, ANY, count, "report rows that gave way to worse ones") \
    F(T, U, acks, ANY, count, "ACKs that acknowledge data") \
    F(T, U, gap_acks, ANY, count, "of these, for data never seen") \
    F(T, U, flows, ANY, count, "TCP and UDP flows, selected") \
    F(T, U, tcp_flows, ANY, count, "TCP connections, selected, midstream included") \
    F(T, U, one_sided_flows, ANY, count, "TCP flows seen in one direction while its ACKs advance") \
    F(T, U, target_flows_both, ANY, count, "flows of the target in which both ends sent") \
    F(T, U, target_udp_one_way, ANY, count, "UDP flows of the target in which one end sent") \
    F(T, U, file_unread_bytes, ANY, bytes, "of the file, not analysed because of the damage; 0 where only its last packet is cut off") \
    F(T, U, file_bytes, ANY, bytes, "of a damaged file, in all") \
    F(T, U, file_errors, ANY, count, "1: the file is cut off or damaged after the last packet") \
    F(T, S, file_error, LIM_ERROR_TEXT, text, "what is wrong with it") \
    F(T, U, local_is_client, ANY, count, "flows whose client is this host") \
    F(T, U, local_is_server, ANY, count, "flows whose server is this host") \
    F(T, U, not_local, ANY, count, "flows with neither end here") \
    F(T, U, own_frames, ANY, count, "frames of flows from or to this interface's own link-layer address") \
    F(T, U, foreign_frames, ANY, count, "frames of flows between other link-layer addresses") \
    F(T, U, narrow_cause, NARROW_COUNT - 1, narrow_cause, "why the kernel filter was narrowed") \
    F(T, U, narrowed_us, ANY, us, "when, since the start; 0: it was not") \
    F(T, S, narrow_filter, LIM_FILTER, text, "the narrow filter; cut when longer") \
    FIELDS_CONNECTION_COUNTS(F, T) \
    F(T, U, retransmission, ANY, count, "Wireshark's definition; includes fast and spurious ones") \
    F(T, U, fast_retransmission, ANY, count, "Wireshark's definition") \
    F(T, U, spurious_retransmission, ANY, count, "Wireshark's definition") \
    F(T, U, out_of_order, ANY, count, "Wireshark's definition") \
    F(T, U, duplicate_ack, ANY, count, "Wireshark's definition") \
    F(T, U, zero_window, ANY, count, "Wireshark's definition") \
    F(T, U, zero_window_probe, ANY, count, "Wireshark's definition") \
    F(T, U, window_full, ANY, count, "Wireshark's definition") \
    F(T, U, keep_alive, ANY, count, "Wireshark's definition") \
    F(T, U, lost_segment, ANY, count, "Wireshark's definition") \
    F(T, U, ack_lost_segment, ANY, count, "Wireshark's definition") \
    F(T, U, peak_bps_to_client, ANY, bps, "best second") \
    F(T, U, peak_bps_to_server, ANY, bps, "best second") \
    F(T, D, handshake_us, 5, us, "SYN to the client's ACK, whole round trip") \
    F(T, D, rtt_us, 5, us, "data to its ACK, Karn's rule, both sides of the capture point added") \
    F(T, D, dns_us, 5, us, "query to answer") \
    F(T, D, tls_us, 5, us, "ClientHello to ServerHello") \
    F(T, D, first_byte_us, 5, us, "request to first byte of the answer") \
    F(T, D, transfer_us, 5, us, "first to last byte of the answer") \
    F(T, U, dns_queries, ANY, count, "DNS queries on port 53, repeats included") \
    F(T, U, dns_responses, ANY, count, "DNS responses on port 53") \
    F(T, U, dns_transactions, ANY, count, "queries, repeats counted once") \
    F(T, U, dns_unanswered, ANY, count, "transactions without answer, older than the end guard") \
    F(T, L, dns_rcodes, LIM_CODES, code_count, "responses by rcode") \
    F(T, U, http_requests, ANY, count, "HTTP/1 requests in clear text") \
    F(T, U, http_responses, ANY, count, "HTTP/1 responses in clear text") \
    F(T, L, http_statuses, LIM_CODES, code_count, "responses by status, interim ones too") \
    F(T, U, tls_client_hellos, ANY, count, "ClientHello messages") \
    F(T, U, tls_server_hellos, ANY, count, "ServerHello messages") \
    F(T, U, tls_alerts, ANY, count, "alerts in clear text") \
    F(T, L, icmp_types, LIM_CODES, code_count, "ICMP by type * 256 + code") \
    F(T, L, icmpv6_types, LIM_CODES, code_count, "ICMPv6 by type * 256 + code") \
    F(T, U, arp_requests, ANY, count, "ARP requests") \
    F(T, U, arp_replies, ANY, count, "ARP replies") \
    F(T, L, protocols, LIM_PROTOCOLS, protocol, "a packet counts at each of its layers from the network up") \
    F(T, U, stp_changes, ANY, count, "spanning tree BPDUs that announce a topology change") \
    F(T, U, sctp_inits, ANY, count, "SCTP associations asked for: INIT chunks") \
    F(T, U, sctp_init_acks, ANY, count, "their answers") \
    F(T, U, sctp_aborts, ANY, count, "SCTP ABORT chunks") \
    F(T, U, udp_asked, ANY, count, "requests to UDP services that must answer, selected") \
    F(T, U, udp_answered, ANY, count, "their answers") \
    F(T, U, quic_attempts, ANY, count, "QUIC connections whose first Initial was seen") \
    F(T, U, quic_answered, ANY, count, "of these, any packet of the server was seen") \
    F(T, U, rtp_streams, ANY, count, "RTP streams recognised, each direction and source by itself") \
    F(T, U, media_streams, ANY, count, "RTP streams and other datagrams in an even beat") \
    F(T, B, names_hashed, 1, none, "names are switched off: hashes stand for names and paths") \
    F(T, U, link_peak_in_bps, ANY, bps, "all frames not sent by this interface, best second") \
    F(T, U, link_peak_out_bps, ANY, bps, "all frames sent by this interface, best second") \
    F(T, U, link_held_in_bps, ANY, bps, "the largest rate that six seconds in a row all had, not sent by this interface") \
    F(T, U, link_held_out_bps, ANY, bps, "the same of frames sent by it") \
    F(T, U, link_held_in_us, ANY, us, "end of these seconds, since the start; 0 if there were none") \
    F(T, U, link_held_out_us, ANY, us, "the same of frames sent by it")

/* One TCP service: server address and port, with all connections to it. */
#define FIELDS_service(F, T) \
    F(T, A, address, 16, none, "server") \
    F(T, U, port, MAX16, port, "server port") \
    F(T, S, name, LIM_NAME, text, "name seen for it, cleaned; empty if none") \
    F(T, B, on_target, 1, none, "belongs to the target") \
    F(T, B, both_directions, 1, none, "packets seen both ways") \
    F(T, U, packets, ANY, count, "packets") \
    F(T, U, bytes, ANY, bytes, "bytes on the wire") \
    F(T, U, first_us, ANY, us, "first packet, since the start") \
    F(T, U, last_us, ANY, us, "last packet, since the start") \
    F(T, U, heard_us, ANY, us, "last packet of the server, since the start; 0: none") \
    FIELDS_CONNECTION_COUNTS(F, T) \
    F(T, D, handshake_us, 5, us, "handshake round trips") \
    F(T, D, rtt_us, 5, us, "data to ACK, both sides added") \
    F(T, D, request_ack_us, 5, us, "request's last segment to the server's ACK of it") \
    F(T, D, first_byte_us, 5, us, "request to the first byte of the answer") \
    F(T, D, tls_us, 5, us, "ClientHello to ServerHello") \
    F(T, U, requests, ANY, count, "client data after which the server answered") \
    F(T, U, unpaired, ANY, count, "data a second or more after all other data: of the server, when nothing was asked; of the client, when it still had no answer; of HTTP/2 in clear, more on a stream answered before; of Redis, none") \
    F(T, U, renewed, ANY, count, "of the requests: sent at once when the answer before was there, on the same connection") \
    F(T, U, replies, ANY, count, "of the requests: short and at once after words of the server that answered nothing, as long as the time before; what came next was as long, too") \
    F(T, U, late_answers, ANY, count, "of the requests: answered after 2 s or later") \
    F(T, U, small_answers, ANY, count, "of the requests: answered by 700 bytes or less, as all before on their connections; none of HTTP/2 or Redis in clear") \
    F(T, U, timeout_first_us, ANY, us, "first SYN that stayed without answer, since the start") \
    F(T, U, timeout_last_us, ANY, us, "last SYN that stayed without answer, since the start") \
    F(T, U, timeout_wait_us, ANY, us, "longest time waited for an answer to a SYN in vain") \
    F(T, U, timeout_syn_sent, ANY, count, "SYNs of the attempts that timed out") \
    F(T, U, timeout_repeated, ANY, count, "attempts that timed out after two SYNs or more") \
    F(T, U, refused_first_us, ANY, us, "first refusal, since the start") \
    F(T, U, refused_last_us, ANY, us, "last refusal, since the start") \
    F(T, D, refused_us, 5, us, "SYN to RST") \
    F(T, U, refused_beside, ANY, count, "of the refused: by a reset that passed no router, as the SYN did not, between a private and a public address") \
    F(T, U, by_strangers, ANY, count, "attempts that were refused, timed out or unreachable, from public addresses to which no connection came up in this capture") \
    F(T, U, asked_again, ANY, count, "attempts of clients that had tried this service before") \
    F(T, U, handshakes_by_client, ANY, count, "handshake round trips whose longer part lay between this capture and the client") \
    F(T, U, retransmit_first_us, ANY, us, "first retransmission, since the start") \
    F(T, U, retransmit_last_us, ANY, us, "last retransmission, since the start") \
    F(T, U, zero_window_by_client_us, ANY, us, "total time the client kept its window closed") \
    F(T, U, zero_window_by_client_times, ANY, count, "how often") \
    F(T, U, zero_window_by_client_stuck, ANY, count, "connections in which it never reopened") \
    F(T, U, zero_window_by_client_life_us, ANY, us, "life of the connections in which it happened") \
    F(T, U, zero_window_by_server_us, ANY, us, "total time the server kept its window closed") \
    F(T, U, zero_window_by_server_times, ANY, count, "how often") \
    F(T, U, zero_window_by_server_stuck, ANY, count, "connections in which it never reopened") \
    F(T, U, zero_window_by_server_life_us, ANY, us, "life of the connections in which it happened") \
    F(T, U, zero_window_first_us, ANY, us, "since the start") \
    F(T, U, zero_window_last_us, ANY, us, "since the start") \
    F(T, U, reset_by_client, ANY, count, "established connections the client reset in mid-stream") \
    F(T, U, reset_by_server, ANY, count, "established connections the server reset in mid-stream") \
    F(T, U, reset_bytes_before, ANY, bytes, "payload of these before the reset") \
    F(T, U, reset_ttl_delta, 255, hops, "largest difference between the RST's TTL and its sender's packets") \
    F(T, U, reset_first_us, ANY, us, "since the start") \
    F(T, U, reset_last_us, ANY, us, "since the start") \
    F(T, U, http_4xx, ANY, count, "responses") \
    F(T, U, http_5xx, ANY, count, "responses; 501 to HEAD left out") \
    F(T, U, tls_client_hellos, ANY, count, "ClientHello messages") \
    F(T, U, tls_server_hellos, ANY, count, "ServerHello messages") \
    F(T, U, tls_fatal_by_client, ANY, count, "fatal alerts") \
    F(T, U, tls_fatal_by_server, ANY, count, "fatal alerts") \
    F(T, U, tls_alert, 255, none, "last fatal alert's description code") \
    F(T, U, tls_alert_first_us, ANY, us, "first fatal alert, since the start") \
    F(T, U, tls_alert_last_us, ANY, us, "last fatal alert, since the start") \
    F(T, U, tls_unanswered, ANY, count, "ClientHellos acknowledged by TCP and left without any answer, older than the end guard") \
    F(T, U, tls_unanswered_wait_us, ANY, us, "longest time waited for such an answer") \
    F(T, U, tls_unanswered_first_us, ANY, us, "first of these, since the start") \
    F(T, U, tls_unanswered_last_us, ANY, us, "last of these, since the start") \
    F(T, U, syn_added_us, ANY, us, "time that repeated SYNs added to the connections they set up, summed") \
    F(T, U, syn_added_longest_us, ANY, us, "the same, of the slowest connection") \
    F(T, U, syn_retry_first_us, ANY, us, "first repeated SYN of these, since the start") \
    F(T, U, syn_retry_last_us, ANY, us, "last repeated SYN of these, since the start") \
    F(T, A, slow_client, 16, none, "client that most often let its server wait; empty if none did") \
    F(T, U, slow_client_opens, ANY, count, "its connections in which it spoke first, from its first late one on") \
    F(T, U, slow_client_late_opens, ANY, count, "of these, begun half a second or more after the handshake, or so long halted within the handshake of TLS") \
    F(T, U, slow_client_answers, ANY, count, "answers it got, from its first late sign on") \
    F(T, U, slow_client_late_acks, ANY, count, "data it acknowledged half a second or more after it had arrived") \
    F(T, U, slow_client_wait_us, ANY, us, "these waits, summed") \
    F(T, U, slow_client_longest_us, ANY, us, "the longest of them") \
    F(T, U, slow_client_first_us, ANY, us, "end of the first, since the start") \
    F(T, U, slow_client_last_us, ANY, us, "end of the last, since the start") \
    F(T, U, http_responses, ANY, count, "HTTP/1 responses in clear text, interim ones left out") \
    F(T, U, http_401, ANY, count, "of http_4xx, without the soft ones and the challenges met") \
    F(T, U, http_403, ANY, count, "of http_4xx, without the soft ones") \
    F(T, U, http_404, ANY, count, "of http_4xx, without the soft ones") \
    F(T, U, http_407, ANY, count, "of http_4xx, without the soft ones and the challenges met") \
    F(T, U, http_429, ANY, count, "of http_4xx, without the soft ones") \
    F(T, U, http_4xx_soft, ANY, count, "of http_4xx: to HEAD, to requests not seen, and 404 for what clients only try for") \
    F(T, U, http_challenges_met, ANY, count, "of http_4xx: 401 and 407 after which the same client succeeded") \
    F(T, U, http_500, ANY, count, "responses") \
    F(T, U, http_502, ANY, count, "responses") \
    F(T, U, http_503, ANY, count, "responses") \
    F(T, U, http_504, ANY, count, "responses") \
    F(T, U, http_4xx_first_us, ANY, us, "first 4xx, since the start") \
    F(T, U, http_4xx_last_us, ANY, us, "last 4xx, since the start") \
    F(T, U, http_5xx_first_us, ANY, us, "first 5xx, since the start") \
    F(T, U, http_5xx_last_us, ANY, us, "last 5xx, since the start") \
    F(T, B, target_address, 1, none, "the address is one of the target's host") \
    F(T, A, reset_from, 16, none, "who sent the last reset in mid-stream; empty if none did") \
    F(T, U, reset_idle_us, ANY, us, "longest silence before a reset in mid-stream") \
    F(T, U, reset_other_mac, ANY, count, "of these resets: from another link-layer address than the sender's first packet") \
    F(T, U, tls_rejected, ANY, count, "TLS 1.3: the client's first encrypted record had the size of an alert") \
    F(T, U, tls_rejected_bytes, MAX16, bytes, "content of such a record") \
    F(T, U, tls_rejected_first_us, ANY, us, "first of these, since the start") \
    F(T, U, tls_rejected_last_us, ANY, us, "last of these, since the start") \
    F(T, U, tls_prompt, ANY, count, "ServerHellos that came with the server's receipt for the ClientHello, or so soon after it that most of the wait is the way's") \
    F(T, U, tls_refused, ANY, count, "TLS 1.3: a client that had shown its certificate got a record as long as an alert, and the server closed") \
    F(T, U, tls_refused_first_us, ANY, us, "first of these, since the start") \
    F(T, U, tls_refused_last_us, ANY, us, "last of these, since the start") \
    F(T, U, tls_obsolete, ANY, count, "ServerHellos that chose TLS 1.1 or older") \
    F(T, U, tls_oldest_version, MAX16, none, "oldest version chosen by them; 0: none") \
    F(T, U, tls_obsolete_first_us, ANY, us, "first of these, since the start") \
    F(T, U, tls_obsolete_last_us, ANY, us, "last of these, since the start") \
    F(T, U, tls_mismatch, ANY, count, "connections in which one side spoke TLS and the other did not") \
    F(T, U, tls_mismatch_class, TLS_MISMATCH_COUNT - 1, tls_mismatch, "how the last of them showed") \
    F(T, U, tls_mismatch_first_us, ANY, us, "first of these, since the start") \
    F(T, U, tls_mismatch_last_us, ANY, us, "last of these, since the start") \
    F(T, U, dsacks_to_client, ANY, count, "segments that the client reported to have had already, RFC 2883") \
    F(T, U, dsacks_to_server, ANY, count, "segments that the server reported to have had already") \
    F(T, U, spurious_to_client, ANY, count, "of spurious, sent by the server") \
    F(T, U, spurious_to_server, ANY, count, "of spurious, sent by the client") \
    F(T, U, rtt_judged, ANY, count, "round trips of connections whose handshake was measured, at most one per 20 ms") \
    F(T, U, rtt_inflated, ANY, count, "of these, 20 ms or more and four handshakes or more") \
    F(T, U, rtt_base_us, ANY, us, "handshakes of these connections, summed over the round trips") \
    F(T, D, inflated_rtt_us, 5, us, "these round trips, from the first inflated one on; empty if there was none") \
    F(T, D, loaded_rise_us, 5, us, "of round trips with ten segments or more in flight: how much longer than the handshake, from the first that is 50 ms longer on") \
    F(T, U, loaded_base_us, ANY, us, "handshakes of their connections, summed over these samples") \
    F(T, U, loaded_busy, ANY, count, "of these samples, with a sender that had more to send") \
    F(T, U, rounds_to_client_us, ANY, us, "rounds in which data came to a client, by timestamps") \
    F(T, U, full_to_client_us, ANY, us, "of these, with as much as the client's window lets in, and no queue") \
    F(T, U, full_to_client_rounds, ANY, count, "how many") \
    F(T, U, full_to_client_window_bytes, ANY, bytes, "its windows, summed") \
    F(T, U, full_to_client_rtt_us, ANY, us, "their round trips, both sides, summed") \
    F(T, U, rounds_to_server_us, ANY, us, "the same of data to the server") \
    F(T, U, full_to_server_us, ANY, us, "the same of the server's window") \
    F(T, U, full_to_server_rounds, ANY, count, "how many") \
    F(T, U, full_to_server_window_bytes, ANY, bytes, "its windows, summed") \
    F(T, U, full_to_server_rtt_us, ANY, us, "their round trips, both sides, summed") \
    F(T, U, stalls, ANY, count, "silences of more than 1 s and four round trips while data waited for its ACK, or of 4 s in the middle of a message") \
    F(T, U, stall_longest_us, ANY, us, "the longest of them") \
    F(T, U, stall_first_us, ANY, us, "begin of the first, since the start") \
    F(T, U, stall_last_us, ANY, us, "end of the last, since the start") \
    F(T, U, stall_pauses, ANY, count, "of the stalls: the server sent nothing meanwhile, by its IP ids") \
    F(T, U, rtt_beats, ANY, count, "pairs of inflated round trips that can tell whether they end on the beat of a Wi-Fi access point's beacons") \
    F(T, U, rtt_on_beat, ANY, count, "of these, on the beat")

/* One DNS server, by address. */
#define FIELDS_resolver(F, T) \
    F(T, A, address, 16, none, "resolver") \
    F(T, U, port, MAX16, port, "port") \
    F(T, B, on_target, 1, none, "asked for the target's name") \
    F(T, B, both_directions, 1, none, "packets seen both ways") \
    F(T, U, queries, ANY, count, "repeats included") \
    F(T, U, transactions, ANY, count, "repeats counted once") \
    F(T, U, responses, ANY, count, "responses") \
    F(T, U, unanswered, ANY, count, "transactions without answer, older than the end guard") \
    F(T, U, unanswered_tries, ANY, count, "queries of these") \
    F(T, U, by_strangers, ANY, count, "of the unanswered: from public addresses for which nothing worked in this capture") \
    F(T, U, unanswered_wait_us, ANY, us, "longest time waited in vain") \
    F(T, U, retried, ANY, count, "answered only after a repeated query") \
    F(T, U, noerror, ANY, count, "responses, rcode 0") \
    F(T, U, servfail, ANY, count, "responses, rcode 2") \
    F(T, U, nxdomain, ANY, count, "responses, rcode 3") \
    F(T, U, refused, ANY, count, "responses, rcode 5") \
    F(T, U, other_rcode, ANY, count, "responses, other rcodes") \
    F(T, D, latency_us, 5, us, "query to answer") \
    F(T, U, trouble_first_us, ANY, us, "first query that failed or got no answer, since the start") \
    F(T, U, trouble_last_us, ANY, us, "last of them") \
    F(T, S, trouble_name, LIM_NAME, text, "name of the last of them, cleaned") \
    F(T, U, trouble_on_target, ANY, count, "failed or unanswered queries for the target's name") \
    F(T, U, two_answers, ANY, count, "questions with more answers than queries, and different ones") \
    F(T, U, unasked, ANY, count, "responses to a client that asks here, none of whose questions they answer") \
    F(T, U, disputed_first_us, ANY, us, "first of these two, since the start") \
    F(T, U, disputed_last_us, ANY, us, "last of these two, since the start") \
    F(T, S, disputed_name, LIM_NAME, text, "name of the last of them, cleaned") \
    F(T, B, disputed_target, 1, none, "the target's name was among them") \
    F(T, U, private_answers, ANY, count, "answers of a public server with a private or loopback address for a public name") \
    F(T, A, private_address, 16, none, "the address of the last of them") \
    F(T, U, private_first_us, ANY, us, "first of these, since the start") \
    F(T, U, private_last_us, ANY, us, "last of these, since the start") \
    F(T, S, private_name, LIM_NAME, text, "name of the last of them, cleaned") \
    F(T, B, private_target, 1, none, "the target's name was among them") \
    F(T, B, iterative, 1, none, "of five questions at least four did not ask for recursion: the server of a zone, asked by resolvers")

#define FIELDS_connection(F, T) \
    F(T, A, client, 16, none, "who opened it; guessed when midstream") \
    F(T, U, client_port, MAX16, port, "port") \
    F(T, A, server, 16, none, "the other side") \
    F(T, U, server_port, MAX16, port, "port") \
    F(T, S, name, LIM_NAME, text, "name of the server, cleaned; empty if none") \
    F(T, B, on_target, 1, none, "belongs to the target") \
    F(T, B, both_directions, 1, none, "packets seen both ways") \
    F(T, U, state, CONN_COUNT - 1, conn_state, "outcome") \
    F(T, S, history, LIM_HISTORY, text, "Zeek's conn.log history letters") \
    F(T, U, start_us, ANY, us, "first packet, since the start") \
    F(T, U, duration_us, ANY, us, "first to last packet") \
    F(T, U, packets, ANY, count, "packets") \
    F(T, U, bytes_to_client, ANY, bytes, "TCP payload") \
    F(T, U, bytes_to_server, ANY, bytes, "TCP payload") \
    F(T, U, handshake_us, ANY, us, "0 if not seen") \
    F(T, U, tls_us, ANY, us, "ClientHello to ServerHello, 0 if not seen") \
    F(T, U, first_byte_us, ANY, us, "first request to first byte, 0 if not seen") \
    F(T, U, retransmitted, ANY, count, "both directions, the engine's own judgement") \
    F(T, U, rtt_p50_us, ANY, us, "smoothed data/ACK round trip, 0 if none") \
    F(T, U, zero_window_us, ANY, us, "time closed, both sides") \
    F(T, U, resets, 3, none, "1 client, 2 server, 3 both sent RST")

#define FIELDS_dns_row(F, T) \
    F(T, A, client, 16, none, "who asked") \
    F(T, U, client_mark, MAX16, none, "mark of its link-layer address, by which its addresses of several families and reaches are known as one host's; 0: not known") \
    F(T, A, server, 16, none, "who was asked") \
    F(T, U, server_port, MAX16, port, "port") \
    F(T, S, name, LIM_NAME, text, "name, cleaned") \
    F(T, U, type, MAX16, none, "query type, RFC 1035 section 3.2.2") \
    F(T, B, on_target, 1, none, "the target's name") \
    F(T, B, answered, 1, none, "a response was seen") \
    F(T, B, pending, 1, none, "no response yet, too young to say") \
    F(T, U, rcode, 4095, none, "response code, 0 if none") \
    F(T, U, answers, MAX16, count, "answer records") \
    F(T, U, latency_us, ANY, us, "last try to answer, or first if each try got one; time waited if none, at most 5 s after the last try") \
    F(T, U, tries, MAX32, count, "queries sent") \
    F(T, U, at_us, ANY, us, "first query, since the start") \
    F(T, B, resolved, 1, none, "this name, with any suffix tried beside it, got an address in the end; or that there is none is what was expected (a block list, a probe of the network)") \
    F(T, U, extended_error, 65536, none, "INFO-CODE of RFC 8914 plus 1; 0: none") \
    F(T, U, took_us, ANY, us, "first query to answer; 0 if none") \
    F(T, U, retry_us, ANY, us, "first query to the one that was answered, when an earlier one was not; else 0") \
    F(T, B, nodata, 1, none, "NOERROR without the address that was asked for") \
    F(T, B, truncated, 1, none, "the answer was cut (TC)") \
    F(T, B, unfollowed, 1, none, "it was cut, and no whole answer came, though there was time") \
    F(T, U, size_bytes, MAX16, bytes, "of the answer that was cut") \
    F(T, U, room_bytes, MAX16, bytes, "what the query says fits into a datagram (EDNS); 0: nothing, which means 512") \
    F(T, U, tcp_tries, MAX32, count, "the same question over TCP, after the cut answer") \
    F(T, U, tcp_connects, MAX32, count, "TCP connections begun to that server, after the cut answer") \
    F(T, U, a_us, ANY, us, "AAAA, slow or without answer: how long the good answer for A took; else 0")

#define FIELDS_http_row(F, T) \
    F(T, A, client, 16, none, "client") \
    F(T, A, server, 16, none, "server") \
    F(T, U, server_port, MAX16, port, "port") \
    F(T, S, method, 16, text, "method, cleaned") \
    F(T, S, host, LIM_NAME, text, "Host, cleaned") \
    F(T, S, path, LIM_PATH_TEXT, text, "path without query, cleaned, segments with @ masked") \
    F(T, U, status, 999, none, "0: no response seen") \
    F(T, U, first_byte_us, ANY, us, "request to response's first byte") \
    F(T, U, at_us, ANY, us, "since the start") \
    F(T, B, on_target, 1, none, "belongs to the target")

#define FIELDS_tls_row(F, T) \
    F(T, A, client, 16, none, "client") \
    F(T, A, server, 16, none, "server") \
    F(T, U, server_port, MAX16, port, "port") \
    F(T, S, sni, LIM_NAME, text, "server name, cleaned") \
    F(T, S, alpn, 32, text, "first protocol offered, or the one chosen when visible; cleaned") \
    F(T, U, version, MAX16, none, "negotiated version (0x0303 TLS 1.2, 0x0304 TLS 1.3), 0 if not seen") \
    F(T, U, outcome, TLS_OUTCOME_COUNT - 1, tls_outcome, "as far as visible") \
    F(T, U, alert, 255, none, "description code of a fatal alert, 0 if none") \
    F(T, U, hello_us, ANY, us, "ClientHello to ServerHello") \
    F(T, U, at_us, ANY, us, "since the start") \
    F(T, B, on_target, 1, none, "belongs to the target")

#define FIELDS_host(F, T) \
    F(T, A, address, 16, none, "host") \
    F(T, S, name, LIM_NAME, text, "name seen for it, cleaned") \
    F(T, U, packets, ANY, count, "sent and received") \
    F(T, U, bytes, ANY, bytes, "sent and received") \
    F(T, U, said_us, ANY, us, "its last word, since the start, in TCP and UDP to somebody who spoke as late or later; 0: none") \
    F(T, B, local, 1, none, "an address of this host")

#define FIELDS_incident(F, T) \
    F(T, U, kind, INCIDENT_COUNT - 1, incident_kind, "what happened") \
    F(T, A, subject, 16, none, "service or host it is about") \
    F(T, U, port, MAX16, port, "port of the service, 0 if none") \
    F(T, A, peer, 16, none, "who said it, or the other end") \
    F(T, B, on_target, 1, none, "belongs to the target") \
    F(T, U, count, ANY, count, "how often") \
    F(T, U, first_us, ANY, us, "since the start") \
    F(T, U, last_us, ANY, us, "since the start") \
    F(T, U, tries, ANY, count, "packets sent in vain, as far as they passed here; early_close: bytes that are missing; synack_again: SYN-ACKs beyond the SYNs; syn_flood: SYNs; reset_after_hello: TTL difference; reset_foreign: from another link-layer address") \
    F(T, U, span_us, ANY, us, "first to last try; reset_after_hello: request to reset; mute_close: handshake to close; idle_end: the silence; unheard: time waited") \
    F(T, U, value, ANY, none, "icmp_unreachable: type * 256 + code, + 65536 for ICMPv6; dhcp_nak: 1 the client got an address later, + 2 it had declined one; other dhcp: IP version; dead_path: 1 if what is outstanding fills the receiver's window; half_open_reset: 1 the SYN-ACK took more than a second, 2 the server reset it after a while; reset_foreign: TTL of the reset * 256 + TTL of its sender; reset_after_hello: 1 TLS, 2 HTTP; idle_end: 1 reset, 2 silence when data came again, 3 the server closed while a request was on its way, 0 neither; half_open_reset: 1 the SYN-ACK came late; synack_again: the client's ACK had passed here long before: 1 with data, or beside the server, 2 both; unheard: 1 acknowledged but not answered, 2 the same where it is not known that an answer is due, 3 after earlier answers, 4 inside TLS, 5 one of 1, 3 and 4 whose client left within 4 s, 6 the server, which speaks first, says nothing; mute_close: 1 the request of a later turn, or inside TLS, was read") \
    F(T, U, ip_proto, 255, none, "icmp_unreachable: protocol of the packet that was quoted; 0: none") \
    F(T, B, toward_client, 1, none, "the packet in question was on its way to the client of the service") \
    F(T, B, worked, 1, none, "icmp_unreachable: the flow had worked before its first error, or only tried whether there is a way (ICE); dead_path: the data went to a client that had been idle; half_open_reset, synack_again: the handshake was complete; mute_close: the client had sent data; reset_foreign: its sender's data went on; reset_after_hello: TTL and ACK are those of the server; unheard: the SYN-ACK was repeated; dhcp_no_offer: the client is this host; arp_unanswered, nd_unanswered: it answered again") \
    F(T, B, unseen, 1, none, "icmp_unreachable: no packet of the flow that was quoted was seen, though it would have been; dead_path: full segments never came here, and what was sent behind them did") \
    F(T, B, gateway, 1, none, "the subject is a default gateway of the interface") \
    F(T, U, size_bytes, ANY, bytes, "dead_path: segment sent in vain, with its headers; too_big: largest packet sent all the same") \
    F(T, U, size_ok_bytes, ANY, bytes, "dead_path: largest smaller segment that arrived, with its headers; 0: none known") \
    F(T, U, passed, ANY, count, "too_big: segments sent later that fit; dead_path: smaller segments passed in the end") \
    F(T, M, mac, 6, none, "link-layer address: who claims the address, who sends it all, which client") \
    F(T, M, other_mac, 6, none, "who had the address before, or claims it as well") \
    F(T, U, rate, ANY, count, "frames of the worst second; syn_flood: SYNs of it") \
    F(T, U, share_percent, 100, percent, "of all frames of that second") \
    F(T, U, offers, ANY, count, "dhcp: offers to the client; unheard: connections whose client's keep-alives stayed unanswered too; syn_flood: SYN-ACKs; reset_foreign: with an IP id far from those that its sender counts through; ping_loss: 1 the asker is such an address; icmp_unreachable, half_open_reset, synack_again: of public addresses to which no connection came up") \
    F(T, U, requests, ANY, count, "dead_path: connections whose silent end was there all the same; dhcp: requests of the client after that, without offers what other clients were confirmed; syn_flood: handshakes that ended; reset_foreign: right after the first request; unheard: clients that gave up on an answer; ping_loss: hosts like it that never answered the same asker, 0: fewer than 10")

/* One UDP service: server address and port, with all flows to it.  Only ports whose protocol must
 * answer have requests counted, and QUIC wherever it is. */
#define FIELDS_udp_service(F, T) \
    F(T, A, address, 16, none, "server") \
    F(T, U, port, MAX16, port, "server port") \
    F(T, S, name, LIM_NAME, text, "name seen for it, cleaned; empty if none") \
    F(T, B, on_target, 1, none, "belongs to the target") \
    F(T, U, asked, ANY, count, "requests") \
    F(T, U, answered, ANY, count, "datagrams that came back") \
    F(T, U, answered_last_us, ANY, us, "last of these, since the start; 0: there was none") \
    F(T, U, ask_first_us, ANY, us, "first request, since the start") \
    F(T, U, ask_second_us, ANY, us, "second request, since the start; 0: there was one at most") \
    F(T, U, ask_last_us, ANY, us, "last request, since the start") \
    F(T, U, waited_us, ANY, us, "since the second request; 0: there was one at most") \
    F(T, U, icmp, ANY, count, "flows that an ICMP error answered") \
    F(T, U, by_strangers, ANY, count, "of the requests: from public addresses for which nothing worked in this capture") \
    F(T, U, quic_attempts, ANY, count, "QUIC connections whose first Initial was seen") \
    F(T, U, quic_answered, ANY, count, "of these, any packet of the server was seen") \
    F(T, U, quic_tries, ANY, count, "Initials of the unanswered ones, those within 50 ms taken as one try") \
    F(T, U, quic_first_us, ANY, us, "first of these, since the start") \
    F(T, U, quic_last_us, ANY, us, "last of these, since the start") \
    F(T, U, quic_waited_us, ANY, us, "longest time since the last try of an unanswered one") \
    F(T, U, quic_retries, ANY, count, "Retry packets") \
    F(T, U, quic_version_negotiations, ANY, count, "Version Negotiation packets") \
    F(T, U, quic_handshakes, ANY, count, "connections in which the server's Handshake packet was seen") \
    F(T, U, quic_handshake_min_us, ANY, us, "first Initial to the server's Handshake packet, fastest") \
    F(T, U, quic_handshake_max_us, ANY, us, "the slowest") \
    F(T, U, spin_samples, ANY, count, "round trips seen by the spin bit") \
    F(T, U, spin_rtt_min_us, ANY, us, "the fastest of these; 0 if none")

/* One stream of datagrams in one direction: an RTP source, or an even beat of unknown content. */
#define FIELDS_media(F, T) \
    F(T, A, sender, 16, none, "who sends") \
    F(T, U, sender_port, MAX16, port, "port") \
    F(T, A, receiver, 16, none, "who receives") \
    F(T, U, receiver_port, MAX16, port, "port") \
    F(T, B, on_target, 1, none, "belongs to the target") \
    F(T, U, kind, MEDIA_COUNT - 1, media_kind, "how it was recognised") \
    F(T, B, sender_is_client, 1, none, "the sender sent the flow's first datagram") \
    F(T, B, sender_local, 1, none, "this host sends it") \
    F(T, B, multicast, 1, none, "to a group") \
    F(T, B, audio, 1, none, "RTP: payload type or beat of speech or music") \
    F(T, U, clock_hz, MAX32, none, "RTP: clock of its time stamps, by the payload type or inferred; 0: unknown") \
    F(T, U, first_us, ANY, us, "first packet, since the start") \
    F(T, U, last_us, ANY, us, "last packet, since the start") \
    F(T, U, packets, ANY, count, "packets, without repeated ones") \
    F(T, U, bytes, ANY, bytes, "on the wire") \
    F(T, U, back_packets, ANY, count, "RTP packets of the receiver to the sender, any port, or of another address at the same time to the very port that the sender uses, or from the one that the receiver uses") \
    F(T, B, heard_back, 1, none, "RTP: the receiver sends something back, on the same ports or on the next ones, which RTCP uses") \
    F(T, U, lost, ANY, count, "RTP: sequence numbers never seen, RFC 3550 appendix A.3") \
    F(T, U, lost_in_a_row, ANY, count, "RTP: most of them one after the other") \
    F(T, U, reordered, ANY, count, "RTP: arrived after a later one") \
    F(T, U, repeated, ANY, count, "RTP: arrived twice") \
    F(T, U, restarts, ANY, count, "RTP: the sender numbered anew") \
    F(T, U, jitter_samples, ANY, count, "RTP: 0 when the clock is not known or its stamps do not rise") \
    F(T, U, jitter_us, ANY, us, "RTP: interarrival jitter of RFC 3550 section 6.4.1, mean over the stream") \
    F(T, U, jitter_max_us, ANY, us, "RTP: its largest value") \
    F(T, U, longest_gap_us, ANY, us, "longest silence that the sender did not intend") \
    F(T, U, intervals, ANY, count, "times between neighbours, pauses of the sender and lost ones left out") \
    F(T, U, interval_p50_us, ANY, us, "half of them are shorter") \
    F(T, U, interval_p99_us, ANY, us, "99 percent of them are shorter") \
    F(T, U, regular_percent, 100, percent, "of them lie between half and twice the median") \
    F(T, U, gaps, ANY, count, "of them longer than 100 ms")

#define FIELDS_services(F, T)    F(T, L, rows, LIM_SERVICE_ROWS, service, "worst first") \
    F(T, U, of, ANY, count, "how many there were") \
    F(T, U, others_heard_us, ANY, us, "last packet of a public server that has no row, or had none earlier, since the start; 0: none")
#define FIELDS_resolvers(F, T)   F(T, L, rows, LIM_RESOLVER_ROWS, resolver, "worst first, then busiest") \
    F(T, U, of, ANY, count, "how many there were")
#define FIELDS_connections(F, T) F(T, L, rows, LIM_CONNECTIONS, connection, "worst first") \
    F(T, U, of, ANY, count, "how many there were")
#define FIELDS_dns(F, T)         F(T, L, rows, LIM_DNS_ROWS, dns_row, "worst first") \
    F(T, U, of, ANY, count, "how many there were")
#define FIELDS_http(F, T)        F(T, L, rows, LIM_HTTP_ROWS, http_row, "worst first") \
    F(T, U, of, ANY, count, "how many there were")
#define FIELDS_tls(F, T)         F(T, L, rows, LIM_TLS_ROWS, tls_row, "worst first") \
    F(T, U, of, ANY, count, "how many there were")
#define FIELDS_hosts(F, T)       F(T, L, rows, LIM_HOST_ROWS, host, "most bytes first") \
    F(T, U, of, ANY, count, "how many there were")
#define FIELDS_timeline(F, T) \
    F(T, U, bucket_us, ANY, us, "length of one bucket: 1 s, doubled as the capture grows") \
    F(T, N, packets, LIM_TIMELINE, count, "selected packets per bucket") \
    F(T, N, bytes, LIM_TIMELINE, bytes, "selected bytes per bucket") \
    F(T, N, to_client, LIM_TIMELINE, bytes, "TCP and UDP bytes towards clients") \
    F(T, N, to_server, LIM_TIMELINE, bytes, "TCP and UDP bytes towards servers") \
    F(T, N, retransmitted, LIM_TIMELINE, count, "retransmissions, the engine's own judgement") \
    F(T, N, rtt_us, LIM_TIMELINE, us, "mean round trip of TCP; 0: none measured")
#define FIELDS_incidents(F, T)   F(T, L, rows, LIM_INCIDENTS, incident, "oldest first") \
    F(T, U, of, ANY, count, "how many there were")
#define FIELDS_udp(F, T)         F(T, L, rows, LIM_UDP_ROWS, udp_service, "worst first") \
    F(T, U, of, ANY, count, "how many there were")
#define FIELDS_streams(F, T)     F(T, L, rows, LIM_MEDIA_ROWS, media, "worst first") \
    F(T, U, of, ANY, count, "how many there were")

/* clang-format on */
#endif
