#!/usr/bin/env python3
"""Eight captures at once by two users, under load: nobody sees or stops what is another's, and the limits hold.
# suite: timeout=240 show

Each user runs one `mcpd stdio` with four captures, each of another port of the server.  While a flood of other
traffic passes, requests go to each port in a number of its own, so that a report of the wrong capture shows.
The memory of every process is in build/callers-table.txt after a run.
"""

import os
import re
import sys
import time

import lab as lab_module
import product
from lab import Lab, LabError, SERVER4
from product import CLIENTS_GID, HERE
from runs import must
from stdio_client import Checks, Session, text_of

FLOOD = os.path.join(product.BUILD, "bench", "flood")
TABLE = os.path.join(product.TOP, "build", "callers-table.txt")
ALICE, BOB = 61001, 61005  # made-up ids, no accounts
PORTS = {ALICE: (8001, 8002, 8003, 8004), BOB: (8005, 8006, 8007, 8008)}
OF_ALL = [(uid, port) for uid in PORTS for port in PORTS[uid]]


def as_user(lab, uid, *argv):
    """A command of that user in the client's namespace, without any capability, in the group that may talk to capd."""
    who = ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid, "--groups=%d" % CLIENTS_GID, "--inh-caps=-all",
           "--bounding-set=-all"]
    return ["ip", "netns", "exec", lab.client] + who + list(argv)


def session_of(lab, uid):
    """An MCP client of that user."""
    return Session(as_user(lab, uid, os.path.join(lab.dir, "mcpd"), "stdio", "--capd", lab.sock))


def by_hand(lab, uid, capture_id):
    """What capd answers to requests that name the capture, as {request: (type, text)}."""
    done = product.run(as_user(lab, uid, sys.executable, os.path.join(HERE, "rawcapd.py"), lab.sock, capture_id))
    rows = [line.split(" ", 2) for line in done.stdout.splitlines()]
    return {name: (int(kind), text) for name, kind, text in rows}


def memory(pid):
    """VmRSS and VmHWM in KiB."""
    with open("/proc/%d/status" % pid, encoding="ascii") as text:
        fields = dict(line.split(":", 1) for line in text)
    return int(fields["VmRSS"].split()[0]), int(fields["VmHWM"].split()[0])


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as text:
        return [int(word) for word in text.read().split()]


def memory_table(lab, sessions):
    """One line per process while all eight captures run."""
    rows = [("capd parent", lab.capd.pid)]
    rows += [("capd worker %d" % n, pid) for n, pid in enumerate(children(lab.capd.pid), 1)]
    for uid, session in sessions.items():
        rows.append(("mcpd of uid %d" % uid, session.process.pid))
        rows += [("  its child", pid) for pid in children(session.process.pid)]
    lines = ["%-22s %10s %10s" % ("process", "VmRSS KiB", "VmHWM KiB")]
    return lines + ["%-22s %10d %10d" % ((name,) + memory(pid)) for name, pid in rows]


def start_all(t, sessions):
    """Four captures each; returns {(uid, port): capture_id}."""
    ids = {}
    for uid, port in OF_ALL:
        result = sessions[uid].tool("start_packet_capture", target="%s:%d" % (SERVER4, port), duration=60, interface="eth0")
        if t.check("uid %d starts a capture of port %d" % (uid, port), not result.get("isError"), result):
            ids[uid, port] = result["structuredContent"]["capture_id"]
    return ids


def check_limits(t, lab, sessions, ids):
    """A fifth of the same user, a ninth in all, and ids that cannot be guessed."""
    t.check("ids are 128 bits in hex, all different", len(set(ids.values())) == 8 and
            all(re.fullmatch("[0-9a-f]{32}", i) for i in ids.values()), ids)
    for uid, session in sessions.items():
        result = session.tool("start_packet_capture", target="192.0.2.1:1", interface="eth0")
        t.check("a fifth capture of uid %d is refused, naming the limit" % uid, result.get("isError") and "4" in text_of(result)
                and "max_captures" in text_of(result), result)
    root = session_of(lab, 0)
    result = root.tool("start_packet_capture", target="192.0.2.1:1", interface="eth0")
    t.check("a ninth capture is refused even to root", result.get("isError") and "max_captures = 8" in text_of(result), result)
    root.end()


def check_place(t, sessions, ids):
    """Who is told that a capture has ended can start another in its place at once."""
    refused = []
    for _ in range(15):
        sessions[ALICE].tool("stop_packet_capture", capture_id=ids[ALICE, PORTS[ALICE][0]])
        result = sessions[ALICE].tool("start_packet_capture", target="%s:%d" % (SERVER4, PORTS[ALICE][0]), duration=60, interface="eth0")
        if result.get("isError"):
            refused.append(text_of(result))
            time.sleep(0.5)
            result = sessions[ALICE].tool("start_packet_capture", target="%s:%d" % (SERVER4, PORTS[ALICE][0]), duration=60, interface="eth0")
        ids[ALICE, PORTS[ALICE][0]] = result["structuredContent"]["capture_id"]
    t.check("with four of four, one stopped and started again fifteen times: never refused", not refused, refused)


def check_apart(t, lab, sessions, ids):
    """Neither mcpd nor capd gives anything of another's capture away."""
    for uid, other in ((ALICE, BOB), (BOB, ALICE)):
        listed = sessions[uid].tool("list_captures")["structuredContent"]["captures"]
        t.check("uid %d lists its own four" % uid, {c["id"] for c in listed if c["state"] != "finished"} == {ids[k] for k in ids if k[0] == uid}, listed)
        theirs = ids[other, PORTS[other][0]]
        for tool in ("get_capture_status", "get_capture_report", "stop_packet_capture"):
            result = sessions[uid].tool(tool, capture_id=theirs)
            told = text_of(result)
            t.check("uid %d, %s of another's: unknown" % (uid, tool), result.get("isError") and "is unknown" in told
                    and str(PORTS[other][0]) not in told, told)
        said = by_hand(lab, uid, theirs)
        refused = [name for name in ("snapshot", "stop", "retarget") if said[name][0] == 36 and "no capture" in said[name][1]]
        t.check("uid %d asks capd itself: no capture of yours" % uid, refused == ["snapshot", "stop", "retarget"], said)
        own = [i for k, i in ids.items() if k[0] == uid and i in said["status"][1]]
        foreign = [i for k, i in ids.items() if k[0] == other and i in said["status"][1]]
        t.check("capd's list for uid %d holds its own four only" % uid, len(own) == 4 and not foreign, said["status"][1][:300])
    said = by_hand(lab, 0, "0" * 32)
    t.check("root sees all eight in capd", all(i in said["status"][1] for i in ids.values()), said["status"][1][:300])


def make_traffic(lab):
    """(n + 1) requests to the n-th port while a flood of other traffic passes; returns the flood's process."""
    flood = lab.spawn(lab.router, [FLOOD, "toc", "900000", "200", "100000"])
    for n, (_uid, port) in enumerate(OF_ALL):
        for _ in range(n + 1):
            must(lab.curl("http://%s:%d/bytes/2000" % (SERVER4, port)), "curl")
    return flood


def check_reports(t, sessions, ids):
    """Each capture saw its own port's connections, all of them, and nothing of the others'."""
    for n, (uid, port) in enumerate(OF_ALL):
        report = sessions[uid].tool("stop_packet_capture", capture_id=ids[uid, port])["structuredContent"]
        counts = report["connection_analysis"]
        rows = counts.get("connections", {"columns": ["server"], "rows": []})
        servers = {row[rows["columns"].index("server")] for row in rows["rows"]}
        t.check("the report of port %d: %d connections, its own" % (port, n + 1), counts["established"] == n + 1 and
                servers == {"%s:%d" % (SERVER4, port)} and report["other_packets"] > 1000, (counts, servers, report["other_packets"]))


def main():
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - callers # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    product.install_signal_handlers()
    t = Checks()
    try:
        with Lab() as lab:
            for _uid, port in OF_ALL:
                lab.serve("http", SERVER4, port)
            lab.start_capd()
            sessions = {uid: session_of(lab, uid) for uid in PORTS}
            ids = start_all(t, sessions)
            check_limits(t, lab, sessions, ids)
            check_place(t, sessions, ids)
            flood = make_traffic(lab)
            check_apart(t, lab, sessions, ids)
            table = memory_table(lab, sessions)
            flood.wait(60)
            lab.procs.remove(flood)
            check_reports(t, sessions, ids)
            for session in sessions.values():
                session.end()
            print("\n".join("# " + line for line in table))
            with open(TABLE, "w", encoding="ascii") as out:
                out.write("\n".join(table) + "\n")
    except LabError as why:
        t.check("the lab", False, why)
    print("1..%d" % t.count)
    return 1 if t.bad else 0


if __name__ == "__main__":
    sys.exit(main())
