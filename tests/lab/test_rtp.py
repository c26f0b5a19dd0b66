#!/usr/bin/env python3
"""Real calls on a real network, recorded, and counted twice: by the engine and by tshark's RTP statistics.
# suite: timeout=120

Losses must be the same number, and jitter the same within what differs: tshark takes the first packets of a
stream, too, which the engine needs to recognise it.  No packet overtakes another here: tshark times late ones, too,
and counts them as lost less than none.
"""

import json
import os
import re
import shutil
import sys
import tempfile

import lab as lab_module
import product
import runs_udp
import test_faults

CALLS = ("rtp-loss-4-percent", "rtp-jitter")


def by_tshark(path):
    """{source address: (packets, lost, mean jitter in ms, largest)}"""
    done = product.run(["tshark", "-r", path, "-d", "udp.port==%d,rtp" % runs_udp.PHONE, "-q", "-z", "rtp,streams"], check=False)
    found = {}
    for line in done.stdout.split("\n"):
        row = re.match(r"\s*[\d.]+\s+[\d.]+\s+(\S+)\s+\d+\s+\S+\s+\d+\s+0x[0-9A-F]+\s+\S+\s+(\d+)\s+(-?\d+) \([^)]*\)\s+(.*)", line)
        if row:
            numbers = row.group(4).split()
            found[row.group(1)] = (int(row.group(2)), int(row.group(3)), float(numbers[4]), float(numbers[5]))
    return found


def by_engine(path):
    done = product.run([os.path.join(product.BUILD, "pcm-count"), path])
    rows = json.loads(done.stdout)["streams"]["rows"]
    return {row["sender"]: (row["packets"], row["lost"], row["jitter_us"] / 1000, row["jitter_max_us"] / 1000) for row in rows}


def near(a, b):
    return abs(a - b) <= 0.1 * max(a, b) + 0.02


def compare(path):
    """What differs, as lines."""
    theirs, ours = by_tshark(path), by_engine(path)
    if len(theirs) != 2 or set(theirs) != set(ours):
        return ["tshark has streams of %s, the engine of %s" % (sorted(theirs), sorted(ours))]
    return ["%s: tshark %s, engine %s" % (sender, theirs[sender], ours[sender]) for sender in theirs
            if theirs[sender][:2] != ours[sender][:2] or not all(map(near, theirs[sender][2:], ours[sender][2:]))]


def main():
    gone = lab_module.missing_tools() + [t for t in ("tshark", "tcpdump") if not shutil.which(t)]
    if gone:
        print("1..1\nok 1 - calls # SKIP needs %s" % ", ".join(gone))
        return 0
    lab_module.install_signal_handlers()
    print("1..%d" % len(CALLS))
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(CALLS, 1):
            run = next(r for r in runs_udp.FAULTS + runs_udp.HEALTHY if r.name == name)
            test_faults.record(run, folder)
            wrong = compare(os.path.join(folder, name + ".pcap"))
            print("%s %d - %s: packets, losses and jitter as tshark has them" % ("not ok" if wrong else "ok", number, name))
            for line in wrong:
                print("# " + line)
            bad += bool(wrong)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
