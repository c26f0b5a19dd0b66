#ifndef COMMON_SCHEMA_H
#define COMMON_SCHEMA_H
#include "common/addr.h"
#include "common/err.h"
#include "common/hist.h"
#include "common/limits.h"
#include "common/schema_tables.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The single declaration of every message field between capd and mcpd.  From it come the C
 * structs, the encoder, the checking decoder and the protocol page (`capd --protocol`).
 *
 * F(T, KIND, name, bound, unit, doc)
 *   U  unsigned integer, 0..bound           S  UTF-8 text without NUL, at most bound bytes
 *   B  boolean                              A  address: bin of 0, 4 or 16 bytes
 *   M  MAC address: bin of 0 or 6 bytes     D  struct dist: array of 5 integers, microseconds
 *   N  array of at most bound integers      L  array of at most bound rows; unit names the row type
 *
 * A message is a msgpack map with exactly these keys, each once.  A row is a msgpack array with
 * exactly these items in this order.  Anything else is refused.  Units: us = microseconds. */

/* Tables, one line per entry. */
/* clang-format off */
/* ---- vocabularies ------------------------------------------------------------------------ */
#define MODE_LIST(X) X(AUTO, "auto") X(DOMAIN, "domain") X(PORT, "port") X(WEB, "web") \
    X(DIAGNOSIS, "diagnosis")
/* Outcome of one TCP connection, contract section 4.  The last three split `established`. */
#define CONN_LIST(X) X(REFUSED, "refused") X(TIMED_OUT, "timed_out") X(UNREACHABLE, "unreachable") \
    X(ABORTED, "aborted") X(PENDING, "pending") X(MIDSTREAM, "midstream") X(CLOSED, "closed") \
    X(RESET, "reset") X(OPEN, "open")
#define PROTO_LIST(X) X(OTHER, "other") X(ARP, "arp") X(IPV4, "ipv4") X(IPV6, "ipv6") \
    X(ICMP, "icmp") X(ICMPV6, "icmpv6") X(TCP, "tcp") X(UDP, "udp") X(SCTP, "sctp") \
    X(DNS, "dns") X(MDNS, "mdns") X(LLMNR, "llmnr") X(HTTP, "http") X(TLS, "tls") X(QUIC, "quic") \
    X(DHCP, "dhcp") X(NTP, "ntp") X(IGMP, "igmp") X(ESP, "esp") X(GRE, "gre") X(STP, "stp") \
    X(SSH, "ssh") X(RTP, "rtp") X(RTCP, "rtcp") X(STUN, "stun") \
    X(HTTP2, "http2")
/* How a TLS handshake ended, as far as it can be seen. */
#define TLS_OUTCOME_LIST(X) X(PENDING, "pending") X(ANSWERED, "answered") X(ALERT_CLIENT, "alert_from_client") \
    X(ALERT_SERVER, "alert_from_server") X(NO_ANSWER, "no_answer") X(RESET, "reset")
/* What the detectors report; subject, peer and the numbers' meaning per kind in `incident`. */
#define INCIDENT_LIST(X) X(ICMP_UNREACHABLE, "icmp_unreachable") X(DEAD_PATH, "dead_path") \
    X(ARP_UNANSWERED, "arp_unanswered") X(RESET_MIDSTREAM, "reset_midstream") \
    X(PING_LOSS, "ping_loss") X(TIME_EXCEEDED, "time_exceeded") X(TOO_BIG, "too_big") \
    X(ARP_DUPLICATE, "arp_duplicate_address") X(ARP_SPOOFING, "arp_spoofing_suspected") \
    X(ARP_STORM, "arp_storm") X(L2_LOOP, "l2_loop") X(BROADCAST_STORM, "broadcast_storm") \
    X(ND_UNANSWERED, "nd_unanswered") X(DHCP_NO_OFFER, "dhcp_no_offer") \
    X(DHCP_INCOMPLETE, "dhcp_incomplete") X(DHCP_NAK, "dhcp_nak") \
    X(DHCP_SERVERS, "dhcp_multiple_servers") \
    X(HALF_OPEN_RESET, "half_open_reset") X(MUTE_CLOSE, "mute_close") \
    X(RESET_FOREIGN, "reset_foreign") X(RESET_AFTER_HELLO, "reset_after_hello") \
    X(IDLE_END, "idle_end") X(EARLY_CLOSE, "early_close") X(UNHEARD, "unheard") \
    X(SYNACK_AGAIN, "synack_again") X(SYN_FLOOD, "syn_flood")
/* What is kept of media streams: RTP, or datagrams that come in an even beat. */
#define MEDIA_LIST(X) X(RTP, "rtp") X(PACED, "paced")
/* How a connection shows that one side speaks TLS and the other does not: what the server's first
 * bytes are, from `http` to `binary`; `tls`: an alert to clear text; `error`: HTTP 400 from a server
 * of TLS; `closed`: clear text to a port of TLS, closed without a word. */
#define TLS_MISMATCH_LIST(X) X(NONE, "none") X(HTTP, "http") X(SSH, "ssh") X(GREETING, "greeting") \
    X(TEXT, "text") X(BINARY, "binary") X(TLS, "tls") X(ERROR, "error") X(CLOSED, "closed")
#define END_LIST(X) X(DURATION, "duration") X(STOPPED, "stopped") X(EOF, "end_of_file") \
    X(DEVICE, "device_gone") X(FAILED, "failed")
/* Why the worker narrowed its kernel filter (contract section 3). */
#define NARROW_LIST(X) X(NONE, "none") X(DROPS, "drops") X(CPU, "cpu")
#define DATALINK_NAME_MAX 32u

#define MODE_ENUM(a, b) MODE_##a,
#define CONN_ENUM(a, b) CONN_##a,
#define PROTO_ENUM(a, b) PROTO_##a,
#define TLS_OUTCOME_ENUM(a, b) TLS_OUTCOME_##a,
#define INCIDENT_ENUM(a, b) INCIDENT_##a,
#define MEDIA_ENUM(a, b) MEDIA_##a,
#define TLS_MISMATCH_ENUM(a, b) TLS_MISMATCH_##a,
#define END_ENUM(a, b) END_##a,
#define NARROW_ENUM(a, b) NARROW_##a,
enum mode { MODE_LIST(MODE_ENUM) MODE_COUNT };
enum conn_state { CONN_LIST(CONN_ENUM) CONN_COUNT };
enum proto { PROTO_LIST(PROTO_ENUM) PROTO_COUNT };
enum tls_outcome { TLS_OUTCOME_LIST(TLS_OUTCOME_ENUM) TLS_OUTCOME_COUNT };
enum incident_kind { INCIDENT_LIST(INCIDENT_ENUM) INCIDENT_COUNT };
enum media_kind { MEDIA_LIST(MEDIA_ENUM) MEDIA_COUNT };
enum tls_mismatch { TLS_MISMATCH_LIST(TLS_MISMATCH_ENUM) TLS_MISMATCH_COUNT };
enum end_reason { END_LIST(END_ENUM) END_COUNT };
enum narrow_cause { NARROW_LIST(NARROW_ENUM) NARROW_COUNT };
extern const char *const mode_names[MODE_COUNT];
extern const char *const conn_names[CONN_COUNT];
extern const char *const proto_names[PROTO_COUNT];
extern const char *const tls_outcome_names[TLS_OUTCOME_COUNT];
extern const char *const incident_names[INCIDENT_COUNT];
extern const char *const end_names[END_COUNT];
extern const char *const narrow_names[NARROW_COUNT];

#define ANY UINT64_MAX
#define MAX16 UINT16_MAX
#define MAX32 UINT32_MAX

/* ---- requests ------------------------------------------------------------------------------ */
#define FIELDS_hello(F, T) \
    F(T, S, client, LIM_LABEL, text, "name and version of the client, for the log only")
#define FIELDS_empty(F, T) \
    F(T, B, all, 1, none, "reserved: send false")
#define FIELDS_prefix(F, T) \
    F(T, A, address, 16, none, "network or host address") \
    F(T, U, prefix_len, 128, bits, "32 or 128 for a host")
#define FIELDS_start(F, T) \
    F(T, B, file, 1, none, "read the inherited capture file (private capd only) instead of an interface") \
    F(T, S, interface, LIM_IFNAME, text, "interface to capture on; empty for a file") \
    F(T, U, mode, MODE_COUNT - 1, mode, "what is judged; AUTO is refused, the client resolves it") \
    F(T, U, duration_ms, LIM_DURATION_S * 1000u, ms, "the capture ends by itself; 0 only for a file") \
    F(T, S, name, LIM_NAME, text, "target name in lower case, ASCII; empty if none") \
    F(T, L, addresses, LIM_TARGET_ADDRESSES, prefix, "target addresses known now") \
    F(T, N, ports, LIM_TARGET_PORTS, port, "target ports; empty: any") \
    F(T, S, filter, LIM_FILTER, text, "the caller's own pcap-filter expression; empty: none") \
    F(T, B, filter_only, 1, none, "the expression replaces the mode's filter instead of joining it") \
    F(T, L, exclude, LIM_TARGET_ADDRESSES, endpoint, "endpoints left out (the client's own connections)") \
    F(T, S, caller, LIM_LABEL, text, "caller label, logged as claimed, not proved; of a service user: on whose account, up to a comma") \
    F(T, L, gateways, LIM_GATEWAYS, route, "default gateways of the interface: next hops of the target")
#define FIELDS_endpoint(F, T) \
    F(T, A, address, 16, none, "address") \
    F(T, U, port, MAX16, port, "port")
#define FIELDS_capture(F, T) \
    F(T, S, capture_id, LIM_CAPTURE_ID, text, "which capture")
#define FIELDS_retarget(F, T) \
    F(T, S, capture_id, LIM_CAPTURE_ID, text, "which capture") \
    F(T, L, addresses, LIM_TARGET_ADDRESSES, prefix, "addresses learned late; joined to the known ones")

/* ---- answers of the parent ------------------------------------------------------------------- */
#define FIELDS_hello_reply(F, T) \
    F(T, S, version, LIM_LABEL, text, "version of capd") \
    F(T, B, private, 1, none, "serves this one client only") \
    F(T, B, live, 1, none, "can open interfaces (holds CAP_NET_RAW)") \
    F(T, B, names, 1, none, "names are reported; false: stable hashes") \
    F(T, U, max_captures, LIM_CAPTURES, count, "captures at once, in all") \
    F(T, U, max_per_caller, LIM_CAPTURES, count, "captures at once per uid") \
    F(T, U, max_duration_s, LIM_DURATION_S, s, "longest capture") \
    F(T, U, snaplen, MAX16, bytes, "bytes looked at per packet")
#define FIELDS_interface(F, T) \
    F(T, S, name, LIM_IFNAME, text, "interface name") \
    F(T, U, index, MAX32, none, "kernel's index") \
    F(T, S, kind, 16, text, "ethernet, wifi, loopback, bridge, vlan, tunnel, virtual or other") \
    F(T, B, up, 1, none, "administratively up") \
    F(T, B, running, 1, none, "carrier present") \
    F(T, B, loopback, 1, none, "loopback device") \
    F(T, B, wireless, 1, none, "802.11 device") \
    F(T, B, allowed, 1, none, "this caller may capture on it") \
    F(T, B, default_v4, 1, none, "carries the IPv4 default route") \
    F(T, B, default_v6, 1, none, "carries the IPv6 default route") \
    F(T, M, mac, 6, none, "link-layer address") \
    F(T, U, mtu, MAX32, bytes, "MTU") \
    F(T, U, speed_mbps, MAX32, mbps, "link speed, 0 if unknown") \
    F(T, U, rx_packets, ANY, count, "kernel's counter, to find the busiest") \
    F(T, U, tx_packets, ANY, count, "kernel's counter")
#define FIELDS_if_address(F, T) \
    F(T, U, index, MAX32, none, "interface index") \
    F(T, A, address, 16, none, "address") \
    F(T, U, prefix_len, 128, bits, "prefix length")
#define FIELDS_route(F, T) \
    F(T, U, index, MAX32, none, "interface index") \
    F(T, A, gateway, 16, none, "next hop of a default route")
#define FIELDS_interfaces_reply(F, T) \
    F(T, L, interfaces, LIM_INTERFACES, interface, "default routes first, then those with addresses, devices, the rest") \
    F(T, L, addresses, LIM_IF_ADDRESSES, if_address, "addresses of these interfaces, in the same order") \
    F(T, L, gateways, LIM_ROUTES, route, "default gateways") \
    F(T, U, interfaces_all, MAX32, count, "interfaces there are; more than listed: the list is cut") \
    F(T, U, addresses_all, MAX32, count, "addresses there are")
#define FIELDS_status_row(F, T) \
    F(T, S, capture_id, LIM_CAPTURE_ID, text, "capture") \
    F(T, S, interface, LIM_IFNAME, text, "interface, empty for a file") \
    F(T, U, uid, MAX32, none, "who started it") \
    F(T, U, started_us, ANY, us, "wall clock") \
    F(T, U, ends_us, ANY, us, "wall clock; 0 for a file")
#define FIELDS_status_reply(F, T) \
    F(T, L, captures, LIM_CAPTURES, status_row, "the caller's running captures")
#define FIELDS_error(F, T) \
    F(T, U, code, FAIL_CODES - 1, none, "enum fail_code") \
    F(T, S, field, 31, text, "field at fault, empty if none") \
    F(T, S, why, LIM_ERROR_TEXT, text, "one sentence")

/* ---- events of a worker; the tables of a snapshot are in schema_tables.h ------------------- */
#define FIELDS_started(F, T) \
    F(T, S, capture_id, LIM_CAPTURE_ID, text, "made by capd") \
    F(T, S, filter, 2048, text, "filter as installed; empty: everything") \
    F(T, B, filter_in_kernel, 1, none, "false: filtered in user space") \
    F(T, S, datalink, DATALINK_NAME_MAX, text, "link type") \
    F(T, U, snaplen, MAX32, bytes, "bytes looked at per packet") \
    F(T, U, landlock_abi, 64, none, "0: kernel has no Landlock") \
    F(T, B, seccomp, 1, none, "filter in force") \
    F(T, U, caps, ANY, none, "capabilities left (always 0)")

#define FIELDS_ended(F, T) \
    F(T, S, capture_id, LIM_CAPTURE_ID, text, "which capture") \
    F(T, U, reason, END_COUNT - 1, end_reason, "why it ended") \
    F(T, S, detail, LIM_ERROR_TEXT, text, "for a failure: what, in one sentence")

/* Every row and message type, rows before the messages that hold them. */
#define SCHEMA_LIST(X) \
    X(prefix) X(endpoint) X(interface) X(if_address) X(route) X(status_row) X(code_count) \
    X(protocol) X(service) X(resolver) X(connection) X(dns_row) X(http_row) X(tls_row) X(host) \
    X(incident) X(hello) X(empty) X(start) X(capture) X(retarget) X(hello_reply) \
    X(interfaces_reply) X(status_reply) X(error) X(started) X(totals) X(services) X(resolvers) \
    X(connections) X(dns) X(http) X(tls) X(hosts) X(timeline) X(incidents) X(ended) \
    X(udp_service) X(media) X(udp) X(streams)

/* Message types on the wire and the schema of their bodies. */
#define WIRE_BODY_LIST(X) \
    X(WIRE_HELLO, hello) X(WIRE_INTERFACES, empty) X(WIRE_START, start) \
    X(WIRE_RETARGET, retarget) X(WIRE_SNAPSHOT, capture) X(WIRE_STOP, capture) \
    X(WIRE_STATUS, empty) X(WIRE_HELLO_REPLY, hello_reply) \
    X(WIRE_INTERFACES_REPLY, interfaces_reply) X(WIRE_STATUS_REPLY, status_reply) \
    X(WIRE_OK, empty) X(WIRE_ERROR, error) X(WIRE_STARTED, started) X(WIRE_TOTALS, totals) \
    X(WIRE_SERVICES, services) X(WIRE_RESOLVERS, resolvers) X(WIRE_CONNECTIONS, connections) \
    X(WIRE_DNS, dns) X(WIRE_HTTP, http) X(WIRE_TLS, tls) X(WIRE_HOSTS, hosts) \
    X(WIRE_TIMELINE, timeline) X(WIRE_INCIDENTS, incidents) X(WIRE_ENDED, ended) \
    X(WIRE_UDP, udp) X(WIRE_STREAMS, streams)

/* clang-format on */

/* ---- structs: `struct msg_NAME` for every type above ---------------------------------------- */
#define SCHEMA_MEMBER_U(name, bound, unit) uint64_t name;
#define SCHEMA_MEMBER_B(name, bound, unit) bool name;
#define SCHEMA_MEMBER_S(name, bound, unit) char name[(bound) + 1];
#define SCHEMA_MEMBER_A(name, bound, unit) struct addr name;
#define SCHEMA_MEMBER_M(name, bound, unit) uint8_t name[6];
#define SCHEMA_MEMBER_D(name, bound, unit) struct dist name;
#define SCHEMA_MEMBER_N(name, bound, unit)                                                         \
    uint64_t *name;                                                                                \
    uint32_t name##_n;
#define SCHEMA_MEMBER_L(name, bound, unit)                                                         \
    struct msg_##unit *name;                                                                       \
    uint32_t name##_n;
#define SCHEMA_MEMBER(T, kind, name, bound, unit, doc) SCHEMA_MEMBER_##kind(name, bound, unit)
#define SCHEMA_STRUCT(T)                                                                           \
    struct msg_##T {                                                                               \
        FIELDS_##T(SCHEMA_MEMBER, T)                                                               \
    };
SCHEMA_LIST(SCHEMA_STRUCT)

/* ---- descriptors --------------------------------------------------------------------------------
 */
struct schema;
struct schema_field {
    const char *name, *unit, *doc;
    const struct schema *row; /* L only */
    uint64_t bound;
    uint32_t offset, count_offset; /* in the struct; count_offset for N and L */
    char kind;
};
struct schema {
    const char *name;
    const struct schema_field *fields;
    uint32_t fields_n, struct_bytes;
};
#define SCHEMA_EXTERN(T) extern const struct schema schema_##T;
SCHEMA_LIST(SCHEMA_EXTERN)

/* Schema of a message body by wire type; NULL: no such type. */
const struct schema *schema_of_wire(unsigned wire_type);

/* Encode `msg` (a struct msg_*) as a map.  Returns bytes written, 0 if it does not fit `cap`. */
size_t schema_encode(const struct schema *s, const void *msg, uint8_t *out, size_t cap);

/* Memory for decoded lists: handed out front to back, never freed one by one. */
struct schema_arena {
    uint8_t *bytes;
    size_t used, cap;
};

/* Check and decode a body into the zeroed struct `msg_out`; lists point into `arena`.  False:
 * `fail` names the field.  Nothing in `msg_out` may be used then. */
bool schema_decode(const struct schema *s, const uint8_t *bytes, size_t len, void *msg_out,
                   struct schema_arena *arena, struct fail *fail);
#endif
