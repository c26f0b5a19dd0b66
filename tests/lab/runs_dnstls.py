"""The lab's runs about answers of DNS servers beyond their code, and about TLS that fails without a word."""

import os
import sys
import time

from lab import RESOLVER4, SERVER4, run
from runs import Run, gets, https, must, named_web, web

HERE = os.path.dirname(os.path.abspath(__file__))
RESOLVER = (RESOLVER4, RESOLVER4 + ":53")
HTTPS = SERVER4 + ":443"
PAGE, SECURE = "http://www.lab.test/bytes/3000", "https://www.lab.test/"
LONG = tuple("--host-record=long.lab.test,198.51.100.%d" % n for n in range(100, 160))  # 60 addresses: 990 bytes
OLD = ("-cipher", "DEFAULT@SECLEVEL=0")


def faulty(lab, *words):
    return lab.spawn(lab.server, [sys.executable, os.path.join(HERE, "dnstls.py")] + [str(w) for w in words], ready="ready")


def resolver(*how):
    def setup(lab):
        web(lab)
        faulty(lab, "dns", RESOLVER4, 53, *how)
    return setup


def dropped(rule, setup=named_web):
    def both(lab):
        setup(lab)
        lab.fault(rule)
    return both


def names(*more):
    """dnsmasq with more to say."""
    def setup(lab):
        web(lab)
        lab.dnsmasq(*more)
    return setup


def then_wait(traffic, seconds, before=0):
    """An answer needs its time before it counts as missing; what came before the capture, too."""
    def both(lab):
        time.sleep(before)
        traffic(lab)
        time.sleep(seconds)
    return both


def looks_up(name, times=1, timeout=3):
    """The C library's own resolver, as every program uses it."""
    def traffic(lab):
        for _ in range(times):
            lab.in_ns(lab.client, ["timeout", str(timeout), "getent", "ahostsv4", name], check=False, timeout=30)
    return traffic


def certificate(lab):
    key, cert = os.path.join(lab.dir, "k.pem"), os.path.join(lab.dir, "c.pem")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=www.lab.test", "-keyout", key, "-out", cert])
    return cert, key


def slow_tls(wait_ms, one_way_ms=0, page_ms=0):
    def setup(lab):
        lab.dnsmasq()
        faulty(lab, "tls", SERVER4, 443, *certificate(lab), wait_ms, page_ms)
        if one_way_ms:
            lab.long_path(one_way_ms)
    return setup


def old_tls(lab):
    lab.dnsmasq()
    cert, key = certificate(lab)
    lab.spawn(lab.server, ["openssl", "s_server", "-quiet", "-www", "-accept", HTTPS, "-key", key, "-cert", cert, "-tls1_1"]
              + list(OLD))
    lab.wait_port(lab.server, "tcp", SERVER4, 443)


def mutual_tls(lab):
    """The server takes whatever certificate the client has, but not none; in TLS 1.3 it says so sealed."""
    lab.dnsmasq()
    cert, key = certificate(lab)
    lab.spawn(lab.server, ["openssl", "s_server", "-quiet", "-www", "-accept", HTTPS, "-key", key, "-cert", cert, "-Verify", "1",
                           "-verify_quiet", "-CAfile", cert, "-tls1_3"])
    lab.wait_port(lab.server, "tcp", SERVER4, 443)


def gets_with_certificate(count):
    def traffic(lab):
        words = ["--cert", os.path.join(lab.dir, "c.pem"), "--key", os.path.join(lab.dir, "k.pem")]
        gets(SECURE, count, "-4k", *words)(lab)
    return traffic


def hello_retry(lab):
    """The server wants another key share first: HelloRetryRequest (RFC 8446 section 4.1.4)."""
    lab.dnsmasq()
    cert, key = certificate(lab)
    lab.spawn(lab.server, ["openssl", "s_server", "-quiet", "-www", "-accept", HTTPS, "-key", key, "-cert", cert, "-groups",
                           "secp521r1"])
    lab.wait_port(lab.server, "tcp", SERVER4, 443)


def no_tls(*words):
    def setup(lab):
        lab.dnsmasq()
        if words[0] == "greeter":
            lab.serve("greeter", SERVER4, 443, 50)
        else:
            faulty(lab, words[0], SERVER4, 443)
    return setup


def verifies(count):
    """GnuTLS, which does not know who signed the certificate."""
    def traffic(lab):
        must(lab.in_ns(lab.client, [sys.executable, os.path.join(HERE, "gnutls_client.py"), SERVER4, "443", "www.lab.test",
                                    str(count)], check=False, timeout=30), "GnuTLS")
    return traffic


def fails(url, count, *args):
    return gets(url, count, *args, healthy=False)


FAULTS = [
    Run("dns-no-data", looks_up("bare.lab.test", 2), "dns_nodata", "name_resolution", RESOLVER,
        setup=names("--txt-record=bare.lab.test,only text"), target="bare.lab.test", severity="warning"),
    Run("dns-asked-again", gets(PAGE, 4, "-4"), "dns_retry_needed", "name_resolution", RESOLVER,
        setup=dropped("udp dport 53 numgen inc mod 2 < 1 drop"), target="www.lab.test", duration=8, severity="warning"),
    Run("dns-aaaa-silent", then_wait(gets(PAGE, 2), 2.5), "dns_aaaa_stall", "name_resolution", RESOLVER,
        setup=resolver("aaaa-silent"), target="www.lab.test", duration=11, severity="warning", absent=("dns_no_answer",)),
    Run("dns-aaaa-late", gets(PAGE, 3), "dns_aaaa_stall", "name_resolution", RESOLVER, setup=resolver("aaaa-late", 1800),
        target="www.lab.test", duration=9, severity="warning", absent=("dns_retry_needed",)),
    Run("dns-cut-tcp-refused", then_wait(looks_up("long.lab.test", 2), 2.5), "dns_truncated", "name_resolution", RESOLVER,
        setup=dropped("tcp dport 53 reject with tcp reset", names(*LONG)), target=None, duration=8, severity="warning",
        absent=("tcp_refused",)),
    Run("dns-cut-tcp-dropped", then_wait(looks_up("long.lab.test", 2, 4), 2.5), "dns_truncated", "name_resolution", RESOLVER,
        setup=dropped("tcp dport 53 drop", names(*LONG)), target=None, duration=12, severity="warning",
        absent=("tcp_syn_timeout",)),
    Run("dns-cut-for-the-target", then_wait(looks_up("long.lab.test", 2), 2.5), "dns_truncated", "name_resolution", RESOLVER,
        setup=dropped("tcp dport 53 reject with tcp reset", names(*LONG)), target="long.lab.test", duration=8, severity="warning"),
    Run("dns-cut-no-tcp-server", then_wait(looks_up("www.lab.test", 2), 2.5), "dns_truncated", "name_resolution", RESOLVER,
        setup=resolver("cut"), target="www.lab.test", duration=8, severity="warning"),
    Run("dns-contradicted", gets(PAGE, 3, "-4"), "dns_two_answers", "name_resolution", RESOLVER, setup=resolver("twice"),
        target="www.lab.test", severity="warning"),
    Run("dns-strangers-answer", then_wait(gets(PAGE, 2, "-4"), 0, before=6), "dns_two_answers", "name_resolution", RESOLVER,
        setup=resolver("strangers"), target=None, duration=9, severity="warning"),
    Run("dns-private-answer", looks_up("www.example.com", 2), "dns_private_answer", "name_resolution", RESOLVER,
        setup=names("--address=/example.com/10.1.2.3"), target="www.example.com", severity="warning"),
    Run("tls-certificate-unknown", verifies(3), "tls_client_rejected", "client", HTTPS, setup=https, target="www.lab.test:443",
        severity="critical", absent=("tls_fatal_alert",)),
    Run("tls-refused-in-clear", fails(SECURE, 3, "-4"), "tls_fatal_alert", "client", HTTPS, setup=https,
        target="www.lab.test:443", severity="critical", absent=("tls_client_rejected",)),
    Run("tls-no-client-certificate", fails(SECURE, 3, "-4k"), "tls_server_rejected", "server", HTTPS, setup=mutual_tls,
        target="www.lab.test:443", severity="critical", absent=("tls_client_rejected",)),
    Run("tls-hangs", gets(SECURE, 2, "-4k", "--max-time", "5", healthy=False), "tcp_post_ack_silence", "server", HTTPS,
        setup=slow_tls(0, 0, 20000), target="www.lab.test:443", duration=13, severity="critical"),
    Run("tls-slow-hello", gets(SECURE, 4, "-4k"), "tls_slow", "server", HTTPS, setup=slow_tls(300), target="www.lab.test:443"),
    Run("tls-slow-small-page", gets(SECURE, 4, "-4k"), "slow_server", "server", HTTPS, setup=slow_tls(0, 0, 900), target="www.lab.test:443",
        duration=8),
    Run("tls-old-version", gets(SECURE, 3, "-4k", "--tls-max", "1.1", "--tlsv1.0", "--ciphers", OLD[1]), "tls_obsolete", "server",
        HTTPS, setup=old_tls, target="www.lab.test:443", severity="info", status="healthy"),
    Run("tls-to-http", fails(SECURE, 3, "-4k"), "tls_plain_mismatch", "ambiguous", HTTPS, setup=no_tls("http-only"),
        target="www.lab.test:443", absent=("tls_fatal_alert",)),
    Run("tls-to-greeter", fails(SECURE, 3, "-4k", "--connect-timeout", "2"), "tls_plain_mismatch", "ambiguous", HTTPS,
        setup=no_tls("greeter"), target="www.lab.test:443"),
    Run("plain-to-https", fails("http://www.lab.test:443/", 3, "-4"), "tls_plain_mismatch", "ambiguous", HTTPS, setup=https,
        target="www.lab.test:443"),
]

HEALTHY = [
    Run("dns-ipv4-only-name", looks_up("only4.lab.test", 3), setup=names("--host-record=only4.lab.test," + SERVER4),
        target="only4.lab.test"),
    Run("dns-one-question-lost", gets(PAGE, 6, "-4"), setup=dropped("udp dport 53 numgen inc mod 1000 < 1 drop"), target=None,
        duration=7),
    Run("dns-aaaa-without-data", gets(PAGE, 4), setup=resolver("aaaa-late", 0), target="www.lab.test"),
    Run("dns-aaaa-little-later", gets(PAGE, 3), setup=resolver("aaaa-late", 300), target="www.lab.test", duration=6,
        lenient=True, absent=("dns_aaaa_stall", "dns_retry_needed")),
    Run("dns-cut-then-tcp", then_wait(looks_up("long.lab.test", 3), 2.5), setup=names(*LONG), target="long.lab.test", duration=8),
    Run("dns-answered-twice-alike", gets(PAGE, 4, "-4"), setup=resolver("twice-same"), target="www.lab.test"),
    Run("dns-inside-name", looks_up("printer.lab.test", 2), setup=names("--host-record=printer.lab.test,10.1.2.4"),
        target="printer.lab.test"),
    Run("tls-hello-retry", gets(SECURE, 4, "-4k"), setup=hello_retry, target="www.lab.test:443"),
    Run("tls-client-certificate", gets_with_certificate(4), setup=mutual_tls, target="www.lab.test:443"),
    Run("tls-far", gets(SECURE, 4, "-4k", "--resolve", "www.lab.test:443:" + SERVER4), setup=slow_tls(0, 60), target="www.lab.test:443", duration=7),
    Run("tls-twelve", gets(SECURE, 4, "-4k", "--tls-max", "1.2"), setup=https, target="www.lab.test:443"),
    Run("bad-requests-on-http", fails("http://www.lab.test:8000/", 3, "-4"), setup=lambda lab: (
        lab.dnsmasq(), faulty(lab, "http-only", SERVER4, 8000)), target="www.lab.test:8000", lenient=True,
        absent=("tls_plain_mismatch",), also=("http_client_errors",)),
]
