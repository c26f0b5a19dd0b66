#!/usr/bin/env python3
"""Processes that die, interfaces that go, disks that fill, clocks that jump: what is left works on, and says what happened.
# suite: timeout=600 show

  test_faults_survived.py [SCENARIO...]

Each scenario has a network, a capd and an MCP client of its own; the fault is the real one (kill -9, ip link, a full
file system, a limit of memory).
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import world as world_module
from world import T, children, is_gone, name_of, start, state_of, still_works, until, wait_state, within
from lab import SERVER4

HERE = os.path.dirname(os.path.abspath(__file__))


# ---- kill -9 --------------------------------------------------------------------------------------------------------

def worker_is_killed(world):
    world.serve("http", SERVER4, 80)
    session = world.session()
    doomed = start(session)
    first = world.workers()
    other = start(session)
    os.kill(first[0], signal.SIGKILL)
    state, why = wait_state(session, doomed, "failed")
    T.check("worker killed: its capture failed, saying so", state == "failed" and "signal 9" in why, (state, why))
    T.check("worker killed: another capture goes on", state_of(session, other)[0] == "running", state_of(session, other))
    T.check("worker killed: the audit says how it ended, and that nobody knows what it had counted",
            any("failed:" in line and doomed in line and "packets=unknown bytes=unknown" in line for line in world.audit()), world.audit())
    still_works("worker killed", world, session)
    # While it sets itself up, many times: whatever moment is met, the start is answered and capd goes on.
    answered = 0
    for n in range(12):
        number = session.send("tools/call", {"name": "start_packet_capture", "arguments": {
            "target": SERVER4, "interface": "eth0", "duration": 30}})
        known, deadline = set(world.workers()), time.monotonic() + 0.5
        while time.monotonic() < deadline and not set(world.workers()) - known:
            pass
        time.sleep(n * 0.002)
        for pid in set(world.workers()) - known:
            os.kill(pid, signal.SIGKILL)
        result = session.wait(number)
        answered += 1
        if not result.get("isError"):
            session.tool("stop_packet_capture", capture_id=result["structuredContent"]["capture_id"])
        time.sleep(0.2)
    T.check("worker killed at twelve moments of its start: twelve answers, capd runs", answered == 12 and world.capd.poll() is None, answered)


def capd_is_killed(world):
    world.serve("http", SERVER4, 80)
    session = world.session()
    finished = start(session)
    session.tool("stop_packet_capture", capture_id=finished)
    running, workers = start(session), world.workers()
    os.kill(world.capd.pid, signal.SIGKILL)
    T.check("capd killed: no worker outlives it", until(lambda: all(is_gone(pid) for pid in workers), 2), workers)
    state, why = wait_state(session, running, "failed")
    T.check("capd killed: its capture failed: capd restarted", (state, why) == ("failed", "capd restarted"), (state, why))
    got, why = session.ask("start_packet_capture", target=SERVER4, interface="eth0")
    T.check("capd killed: a start is refused, saying what to do", got is None and "systemctl start capd" in why, why)
    world.restart_capd()
    got, why = session.ask("get_capture_report", capture_id=finished)
    T.check("capd killed: old reports stay", got is not None, why)
    still_works("capd started again", world, session)


def capd_is_upgraded(world):
    """The file is replaced and the service restarted while captures run."""
    world.serve("http", SERVER4, 80)
    session = world.session()
    running = start(session)
    world.curl("http://%s/bytes/2000" % SERVER4)
    new = os.path.join(world.dir, "capd.new")
    shutil.copy(os.path.join(world.dir, "capd"), new)
    os.chmod(new, 0o755)
    os.rename(new, os.path.join(world.dir, "capd"))
    world.stop(world.capd)
    said = world.audit()
    T.check("capd upgraded: the audit closes the capture, with what was counted", any(
        "audit: end" in line and running in line and "capd was stopped" in line and re.search(r" packets=[1-9]\d* bytes=[1-9]", line) for line in said), said)
    world.restart_capd()
    state, why = wait_state(session, running, "failed")
    T.check("capd upgraded: the capture failed: capd restarted", (state, why) == ("failed", "capd restarted"), (state, why))
    still_works("capd upgraded", world, session)


def terminal_is_closed(world):
    """capd started by hand: the hang-up goes to its workers too."""
    session = world.session()
    running = start(session)
    world.curl("http://%s/bytes/2000" % SERVER4)
    os.killpg(world.capd.pid, signal.SIGHUP)
    T.check("terminal closed: capd ends well", until(lambda: world.capd.poll() is not None, 5) and world.capd.returncode == 0, world.capd.returncode)
    T.check("terminal closed: the audit closes the capture, with what was counted", any(
        "audit: end" in line and running in line and re.search(r" packets=\d+ ", line) for line in world.audit()), world.audit())


def mcpd_is_killed(world):
    session = world.session()
    start(session)
    start(session, target="nowhere.lab.test")
    workers, launcher = world.workers(), children(session.process.pid)
    helpers = launcher + [pid for parent in launcher for pid in children(parent)]
    T.check("the network child cannot write into mcpd's log", os.readlink("/proc/%d/fd/2" % helpers[1]) == "/dev/null", helpers)
    T.check("mcpd runs with a launcher and a network child", [name_of(pid) for pid in helpers] == ["mcpd", "mcpd-net"],
            [name_of(pid) for pid in helpers])
    os.kill(helpers[1], signal.SIGSTOP)  # one that does not leave by itself
    os.kill(session.process.pid, signal.SIGKILL)
    session.process.wait(5)
    T.check("mcpd killed: launcher and network child end", until(lambda: all(is_gone(pid) for pid in helpers), 5), helpers)
    T.check("mcpd killed: its captures end", until(lambda: all(is_gone(pid) for pid in workers), 8), workers)
    T.check("mcpd killed: the audit closes them", until(lambda: sum("audit: end" in line for line in world.audit()) == 2, 3), world.audit())
    fresh = world.session()
    T.check("mcpd killed: another one starts with nothing of it", fresh.ask("list_captures")[0]["captures"] == [], fresh.line)


def network_child_is_killed(world):
    world.dnsmasq()
    world.serve("http", SERVER4, 80)
    session = world.session()
    got, why = session.ask("start_packet_capture", target="www.lab.test", duration=60)
    T.check("network child runs: the name is resolved", got and "the route to the target" in str(got), why or got)
    def child():
        return next((pid for parent in children(session.process.pid) for pid in children(parent) if name_of(pid) == "mcpd-net"), 0)
    first = child()
    os.kill(first, signal.SIGKILL)
    T.check("network child killed: it is gone", until(lambda: is_gone(first)), first)
    got, why = session.ask("start_packet_capture", target="other.lab.test", duration=60)
    T.check("network child killed: a new one resolves the next name", got and "the route to the target" in str(got) and child() not in (0, first), why or got)
    # While a name is being looked up: nothing answers there, so it waits.
    world.fault("ip daddr 198.51.100.53 drop")
    number = session.send("tools/call", {"name": "start_packet_capture", "arguments": {"target": "lossy.lab.test", "interface": "eth0"}})
    time.sleep(0.3)
    os.kill(child(), signal.SIGKILL)
    result = session.wait(number)
    T.check("network child killed while it looks up: the capture starts, the name is learned from the wire", not result.get("isError"),
            stdio_text(result))
    world.clear_faults()
    still_works("network child killed", world, session)


def stdio_text(result):
    return world_module.stdio_client.text_of(result)


def launcher_is_killed(world):
    world.serve("http", SERVER4, 80)
    session = world.session()
    start(session)
    launcher = children(session.process.pid)
    for pid in launcher:
        os.kill(pid, signal.SIGKILL)
    T.check("launcher killed: it is gone", until(lambda: all(is_gone(pid) for pid in launcher)), launcher)
    still_works("launcher killed", world, session)
    got, why = session.ask("analyze_capture_file", path="/etc/hostname")
    T.check("launcher killed: a capture file is refused with a reason", got is None and why, why)
    got, why = session.ask("start_packet_capture", target="www.lab.test", interface="eth0")
    T.check("launcher killed: a name starts a capture all the same, or is refused with a reason", got is not None or why, why)
    T.check("launcher killed: mcpd answers on", session.call("tools/list")["tools"], "no tools")


# ---- a worker that stops ---------------------------------------------------------------------------------------------

def worker_is_stopped(world):
    world.serve("http", SERVER4, 80)
    session = world.session()
    stuck = start(session)
    pid = world.workers()[0]
    other = start(session, target="%s:80" % SERVER4)
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    T.check("worker stopped: status answers with what is known", state_of(session, stuck)[0] == "running" and time.monotonic() - began < 4, (time.monotonic() - began, state_of(session, stuck)))
    T.check("worker stopped: another capture counts", world.curl("http://%s/bytes/100" % SERVER4) == 0 and
            state_of(session, other)[0] == "running", state_of(session, other))
    result = session.tool("stop_packet_capture", capture_id=stuck)
    took = time.monotonic() - began
    state, why = wait_state(session, stuck, "failed")
    T.check("worker stopped: it is killed when it does not end (%.1f s)" % took, state == "failed" and "did not answer" in why and is_gone(pid),
            (state, why, stdio_text(result)))
    still_works("worker stopped", world, session)


# ---- interfaces ------------------------------------------------------------------------------------------------------

def spare(world, name):
    world.in_ns(world.client, ["ip", "link", "add", name, "type", "veth", "peer", "name", name + "p"])
    world.in_ns(world.client, ["ip", "addr", "add", "203.0.113.1/24", "dev", name])
    world.in_ns(world.client, ["ip", "link", "set", name + "p", "up"])
    world.in_ns(world.client, ["ip", "link", "set", name, "up"])


def interface_is_removed(world):
    world.serve("http", SERVER4, 80)
    spare(world, "gone0")
    session = world.session()
    capture_id = start(session, target="auto", interface="gone0")
    world.in_ns(world.client, ["ip", "link", "del", "gone0"])
    until(lambda: state_of(session, capture_id)[0] != "running", 5)
    state, why = state_of(session, capture_id)
    T.check("interface removed: the capture ends, naming the interface's end", state in ("finished", "failed") and why, (state, why))
    got, why = session.ask("get_capture_report", capture_id=capture_id)
    T.check("interface removed: what was seen is reported, and not called healthy",
            got and got["verdict"]["status"] != "healthy" and "gone0 was down, unplugged or gone" in got["verdict"]["headline"] and
            got["capture_quality"]["grade"] != "good", got and got["verdict"] or why)
    got, why = session.ask("start_packet_capture", target="auto", interface="gone0")
    T.check("interface removed: another start names those that exist", got is None and "eth0" in why, why)
    still_works("interface removed", world, session)


def interface_is_renamed(world):
    """The packet socket follows the interface, not its name."""
    spare(world, "old0")
    session = world.session()
    capture_id = start(session, target="auto", interface="old0")
    world.in_ns(world.client, ["ip", "link", "set", "old0", "down"])
    world.in_ns(world.client, ["ip", "link", "set", "old0", "name", "new0"])
    world.in_ns(world.client, ["ip", "link", "set", "new0", "up"])
    time.sleep(1.5)
    state, why = state_of(session, capture_id)
    T.check("interface renamed: the capture goes on or ends with a reason", state == "running" or why, (state, why))
    got, why = session.ask("start_packet_capture", target="auto", interface="new0")
    T.check("interface renamed: it is known by its new name", got is not None, why)
    T.check("interface renamed: capd runs", world.capd.poll() is None)


def interface_goes_down_and_up(world):
    world.serve("http", SERVER4, 80)
    session = world.session()
    capture_id = start(session, target="%s:80" % SERVER4)
    world.curl("http://%s/bytes/100" % SERVER4)
    world.in_ns(world.client, ["ip", "link", "set", "eth0", "down"])
    time.sleep(2.2)
    while_down = state_of(session, capture_id)
    world.in_ns(world.client, ["ip", "link", "set", "eth0", "up"])
    world.in_ns(world.client, ["ip", "route", "replace", "default", "via", "192.0.2.1"])
    until(lambda: world.curl("http://%s/bytes/100" % SERVER4, timeout=8) == 0, 20)
    time.sleep(1.2)
    state, why = state_of(session, capture_id)
    got, _why = session.ask("stop_packet_capture", capture_id=capture_id)
    counted = got and got["connection_analysis"]["established"]
    T.check("interface down and up: the capture goes on and counts, or ends with a reason",
            (state == "running" and counted == 2) or (state in ("finished", "failed") and why and counted == 1), (while_down, state, why, counted))
    T.check("interface down and up: what it could not see is not called healthy",
            got and got["verdict"]["status"] != "healthy" and got["capture_quality"]["grade"] != "good", got and got["verdict"])
    still_works("interface down and up", world, session)


# ---- disks, clocks, memory -------------------------------------------------------------------------------------------

def disk_is_full(world):
    """Standard output, standard error and capd's log on a file system without room."""
    world.serve("http", SERVER4, 80)
    full = os.path.join(world.dir, "full")
    os.mkdir(full)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k,mode=777", "none", full], check=True)
    try:
        with open(os.path.join(full, "out"), "wb") as out, open(os.path.join(full, "capd.log"), "ab", buffering=0) as log:
            try:
                while log.write(b"x" * 512):
                    pass
            except OSError:
                pass
            done = subprocess.run(["ip", "netns", "exec", world.client] + world.mcpd("interfaces", "--json", "--capd", world.sock),
                                  stdout=out, stderr=subprocess.PIPE, check=False)
            T.check("disk full: a report that cannot be written is exit 4 and told", done.returncode == 4 and b"the disk is full" in done.stderr,
                    (done.returncode, done.stderr))
            # A capd whose log has no room.
            world.stop(world.capd)
            os.unlink(world.sock)
            caps = ["--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"]
            world.capd = world.spawn(world.client, ["setpriv", "--reuid=61000", "--regid=61002", "--clear-groups"] + caps +
                                     [os.path.join(world.dir, "capd"), "--config", os.path.join(world.dir, "capd.conf"),
                                      "--socket", world.sock], stdout=log, stderr=log)
            T.check("disk full: capd starts without its log", until(world.is_open), world.capd.poll())
            session = world.session()
            still_works("disk full", world, session)
            session.end()
    finally:
        world.stop(world.capd)
        subprocess.run(["umount", "-l", full], check=False)


def clock_steps(world):
    """CLOCK_REALTIME jumps by hours while a capture runs.  The machine's own clock is everybody's, and time namespaces
    do not hold this one, so a library between the programs and the C library adds the step; packets keep the kernel's
    time.  Deadlines are on the monotonic clock and must not care."""
    source, library = os.path.join(HERE, "clockstep.c"), os.path.join(world.dir, "clockstep.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", library, source], check=True)
    os.chmod(library, 0o755)
    step = os.path.join(world.dir, "step")
    with open(step, "wb") as out:
        out.write(bytes(8))
    os.chmod(step, 0o644)
    world.serve("http", SERVER4, 80)
    world.stop(world.capd)
    os.unlink(world.sock)
    os.environ.update(LD_PRELOAD=library, CLOCKSTEP=step)
    try:
        world.start_capd()
        session = world.session()
    finally:
        del os.environ["LD_PRELOAD"], os.environ["CLOCKSTEP"]
    began = time.monotonic()
    capture_id = start(session, target="%s:80" % SERVER4, duration=6)
    for hours in (3, -5):
        with open(step, "r+b") as out:
            out.write((hours * 3600 * 10**9).to_bytes(8, "little", signed=True))
        world.curl("http://%s/bytes/100" % SERVER4)
        time.sleep(1)
    state, why = wait_state(session, capture_id, "finished", 12)
    took = time.monotonic() - began
    got, why2 = session.ask("get_capture_report", capture_id=capture_id)
    T.check("clock steps: the capture ends after its 6 s (%.1f s)" % took, state == "finished" and 5.5 < took < 9, (state, why, took))
    T.check("clock steps: both connections are counted", got and got["connection_analysis"]["established"] == 2, why2 or got)
    T.check("clock steps: the report's duration is sane", got and 0 < got["duration_s"] < 10, got and got["duration_s"])
    still_works("clock steps", world, session)


def memory_is_short(world):
    """The limit of capd's address space leaves no room for a worker."""
    world.serve("http", SERVER4, 80)
    session = world.session()
    world.restart_capd(prefix=["prlimit", "--as=%d" % (24 << 20)])
    got, why = session.ask("start_packet_capture", target=SERVER4, interface="eth0")
    T.check("memory short: the start is refused with a reason", got is None and "memory" in why, why)
    T.check("memory short: capd runs", world.capd.poll() is None)
    world.restart_capd()
    still_works("memory there again", world, session)
    session = world.session(prefix=["prlimit", "--as=%d" % (14 << 20)])
    with within(20, "mcpd without memory"):
        try:
            result = session.tool("start_packet_capture", target="auto", interface="eth0", duration=2, wait_s=5)
            said = stdio_text(result)
        except RuntimeError as ended:
            said = str(ended)
    T.check("memory short in mcpd: it answers, or ends saying why", said, said)
    T.check("memory short in mcpd: capd runs and no capture is left", world.capd.poll() is None and until(lambda: not world.workers(), 10), world.workers())


if __name__ == "__main__":
    sys.exit(world_module.run("faults survived", [
        worker_is_killed, capd_is_killed, capd_is_upgraded, terminal_is_closed, mcpd_is_killed, network_child_is_killed, launcher_is_killed,
        worker_is_stopped, interface_is_removed, interface_is_renamed, interface_goes_down_and_up, disk_is_full, clock_steps,
        memory_is_short]))
