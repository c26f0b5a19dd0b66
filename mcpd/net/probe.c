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
        net_answer_error(id, error[0] ? error : curl_easy_strerror(rc));
    curl_easy_cleanup(c);
}
