/* One probe: resolve, connect and, on a web port, TLS and a HEAD request.  Everything that could
 * make it reach another place than the one asked for is switched off: proxies, redirects, netrc,
 * cookies, other protocols.  A certificate that does not fit is a result, not a reason to go on.
 * libcurl tries the addresses as a browser does (RFC 8305: the other family after 200 ms), which
 * hides that one of them is dead: so each address that was tried is written down.
 * Runs in: network child.  Input trust: packets. */
#include "mcpd/net/net.h"
#include "common/addr.h"
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define TRIED_SHOWN 4u

struct probe {
    CURL *curl;
    bool tls, tcp;
    struct addr tried[NET_ADDRESSES];
    unsigned tries;
    char error[CURL_ERROR_SIZE];
};

/* libcurl asks for a socket: note the address it is for. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to) {
    struct probe *p = ctx;
    struct addr a = {.len = 0};
    (void)purpose;
    if (to->family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &to->addr, sizeof in);
        a = addr_from_bytes((const uint8_t *)&in.sin_addr, 4);
    } else if (to->family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &to->addr, sizeof in6);
        a = addr_from_bytes(in6.sin6_addr.s6_addr, 16);
    }
    if (a.len && p->tries < NET_ADDRESSES) p->tried[p->tries++] = a;
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void set_options(struct probe *p, const char *url) {
    CURL *c = p->curl;
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, p->error);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, p);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)NET_PROBE_MS);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "packet-capture-mcp/" PCM_VERSION " (probe)");
    curl_easy_setopt(c, p->tcp ? CURLOPT_CONNECT_ONLY : CURLOPT_NOBODY, 1L);
}

/* Append the addresses tried, but for `but`, as " A B" or, with a separator, as "A, B". */
static void list_tried(const struct probe *p, const struct addr *but, const char *separator,
                       char *out, size_t cap) {
    char text[ADDR_TEXT_BYTES];
    unsigned shown = 0;
    out[0] = 0;
    for (unsigned i = 0; i < p->tries && shown < TRIED_SHOWN; i++) {
        size_t used = strlen(out);
        if (but && addr_equal(but, &p->tried[i])) continue;
        snprintf(out + used, cap - used, "%s%s", shown++ || *separator == ' ' ? separator : "",
                 addr_format(&p->tried[i], text));
    }
}

static void tell(const char *id, const struct probe *p) {
    CURL *c = p->curl;
    char *address = NULL, others[TRIED_SHOWN * ADDR_TEXT_BYTES];
    struct addr peer = {.len = 0};
    long status = 0;
    curl_off_t dns = 0, connect = 0, tls = 0, first_byte = 0;
    curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(c, CURLINFO_NAMELOOKUP_TIME_T, &dns);
    curl_easy_getinfo(c, CURLINFO_CONNECT_TIME_T, &connect);
    curl_easy_getinfo(c, CURLINFO_APPCONNECT_TIME_T, &tls);
    curl_easy_getinfo(c, CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
    bool known = address && addr_parse(address, &peer);
    list_tried(p, known ? &peer : NULL, " ", others, sizeof others);
    net_answer(id, "ok %s %ld %lld %lld %lld %lld%s", known ? address : "-", status, (long long)dns,
               (long long)connect, (long long)tls, (long long)first_byte, others);
}

/* Time is over: in which phase? */
static const char *late_phase(const struct probe *p) {
    curl_off_t dns = 0, connect = 0, tls = 0;
    curl_easy_getinfo(p->curl, CURLINFO_NAMELOOKUP_TIME_T, &dns);
    curl_easy_getinfo(p->curl, CURLINFO_CONNECT_TIME_T, &connect);
    curl_easy_getinfo(p->curl, CURLINFO_APPCONNECT_TIME_T, &tls);
    if (dns == 0 && p->tries == 0) return "the name was not resolved within 8 s";
    if (connect == 0) return "no connection within 8 s";
    if (p->tls && tls == 0) return "connected, but the TLS handshake was not done within 8 s";
    return "connected, but there was no answer within 8 s";
}

static const char *no_connection(const struct probe *p) {
    long number = 0;
    curl_easy_getinfo(p->curl, CURLINFO_OS_ERRNO, &number);
    switch (number) {
    case ECONNREFUSED: return "the connection was refused";
    case EHOSTUNREACH: return "the host cannot be reached";
    case ENETUNREACH: return "the network cannot be reached";
    case EACCES:
    case EPERM: return "the connection is prohibited";
    case ETIMEDOUT: return "nothing answered";
    default: return "no connection could be made";
    }
}

/* Why a certificate was not accepted, in words of this machine only: libcurl's message may quote
 * the certificate, which the server wrote. */
static const char *certificate_words(const struct probe *p) {
    static const struct {
        long result; /* X509_V_ERR_* of OpenSSL's x509_vfy.h; 1: libcurl did not ask, it looks at
                        the name first */
        const char *words;
    } verify[] = {{0, "it is for another name"},
                  {1, "it is for another name"},
                  {9, "it is not valid yet"},
                  {10, "it has expired"},
                  {18, "it is self-signed"},
                  {19, "a self-signed one stands in the chain"},
                  {20, "its issuer is not known here"},
                  {21, "its issuer is not known here"},
                  {62, "it is for another name"}};
    long result = 0;
    curl_easy_getinfo(p->curl, CURLINFO_SSL_VERIFYRESULT, &result);
    for (size_t i = 0; i < sizeof verify / sizeof verify[0]; i++)
        if (verify[i].result == result) return verify[i].words;
    return "its chain does not hold";
}

/* OpenSSL's words for the alert ("error:0A000102:SSL routines::unsupported protocol"): from a table
 * of its own, chosen by the alert's number. */
static const char *handshake_words(const struct probe *p) {
    const char *routines = strstr(p->error, "SSL routines::");
    return routines ? routines + strlen("SSL routines::") : "no common ground";
}

static void tell_failure(const char *id, const struct probe *p, CURLcode rc) {
    char text[360], others[TRIED_SHOWN * ADDR_TEXT_BYTES];
    const char *why = NULL, *what = "";
    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST: why = "the name could not be resolved"; break;
    case CURLE_COULDNT_CONNECT: why = no_connection(p); break;
    case CURLE_OPERATION_TIMEDOUT: why = late_phase(p); break;
    case CURLE_GOT_NOTHING: why = "the server closed the connection without an answer"; break;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: why = "the connection broke before the answer was whole"; break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: why = "what answered does not speak HTTP"; break;
    case CURLE_PEER_FAILED_VERIFICATION:
        what = "the certificate was not accepted: ";
        why = certificate_words(p);
        break;
    case CURLE_SSL_CONNECT_ERROR:
        what = "the TLS handshake failed: ";
        why = handshake_words(p);
        break;
    default: why = curl_easy_strerror(rc); break;
    }
    list_tried(p, NULL, ", ", others, sizeof others);
    snprintf(text, sizeof text, "%s%.100s%s%s", what, why, p->tries ? "; tried " : "", others);
    net_answer_error(id, text);
}

/* libcurl gives an IPv6 address up for IPv4 after 200 ms, with one SYN: that may have been slow or
 * lost.  So it is tried once more, alone and until a second SYN must have followed; what comes of
 * it is for the capture to see. */
static void look_again(const struct probe *p) {
    if (p->tries < 2 || p->tried[0].len != 16) return;
    curl_easy_setopt(p->curl, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V6);
    curl_easy_setopt(p->curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(p->curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, (long)NET_AGAIN_MS);
    (void)curl_easy_perform(p->curl);
}

void net_probe(const char *id, const char *kind, const char *host, const char *port) {
    static struct probe p;
    struct addr address;
    char url[512];
    bool v6 = strchr(host, ':') != NULL;
    p.tls = strcmp(kind, "https") == 0;
    p.tcp = strcmp(kind, "tcp") == 0;
    if (!p.tcp && !p.tls && strcmp(kind, "http") != 0) {
        net_answer_error(id, "unknown kind of probe");
        return;
    }
    snprintf(url, sizeof url, "%s://%s%s%s:%s/", p.tls ? "https" : "http", v6 ? "[" : "", host,
             v6 ? "]" : "", port);
    p.curl = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (!p.curl) {
        net_answer_error(id, "libcurl cannot be initialised");
        return;
    }
    set_options(&p, url);
    /* A certificate is for names: to whoever asked for an address it need only be a good one. */
    if (addr_parse(host, &address)) curl_easy_setopt(p.curl, CURLOPT_SSL_VERIFYHOST, 0L);
    CURLcode rc = curl_easy_perform(p.curl);
    if (rc == CURLE_OK) {
        tell(id, &p);
        look_again(&p);
    } else {
        tell_failure(id, &p, rc);
    }
    curl_easy_cleanup(p.curl);
}
