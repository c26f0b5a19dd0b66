#!/usr/bin/env python3
"""Compare the engine's counters with tshark's on every capture of the corpus.

  check.py PCM_COUNT CORPUS [-v]

Must be equal: packets, TCP streams, complete handshakes, SYN outcomes (icmp = unreachable, silent = timed_out +
pending + aborted, refused = refused), DNS queries, responses and rcodes.  A difference that deviations.tsv does not
explain is a failure, and so is less than 99 % of equal files.  The other counters are printed for information.
"""

import collections
import concurrent.futures
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ANALYSIS = ["retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "duplicate_ack",
            "zero_window", "zero_window_probe", "window_full", "keep_alive", "lost_segment", "ack_lost_segment"]


def codes(rows):
    return {str(row["code"]): row["count"] for row in rows}


def required(ours, truth):
    """name -> (ours, tshark's)"""
    totals, tcp, dns = ours["totals"], truth["tcp"], truth["dns"]
    why = tcp["syn_no_synack_why"]
    # With a SYN-ACK but without the client's ACK: no SYN outcome of tshark's, but one of ours.
    half_open = sum(1 for s in truth["tcp_streams"] if s["syn"] and s["synack"] and not s["done"])
    return {
        "packets": (totals["seen"], truth["packets"]),
        "counted": (totals["packets"] + totals["other_packets"], truth["packets"]),
        "tcp_streams": (totals["tcp_flows"], tcp["streams"]),
        "handshakes": (totals["established"], tcp["complete_handshakes"]),
        "refused": (totals["refused"], why.get("refused", 0)),
        "unreachable": (totals["unreachable"], why.get("icmp", 0)),
        "silent": (totals["timed_out"] + totals["pending"] + totals["aborted"], why.get("silent", 0) + half_open),
        "dns_queries": (totals["dns_queries"], dns["queries"]),
        "dns_responses": (totals["dns_responses"], dns["responses"]),
        "dns_rcodes": (codes(totals["dns_rcodes"]), {k: v for k, v in dns["rcodes"].items() if k}),
    }


def informational(ours, truth):
    totals = ours["totals"]
    info = {name: (totals[name], truth["tcp_analysis"][name]) for name in ANALYSIS}
    http = truth["http"]
    info["http_requests"] = (totals["http_requests"], sum(http["methods"].values()))
    info["http_statuses"] = (codes(totals["http_statuses"]), http["statuses"])
    sni = collections.Counter(row["sni"] for row in ours["tls"]["rows"] if row["sni"])
    info["sni"] = (dict(sni), truth["tls"]["sni"])
    info["tls_alerts"] = (totals["tls_alerts"], sum(truth["tls"]["alerts"].values()))
    split = lambda rows: {f"{row['code'] // 256}/{row['code'] % 256}": row["count"] for row in rows}
    info["icmp"] = (split(totals["icmp_types"]), truth["icmp"])
    info["icmpv6"] = (split(totals["icmpv6_types"]), truth["icmpv6"])
    info["arp_requests"] = (totals["arp_requests"], truth["arp"]["opcodes"].get("1", 0))
    info["arp_replies"] = (totals["arp_replies"], truth["arp"]["opcodes"].get("2", 0))
    info["syn_sent"] = (totals["syn_sent"], truth["tcp"]["syn_packets"])
    return info


def measure(program, path):
    run = subprocess.run([program, path], capture_output=True, check=False)
    if run.returncode:
        return None, run.stderr.decode("utf-8", "replace").strip()
    return json.loads(run.stdout), ""


def read_deviations():
    known = {}
    with open(os.path.join(HERE, "deviations.tsv"), encoding="utf-8") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                name, counter, reason = line.rstrip("\n").split("\t")
                known[name, counter] = reason
    return known


def main():
    program, corpus = sys.argv[1:3]
    verbose = "-v" in sys.argv
    names = sorted(n[:-5] for n in os.listdir(os.path.join(corpus, "truth")) if n.endswith(".json"))
    known, unread, deviating, unexplained = read_deviations(), [], {}, 0
    tally = collections.defaultdict(lambda: [0, 0, 0, 0])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda n: measure(program, os.path.join(corpus, n)), names))
    for name, (ours, error) in zip(names, results):
        with open(os.path.join(corpus, "truth", name + ".json"), encoding="utf-8") as file:
            truth = json.load(file)
        if ours is None:
            unread.append((name, error))
            continue
        for counter, (mine, theirs) in required(ours, truth).items():
            if mine == theirs:
                continue
            reason = known.get((name, counter))
            unexplained += reason is None
            deviating.setdefault(name, []).append(f"{counter}: {mine}, tshark {theirs} ({reason or 'unexplained'})")
        for counter, (mine, theirs) in informational(ours, truth).items():
            row = tally[counter]
            count = lambda v: v if isinstance(v, int) else sum(v.values())
            row[0] += mine == theirs
            row[1] += 1
            row[2] += count(mine)
            row[3] += count(theirs)
            if verbose and mine != theirs:
                print(f"# {name}: {counter}: {mine}, tshark {theirs}")
    for name, error in unread:
        print(f"# not readable by libpcap: {name}: {error}")
    for name, lines in deviating.items():
        for line in lines:
            print(f"# {name}: {line}")
    print("# for information: counter, files equal, of, counted, by tshark")
    for counter, row in tally.items():
        print(f"#   {counter:26} {row[0]:4} {row[1]:4} {row[2]:7} {row[3]:7}")
    readable = len(names) - len(unread)
    equal = readable - len(deviating)
    ok = unexplained == 0 and readable > 0 and equal * 100 >= readable * 99
    print(f"# {equal} of {readable} readable captures equal ({100.0 * equal / max(readable, 1):.1f} %)")
    print(f"1..1\n{'ok' if ok else 'not ok'} 1 - corpus counters equal tshark's in at least 99 % of the captures")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
