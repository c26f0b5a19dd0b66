#!/usr/bin/env python3
"""Compare the engine's counters with tshark's on every capture of the corpus.

  check.py PCM_COUNT CORPUS [-v]

Counters that must be equal in at least 99 % of the captures: packets, TCP streams, complete handshakes, SYN outcomes
(icmp = unreachable, silent = timed_out + pending + aborted, refused = refused), DNS queries, responses, rcodes and
queries without an answer (until the end of the file: unanswered and pending), HTTP methods and statuses, SNI names,
TLS alerts, ICMP, ARP.  Each tcp_analysis counter: equal in at least 97 %, and within 2 % (or 1) in total.

Every difference must stand in deviations.tsv with its reason, and every line there must still be a difference.
Where the reason is a default of tshark's (HTTP on known ports only, a response only with its whole body), the line
names the options with which tshark counts what we count: tshark is run with them, and must.  `method NAME` instead of
options: a method that tshark does not know; it must show that many segments that begin with such a request line.
Such a capture counts as equal.  All other differences count against the 99 %.
"""

import collections
import concurrent.futures
import json
import os
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ANALYSIS = ["retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "duplicate_ack",
            "zero_window", "zero_window_probe", "window_full", "keep_alive", "lost_segment", "ack_lost_segment"]
FIELDS = {"http_methods": "http.request.method", "http_statuses": "http.response.code"}


def codes(rows):
    return {str(row["code"]): row["count"] for row in rows}


def types(rows):
    return {f"{row['code'] // 256}/{row['code'] % 256}": row["count"] for row in rows}


def methods(ours):
    """The rows hold the method; they are all there as long as none had to give way."""
    counted, rows = ours["totals"]["http_requests"], ours["http"]["rows"]
    return dict(collections.Counter(row["method"] for row in rows)) if len(rows) == counted else {"any": counted}


def same_kind(mine, theirs):
    return {"any": sum(theirs.values())} if "any" in mine else theirs


def required(ours, truth):
    """name -> (ours, tshark's)"""
    totals, tcp, dns, http, arp = ours["totals"], truth["tcp"], truth["dns"], truth["http"], truth["arp"]["opcodes"]
    why = tcp["syn_no_synack_why"]
    # With a SYN-ACK but without the client's ACK: no SYN outcome of tshark's, but one of ours.
    half_open = sum(1 for s in truth["tcp_streams"] if s["syn"] and s["synack"] and not s["done"])
    sni = collections.Counter(row["sni"] for row in ours["tls"]["rows"] if row["sni"])
    mine = methods(ours)
    return {
        "packets": (totals["seen"], truth["packets"]),
        "counted": (totals["packets"] + totals["other_packets"], truth["packets"]),
        "tcp_streams": (totals["tcp_flows"], tcp["streams"]),
        "handshakes": (totals["established"], tcp["complete_handshakes"]),
        "refused": (totals["refused"], why.get("refused", 0)),
        "unreachable": (totals["unreachable"], why.get("icmp", 0)),
        "silent": (totals["timed_out"] + totals["pending"] + totals["aborted"], why.get("silent", 0) + half_open),
        "syn_sent": (totals["syn_sent"], tcp["syn_packets"]),
        "dns_queries": (totals["dns_queries"], dns["queries"]),
        "dns_responses": (totals["dns_responses"], dns["responses"]),
        "dns_rcodes": (codes(totals["dns_rcodes"]), {k: v for k, v in dns["rcodes"].items() if k}),
        "dns_without_answer": (totals["dns_transactions"] - totals["dns_us"][0], dns["unanswered"]),
        "http_methods": (mine, same_kind(mine, http["methods"])),
        "http_statuses": (codes(totals["http_statuses"]), http["statuses"]),
        "sni": (dict(sni), truth["tls"]["sni"]),
        "tls_alerts": (totals["tls_alerts"], sum(truth["tls"]["alerts"].values())),
        "icmp": (types(totals["icmp_types"]), truth["icmp"]),
        "icmpv6": (types(totals["icmpv6_types"]), truth["icmpv6"]),
        "arp_requests": (totals["arp_requests"], arp.get("1", 0)),
        "arp_replies": (totals["arp_replies"], arp.get("2", 0)),
    }


def analysis(ours, truth):
    return {name: (ours["totals"][name], truth["tcp_analysis"][name]) for name in ANALYSIS}


def measure(program, path):
    run = subprocess.run([program, path], capture_output=True, check=False)
    if run.returncode:
        return None, run.stderr.decode("utf-8", "replace").strip()
    return json.loads(run.stdout), ""


def tshark_prints(path, options, which, field):
    run = subprocess.run(["tshark", "-n", "-r", path, *options, "-Y", which, "-T", "fields", "-E", "aggregator= ",
                          "-e", field], capture_output=True, text=True, check=False)
    return run.stdout.split()


def tshark_says(path, options, counter):
    """What tshark counts with these options."""
    if options.startswith("method "):
        name = options.removeprefix("method ")
        lines = tshark_prints(path, [], f'tcp.payload matches "^{name} [^ ]+ HTTP/1[.][01]"', "frame.number")
        return {name: len(lines)}
    return dict(collections.Counter(tshark_prints(path, shlex.split(options), FIELDS[counter], FIELDS[counter])))


def read_deviations():
    known = {}
    with open(os.path.join(HERE, "deviations.tsv"), encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                name, counter, options, reason = line.rstrip("\n").split("\t")
                known[name, counter] = ("" if options == "-" else options, reason)
    return known


class Tally:
    """Files equal, files, and what both count in all, by counter."""

    def __init__(self):
        self.rows = collections.defaultdict(lambda: [0, 0, 0, 0])

    def add(self, counter, equal, mine, theirs):
        size = lambda v: v if isinstance(v, int) else sum(v.values())
        self.rows[counter] = [a + b for a, b in zip(self.rows[counter], (equal, 1, size(mine), size(theirs)))]

    def share(self, counter):
        equal, files = self.rows[counter][:2]
        return 100.0 * equal / files

    def near(self, counter):
        mine, theirs = self.rows[counter][2:]
        return abs(mine - theirs) <= max(1, theirs * 0.02)


class Check:
    def __init__(self, corpus, verbose):
        self.corpus, self.verbose = corpus, verbose
        self.known, self.used = read_deviations(), set()
        self.strict, self.tally, self.wrong = Tally(), Tally(), []

    def explained(self, name, counter, mine):
        """True: tshark agrees once it is asked to look."""
        entry = self.known.get((name, counter))
        if entry is None:
            self.wrong.append(f"{name}: {counter}: unexplained")
            return False
        self.used.add((name, counter))
        options, _ = entry
        if not options or not shutil.which("tshark"):
            return bool(options)
        says = tshark_says(os.path.join(self.corpus, name), options, counter)
        if says == mine:
            return True
        self.wrong.append(f"{name}: {counter}: {mine}, tshark with {options}: {says}")
        return False

    def file(self, name, ours, truth):
        for counter, (mine, theirs) in {**required(ours, truth), **analysis(ours, truth)}.items():
            equal = mine == theirs
            self.strict.add(counter, equal, mine, theirs)
            if not equal:
                if self.verbose:
                    reason = self.known.get((name, counter), ("", "unexplained"))[1]
                    print(f"# {name}: {counter}: {mine}, tshark {theirs}: {reason}")
                equal = self.explained(name, counter, mine)
            self.tally.add(counter, equal, mine, theirs)

    def judge(self, names):
        for name, counter in sorted(self.known.keys() - self.used):
            if name in names:
                self.wrong.append(f"{name}: {counter}: stands in the table, but is equal")
        for counter in self.tally.rows:
            share = self.tally.share(counter)
            if counter in ANALYSIS and (share < 97 or not self.tally.near(counter)):
                self.wrong.append(f"{counter}: equal in {share:.1f} % of the captures, or far off in total")
            elif share < 99:
                self.wrong.append(f"{counter}: equal in {share:.1f} % of the captures")


def main():
    program, corpus = sys.argv[1:3]
    names = sorted(n[:-5] for n in os.listdir(os.path.join(corpus, "truth")) if n.endswith(".json"))
    check, unread = Check(corpus, "-v" in sys.argv), []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda n: measure(program, os.path.join(corpus, n)), names))
    for name, (ours, error) in zip(names, results):
        with open(os.path.join(corpus, "truth", name + ".json"), encoding="utf-8") as file:
            truth = json.load(file)
        if ours is None:
            unread.append(name)
            print(f"# not readable by libpcap: {name}: {error}")
        else:
            check.file(name, ours, truth)
    check.judge(set(names) - set(unread))
    print("# counter, captures equal, equal or so with tshark's options, of, counted, by tshark")
    for counter, row in check.strict.rows.items():
        print(f"#   {counter:26} {row[0]:4} {check.tally.rows[counter][0]:4} {row[1]:4} {row[2]:7} {row[3]:7}")
    for line in check.wrong:
        print(f"# {line}")
    readable = len(names) - len(unread)
    ok = readable > 0 and not check.wrong
    print(f"# {readable} captures readable, {len(check.used)} differences explained")
    print(f"1..1\n{'ok' if ok else 'not ok'} 1 - corpus counters agree with tshark's")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
