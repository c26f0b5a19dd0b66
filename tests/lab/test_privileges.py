#!/usr/bin/env python3
"""What each process holds while a capture runs, read from /proc; and who is kept out.
# suite: timeout=180
"""

import os
import subprocess
import sys
import time

import lab as lab_module
import product
from canary_search import memory_of

NET_RAW = 1 << 13
SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")


def status_of(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as text:
        return {key: value.strip() for key, value in (line.split(":", 1) for line in text)}


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as text:
        return [int(word) for word in text.read().split()]


class Checks:
    """TAP lines, gathered."""

    def __init__(self):
        self.lines, self.bad = [], 0

    def check(self, what, good, why=""):
        self.bad += not good
        self.lines.append("%s %d - %s" % ("ok" if good else "not ok", len(self.lines) + 1, what))
        if not good and why:
            self.lines[-1] += "\n# " + str(why)[-500:].replace("\n", "\n# ")

    def equal(self, what, got, wanted):
        self.check(what, got == wanted, "got %r, wanted %r" % (got, wanted))

    def finish(self):
        print("1..%d" % len(self.lines))
        print("\n".join(self.lines))
        return 1 if self.bad else 0


def capabilities(status):
    return {name: int(status[name], 16) for name in SETS}


def check_running(checks, how):
    """One capture, and the three processes while it runs."""
    seen = {}

    def look(lab):
        seen["parent"] = status_of(lab.capd.pid)
        seen["workers"] = [status_of(pid) for pid in children(lab.capd.pid)]
        seen["mcpd"] = status_of(lab.asking.pid)
        seen["launcher"] = [status_of(pid) for pid in children(lab.asking.pid)]
        seen["fds"] = [sorted(os.listdir("/proc/%d/fd" % pid)) for pid in children(lab.capd.pid)]

    with lab_module.Lab() as lab:
        lab.start_capd(start=how)
        said = lab.diagnose(None, 2, traffic=look)
        log = lab.capd_output()
    if not seen:
        checks.check("%s: a capture runs" % how, False, "exit %s: %s\n%s" % (said.code, said.stderr, log))
        return
    nothing = dict.fromkeys(SETS, 0)
    parent, workers, mcpd = seen["parent"], seen["workers"], seen["mcpd"]
    uid = str(product.CAPD_UID) if how == "ambient" else "65534"
    checks.equal("%s: parent is uid %s" % (how, uid), parent["Uid"].split(), [uid] * 4)
    checks.equal("%s: parent may raise CAP_NET_RAW and has raised nothing" % how, capabilities(parent), dict(nothing, CapPrm=NET_RAW))
    checks.equal("%s: parent's bounding set" % how, int(parent["CapBnd"], 16), NET_RAW)
    checks.equal("%s: parent has no groups" % how, parent["Groups"], "")
    checks.equal("%s: parent is locked" % how, (parent["NoNewPrivs"], parent["Seccomp"]), ("1", "2"))
    checks.equal("%s: one worker" % how, len(workers), 1)
    for worker in workers:
        checks.equal("%s: worker has no capability" % how, capabilities(worker), nothing)
        checks.equal("%s: worker has two system call filters" % how,
                     (worker["NoNewPrivs"], worker["Seccomp"], worker["Seccomp_filters"]), ("1", "2", "2"))
    checks.check("%s: worker holds few descriptors" % how, all(len(fds) <= 6 for fds in seen["fds"]), seen["fds"])
    checks.equal("%s: mcpd is the person" % how, mcpd["Uid"].split(), [str(product.PERSON_UID)] * 4)
    checks.equal("%s: mcpd has no capability" % how, capabilities(mcpd), nothing)
    checks.equal("%s: mcpd can gain none, and has a system call filter" % how, (mcpd["NoNewPrivs"], mcpd["Seccomp"]), ("1", "2"))
    checks.equal("%s: the launcher can gain none, unless capd is private" % how, [s["NoNewPrivs"] for s in seen["launcher"]], ["1"])
    for name, held in (("worker", workers[0]), ("mcpd", mcpd)):
        print("# %s, %s: uid %s, CapPrm %s, CapEff %s, CapBnd %s, NoNewPrivs %s, Seccomp %s, filters %s" % (
            how, name, held["Uid"].split()[0], held["CapPrm"], held["CapEff"], held["CapBnd"], held["NoNewPrivs"], held["Seccomp"],
            held.get("Seccomp_filters", "?")))
    checks.check("%s: and a report came" % how, said.report is not None, said.stderr)


LARGE_SEGMENT = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
out = socket.create_connection(listener.getsockname())
peer, _ = listener.accept()
out.send(b"early-" + b"mark" + b"x" * 40000 + b"late-" + b"mark" + b"x" * 10000)
while peer.recv(1 << 20).count(b"x") == 1 << 20:
    pass
"""


def check_snap_length(checks):
    """What a worker's memory, its ring, holds of a segment of 50 000 bytes."""
    seen = []

    def look(lab):
        lab.in_ns(lab.home, [sys.executable, "-c", LARGE_SEGMENT])
        time.sleep(0.5)
        for pid in children(lab.capd.pid):
            memory = b"".join(memory_of(pid))
            seen.append((b"early-" + b"mark" in memory, b"late-" + b"mark" in memory))

    with lab_module.Lab() as lab:
        lab.start_capd()
        lab.diagnose(None, 3, interface="lo", traffic=look)
    checks.equal("without a filter, too, the kernel cuts frames to the snap length", seen, [(True, False)])


def ask(lab, prefix, *args):
    """Run mcpd under a prefix, return its CompletedProcess."""
    return lab.in_ns(lab.client, prefix + [os.path.join(lab.dir, "mcpd")] + list(args), check=False, timeout=30)


def check_kept_out(checks):
    """Whom the socket's mode or the policy keeps out, and what they are told."""
    with lab_module.Lab() as lab:
        lab.start_capd()
        diagnose = ["diagnose", "--duration", "1", "--interface", "eth0", "--capd", lab.sock]
        stranger = ["setpriv", "--reuid=61005", "--regid=61005", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
        done = ask(lab, stranger, *diagnose)
        checks.equal("a stranger: exit code 3", done.returncode, 3)
        checks.check("a stranger is told the group", str(product.CLIENTS_GID) in done.stderr or "group" in done.stderr, done.stderr)
        # A world-writable socket: now the policy has to say no.
        os.chmod(lab.sock, 0o666)
        done = ask(lab, stranger, *diagnose)
        checks.equal("a stranger past the file mode: exit code 3", done.returncode, 3)
        time.sleep(0.2)
        checks.check("and an audit line", "61005" in lab.capd_output(), lab.capd_output())
        done = ask(lab, lab.as_person([]), "diagnose", "--duration", "1", "--interface", "nosuch0", "--capd", lab.sock)
        checks.check("unknown interface: the names that exist", done.returncode in (2, 3, 4) and "eth0" in done.stderr,
                     "exit %d: %s" % (done.returncode, done.stderr))
        done = ask(lab, lab.as_person([]), "diagnose", "--duration", "1", "--capd", lab.dir + "/none.sock")
        checks.equal("no capd: exit code 3", done.returncode, 3)
        checks.check("no capd: the socket tried", "none.sock" in done.stderr, done.stderr)
        checks.equal("no capd: nothing on standard output", done.stdout, "")
        done = ask(lab, lab.as_person([]), "diagnose", "--duration", "0", "--capd", lab.sock)
        checks.equal("bad duration: exit code 2", done.returncode, 2)
        done = ask(lab, lab.as_person([]), "interfaces", "--json", "--capd", lab.sock)
        checks.check("interfaces lists eth0 and lo", '"eth0"' in done.stdout and '"lo"' in done.stdout, done.stdout + done.stderr)


def main():
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - privileges # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    product.install_signal_handlers()
    checks = Checks()
    for step in (lambda: check_running(checks, "ambient"), lambda: check_running(checks, "root"), lambda: check_snap_length(checks),
                 lambda: check_kept_out(checks)):
        try:
            step()
        except (product.LabError, OSError, subprocess.SubprocessError) as why:
            checks.check("the lab works", False, why)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
