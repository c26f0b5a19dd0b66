#!/usr/bin/env python3
"""What a capture sees and says about its own view: narrowing under load, vantage, neighbours of the target.
# suite: timeout=240

Real stacks in the lab's namespaces.  Load is made by the bench's sender inside the lab, bounded in packets.
"""

import os
import sys
import time

import product
from lab import Lab, ROUTER4, SERVER4
from runs import gets, must, named_web, stop_the_worker, web, WEB
from scenarios import run_scenarios

FLOOD = os.path.join(product.BUILD, "bench", "flood")


def narrowing(checks):
    """The machine cannot keep up: from then on the target is seen whole, other traffic is not taken any more."""
    def traffic(lab):
        must(lab.curl("http://www.lab.test/bytes/3000", "-4"), "curl")
        stop_the_worker(lab)  # drops, so the filter is narrowed within a second
        time.sleep(1.5)
        lab.in_ns(lab.router, [FLOOD, "toc", "300000", "50"])  # other traffic, as fast as it goes
        for _ in range(5):
            must(lab.curl("http://www.lab.test/bytes/30000", "-4"), "curl")
        time.sleep(0.5)

    with Lab() as lab:
        named_web(lab)
        lab.start_capd()
        said = lab.diagnose("www.lab.test", 9, traffic=traffic)
        report = said.report or {}
        narrowed = (report.get("coverage") or {}).get("narrowed") or {}
        checks.check("the report says from when on the filter was narrow", 0 < narrowed.get("from_s", 0) < 9, said.stderr)
        checks.check("and why", "lost packets" in narrowed.get("why", ""), narrowed)
        checks.check("and what was no longer seen", "not known as the target's" in narrowed.get("no_longer_seen", ""), narrowed)
        checks.check("the filter names the target's address", "host " + SERVER4 in narrowed.get("filter", ""), narrowed)
        counts = report.get("connection_analysis") or {}
        checks.check("each of the target's connections was seen whole",
                     counts.get("established") == 6 and counts.get("closed") == 6, counts)
        checks.check("and none of them has gaps",
                     counts.get("retransmitted") == 0 and report["capture_quality"]["gap_percent"] < 0.2, report.get("capture_quality"))
        checks.check("the flood after it did not reach the worker",
                     report.get("other_packets", 0) < 250000, report.get("other_packets"))
        checks.check("capd goes on", lab.capd.poll() is None)


def narrowing_of_everything(checks):
    """Without a target the data of other ports goes out of sight, and is not judged."""
    def traffic(lab):
        stop_the_worker(lab)
        time.sleep(1.5)
        for _ in range(6):
            must(lab.curl("http://%s:9000/bytes/300000" % SERVER4), "curl")
            must(lab.curl("http://%s/bytes/300000" % WEB), "curl")

    with Lab() as lab:
        web(lab)
        lab.serve("http", SERVER4, 9000)
        lab.start_capd()
        said = lab.diagnose(None, 8, traffic=traffic)
        report = said.report or {}
        rows = (report.get("connection_analysis") or {}).get("connections") or {"columns": [], "rows": []}
        conns = [dict(zip(rows["columns"], row)) for row in rows["rows"]]
        hidden = [c for c in conns if c["server"].endswith(":9000")]
        whole = [c for c in conns if c["server"].endswith(":80")]
        checks.check("connections on other ports: their ends only",
                     len(hidden) == 6 and all(c["state"] == "closed" and c["bytes_to_client"] == 0 for c in hidden), hidden)
        checks.check("the web's are seen whole", len(whole) == 6 and all(c["bytes_to_client"] >= 300000 for c in whole), whole)
        above = [p["id"] for p in said.above_info() if p["id"] != "capture_drops"]
        checks.check("what the filter hid makes no finding", not above, above)
        coverage = report.get("coverage") or {}
        checks.check("and the report says what was hidden",
                     "data of connections outside the web" in (coverage.get("narrowed") or {}).get("no_longer_seen", ""), coverage)


def vantage(checks):
    """Where the capture sits, told by the ends of the flows and by whom the frames are addressed to."""
    for wanted, where, interface, prepare in (("client", "client", "eth0", None), ("server", "server", "eth0", None),
                                              ("router", "router", "toc", None),
                                              ("mirror", "router", "mon0", lambda lab: lab.mirror())):
        with Lab() as lab:
            web(lab)
            if prepare:
                prepare(lab)
            place = getattr(lab, where)
            lab.start_capd(namespace=place)
            said = lab.diagnose(WEB, 3, interface=interface, traffic=gets("http://%s/bytes/20000" % WEB, 3), namespace=place)
            checks.check("vantage %s" % wanted, (said.report or {}).get("vantage") == wanted, (said.report or {}).get("vantage"))
            checks.check("healthy as seen by the %s" % wanted, said.status == "healthy", [p["id"] for p in said.problems])


def neighbours(checks):
    """A default gateway that does not answer breaks everything beyond it, in every mode."""
    def silent_gateway(lab):
        web(lab)
        lab.nft(lab.router, "add table arp quiet", "add chain arp quiet input { type filter hook input priority 0 ; }",
                "add rule arp quiet input drop",
                "add chain arp quiet output { type filter hook output priority 0 ; }", "add rule arp quiet output drop")
        lab.in_ns(lab.client, ["ip", "neigh", "flush", "all"])

    def traffic(lab):
        lab.in_ns(lab.client, ["ip", "neigh", "flush", "all"])
        for _ in range(2):
            lab.curl("--connect-timeout", "4", "http://%s/" % WEB)

    for target, mode in ((WEB, None), (SERVER4, "domain"), ("80", "port"), (None, None)):
        with Lab() as lab:
            silent_gateway(lab)
            lab.start_capd()
            said = lab.diagnose(target, 9, traffic=traffic, mode=mode)
            found = said.finding("arp_unanswered") or {}
            what = "target %s, mode %s" % (target or "none", (said.report or {}).get("mode"))
            checks.check("the silent gateway is found: " + what, found.get("subject") == ROUTER4 and found.get("severity") == "critical" and found.get("blame") == "local_link",
                         [p["id"] for p in said.problems])
            checks.check("and named so: " + what, "gateway" in ((said.report or {}).get("verdict") or {}).get("headline",
                         ""), (said.report or {}).get("verdict"))

    with Lab() as lab:
        web(lab)
        lab.start_capd()
        said = lab.diagnose(None, 8, traffic=ask_from_router)
        checks.check("questions of other hosts say nothing about this link", not said.finding("arp_unanswered"), said.problems)

    with Lab() as lab:
        web(lab)
        lab.start_capd()
        said = lab.diagnose("80", 4, traffic=refresh_neighbour, mode="port")
        arp = [p for p in (said.report or {}).get("protocols", []) if p["name"] == "arp"]
        checks.check("ARP with the next hop belongs to a port capture",
                     arp and arp[0]["packets"] >= 2, (said.report or {}).get("protocols"))


def ask_from_router(lab):
    """The router asks for an address nobody has: TCP tries, the kernel asks by ARP once a second."""
    for _ in range(2):
        lab.in_ns(lab.router, ["curl", "-s", "--connect-timeout", "4", "http://192.0.2.99/"], check=False)


def refresh_neighbour(lab):
    lab.in_ns(lab.client, ["ip", "neigh", "flush", "all"])
    must(lab.curl("http://%s/bytes/3000" % WEB), "curl")


if __name__ == "__main__":
    sys.exit(run_scenarios("view", (narrowing, narrowing_of_everything, vantage, neighbours)))
