#!/usr/bin/env python3
"""Real faults and real health on a real network: does the diagnosis say what is wrong, and only that?
# suite: timeout=900 show

Each run builds its own lab (lab.py), starts capd without any privilege but CAP_NET_RAW, runs `mcpd diagnose` as
an ordinary user while real clients and servers talk, and compares the report with what was done to the network.
A fault must be found, with the right subject and blame, and nothing unrelated may be reported above info.
A healthy run must be called healthy, with nothing above info.

  test_faults.py [NAME...]     only these runs      LAB_JOBS=n   how many side by side (default 2)
  test_faults.py --list        the runs             LAB_KEEP=DIR keep each run's report and capd's log there
  test_faults.py --pcap DIR    no product at all: record each run's packets, to see that the faults are real
"""

import concurrent.futures
import os
import signal
import sys
import time

import lab as lab_module
import product
from lab import CLIENT4, Lab, LabError, RESOLVER4, SERVER4, SERVER6, SERVERS4

WEB = SERVER4 + ":80"
TABLE = os.path.join(lab_module.TOP, "build", "lab-table.txt")


class Run:
    """One run: what is set up, what traffic is made, and what the report must say."""

    def __init__(self, name, traffic, expect=None, blame=None, subject=None, setup=None, target=WEB, duration=5,
                 interface="eth0", mode=None, also=(), status=None, where="client", severity=None, absent=(), lenient=False):
        self.name, self.traffic, self.expect, self.blame, self.subject = name, traffic, expect, blame, subject
        self.setup, self.target, self.duration, self.interface, self.mode = setup, target, duration, interface, mode
        self.also, self.status, self.where, self.severity, self.absent = set(also), status, where, severity, absent
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
            self._want(complaints, "exit code", said.code, 0)
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
        self._want(complaints, "exit code", said.code, 0 if self.severity == "info" else 1)
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
    lab.background = lab.spawn(lab.client, [sys.executable, os.path.join(lab_module.HERE, "clients.py"), "linger", SERVER4,
                                            "80", "20000", "12"])
    time.sleep(0.5)


def loopback_web(lab):
    lab.serve("http", "127.0.0.1", 8080, namespace=lab.client)


def web_on_four_only(lab):
    """The name has an IPv6 address where nobody listens: clients fall back to IPv4."""
    named_web(lab)


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
    Run("refused-by-router", fails("http://%s/" % WEB, 3), "tcp_refused", ("server", "policy", "network_or_server"), WEB,
        setup=rejecting_router),
    Run("loss-4-percent", gets("http://%s/bytes/6000000" % WEB, 3, healthy=False), "tcp_retransmissions", "network", WEB,
        setup=four_percent_loss, duration=8, also={"tcp_syn_retry", "tcp_synack_retransmit"}),
    Run("client-stops-reading", client("deaf", SERVER4, 80, 3000000, 2), "tcp_zero_window", "client", WEB, setup=web),
    Run("server-stops-reading", upload("deaf/2000", 12000000), "tcp_zero_window", "server", WEB, setup=web),
    Run("server-resets", fails("http://%s/reset/50000" % WEB, 3), "tcp_reset_midstream", "server", WEB, setup=web),
    Run("client-resets", client("abort", SERVER4, 80, 8000000, times=3), "tcp_reset_midstream", "client", WEB, setup=web),
    Run("slow-server", gets("http://%s/slow/800/3000" % WEB, 5), "slow_server", "server", WEB, setup=web, duration=8),
    Run("stopped-worker", stop_the_worker, "capture_drops", "capture", target=None, status=("problems", "inconclusive")),
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
    Run("brief-pause", client("deaf", SERVER4, 80, 3000000, 0.2), setup=web),
    Run("first-syn-lost", gets("http://%s/bytes/3000" % WEB, 5), setup=first_syn_lost, also={"tcp_syn_retry"}, lenient=True,
        absent=("tcp_syn_timeout",)),
    Run("fallback-to-ipv4", gets("http://www.lab.test/bytes/3000", 3), setup=web_on_four_only, target="www.lab.test"),
    Run("search-list", search_list, setup=named_web, target="www.lab.test"),
    Run("whole-network", gets("http://www.lab.test/bytes/50000", 8, "-4"), setup=named_web, target=None),
    Run("seen-by-the-server", gets("http://%s/bytes/200000" % WEB, 8), setup=web, where="server"),
]


# ---- running them -------------------------------------------------------------------------------

def perform(run):
    """One run in a lab of its own; returns (run, found, false_ids, complaints, seconds)."""
    began = time.monotonic()
    try:
        with Lab() as lab:
            if run.setup:
                run.setup(lab)
            place = getattr(lab, run.where)
            lab.start_capd(namespace=place)
            said = lab.diagnose(run.target, run.duration, run.interface, run.traffic, namespace=place, mode=run.mode)
            found, false_ids, complaints = run.judge(said)
            keep(run, said, lab)
            if complaints and lab.capd_output():
                complaints.append("capd said: " + lab.capd_output().strip()[-400:])
    except LabError as why:
        found, false_ids, complaints = False, [], ["lab: %s" % why]
    return run, found, false_ids, complaints, time.monotonic() - began


def keep(run, said, lab):
    """Save what was said, for somebody who wants to look."""
    folder = os.environ.get("LAB_KEEP")
    if not folder:
        return
    os.makedirs(folder, exist_ok=True)
    for end, text in (("json", said.stdout), ("err", said.stderr), ("capd", lab.capd_output())):
        with open(os.path.join(folder, "%s.%s" % (run.name, end)), "w", encoding="utf-8") as out:
            out.write(text)


def record(run, folder):
    """The same run without the product: its packets into a file."""
    with Lab() as lab:
        if run.setup:
            run.setup(lab)
        path = os.path.join(folder, run.name + ".pcap")
        dump = lab.spawn(getattr(lab, run.where), ["tcpdump", "-Z", "root", "-q", "-s", "200", "-i", run.interface, "-w", path])
        time.sleep(0.7)
        run.traffic(lab)
        time.sleep(0.5)
        lab.stop(dump)
    print(path)


def table(results):
    """found / missed / false, as lines."""
    faults = [r for r in results if r[0].expect]
    healthy = [r for r in results if not r[0].expect]
    lines = ["%-22s %-22s %-8s %-6s %s" % ("run", "expected", "result", "false", "seconds")]
    for run, found, false_ids, complaints, seconds in results:
        word = ("found" if found else "missed") if run.expect else ("quiet" if not complaints else "failed")
        lines.append("%-22s %-22s %-8s %-6s %.1f" % (run.name, run.expect or "healthy", word,
                                                     ",".join(false_ids) or "-", seconds))
    lines.append("faults: %d of %d found, %d missed; healthy runs: %d of %d quiet; false findings: %d" % (
        sum(1 for r in faults if r[1]), len(faults), sum(1 for r in faults if not r[1]),
        sum(1 for r in healthy if not r[3]), len(healthy), sum(len(r[2]) for r in results)))
    return lines


def main(arguments):
    every = FAULTS + HEALTHY
    if arguments[:1] == ["--list"]:
        print("\n".join("%-22s %s" % (r.name, r.expect or "healthy") for r in every))
        return 0
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - lab # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    lab_module.install_signal_handlers()
    pcap_dir = arguments[1] if arguments[:1] == ["--pcap"] else None
    names = arguments[2:] if pcap_dir else arguments
    chosen = [r for r in every if not names or r.name in names]
    if pcap_dir:
        for run in chosen:
            record(run, pcap_dir)
        return 0
    print("1..%d" % len(chosen), flush=True)
    results = []
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("LAB_JOBS", "2"))) as pool:
        for result in pool.map(perform, chosen):
            run, _found, _false, complaints, seconds = result
            results.append(result)
            print("%s %d - %s: %s (%.1f s)" % ("not ok" if complaints else "ok", len(results), run.name,
                                              run.expect or "healthy", seconds))
            for line in "\n".join(complaints).split("\n") if complaints else []:
                print("# " + line)
            sys.stdout.flush()
    lines = table(results)
    print("\n".join("# " + line for line in lines))
    if not names:
        os.makedirs(os.path.dirname(TABLE), exist_ok=True)
        with open(TABLE, "w", encoding="ascii") as out:
            out.write("\n".join(lines) + "\n")
    return 1 if any(r[3] for r in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
