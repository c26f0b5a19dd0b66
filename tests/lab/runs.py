"""The lab's runs: what is done to the network, what traffic is made, and what the report must say."""

import os
import signal
import sys
import time

import product
from lab import LabError, RESOLVER4, SERVER4, SERVER6, SERVERS4

HERE = product.HERE
WEB = SERVER4 + ":80"


class Run:
    """One run: what is set up, what traffic is made, and what the report must say."""

    def __init__(self, name, traffic, expect=None, blame=None, subject=None, setup=None, target=WEB, duration=5,
                 interface="eth0", mode=None, also=(), status=None, where="client", severity=None, absent=(), lenient=False, alone=False):
        self.name, self.traffic, self.expect, self.blame, self.subject = name, traffic, expect, blame, subject
        self.setup, self.target, self.duration, self.interface, self.mode = setup, target, duration, interface, mode
        self.also, self.status, self.where, self.severity, self.absent = set(also), status, where, severity, absent
        self.alone = alone  # nothing beside it: floods what all veth pairs share, or depends on milliseconds
        self.lenient = lenient  # not a healthy network, only a witness that something else is not reported

    def judge(self, said):
        """Compare a Diagnosis with what was expected; returns (found, false_ids, complaints)."""
        if said.report is None:
            return False, [], ["no report: exit %s, stderr: %s" % (said.code, said.stderr.strip()[-600:])]
        complaints = []
        unexplained = [p["id"] for p in said.above_info() if p["id"] != self.expect and p["id"] not in self.also]
        if unexplained:
            complaints.append("reported without cause: %s" % ", ".join(unexplained))
        for name in self.absent:
            if said.finding(name):
                complaints.append("%s must not be reported: %s" % (name, said.finding(name)))
        if self.expect is None and not self.lenient:
            self._want(complaints, "verdict.status", said.status, self.status or "healthy")
            self._want(complaints, "exit code", said.code, 0 if said.status == "healthy" else 1)
        if self.expect is None:
            return True, unexplained, complaints
        finding = said.finding(self.expect)
        if not finding:
            return False, unexplained, complaints + ["%s was not found; status %s, findings %s" % (
                self.expect, said.status, [p["id"] for p in said.problems])]
        self._want(complaints, "subject", finding.get("subject"), self.subject)
        self._want(complaints, "blame", finding.get("blame"), self.blame)
        self._want(complaints, "severity", finding.get("severity"), self.severity)
        self._want(complaints, "verdict.status", said.status, self.status or "problems")
        self._want(complaints, "exit code", said.code, 0 if said.status == "healthy" else 1)
        if not finding.get("evidence") or not finding.get("explanation") or not finding.get("next_step"):
            complaints.append("evidence, explanation or next_step is missing")
        return True, unexplained, complaints

    @staticmethod
    def _want(complaints, what, got, wanted):
        allowed = wanted if isinstance(wanted, tuple) else (wanted,)
        if wanted is not None and got not in allowed:
            complaints.append("%s is %r, expected %s" % (what, got, " or ".join(repr(a) for a in allowed)))


# ---- set-ups ------------------------------------------------------------------------------------

def web(lab):
    lab.serve("http", SERVER4, 80)


def named_web(lab):
    web(lab)
    lab.dnsmasq()


def web6(lab):
    lab.serve("http", SERVER6, 80)


def https(lab):
    lab.dnsmasq()
    lab.openssl_server(SERVER4, 443)


def resolver(how):
    return lambda lab: lab.serve("dns", RESOLVER4, 53, how)


def dead_resolver(lab):
    named_web(lab)
    lab.fault("udp dport 53 drop")


def silent_port(lab):
    web(lab)
    lab.fault("ip daddr %s tcp dport 80 drop" % SERVER4)


def rejecting_router(lab):
    web(lab)
    lab.fault("ip daddr %s tcp dport 80 reject with tcp reset" % SERVER4)


def four_percent_loss(lab):
    web(lab)
    lab.lose(4, "ip saddr %s" % SERVER4)


def one_in_two_thousand(lab):
    web(lab)
    lab.fault("ip saddr %s numgen inc mod 2000 1999 drop" % SERVER4)


def first_syn_lost(lab):
    web(lab)
    lab.fault("ip daddr %s tcp flags & (syn|ack) == syn numgen inc mod 1000000 < 1 drop" % SERVER4)


def running_download(lab):
    web(lab)
    lab.background = lab.spawn(lab.client, [sys.executable, os.path.join(HERE, "clients.py"), "linger", SERVER4,
                                            "80", "20000", "12"])
    time.sleep(0.5)


def every_first_syn_lost(lab):
    """SYN and its repetition come in turn, so each connection loses the first one."""
    web(lab)
    lab.fault("ip daddr %s tcp flags & (syn|ack) == syn numgen inc mod 2 < 1 drop" % SERVER4)


def rejecting(how):
    def setup(lab):
        web(lab)
        lab.fault("ip daddr %s tcp dport 80 reject with icmp %s" % (SERVER4, how))
    return setup


def mirror(**how):
    """The capture sits on a mirror port of the router."""
    def setup(lab):
        web(lab)
        lab.mirror(**how)
    return setup


def mirror_batches(lab):
    """All packets of up to 30 ms, then all of them once more."""
    web(lab)
    web6(lab)
    lab.mirror()
    lab.late_copies(1, "hold", 31, 29)


def far_web(one_way_ms):
    def setup(lab):
        web(lab)
        lab.long_path(one_way_ms)
    return setup


def uneven_web(lab):
    web(lab)
    lab.uneven_link(10)


def loopback_web(lab):
    lab.serve("http", "127.0.0.1", 8080, namespace=lab.client)


def web_on_four_only(lab):
    """The name has an IPv6 address where nobody listens: clients fall back to IPv4."""
    named_web(lab)


def mute_tls(lab):
    """Connections are taken and read from, but nobody speaks TLS."""
    lab.dnsmasq()
    lab.serve("mute", SERVER4, 443)


def hello_lost(lab):
    """The ClientHello never arrives: what is larger than an ACK is lost on the way to the server."""
    https(lab)
    lab.fault("ip daddr %s tcp dport 443 meta length > 100 drop" % SERVER4)


def greeting_mail(lab):
    lab.serve("greeter", SERVER4, 25, 800)


# ---- traffic ------------------------------------------------------------------------------------

def must(done, what):
    """A healthy run whose traffic fails tells nothing: say so instead of judging it."""
    code = done if isinstance(done, int) else done.returncode
    if code != 0:
        raise LabError("%s: exit %d" % (what, code))


def gets(url, count, *options, gap=0.05, healthy=True):
    def traffic(lab):
        for _ in range(count):
            code = lab.curl(*options, url)
            if healthy:
                must(code, url)
            time.sleep(gap)
    return traffic


def two_families(lab):
    gets("http://%s/bytes/200000" % WEB, 6)(lab)
    gets("http://[%s]/bytes/200000" % SERVER6, 6, "-g")(lab)


def fails(url, count=1, timeout=None):
    """curl that is expected to fail."""
    limits = ["--connect-timeout", str(timeout)] if timeout else []
    return gets(url, count, *limits, healthy=False)


def client(kind, *args, times=1, healthy=True):
    def traffic(lab):
        for _ in range(times):
            done = lab.client_run(kind, *args)
            if healthy:
                must(done, kind)
    return traffic


def upload(path, size, count=1):
    def traffic(lab):
        body = os.path.join(lab.dir, "body")
        with open(body, "wb") as out:
            out.write(b"u" * size)
        for _ in range(count):
            must(lab.curl("--limit-rate", "12M", "--data-binary", "@" + body, "http://%s/%s" % (WEB, path)), "upload")
    return traffic


def other_traffic(lab):
    must(lab.curl("http://%s/bytes/1000" % WEB), "other traffic")
    time.sleep(2)


def overrun(packets):
    """A download in whose middle a queue overruns: so many packets in a row are lost, none before or after."""
    def traffic(lab):
        body = os.path.join(lab.dir, "body")
        download = lab.spawn(lab.client, ["curl", "-sS", "-N", "-o", body, "http://%s/bytes/3500000" % WEB])
        deadline = time.time() + 10
        while not (os.path.exists(body) and os.path.getsize(body) > 200000) and time.time() < deadline:
            time.sleep(0.01)  # a rule that comes before the first data would drop the whole first flight
        lab.fault("ip saddr %s meta length > 1000 numgen inc mod 1000000 < %d drop" % (SERVER4, packets))
        must(download.wait(20), "download")
    return traffic


def link_dies(lab):
    """An upload in whose middle the path dies for good."""
    body = os.path.join(lab.dir, "body")
    with open(body, "wb") as out:
        out.write(b"u" * 40000000)
    sender = lab.spawn(lab.client, ["curl", "-sS", "-o", "/dev/null", "--limit-rate", "5M", "--data-binary", "@" + body,
                                    "http://%s/bytes/10" % WEB])
    time.sleep(1)
    lab.fault("ip daddr %s drop" % SERVER4)
    lab.fault("ip saddr %s drop" % SERVER4)
    time.sleep(5)
    lab.stop(sender)


def many_flows(lab):
    """More flows than the table has room for, all alive."""
    lab.in_ns(lab.router, [os.path.join(product.BUILD, "bench", "flood"), "toc", "50000", "50000", "40000"])
    time.sleep(1)


def stop_the_worker(lab):
    """The machine is too busy for the capture: the worker does not run while more arrives than its ring holds."""
    with open("/proc/%d/task/%d/children" % (lab.capd.pid, lab.capd.pid), encoding="ascii") as text:
        workers = [int(word) for word in text.read().split()]
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        lab.in_ns(lab.router, [os.path.join(product.BUILD, "bench", "flood"), "toc", "400000", "50"])
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    time.sleep(1)


def search_list(lab):
    """What a resolver with a search list does: the first variant does not exist, the next one does."""
    lab.client_run("dns", RESOLVER4, 2, "www.lab.test.lab.test")
    must(lab.curl("http://www.lab.test/bytes/3000"), "curl")


def icon_and_pages(lab):
    """A browser's first visit: pages, and an icon that nobody has made."""
    gets("http://%s/bytes/2000" % WEB, 3)(lab)
    gets("http://%s/favicon.ico" % WEB, 1)(lab)


RESOLVER_SUBJECT = (RESOLVER4, RESOLVER4 + ":53")

FAULTS = [
    Run("no-traffic", other_traffic, "no_matching_traffic", "ambiguous", target=SERVERS4[3] + ":8443", setup=web,
        status="no_traffic", subject=SERVERS4[3] + ":8443"),
    Run("dns-dropped", fails("http://www.lab.test/", timeout=4), "dns_no_answer", "name_resolution", RESOLVER_SUBJECT,
        setup=dead_resolver, target="www.lab.test", duration=8),
    Run("dns-silent-resolver", fails("http://www.lab.test/", timeout=4), "dns_no_answer", "name_resolution",
        RESOLVER_SUBJECT, setup=resolver("silent"), target=None, duration=8),
    Run("dns-servfail", fails("http://www.lab.test/", 3), "dns_servfail", "name_resolution", RESOLVER_SUBJECT,
        setup=resolver("servfail"), target="www.lab.test"),
    Run("dns-nxdomain", fails("http://nosuch.lab.test/", 2), "dns_nxdomain", "name_resolution",
        RESOLVER_SUBJECT + ("nosuch.lab.test",), setup=named_web, target="nosuch.lab.test"),
    Run("syn-dropped", fails("http://%s/" % WEB, timeout=4), "tcp_syn_timeout", "network_or_server", WEB,
        setup=silent_port, duration=8),
    Run("refused-by-host", fails("http://%s/" % WEB, 3), "tcp_refused", "server", WEB),
    Run("refused-on-both-families", fails("http://www.lab.test/", 3), "tcp_refused", "server", (SERVER4 + ":80", "[%s]:80" % SERVER6),
        setup=lambda lab: lab.dnsmasq(), target="www.lab.test", severity="critical"),
    Run("refused-by-router", fails("http://%s/" % WEB, 3), "tcp_refused", ("server", "policy", "network_or_server"), WEB,
        setup=rejecting_router),
    Run("loss-4-percent", gets("http://%s/bytes/6000000" % WEB, 3, healthy=False), "tcp_retransmissions", "network", WEB,
        setup=four_percent_loss, duration=8, also={"tcp_syn_retry", "tcp_synack_retransmit"}),
    Run("client-stops-reading", client("deaf", SERVER4, 80, 3000000, 2), "tcp_zero_window", "client", WEB, setup=web),
    Run("server-stops-reading", upload("deaf/2000", 12000000), "tcp_zero_window", "server", WEB, setup=web),
    Run("server-resets", fails("http://%s/reset/50000" % WEB, 3), "tcp_reset_midstream", "server", WEB, setup=web),
    Run("client-resets", client("abort", SERVER4, 80, 8000000, times=3), "tcp_reset_midstream", "client", WEB, setup=web),
    Run("slow-server", gets("http://%s/slow/800/3000" % WEB, 5), "slow_server", "server", WEB, setup=web, duration=8),
    Run("stopped-worker", stop_the_worker, "capture_drops", "capture", target=None, alone=True,
        status=("problems", "inconclusive")),
    Run("dns-refused", fails("http://www.lab.test/", 3), "dns_refused", "policy", RESOLVER_SUBJECT, setup=resolver("refused"),
        target="www.lab.test"),
    Run("dns-slow", client("dns", RESOLVER4, 8, "www.lab.test", "other.lab.test"), "dns_slow", "name_resolution",
        RESOLVER_SUBJECT, setup=resolver("slow"), target="dns"),
    Run("host-unreachable", fails("http://%s/" % WEB, 3, timeout=3), "icmp_unreachable", "network", WEB,
        setup=rejecting("host-unreachable")),
    Run("prohibited", fails("http://%s/" % WEB, 3, timeout=3), "icmp_prohibited", "policy", WEB,
        setup=rejecting("admin-prohibited")),
    Run("every-first-syn-lost", gets("http://%s/bytes/3000" % WEB, 4), "tcp_syn_retry", "network_or_server", WEB,
        setup=every_first_syn_lost, duration=9),
    Run("queue-overrun", overrun(30), "tcp_loss_burst", "network", WEB, setup=web, alone=True),
    Run("path-dies", link_dies, "tcp_dead_path", ("network_or_server", "network"), WEB, setup=web, duration=9),
    Run("overtaking", gets("http://%s/bytes/8000000" % WEB, 2), "tcp_reordering", "network", WEB, setup=uneven_web),
    Run("very-far", gets("http://%s/bytes/20000" % WEB, 3), "path_latency_high", "network", WEB, setup=far_web(210),
        duration=10),
    Run("tls-versions", gets("https://www.lab.test/", 3, "-4", "--tls-max", "1.2", healthy=False), "tls_fatal_alert", ("client", "server", "ambiguous"), None,
        setup=https, target="www.lab.test:443"),
    Run("server-errors-few", gets("http://%s/status/503" % WEB, 3), "http_server_errors", "server", WEB, setup=web, target=None, severity="info",
        status="healthy"),
    Run("server-errors", gets("http://%s/status/503" % WEB, 6), "http_server_errors", "server", WEB, setup=web),
    Run("nobody-there", fails("http://192.0.2.77/", timeout=4), "arp_unanswered", "local_link", "192.0.2.77",
        target="192.0.2.77", duration=7),
    Run("mirror-drops", gets("http://%s/bytes/3000000" % WEB, 4), "capture_gaps", "capture", "mon0", interface="mon0",
        setup=mirror(percent_to_client=92), where="router", status=("problems", "inconclusive")),
    Run("mirror-one-way", gets("http://%s/bytes/30000" % WEB, 6), "capture_one_sided", "capture", "mon0", interface="mon0",
        setup=mirror(percent_to_client=0), where="router", status=("problems", "inconclusive")),
    Run("mirror-twice", gets("http://%s/bytes/30000" % WEB, 6), "capture_duplicates", "capture", "mon0", interface="mon0",
        setup=mirror(copies=2), where="router", severity="info", status=("healthy", "inconclusive")),
    Run("mirror-batches", two_families, "capture_duplicates", "capture", "mon0", interface="mon0", setup=mirror_batches, target=None, where="router", severity="info", status=("healthy", "inconclusive")),
    Run("too-many-flows", many_flows, "table_overflow", "capture", "eth0", target=None, duration=6, alone=True,
        status=("problems", "inconclusive")),
    Run("missing-pages", gets("http://%s/nothing" % WEB, 6), "http_client_errors", "client", WEB, setup=web, severity="warning"),
    Run("forbidden", gets("http://%s/bytes/2000" % WEB, 12, "http://%s/status/403" % WEB), "http_client_errors", "client", WEB, setup=web),
    Run("mute-tls", gets("https://www.lab.test/", 2, "-4k", "--connect-timeout", "3", healthy=False), "tls_no_server_hello",
        "server", SERVER4 + ":443", setup=mute_tls, target="www.lab.test:443", duration=9, severity="critical"),
    Run("hello-lost", gets("https://www.lab.test/", 1, "-4k", "--connect-timeout", "5", healthy=False), "tcp_post_ack_silence",
        ("network_or_server", "network"), SERVER4 + ":443", setup=hello_lost, target="www.lab.test:443", duration=9,
        absent=("tls_no_server_hello",)),
    Run("dawdling-client", client("dawdle", SERVER4, 80, 4, 800), "slow_client", "client", WEB, setup=web, duration=6,
        severity="warning"),
    Run("udp-port-closed", client("datagrams", SERVER4, 5060, 4), "udp_port_unreachable", "server", SERVER4 + ":5060",
        target=SERVER4 + ":5060", severity="critical"),
    Run("udp-port-closed-v6", client("datagrams", SERVER6, 5060, 4), "udp_port_unreachable", "server",
        "[%s]:5060" % SERVER6, target="[%s]:5060" % SERVER6, severity="critical"),
    Run("no-resolver-runs", fails("http://www.lab.test/", 2), "udp_port_unreachable", "server", RESOLVER4 + ":53", target=None,
        severity="critical", absent=("dns_no_answer", "icmp_unreachable")),
    Run("far-and-chatty", client("keepalive", SERVER4, 80, 24), "path_latency_high", "network", WEB, setup=far_web(90),
        duration=9, severity="warning"),
    Run("joined-midstream", lambda lab: time.sleep(3), "capture_midstream", "capture", setup=running_download,
        severity="info", status=("healthy", "inconclusive")),
]

HEALTHY = [
    Run("small-gets", gets("http://%s/bytes/800" % WEB, 20), setup=web),
    Run("bulk-download", gets("http://%s/bytes/20000000" % WEB, 2), setup=web),
    Run("keep-alive", client("keepalive", SERVER4, 80, 150, 10), setup=web),
    Run("idle-then-closed", client("idle", SERVER4, 80, 2.5), setup=web),
    Run("https", gets("https://www.lab.test/", 6, "-4k"), setup=https, target="www.lab.test:443"),
    Run("dns-heavy", client("dns", RESOLVER4, 200, "www.lab.test", "lossy.lab.test", "other.lab.test"), setup=named_web,
        target="dns"),
    Run("ipv6-only", gets("http://[%s]/bytes/5000" % SERVER6, 10, "-g"), setup=web6, target="[%s]:80" % SERVER6),
    Run("upload", upload("bytes/10", 8000000, 3), setup=web),
    Run("client-closes-early", client("early", SERVER4, 80), setup=web),
    Run("loopback", gets("http://127.0.0.1:8080/bytes/5000", 10), setup=loopback_web, target="127.0.0.1:8080",
        interface="lo"),
    Run("thinking-server", gets("http://%s/slow/250/3000" % WEB, 6), setup=web),
    Run("one-loss-in-2000", gets("http://%s/bytes/20000000" % WEB, 2), setup=one_in_two_thousand),
    Run("brief-pause", client("deaf", SERVER4, 80, 3000000, 0.16), setup=web, alone=True),
    Run("first-syn-lost", gets("http://%s/bytes/3000" % WEB, 5), setup=first_syn_lost, also={"tcp_syn_retry"}, lenient=True,
        absent=("tcp_syn_timeout",)),
    Run("fallback-to-ipv4", gets("http://www.lab.test/bytes/3000", 3), setup=web_on_four_only, target="www.lab.test"),
    Run("far", gets("http://%s/bytes/20000" % WEB, 3), setup=far_web(60), duration=7),
    Run("log-in-then-page", gets("http://%s/login" % WEB, 5, "--anyauth", "-u", "jo:secret"), setup=web),
    Run("no-icon", icon_and_pages, setup=web),
    Run("probed-by-head", gets("http://%s/nothing" % WEB, 4, "-I"), setup=web),
    Run("sockets-in-advance", client("preconnect", SERVER4, 80, 1.2, times=3), setup=web, duration=7),
    Run("slow-greeting", client("greeted", SERVER4, 25, 4), setup=greeting_mail, target=SERVER4 + ":25", duration=6),
    Run("asker-gone", client("impatient", RESOLVER4, 2, "www.lab.test"), setup=resolver("slow"), target="dns"),
    Run("far-but-quiet", gets("http://%s/bytes/20000" % WEB, 3), setup=far_web(90), duration=7),
    Run("mirror", gets("http://%s/bytes/300000" % WEB, 6), setup=mirror(), interface="mon0", where="router"),
    Run("search-list", search_list, setup=named_web, target="www.lab.test"),
    Run("whole-network", gets("http://www.lab.test/bytes/50000", 8, "-4"), setup=named_web, target=None),
    Run("seen-by-the-server", gets("http://%s/bytes/200000" % WEB, 8), setup=web, where="server"),
]
