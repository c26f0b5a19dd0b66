#!/usr/bin/env python3
"""Following a name from the wire alone: mcpd looks nothing up, the client's own traffic tells the addresses.
# suite: timeout=240

A CNAME chain, SNI without any DNS in sight, a Host field, and an address that the target shares with another name.
"""

import os
import sys

from lab import Lab, SERVER4, SERVERS4
from runs import must
from scenarios import run_scenarios


def no_look_ups(lab):
    """An mcpd.conf with which mcpd learns addresses from the traffic alone."""
    path = os.path.join(lab.dir, "mcpd.conf")
    with open(path, "w", encoding="ascii") as out:
        out.write("resolve = off\n")
    os.chmod(path, 0o644)
    return ["--config", path]


def diagnose(lab, target, traffic, duration=5, mode=None):
    said = lab.diagnose(target, duration, traffic=traffic, mode=mode, extra=no_look_ups(lab))
    return said.report or {"stderr": said.stderr}


def table(report, *path):
    """A list of the report as dicts."""
    for key in path:
        report = report.get(key) or {}
    return [dict(zip(report.get("columns", []), row)) for row in report.get("rows", [])]


def established(report):
    return (report.get("connection_analysis") or {}).get("established")


def cname_chain(checks):
    chain = ["--cname=alias.lab.test,middle.lab.test", "--cname=middle.lab.test,www.lab.test"]
    with Lab() as lab:
        lab.dnsmasq(*chain)
        lab.serve("http", SERVER4, 80)
        lab.serve("http", SERVERS4[3], 80)
        lab.start_capd()

        def traffic(lab):
            must(lab.curl("http://%s/bytes/900" % SERVERS4[3]), "other traffic")
            for _ in range(3):
                must(lab.curl("-4", "http://alias.lab.test/bytes/3000"), "curl")

        report = diagnose(lab, "alias.lab.test", traffic)
        checks.check("CNAME chain: the alias's connections are the target's", established(report) == 3, report)
        checks.check("and the verdict is about them",
                     (report.get("verdict") or {}).get("status") == "healthy", report.get("verdict"))
        checks.check("what goes to another host is other traffic",
                     report.get("other_packets", 0) > 5, report.get("other_packets"))
        names = {row["name"] for row in table(report, "dns_queries")}
        checks.check("the questions are the alias's", names == {"alias.lab.test"}, names)
        addresses = [row["address"] for row in table(report, "target_addresses")]
        checks.check("its addresses are listed, another host's is not",
                     SERVER4 in addresses and SERVERS4[3] not in addresses, addresses)


def sni_alone(checks):
    with Lab() as lab:
        lab.openssl_server(SERVER4, 443)
        lab.start_capd()

        def traffic(lab):
            for name in ("www.lab.test", "other.lab.test", "www.lab.test"):
                must(lab.curl("-k", "--resolve", "%s:443:%s" % (name, SERVER4), "https://%s/" % name), name)

        report = diagnose(lab, "www.lab.test", traffic)
        checks.check("SNI without DNS: the two connections that name the target", established(report) == 2, report)
        names = {row["sni"] for row in table(report, "tls_handshakes")}
        checks.check("a shared address: what names another host is not the target's", names == {"www.lab.test"}, names)
        checks.check("but other traffic", report.get("other_packets", 0) > 5, report.get("other_packets"))


def host_alone(checks):
    with Lab() as lab:
        lab.serve("http", SERVER4, 80)
        lab.start_capd()

        def traffic(lab):
            for name in ("www.lab.test", "other.lab.test", "www.lab.test", "www.lab.test"):
                must(lab.curl("--resolve", "%s:80:%s" % (name, SERVER4), "http://%s/bytes/500" % name), name)

        report = diagnose(lab, "www.lab.test", traffic)
        checks.check("Host without DNS: the three connections that name the target", established(report) == 3, report)
        hosts = {row["host"] for row in table(report, "http_requests")}
        checks.check("and only its requests", hosts == {"www.lab.test"}, hosts)


def learned_then_refused(checks):
    """A connection that says no name belongs to the target by its address: here it is refused."""
    with Lab() as lab:
        lab.dnsmasq()
        lab.start_capd()

        def traffic(lab):
            for _ in range(3):
                lab.curl("-4", "http://refused.lab.test/")

        report = diagnose(lab, "refused.lab.test", traffic)
        found = [p["id"] for p in report.get("problems_detected", [])]
        checks.check("an address from a DNS answer is the target's from its first SYN on", found[:1] == ["tcp_refused"], report)


if __name__ == "__main__":
    sys.exit(run_scenarios("names", (cname_chain, sni_alone, host_alone, learned_then_refused)))
