#!/usr/bin/env python3
"""`mcpd serve` among faults: its capd, its children and itself are killed and stopped, its folder is full.
# suite: timeout=300 show

  test_faults_serve.py [SCENARIO...]
"""

import os
import signal
import subprocess
import sys
import time

import world as world_module
from world import T, children, is_gone, until
from lab import SERVER4

sys.path.insert(0, os.path.join(world_module.product.TOP, "tests", "mcp"))
from serve_client import Serve, Wire, tool  # noqa: E402


def serve(world, **more):
    """`mcpd serve` on a Unix socket, in the client's namespace."""
    folder = os.path.join(world.dir, "serve")
    command = ["ip", "netns", "exec", world.client] + world.mcpd("serve", "--listen", "127.0.0.1:0", "--socket", folder + "/mcpd.sock", "--capd",
                                                                 world.sock, "--config", folder + "/mcpd.conf")
    started = Serve(world, command=command, **more)
    world.procs.append(started.process)
    return started


def call(served, name, **arguments):
    """(structured content, "") or (None, the error's text)."""
    result = served.call(name, arguments, where=served.unix)
    if result.get("isError"):
        return None, world_module.stdio_client.text_of(result)
    return result["structuredContent"], ""


def start(served):
    got, why = call(served, "start_packet_capture", target="%s:80" % SERVER4, interface="eth0", duration=60)
    if got is None:
        raise world_module.product.LabError(why)
    return got["capture_id"]


def counts(what, world, served):
    """A new capture sees the next connection."""
    capture_id = start(served)
    done = world.curl("http://%s/bytes/100" % SERVER4)
    got, why = call(served, "stop_packet_capture", capture_id=capture_id)
    T.check("%s: the next capture sees the next connection" % what, done == 0 and got and got["connection_analysis"]["established"] == 1, why or got)


def capd_is_killed(world):
    world.serve("http", SERVER4, 80)
    served = serve(world)
    running = start(served)
    os.kill(world.capd.pid, signal.SIGKILL)
    world.capd.wait(5)
    def state():
        got, _why = call(served, "get_capture_status", capture_id=running)
        return got and (got["state"], got.get("ended_why"))
    T.check("capd killed: the capture failed: capd restarted", until(lambda: state() == ("failed", "capd restarted")), state())
    world.restart_capd()
    counts("capd started again", world, served)


def serve_is_killed(world):
    world.serve("http", SERVER4, 80)
    served = serve(world)
    start(served)
    workers, helpers = world.workers(), children(served.process.pid)
    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait(5)
    T.check("serve killed: launcher and captures end", until(lambda: all(is_gone(pid) for pid in workers + helpers), 8), (workers, helpers))
    T.check("serve killed: its socket is left behind", os.path.exists(served.unix))
    status = world.mcpd("status", "--socket", served.unix)
    done = world.in_ns(world.client, status, check=False)
    T.check("serve killed: `mcpd status` says that nobody is there, exit 3", done.returncode == 3 and "refused" in done.stderr, done.stderr)
    again = serve(world)
    counts("serve started again on the socket left behind", world, again)
    T.check("and its people's command reaches it", world.in_ns(world.client, status, check=False).returncode == 0)


def its_children_are_killed(world):
    world.serve("http", SERVER4, 80)
    served = serve(world)
    call(served, "list_network_interfaces")
    for parent in children(served.process.pid):
        for pid in children(parent) + [parent]:
            os.kill(pid, signal.SIGKILL)
    counts("launcher and network child killed", world, served)
    got, why = call(served, "start_packet_capture", target="www.lab.test", interface="eth0")
    T.check("launcher and network child killed: a name is not resolved, and that is told", got is not None or len(why) > 20, why)


def serve_is_stopped(world):
    """A serve that hangs does not hang people's commands, and works on when it goes on."""
    world.serve("http", SERVER4, 80)
    served = serve(world)
    with Wire(served.unix) as waiting:
        os.kill(served.process.pid, signal.SIGSTOP)
        waiting.send(tool("list_captures"))
        began = time.monotonic()
        try:
            done = world.in_ns(world.client, world.mcpd("status", "--socket", served.unix), check=False, timeout=60)
            T.check("serve stopped: `mcpd status` gives up after %.0f s, saying so" % (time.monotonic() - began),
                    done.returncode not in (0, 2) and done.stderr, (done.returncode, done.stderr))
        except subprocess.TimeoutExpired:
            T.check("serve stopped: `mcpd status` gives up", False, "it still waits after 60 s")
        os.kill(served.process.pid, signal.SIGCONT)
        T.check("serve goes on: the request is answered", waiting.answer().status == 200)
    counts("serve went on", world, served)


def folder_is_full(world):
    """There is no token file yet and no room to make one."""
    full = os.path.join(world.dir, "full")
    os.mkdir(full)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=777", "none", full], check=True)
    try:
        with open(os.path.join(full, "x"), "ab", buffering=0) as out:
            try:
                while out.write(bytes(512)):
                    pass
            except OSError:
                pass
        conf = os.path.join(world.dir, "full.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write("token_file = %s/tokens\n" % full)
        done = world.in_ns(world.client, world.mcpd("serve", "--listen", "127.0.0.1:0", "--socket", full + "/sock", "--config", conf,
                                                    "--capd", world.sock), check=False, timeout=20)
        T.check("no room for the token file: serve does not start, and says which file and why", done.returncode != 0 and
                full in done.stderr and "space" in done.stderr.lower(), (done.returncode, done.stderr))
        left = [name for name in os.listdir(full) if "token" in name]
        T.check("and leaves none behind that is empty or cut", left == [], left)
    finally:
        subprocess.run(["umount", "-l", full], check=False)


if __name__ == "__main__":
    sys.exit(world_module.run("faults of mcpd serve", [
        capd_is_killed, serve_is_killed, its_children_are_killed, serve_is_stopped, folder_is_full]))
