/* One probe: resolve, connect and, on a web port, TLS and a HEAD request.  Everything that could
 * make it reach another place than the one asked for is switched off: proxies, redirects, netrc,
 * cookies, other protocols.  A certificate that does not fit is a result, not a reason to go on.
 * Runs in: network child.  Input trust: packets. */
#include "mcpd/net/net.h"
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static void set_options(CURL *c, const char *kind, const char *url, char *error) {
    bool tcp = strcmp(kind, "tcp") == 0;
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)NET_PROBE_MS);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "packet-capture-mcp/" PCM_VERSION " (probe)");
    curl_easy_setopt(c, tcp ? CURLOPT_CONNECT_ONLY : CURLOPT_NOBODY, 1L);
}

static void tell(const char *id, CURL *c) {
    char *address = NULL;
    long status = 0;
    curl_off_t dns = 0, connect = 0, tls = 0, first_byte = 0;
    curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(c, CURLINFO_NAMELOOKUP_TIME_T, &dns);
    curl_easy_getinfo(c, CURLINFO_CONNECT_TIME_T, &connect);
    curl_easy_getinfo(c, CURLINFO_APPCONNECT_TIME_T, &tls);
    curl_easy_getinfo(c, CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
    net_answer(id, "ok %s %ld %lld %lld %lld %lld", address && *address ? address : "-", status,
               (long long)dns, (long long)connect, (long long)tls, (long long)first_byte);
}

/* Why it failed, in words of this machine only.  libcurl's own message may quote what the server
 * sent (a certificate's subject, a header), which is nothing for a sentence; those that quote no
 * more than host, port and the system's words are kept. */
static const char *reason(CURL *c, CURLcode rc, const char *message) {
    static const struct {
        long result;
        const char *words;
    } verify[] = {
        /* X509_V_ERR_* of OpenSSL's x509_vfy.h */
        {9, "the certificate is not valid yet"},
        {10, "the certificate has expired"},
        {18, "the certificate is self-signed"},
        {19, "a self-signed certificate stands in the chain"},
        {20, "the certificate's issuer is not known here"},
        {21, "the certificate's issuer is not known here"},
        {62, "the certificate is for another name"},
    };
    long result = 0;
    switch (rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT: return *message ? message : curl_easy_strerror(rc);
    case CURLE_PEER_FAILED_VERIFICATION:
        curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &result);
        for (size_t i = 0; i < sizeof verify / sizeof verify[0]; i++)
            if (verify[i].result == result) return verify[i].words;
        return result == 0 ? "the certificate is for another name" : curl_easy_strerror(rc);
    default: return curl_easy_strerror(rc);
    }
}

void net_probe(const char *id, const char *kind, const char *host, const char *port) {
    char url[512], error[CURL_ERROR_SIZE] = "";
    bool v6 = strchr(host, ':') != NULL;
    if (strcmp(kind, "tcp") != 0 && strcmp(kind, "http") != 0 && strcmp(kind, "https") != 0) {
        net_answer_error(id, "unknown kind of probe");
        return;
    }
    snprintf(url, sizeof url, "%s://%s%s%s:%s/", strcmp(kind, "https") == 0 ? "https" : "http",
             v6 ? "[" : "", host, v6 ? "]" : "", port);
    CURL *c = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (!c) {
        net_answer_error(id, "libcurl cannot be initialised");
        return;
    }
    set_options(c, kind, url, error);
    CURLcode rc = curl_easy_perform(c);
    if (rc == CURLE_OK)
        tell(id, c);
    else
        net_answer_error(id, reason(c, rc, error));
    curl_easy_cleanup(c);
}
