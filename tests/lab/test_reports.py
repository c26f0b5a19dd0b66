#!/usr/bin/env python3
"""Reports over MCP, of real captures: the same bytes twice, every row once, within the budget, every verdict.
# suite: timeout=240

One finished capture of a busy network is read in every way; five more provoke the five states of a verdict.
"""

import json
import sys
import time

import lab as lab_module
import product
from lab import Lab, LabError, RESOLVER4, SERVER4
from runs import must
from stdio_client import Checks, Session, text_of

SECTIONS = ("summary", "connections", "dns", "http", "tls", "hosts", "timeline", "problems", "coverage")
TABLES = {"connections": ("connection_analysis", "connections"), "dns": ("dns_queries",), "http": ("http_requests",),
          "tls": ("tls_handshakes",), "hosts": ("hosts",)}


def session_of(lab):
    return Session(["ip", "netns", "exec", lab.client] + lab.mcpd("stdio", "--capd", lab.sock))


def start(session, target, duration=60):
    return session.tool("start_packet_capture", target=target, duration=duration, interface="eth0")["structuredContent"]["capture_id"]


def tokens(value):
    """As the contract counts them."""
    return (len(value.encode()) + 2) // 3


def compact(tree):
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False)


def at(tree, path):
    for key in path:
        tree = (tree or {}).get(key)
    return tree


def busy_traffic(lab):
    """Many connections, names, requests and TLS handshakes, and a few failures."""
    for n in range(70):
        must(lab.curl("http://www.lab.test/bytes/%d/%d" % (500 + n, n), "-4"), "curl")
    for _ in range(8):
        must(lab.curl("-k", "-4", "https://www.lab.test/"), "https")
    lab.curl("http://%s:81/" % SERVER4)
    lab.client_run("dns", RESOLVER4, 40, "www.lab.test", "other.lab.test", "nosuch.lab.test")


def walk(session, capture, section, budget):
    """Every page of a section: (pages, rows of its list)."""
    pages, rows, cursor = [], [], ""
    while True:
        arguments = {"capture_id": capture, "section": section, "max_tokens": budget}
        if cursor:
            arguments["cursor"] = cursor
        result = session.tool("get_capture_report", **arguments)
        page = result["structuredContent"]
        pages.append(result)
        if section in TABLES:
            rows += (at(page, TABLES[section]) or {}).get("rows", [])
        cursor = page.get("next_cursor")
        if not cursor or len(pages) > 500:
            return pages, rows


def check_same_bytes(t, session, capture):
    for section in SECTIONS:
        first, second = ([compact(p) for p in walk(session, capture, section, 1200)[0]] for _ in range(2))
        t.check("%s: the same bytes twice, over %d pages" % (section, len(first)), first == second)


def check_walks(t, session, capture):
    for section in TABLES:
        small, large = walk(session, capture, section, 600)[1], walk(session, capture, section, 8000)[1]
        keys = [compact(row) for row in small]
        t.check("%s: small pages hold the rows of large ones, in order (%d)" % (section, len(small)),
                len(small) > 3 and keys == [compact(row) for row in large], (len(small), len(large)))
    first = walk(session, capture, "connections", 600)
    said = first[0][0]["structuredContent"]["lists"].get("connections", "")
    t.check("a page says how many rows there are", said.endswith("of %d shown" % len(first[1])), said)
    shown = int(said.split()[0]) if said else 0
    t.check("and how many of them it holds", shown == len(at(first[0][0]["structuredContent"], TABLES["connections"])["rows"]), said)
    result = session.tool("get_capture_report", capture_id=capture, section="dns", cursor="9.dns.0")
    t.check("a cursor of another snapshot is refused", result.get("isError") and "begin again" in text_of(result), result)


def check_budgets(t, session, capture):
    for budget in (600, 1200, 2500, 8000):
        over = []
        for section in SECTIONS:
            for page in walk(session, capture, section, budget)[0]:
                size, text = tokens(compact(page["structuredContent"])), tokens(text_of(page))
                if size > budget or text > budget // 2:
                    over.append((section, size, text))
        t.check("max_tokens %d holds in every page of every section" % budget, not over, over)


def check_lists(t, report):
    """Whatever is empty or cut says why."""
    silent = []
    for path in TABLES.values():
        table = at(report, path)
        if path[-1] != "hosts" and not (table or {}).get("rows") and path[-1] not in report["lists"]:
            silent.append(path[-1])
    t.check("every list that is empty or cut has its reason", not silent and "of" in report["lists"].get("connections", ""),
            (silent, report["lists"]))
    verdict = report["verdict"]
    t.check("the verdict has both confidences", verdict.get("confidence") and verdict.get("blame_confidence"), verdict)
    t.check("vantage and reasons are said", report.get("vantage") == "client", report.get("vantage"))


def check_states(t, lab, session):
    """pending, healthy, problems, no_traffic, inconclusive: each from a capture that deserves it."""
    running = start(session, SERVER4 + ":80")
    must(lab.curl("http://%s/bytes/900" % SERVER4), "curl")
    time.sleep(2.2)
    status = session.tool("get_capture_status", capture_id=running)["structuredContent"]["verdict"]["status"]
    t.check("a running capture without a problem is pending, never healthy", status == "pending", status)
    status = session.tool("stop_packet_capture", capture_id=running)["structuredContent"]["verdict"]["status"]
    t.check("the same, ended, is healthy", status == "healthy", status)
    seen = {}
    for wanted, target, traffic in (("problems", SERVER4 + ":81", lambda: [lab.curl("http://%s:81/" % SERVER4) for _ in range(3)]),
                                    ("no_traffic", SERVER4 + ":82", lambda: None),
                                    ("inconclusive", SERVER4 + ":83", lambda: lab.curl("--connect-timeout", "1", "http://%s:83/" % SERVER4))):
        capture = start(session, target)
        traffic()
        time.sleep(2.5 if wanted == "inconclusive" else 0.3)
        seen[wanted] = session.tool("stop_packet_capture", capture_id=capture)["structuredContent"]["verdict"]
        t.check("verdict %s" % wanted, seen[wanted]["status"] == wanted, seen[wanted])


def main():
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - reports # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    product.install_signal_handlers()
    t = Checks()
    try:
        with Lab() as lab:
            lab.serve("http", SERVER4, 80)
            lab.dnsmasq()
            lab.openssl_server(SERVER4, 443)
            lab.fault("ip daddr %s tcp dport 83 drop" % SERVER4)
            lab.start_capd()
            session = session_of(lab)
            capture = start(session, "auto")
            busy_traffic(lab)
            time.sleep(0.5)
            report = session.tool("stop_packet_capture", capture_id=capture)["structuredContent"]
            check_lists(t, report)
            check_same_bytes(t, session, capture)
            check_walks(t, session, capture)
            check_budgets(t, session, capture)
            check_states(t, lab, session)
            session.end()
    except LabError as why:
        t.check("the lab", False, why)
    print("1..%d" % t.count)
    return 1 if t.bad else 0


if __name__ == "__main__":
    sys.exit(main())
