#!/usr/bin/env python3
"""Thousands of captures started and stopped: nothing may grow.
# suite: timeout=7200 show

  soak.py [CYCLES]        `make soak` runs 10000; figures are printed at the start (after a warm-up) and at the end

Two people with an `mcpd stdio` each start four captures at a time over the system capd and stop them again.  What is
counted: resident memory, open descriptors and children of each process that lives on, processes in the namespace.
"""

import os
import sys
import time

import world as world_module
from world import T, children, memory_kib, name_of, until
from lab import SERVER4

ALICE, BOB = 61001, 61005  # made-up ids, no accounts
AT_ONCE = 4
WARM_UP = 400          # cycles until tables of the C library and kept reports have their size
GROWTH_KIB = 512       # of one process over the whole run: a leak of 64 bytes per cycle would be more


def figures(world, sessions):
    """{process: (VmRSS KiB, descriptors, children)}"""
    pids = {"capd": world.capd.pid}
    for name, session in sessions.items():
        pids["mcpd of " + name] = session.process.pid
        for launcher in children(session.process.pid):
            pids["launcher of " + name] = launcher
            pids.update({"mcpd-net of " + name: pid for pid in children(launcher) if name_of(pid) == "mcpd-net"})
    rows = {who: (memory_kib(pid), len(os.listdir("/proc/%d/fd" % pid)), len(children(pid))) for who, pid in pids.items()}
    rows["processes"] = (0, 0, len(world.in_ns(world.client, ["ip", "netns", "pids", world.client]).stdout.split()))
    return rows


def batch(session, name, arguments):
    """The same call with each of the arguments, sent together; the results.  capd frees the slot of an ended capture
    when its process is gone: what is refused for that alone is asked again."""
    results = [None] * len(arguments)
    waiting = list(range(len(arguments)))
    while waiting:
        sent = [(n, session.send("tools/call", {"name": name, "arguments": arguments[n]})) for n in waiting]
        waiting = []
        for n, number in sent:
            results[n] = session.wait(number)
            text = world_module.stdio_client.text_of(results[n])
            if results[n].get("isError") and ("slots are in use" in text):
                waiting.append(n)
        if waiting:
            time.sleep(0.25)
    return results


def cycle(sessions):
    """AT_ONCE captures of each person, started and stopped; how many were not."""
    bad = 0
    ids = {}
    for name, session in sessions.items():
        ask = {"target": "%s:80" % SERVER4, "interface": "eth0", "duration": 600}
        got = batch(session, "start_packet_capture", [ask] * AT_ONCE)
        ids[name] = [r["structuredContent"]["capture_id"] for r in got if not r.get("isError")]
        bad += AT_ONCE - len(ids[name])
    for name, session in sessions.items():
        got = batch(session, "stop_packet_capture", [{"capture_id": i} for i in ids[name]])
        bad += sum(bool(r.get("isError")) for r in got)
    return bad


def table(first, last):
    """Both figures side by side."""
    lines = ["%-20s %10s %10s %6s %6s %8s %8s" % ("process", "KiB", "KiB end", "fds", "end", "children", "end")]
    for who, row in first.items():
        end = last[who]
        lines.append("%-20s %10d %10d %6d %6d %8d %8d" % (who, row[0], end[0], row[1], end[1], row[2], end[2]))
    return lines


def soak(world, cycles):
    conf = os.path.join(world.dir, "mcpd.conf")
    with open(conf, "w", encoding="ascii") as out:
        out.write("retention_mib = 1\n")
    sessions = {"alice": world.session("--config", conf, uid=ALICE), "bob": world.session("--config", conf, uid=BOB)}
    for session in sessions.values():
        session.ask("list_network_interfaces")  # starts the network child
    per_round, bad, done = AT_ONCE * len(sessions), 0, 0
    while done < WARM_UP:
        bad += cycle(sessions)
        done += per_round
    until(lambda: not world.workers(), 10)
    first, began, done = figures(world, sessions), time.monotonic(), 0
    while done < cycles:
        bad += cycle(sessions)
        done += per_round
    until(lambda: not world.workers(), 10)
    last, took = figures(world, sessions), time.monotonic() - began
    print("\n".join("# " + line for line in table(first, last)))
    print("# %d cycles in %.0f s, %d calls failed" % (done, took, bad))
    T.check("%d captures were started and stopped" % done, bad == 0, bad)
    for who, row in first.items():
        end = last[who]
        T.check("%s: memory, descriptors and children have not grown" % who,
                end[0] - row[0] <= GROWTH_KIB and end[1] <= row[1] and end[2] <= row[2], (row, end))
    granted, ended = (sum(word in line for line in world.audit()) for word in ("granted capture=", "audit: end"))
    T.check("each has its two audit lines", granted == ended == done + WARM_UP, (granted, ended, done + WARM_UP))


def main():
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    gone = world_module.lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - soak # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    world_module.product.install_signal_handlers()
    with world_module.World("max_captures = 8\nmax_captures_per_user = 4\n") as world:
        soak(world, cycles)
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
