#!/usr/bin/env python3
"""Real faults and real health on a real network: does the diagnosis say what is wrong, and only that?
# suite: timeout=1800 show

Each run builds its own lab (lab.py), starts capd without any privilege but CAP_NET_RAW, runs `mcpd diagnose` as
an ordinary user while real clients and servers talk, and compares the report with what was done to the network.
A fault must be found, with the right subject and blame, and nothing unrelated may be reported above info.
A healthy run must be called healthy, with nothing above info.  A run that fails beside another is told and repeated alone.

  test_faults.py [NAME...]     only these runs      LAB_JOBS=n   how many side by side (default 4)
  test_faults.py --list        the runs             LAB_KEEP=DIR keep each run's report and capd's log there
  test_faults.py --pcap DIR    no product at all: record each run's packets, to see that the faults are real
"""

import concurrent.futures
import os
import sys
import time

import lab as lab_module
from lab import Lab, LabError
import runs
import runs_dnstls
import runs_ends
import runs_everyday
import runs_healthy
import runs_link
import runs_names
import runs_path
import runs_push
import runs_data
import runs_udp

TABLE = os.path.join(lab_module.TOP, "build", "lab-table.txt")


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


def performed(runs):
    """The results of the runs: side by side, then those that need the machine for themselves."""
    disturbed = []
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("LAB_JOBS", "4"))) as pool:
        for result in pool.map(perform, [run for run in runs if not run.alone]):
            if result[3]:
                print("# %s, beside another run: %s" % (result[0].name, "; ".join(result[3][:2]).replace("\n", " ")), flush=True)
                disturbed.append(result[0])
            else:
                yield result
    # Two labs share two cores: what went wrong beside another must go right alone, or it is wrong.
    yield from map(perform, disturbed + [run for run in runs if run.alone])


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
    areas = (runs, runs_names, runs_path, runs_udp, runs_ends, runs_dnstls, runs_link, runs_healthy,
             runs_data, runs_everyday, runs_push)
    every = [r for a in areas for r in getattr(a, "FAULTS", ())] + [r for a in areas for r in a.HEALTHY]
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
    for result in performed(chosen):
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
