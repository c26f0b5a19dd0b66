#!/usr/bin/env python3
"""Reports over MCP of real captures: whole, bounded, the same every time, and honest about what they leave out.
# suite: timeout=240

Captures of different kinds run side by side over traffic of real stacks; then every section of each is fetched in
every size, page by page.  What a list leaves out, or why it is empty, must stand in `lists`.
"""

import json
import os
import struct
import sys
import time

import lab as lab_module
import product
import stdio_client
from lab import RESOLVER4, SERVER4, SERVERS4
from runs import must, stop_the_worker
from stdio_client import text_of

FLOOD = os.path.join(product.BUILD, "bench", "flood")
SECTIONS = ("summary", "connections", "dns", "http", "tls", "hosts", "timeline", "problems", "coverage")
SIZES = (600, 750, 1000, 1200, 2500, 8000)
LISTS = {"connections": ("connections", 512), "dns": ("dns_queries", 256), "http": ("http_requests", 256),
         "tls": ("tls_handshakes", 128), "hosts": ("hosts", 128)}
WHYS = ("none seen", "encrypted", "not visible in this mode", "switched off")

# A datagram to each of 140 addresses that the server has as well; nobody listens there.
MANY_HOSTS = """
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(140):
    sock.sendto(b"x", ("203.0.113.%d" % (n + 1), 9))
"""

T = stdio_client.Checks()


class Session(stdio_client.Session):
    """Reads reports, and the bytes in which they came."""

    def fetch(self, capture, section="summary", **more):
        """(structured content, its bytes as sent, the text block's, the answer's without its id)."""
        result = self.tool("get_capture_report", capture_id=capture, section=section, **more)
        if "structuredContent" not in result:
            raise RuntimeError("%s %s: %s" % (section, more, text_of(result)))
        at = self.line.index('"structuredContent":') + len('"structuredContent":')
        _, end = json.JSONDecoder().raw_decode(self.line, at)
        same = self.line.replace('"id":%d' % self.last_id, '"id":0', 1)
        self.text = text_of(result)
        return result["structuredContent"], len(self.line[at:end].encode()), len(text_of(result).encode()), same


# ---- reading a page ------------------------------------------------------------------------------------------------

def rows_of(section, page):
    """What a page lists."""
    if section in LISTS:
        at = page.get("connection_analysis", {}) if section == "connections" else page
        return at[LISTS[section][0]]["rows"]
    if section == "problems":
        return page["problems_detected"]
    if section == "coverage":
        return page["coverage"]["rules"]["rows"]
    if section == "timeline":
        series = [page["timeline"][key] for key in ("packets", "bytes", "bytes_to_client", "bytes_to_server", "retransmitted")]
        return [list(bucket) for bucket in zip(*series)]
    return []


def rows_of_text(section, text):
    """How many of them the text block shows."""
    if section == "problems":
        return text.count("\n- **")
    if section == "timeline":
        return sum(len(json.loads(line[9:])) for line in text.split("\n") if line.startswith("packets: "))
    return max(0, sum(line.startswith("|") for line in text.split("\n")) - 2)


def key_of(section):
    return LISTS[section][0] if section in LISTS else {"problems": "problems_detected", "coverage": "rules"}.get(section, section)


def walk(session, capture, section, size):
    """All rows, page by page, and complaints about the pages."""
    rows, bad, cursor, pages = [], [], None, []
    while len(pages) < 700:
        page, sent, text, _ = session.fetch(capture, section, max_tokens=size, **({"cursor": cursor} if cursor else {}))
        pages.append(page)
        if sent > 3 * size or text > 3 * size // 2:
            bad.append("%d bytes of structured content, %d of text" % (sent, text))
        if rows_of_text(section, session.text) != len(rows_of(section, page)):
            bad.append("%d rows, and the text shows %d" % (len(rows_of(section, page)), rows_of_text(section, session.text)))
        rows += rows_of(section, page)
        cursor = page["next_cursor"]
        if not cursor:
            break
    for page in pages:
        shown, why = len(rows_of(section, page)), page.get("lists", {}).get(key_of(section))
        if shown == 0 and why not in WHYS:
            bad.append("an empty list without its reason: %s" % page.get("lists"))
        if 0 < shown < len(rows) and not str(why).startswith("%d of " % shown):
            bad.append("%d of %d rows, and `lists` says %s" % (shown, len(rows), page.get("lists")))
        if shown == len(rows) > 0 and why and int(why.split()[2]) <= shown:
            bad.append("all rows, and `lists` says %s" % why)
    return rows, bad, pages


def check_summary(what, session, capture, totals):
    """The summary in every size: bounded, the best part always there, and what it leaves out is said."""
    for size in SIZES:
        page, sent, text, _ = session.fetch(capture, max_tokens=size)
        bad = [] if sent <= 3 * size and text <= 3 * size // 2 else ["%d and %d bytes" % (sent, text)]
        bad += [key for key in ("capture_id", "state", "verdict", "capture_quality") if key not in page]
        bad += check_summary_lists(page, totals)
        if not session.tool("get_capture_report", capture_id=capture)["content"][0]["text"].startswith("capture_id `%s`, state" % capture):
            bad.append("the text block does not begin with the id")
        T.check("%s, summary of %d tokens: fits, and says what is left out" % (what, size), not bad, bad)


def check_summary_lists(page, totals):
    """Complaints: a list that is empty or cut without its reason."""
    bad, why = [], page.get("lists")
    if why is None:  # nothing but the verdict had room; the text says so by its cursor
        return bad
    for section in ("connections", "dns", "http", "tls"):
        key = LISTS[section][0]
        at = page.get("connection_analysis", {}) if section == "connections" else page
        shown = len(at.get(key, {"rows": []})["rows"])
        if shown < totals[section] and not str(why.get(key)).startswith("%d of " % shown):
            bad.append("%s: %d of %d, said %s" % (key, shown, totals[section], why.get(key)))
        if totals[section] == 0 and why.get(key) not in WHYS:
            bad.append("%s is empty, said %s" % (key, why.get(key)))
    told = len(page["problems_detected"])
    if told == 0 and totals["problems"] == 0 and why.get("problems_detected") != "none seen":
        bad.append("no problems, said %s" % why.get("problems_detected"))
    if told < totals["problems"] and not str(why.get("problems_detected")).startswith("%d of " % told):
        bad.append("%d of %d problems, said %s" % (told, totals["problems"], why.get("problems_detected")))
    return bad


def check_report(what, session, capture):
    """Every section of one finished capture; returns the rows of each."""
    all_rows = {}
    for section in SECTIONS[1:]:
        walks = [walk(session, capture, section, size) for size in SIZES]
        bad = [complaint for _, complaints, _ in walks for complaint in complaints]
        T.check("%s, %s: every page fits, and an empty or cut list has its reason" % (what, section), not bad, bad[:5])
        rows = walks[-1][0]
        T.check("%s, %s: pages of any size join to the same %d rows" % (what, section, len(rows)),
                all(other[0] == rows for other in walks), [len(other[0]) for other in walks])
        all_rows[section] = rows
        if section in LISTS:
            said = walks[-1][2][0]["lists"].get(LISTS[section][0], "")
            of = int(said.split()[2]) if said.endswith("shown") else len(rows)
            T.check("%s, %s: all of %d that are kept" % (what, section, of), len(rows) == min(of, LISTS[section][1]), said)
    check_summary(what, session, capture, {section: len(rows) for section, rows in all_rows.items()})
    return all_rows


def check_same(session, captures):
    """The same call gives the same bytes, at once and later."""
    first = {(c, s): session.fetch(c, s)[3] for c in captures for s in SECTIONS}
    again = {(c, s): session.fetch(c, s)[3] for c in captures for s in SECTIONS}
    time.sleep(1.5)
    later = {(c, s): session.fetch(c, s)[3] for c in captures for s in SECTIONS}
    differ = [key for key in first if not first[key] == again[key] == later[key]]
    T.check("%d answers about finished captures, each the same bytes three times" % len(first), not differ, differ)


# ---- the captures --------------------------------------------------------------------------------------------------

def start(session, target, duration, **more):
    result = session.tool("start_packet_capture", target=target, interface="eth0", duration=duration, **more)
    if "structuredContent" not in result:
        raise RuntimeError(text_of(result))
    return result["structuredContent"]["capture_id"]


def status(session, capture, wait_s=0):
    return session.tool("get_capture_status", capture_id=capture, wait_s=wait_s)["structuredContent"]


def crowd(lab):
    """Much of everything, and some of it goes wrong."""
    must(lab.client_run("dns", RESOLVER4, 70, *("host-%d.lab.test" % n for n in range(70))), "names")
    for n in range(30):
        must(lab.curl("http://%s/bytes/%d" % (SERVER4, 1000 + n)), "a page")
        lab.curl("http://%s:%d/" % (SERVERS4[1], 1000 + n))  # refused
    for _ in range(12):
        must(lab.curl("-4k", "https://www.lab.test/"), "a page over TLS")
        must(lab.curl("http://%s/status/503" % SERVER4), "an error")
    lab.in_ns(lab.client, [sys.executable, "-c", MANY_HOSTS])
    lab.in_ns(lab.router, [FLOOD, "toc", "20000", "300", "20000"])
    must(lab.curl("-4", "--connect-timeout", "3", "http://%s:81/" % SERVERS4[2]) != 28, "the silent port")


def long_file(path):
    """A capture file that lasts a quarter of an hour: a datagram a second."""
    head = bytes.fromhex("02000000000102000000000208004500002800000000401100007f000001" "c0000202" "c0000035")
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for second in range(900):
            frame = head[:26] + b"\xc0\0\2\1" + head[30:34] + b"\xc0\0\x27\x0f\0\x14\0\0" + bytes(12)
            out.write(struct.pack("<IIII", 1700000000 + second, 0, len(frame), len(frame)) + frame)
    os.chmod(path, 0o644)


def settle(lab):
    lab.dnsmasq(*["--host-record=host-%d.lab.test,%s" % (n, SERVER4) for n in range(0, 70, 2)])
    lab.serve("http", SERVER4, 80)
    lab.openssl_server(SERVER4, 443)
    lab.fault("ip daddr %s tcp dport 81 drop" % SERVERS4[2])
    product.run(["ip", "-n", lab.server, "route", "add", "local", "203.0.113.0/24", "dev", "lo"])
    product.run(["ip", "-n", lab.router, "route", "add", "203.0.113.0/24", "via", SERVER4])
    lab.start_capd()


def first_round(lab, session):
    """Four at once; returns their ids by what they are."""
    ids = {"crowd": start(session, "*", 14), "healthy site": start(session, SERVER4 + ":80", 14, mode="port"),
           "TLS site": start(session, "www.lab.test:443", 14, probe=False),
           "silent port": start(session, SERVERS4[2] + ":81", 14)}
    seen = {name: {status(session, capture)["verdict"]["status"]} for name, capture in ids.items()}
    T.check("just started: pending", all(s == {"pending"} for s in seen.values()), seen)
    for _ in range(4):
        must(lab.curl("http://%s/bytes/5000" % SERVER4), "a page")
        must(lab.curl("-4k", "https://www.lab.test/"), "a page over TLS")
        time.sleep(1.1)
        for name, capture in ids.items():
            seen[name].add(status(session, capture)["verdict"]["status"])
            page = session.fetch(capture)[0]
            seen[name] |= {page["verdict"]["status"]} if page["state"] == "running" else set()
    T.check("healthy traffic, still running: never called healthy", all("healthy" not in s for s in seen.values()), seen)
    T.check("the healthy ones were pending all the time", seen["healthy site"] == {"pending"}, seen)
    return ids


def run(lab):
    settle(lab)
    files = os.path.join(lab.dir, "files")
    os.makedirs(files)
    long_file(os.path.join(files, "long.pcap"))
    conf = os.path.join(lab.dir, "files.conf")
    with open(conf, "w", encoding="ascii") as out:
        out.write("file_directories = %s\n" % files)
    session = Session(["ip", "netns", "exec", lab.client] + lab.mcpd("stdio", "--capd", lab.sock, "--config", conf))
    # A healthy target ends before the crowd makes trouble.
    quiet = start(session, SERVER4 + ":80", 4)
    for _ in range(5):
        must(lab.curl("http://%s/bytes/5000" % SERVER4), "a page")
    healthy = status(session, quiet, wait_s=10)
    ids = first_round(lab, session)
    crowd(lab)
    ends = {name: status(session, capture, wait_s=30)["verdict"]["status"] for name, capture in ids.items()}
    ids["quiet"], ends["quiet"] = quiet, healthy["verdict"]["status"]
    ids["nobody"] = start(session, SERVERS4[3] + ":8443", 3)
    must(lab.curl("http://%s/bytes/5000" % SERVER4), "a page of another target")
    ends["nobody"] = status(session, ids["nobody"], wait_s=10)["verdict"]["status"]
    ids["overrun"] = start(session, "*", 5)
    time.sleep(0.5)  # the worker before it is gone by then
    stop_the_worker(lab)
    ends["overrun"] = status(session, ids["overrun"], wait_s=20)["verdict"]["status"]
    told = session.tool("analyze_capture_file", path=os.path.join(files, "long.pcap"))
    ids["long file"] = told["structuredContent"]["capture_id"]
    return session, ids, ends


def check_states(ends):
    wanted = {"quiet": "healthy", "crowd": "problems", "TLS site": "healthy", "silent port": "problems",
              "nobody": "no_traffic", "overrun": "inconclusive"}
    T.check("the other four states at the end", {n: ends[n] for n in wanted} == wanted, ends)


def main():
    gone = lab_module.missing_tools() + [w for w in ["build/release/bench/flood"] if not os.path.exists(FLOOD)]
    if gone:
        print("1..1\nok 1 - reports # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    product.install_signal_handlers()
    with lab_module.Lab() as lab:
        try:
            session, ids, ends = run(lab)
            check_states(ends)
            rows = {name: check_report(name, session, capture) for name, capture in ids.items()}
            T.check("there was something to page through: over 40 connections, 70 names, 40 requests, 10 handshakes, "
                    "128 hosts, 256 buckets", len(rows["crowd"]["connections"]) > 40 and len(rows["crowd"]["dns"]) >= 70
                    and len(rows["crowd"]["http"]) > 40 and len(rows["crowd"]["tls"]) > 10
                    and len(rows["crowd"]["hosts"]) == 128 and len(rows["long file"]["timeline"]) > 256,
                    {name: {s: len(r) for s, r in every.items()} for name, every in rows.items()})
            found = [finding for every in rows.values() for finding in every["problems"]]
            verdicts = [session.fetch(ids[n])[0]["verdict"] for n in ids if ends.get(n) not in (None, "healthy")]
            both = {(f.get("confidence"), f.get("blame_confidence")) for f in found + verdicts}
            words = {"confirmed", "likely", "possible"}
            T.check("every finding and every verdict on one has both confidences",
                    all(set(pair) <= words for pair in both), both)
            T.check("and they differ: what happened is surer than who is to blame", ("confirmed", "likely") in both, both)
            reasons = {name: session.fetch(ids[name])[0]["lists"] for name in ids}
            T.check("HTTP inside TLS: encrypted", reasons["TLS site"].get("http_requests") == "encrypted", reasons)
            T.check("DNS beside a port: not visible in this mode",
                    reasons["healthy site"].get("dns_queries") == "not visible in this mode", reasons)
            check_same(session, ids.values())
            session.end()
        except (product.LabError, OSError, RuntimeError, KeyError) as why:
            T.check("the run comes to its end", False, repr(why))
    print("1..%d" % T.count)
    return 1 if T.bad else 0


if __name__ == "__main__":
    sys.exit(main())
