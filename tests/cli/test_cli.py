#!/usr/bin/env python3
"""mcpd as its users meet it: exit codes, what is said where, capture files, probes, names, restarts.
# suite: timeout=240

As root it works in a network and mount namespace of its own, with its own resolver, and runs mcpd as an ordinary
user wherever that is what is meant; without root the tests that need a live capture are skipped.
"""

import fcntl
import json
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))
sys.path.insert(0, os.path.join(TOP, "tests", "cli"))
import probes  # noqa: E402
import stdio_client  # noqa: E402
from stdio_client import text_of  # noqa: E402

BUILD = os.environ.get("PCM_BUILD", os.path.join(TOP, "build", "release"))
USER = 61002  # no such user: owns nothing, belongs to nothing
ROOT = os.geteuid() == 0


T = stdio_client.Checks()


class World:
    """The programs in a place where an ordinary user can run them, and files."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="pcm-cli-")
        os.chmod(self.dir, 0o755)
        for name in ("mcpd", "capd", "mcpd-net"):
            shutil.copy(os.path.join(BUILD, name), self.dir)
        self.files = self.path("files")
        os.mkdir(self.files)
        self.conf = self.write("mcpd.conf", "file_directories = %s\n" % self.files)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self.path(name), mode) as out:
            out.write(content)
        os.chmod(self.path(name), 0o644)
        return self.path(name)

    def command(self, *arguments, user=False):
        drop = ["setpriv", "--reuid=%d" % USER, "--regid=%d" % USER, "--clear-groups"] if user and ROOT else []
        return drop + [self.path("mcpd")] + list(arguments)

    def run(self, *arguments, user=False, timeout=30):
        return subprocess.run(self.command(*arguments, user=user), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout, check=False)


class Session(stdio_client.Session):
    """One `mcpd stdio` of an ordinary user."""

    def __init__(self, world, *arguments, **greeting):
        super().__init__(world.command("stdio", *arguments, user=True), **greeting)


def refused_pcap():
    """SYN, answered by RST, from 192.0.2.1 to 192.0.2.2:81."""
    def frame(src, dst, sport, dport, seq, ack, flags):
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, bytes(src), bytes(dst))
        tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 1000, 0, 0)
        return b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + ip + tcp
    one, two = (192, 0, 2, 1), (192, 0, 2, 2)
    frames = [frame(one, two, 40000, 81, 1, 0, 0x02), frame(two, one, 81, 40000, 0, 2, 0x14)]
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for at, data in enumerate(frames):
        out += struct.pack("<IIII", 1700000000, at * 1000, len(data), len(data)) + data
    return out


# ---- without a live capture -----------------------------------------------------------------------------------------

def test_usage(world):
    for words in ("", "serve x", "serve --listen localhost:80", "serve --listen 127.0.0.1", "serve --socket here",
                  "status --listen none", "stdio --no-token", "status x", "stop x", "stop --json", "report --format pdf", "frobnicate", "diagnose --nope", "diagnose a b", "analyze",
                  "diagnose --duration 0", "diagnose --mode fast", "stdio --json", "interfaces x", "diagnose --capd"):
        got = world.run(*words.split())
        T.check("usage: `mcpd %s` exits 2 and prints nothing on stdout" % words,
                got.returncode == 2 and not got.stdout and got.stderr.count("\n") == 1, got)
    got = world.run()
    T.check("no command: said once", got.stderr == "mcpd: a command is missing; see mcpd --help\n", got)
    got = world.run("analyze", "/nonexistent")
    T.check("a file that is not there: a sentence", "cannot be opened: No such file" in got.stderr, got)
    for words in ("interfaces --capd private", "check --capd private", "--help", "--version"):
        for what, target in (("full", ">/dev/full"), ("closed", ">&-")):
            got = subprocess.run(["sh", "-c", "exec \"$@\" " + target, "sh"] + world.command(*words.split()), timeout=30,
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            T.check("`mcpd %s`, standard output is %s: it says so and fails" % (words, what),
                    got.returncode == 4 and "standard output could not be written" in got.stderr, got)
    got = subprocess.run(["sh", "-c", "\"$@\" | true", "sh"] + world.command("--help"), timeout=30,
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    T.check("a reader that went away is no fault", not got.stderr, got)
    got = world.run("serve", "--no-token", "--listen", "0.0.0.0:0", "--socket", os.path.join(world.dir, "serve.sock"))
    T.check("serve without tokens beyond this machine is refused", got.returncode == 2 and "loopback" in got.stderr, got)
    for words in ("status", "stop", "stop " + 32 * "a", "report", "report --format json " + 32 * "0"):
        got = world.run(*words.split(), "--socket", "/nonexistent/mcpd.sock")
        T.check("`mcpd %s`: no serve runs, which socket, why, and what to do instead" % words,
                got.returncode == 3 and not got.stdout and "/nonexistent/mcpd.sock: No such file" in got.stderr and
                "mcpd diagnose" in got.stderr and "mcpd stdio" in got.stderr, got)
    got = world.run("--help")
    T.check("--help names all commands, and fits 80 columns", got.returncode == 0 and
            "\n  mcpd serve" in got.stdout and max(map(len, got.stdout.split("\n"))) <= 80, got)
    got = world.run("--version")
    T.check("--version", got.returncode == 0 and got.stdout.startswith("mcpd "), got)
    bad = world.write("bad.conf", "resolve = on\ncolour = blue\n")
    got = world.run("check", "--config", bad)
    T.check("check: a bad configuration names file, line, key and what is allowed, and the other facts follow",
            got.returncode == 2 and bad + ":2:" in got.stdout and "colour" in got.stdout and
            "token_budget" in got.stdout and "Landlock" in got.stdout, got)
    got = world.run("interfaces", "--config", bad)
    T.check("every other command refuses to start with it",
            got.returncode == 2 and not got.stdout and bad + ":2:" in got.stderr and "colour" in got.stderr, got)


def test_unreachable(world):
    sock = world.path("none.sock")
    for command in ("diagnose", "interfaces", "check"):
        got = world.run(command, "--capd", sock)
        said = got.stderr + got.stdout
        T.check("%s without capd exits 3 and says how to mend it" % command,
                got.returncode == 3 and sock in said and "No such file" in said and "systemctl start capd" in said, got)
    if not ROOT:
        T.skip("whom the socket's group keeps out is told the group", "needs root")
        return
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(world.path("group.sock"))
    listening.listen()
    os.chown(world.path("group.sock"), 0, 60)
    os.chmod(world.path("group.sock"), 0o660)
    got = world.run("diagnose", "--capd", world.path("group.sock"), user=True)
    T.check("whom the socket's group keeps out is told the group",
            got.returncode == 3 and "usermod -aG games" in got.stderr and "log in again" in got.stderr, got)
    listening.close()


def test_analyze(world):
    good = world.write("files/refused.pcap", refused_pcap())
    got = world.run("analyze", good, "--json", user=True)
    report = json.loads(got.stdout) if got.stdout else {}
    ids = [problem["id"] for problem in report.get("problems_detected", [])]
    T.check("an ordinary user analyses a file: the refusal is found, exit 1",
            got.returncode == 1 and ids == ["tcp_refused"], got)
    again = world.run("analyze", good, user=True)
    T.check("the same for a person", again.returncode == 1 and "192.0.2.2:81" in again.stdout and not again.stderr,
            again)
    got = world.run("analyze", good, "192.0.2.77", user=True)
    T.check("another target's traffic is no traffic of this one", got.returncode == 1 and "no_traffic" in got.stdout,
            got)
    os.mkfifo(world.path("files/fifo"))
    os.chmod(world.path("files/fifo"), 0o644)
    for what, path in (("a directory", world.files), ("a device", "/dev/zero"), ("a FIFO", world.path("files/fifo")),
                       ("nothing", world.path("files/none")), ("no capture", world.conf)):
        got = world.run("analyze", path, timeout=10)
        T.check("analyze refuses %s" % what, got.returncode in (2, 4) and not got.stdout and got.stderr, got)


def test_formats(world):
    """One report in every form; a form that is not there, and two at once, are refused."""
    path = world.path("files/refused.pcap")
    begins = {"text": "all traffic, mode", "json": "{", "markdown": "capture_id `", "html": "<!DOCTYPE html>\n", "csv": "client,server,name,"}
    for name, begin in begins.items():
        got = world.run("analyze", path, "--format", name, user=True)
        T.check("analyze --format %s" % name, got.returncode == 1 and got.stdout.startswith(begin) and "192.0.2.2:81" in got.stdout and
                got.stdout.endswith("\n") and not got.stderr, got)
    for words in (["--format", "pdf"], ["--format"], ["--json", "--format", "html"]):
        got = world.run("analyze", path, *words)
        T.check("analyze %s: refused" % " ".join(words), got.returncode == 2 and not got.stdout and "--format" in got.stderr, got)
    T.check("--json and --format json are the same", json.loads(world.run("analyze", path, "--json", "--format", "json").stdout)["schema_version"] == 1)


def test_cut_file(world):
    """A file that ends in the middle of a packet: everyone is told, in every form of the report."""
    world.write("files/cut.pcap", refused_pcap()[:-5])
    got = world.run("analyze", world.path("files/cut.pcap"))
    T.check("a file that is cut off: the report says so", "the file could not be read to its end: the file ends within a packet" in
            " ".join(got.stdout.split()), got)
    T.check("an attempt whose answer is in the missing part is not called healthy",
            world.run("analyze", world.path("files/cut.pcap"), "192.0.2.2:81").returncode == 1)
    session = Session(world, "--config", world.conf)
    got = session.tool("analyze_capture_file", path=world.path("files/cut.pcap"))
    T.check("so does the text block", "could not be read to its end" in text_of(got), got)
    session.end()


def test_session(world):
    session = Session(world, "--capd", world.path("none.sock"), "--config", world.conf)
    tools = session.call("tools/list")["tools"]
    T.check("tools/list: seven tools in less than 8 KB", len(tools) == 7 and session.bytes < 8192, session.bytes)
    T.check("every tool has title, description, both schemas and four annotations",
            all(tool["title"] and tool["description"] and tool["inputSchema"]["additionalProperties"] is False and
                tool["outputSchema"]["type"] == "object" and len(tool["annotations"]) >= 4 for tool in tools), tools)
    got = session.tool("analyze_capture_file", path=world.path("files/refused.pcap"))
    T.check("a file below an allowed directory is analysed",
            got["structuredContent"]["problems_detected"][0]["id"] == "tcp_refused", got)
    seconds = got["structuredContent"]["duration_s"]
    got = session.tool("get_capture_status")
    T.check("its status says how long the file is, by the clock of its packets",
            "\nCapture file of %.1f s, " % seconds in text_of(got), (seconds, got))
    outside = world.write("outside.pcap", refused_pcap())
    os.symlink(outside, world.path("files/link.pcap"))
    os.mkdir(world.path("files-not"))
    world.write("files-not/a.pcap", refused_pcap())
    for what, path in (("outside", outside), ("..", world.files + "/../outside.pcap"),
                       ("by a link", world.path("files/link.pcap")), ("a directory with the same beginning",
                                                                      world.path("files-not/a.pcap")),
                       ("relative", "refused.pcap"), ("the directory itself", world.files)):
        got = session.tool("analyze_capture_file", path=path)
        T.check("analyze_capture_file refuses a path %s" % what,
                got.get("isError") and "path" in text_of(got) and "structuredContent" not in got, got)
    got = session.tool("start_packet_capture", target="exa mple.com")
    T.check("a wrong target is explained with examples", got["isError"] and "example.com" in text_of(got), got)
    got = session.tool("start_packet_capture", target="192.0.2.1")
    T.check("a start without capd says what to do", got["isError"] and "systemctl start capd" in text_of(got), got)
    got = session.tool("get_capture_report", capture_id="0" * 32)
    T.check("an unknown id: the ids there are", got["isError"] and "refused" not in text_of(got) and
            "list_captures" in text_of(got), got)
    got = session.tool("get_capture_report", section="connections")
    T.check("an id may be left out when there is one capture", "structuredContent" in got, got)
    session.tool("analyze_capture_file", path=world.path("files/refused.pcap"))
    got = session.tool("get_capture_report")
    T.check("with two it may not", got.get("isError") and "capture_id" in text_of(got), got)
    rows = session.tool("list_captures")["structuredContent"]["captures"]
    T.check("both are listed", len(rows) == 2 and rows[0]["problems"] == 1, rows)
    T.check("end of input ends it", session.end() == 0)


# ---- live, in a namespace of our own --------------------------------------------------------------------------------

class Resolver(threading.Thread):
    """Answers every A query with 127.0.0.5, after a delay that the name tells."""

    def __init__(self):
        super().__init__(daemon=True)
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.start()

    def answer(self, query, address):
        end, labels = 12, []
        while query[end]:
            labels.append(query[end + 1:end + 1 + query[end]].decode())
            end += query[end] + 1
        name, kind = ".".join(labels), struct.unpack(">H", query[end + 1:end + 3])[0]
        self.asked.append(name)
        if name.startswith("late."):
            time.sleep(2.2)
        wanted = kind == 1 and not name.endswith(".none")
        reply = query[:2] + (b"\x81\x83" if name.endswith(".none") else b"\x81\x80")
        reply += struct.pack(">HHHH", 1, wanted, 0, 0) + query[12:end + 5]
        if wanted:
            reply += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 5])
        self.socket.sendto(reply, address)

    def run(self):
        while True:
            query, address = self.socket.recvfrom(512)
            threading.Thread(target=self.answer, args=(query, address), daemon=True).start()


def start_capd(world):
    sock = world.path("capd.sock")
    if os.path.exists(sock):
        os.unlink(sock)
    process = subprocess.Popen([world.path("capd"), "--socket", sock], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        if os.path.exists(sock) and os.stat(sock).st_mode & 0o777 == 0o660:  # capd's own chmod is over
            break
        time.sleep(0.05)
    os.chmod(sock, 0o666)  # who may connect is another suite's matter
    return process, sock


def knock():
    try:
        socket.create_connection(("127.0.0.5", 9), 1).close()
    except OSError:
        pass


def test_names(world, sock, resolver):
    session = Session(world, "--capd", sock)
    before = time.monotonic()
    got = session.tool("start_packet_capture", target="late.example:9", interface="lo", duration=30)
    waited = time.monotonic() - before
    T.check("a slow resolver holds a start up for 1.5 s and no longer",
            1.4 < waited < 2.1 and "not been resolved yet" in got["structuredContent"]["name_lookup"], (waited, got))
    time.sleep(1.5)
    knock()
    report = session.tool("stop_packet_capture")["structuredContent"]
    T.check("addresses that come late join the running capture",
            "name_lookup" not in report and [p["id"] for p in report["problems_detected"]] == ["tcp_refused"], report)
    got = session.tool("start_packet_capture", target="host.none:9", interface="lo", duration=1, wait_s=5)
    T.check("a name that does not resolve: the resolver's words, and the capture runs all the same",
            "could not be resolved" in got["structuredContent"]["name_lookup"] and
            got["structuredContent"]["state"] == "finished", got)
    for tokens in (600, 1200):
        got = session.tool("get_capture_report", capture_id=got["structuredContent"]["capture_id"], max_tokens=tokens)
        T.check("the report of %d tokens says so, too" % tokens, "host.none could not be resolved" in
                got["structuredContent"].get("name_lookup", "") and "host.none could not be resolved" in text_of(got) and
                len(json.dumps(got["structuredContent"], ensure_ascii=False, separators=(",", ":")).encode()) <= 3 * tokens, got)
    session.end()
    asked = len(resolver.asked)
    session = Session(world, "--capd", sock, "--config", world.write("noresolve.conf", "resolve = off\n"))
    session.tool("start_packet_capture", target="other.example:9", interface="lo", duration=1, wait_s=5)
    session.end()
    T.check("resolve = off: nobody is asked", len(resolver.asked) == asked, resolver.asked[asked:])


def test_waits(world, sock):
    session = Session(world, "--capd", sock)
    got = session.tool("start_packet_capture", target="127.0.0.5:9", duration=30)
    T.check("a target on this host is captured on lo", got["structuredContent"]["interface"] == "lo" and
            "this host" in got["structuredContent"]["interface_why"], got)
    knock()
    got = session.tool("get_capture_status", wait_s=2)
    T.check("status while it runs", got["structuredContent"]["state"] == "running" and
            got["structuredContent"]["verdict"]["status"] == "problems", got)
    got = session.tool("get_capture_report")
    T.check("report while it runs", got["structuredContent"]["total_packets"] == 2, got)
    got = session.tool("start_packet_capture", target="127.0.0.5:9", filter="tcp porty 9")
    T.check("a bad filter is explained", got["isError"] and "porty" in text_of(got), got)
    got = session.tool("start_packet_capture", target="127.0.0.5:9", interface="nope0")
    T.check("an unknown interface: those that exist", got["isError"] and "lo" in text_of(got), got)
    got = session.tool("stop_packet_capture")
    T.check("stop gives the report", got["structuredContent"]["state"] == "finished", got)
    before = time.monotonic()
    got = session.tool("start_packet_capture", target="auto", duration=1, wait_s=30, interface="lo")
    T.check("wait_s ends with the capture", got["structuredContent"]["state"] == "finished" and
            time.monotonic() - before < 4, got)
    before = time.monotonic()
    running = session.tool("start_packet_capture", target="127.0.0.5:9", duration=3600)["structuredContent"]["capture_id"]
    got = session.tool("get_capture_status")
    T.check("status without an id: the one that runs", got["structuredContent"]["capture_id"] == running, got)
    got = session.tool("get_capture_report")
    T.check("report without an id: several captures, so it asks which", got["isError"] and running in text_of(got) and
            "3 captures" in text_of(got), got)
    T.check("the end of input ends it within 2 s, captures and all", session.end() == 0 and
            time.monotonic() - before < 2)


def test_restart(world):
    process, sock = start_capd(world)
    session = Session(world, "--capd", sock)
    first = session.tool("start_packet_capture", target="127.0.0.5:9", duration=60)["structuredContent"]["capture_id"]
    process.terminate()
    process.wait()
    time.sleep(0.3)
    got = session.tool("get_capture_status", capture_id=first)["structuredContent"]
    T.check("capd goes: its captures end as failed: capd restarted",
            got["state"] == "failed" and got["ended_why"] == "capd restarted", got)
    got = session.tool("start_packet_capture", target="127.0.0.5:9", duration=1)
    T.check("meanwhile a start is refused with advice", got["isError"] and "systemctl" in text_of(got), got)
    process, sock = start_capd(world)
    got = session.tool("start_packet_capture", target="127.0.0.5:9", duration=1, wait_s=5)
    T.check("capd comes back: mcpd uses it", got["structuredContent"]["state"] == "finished", got)
    rows = session.tool("list_captures")["structuredContent"]["captures"]
    T.check("what was before is still listed", first in [row["id"] for row in rows], rows)
    session.end()
    process.terminate()
    process.wait()


def test_texts(world, sock):
    """Some clients show a model the text blocks alone."""
    session = Session(world, "--capd", sock)
    got = session.tool("start_packet_capture", target="127.0.0.5:9", interface="lo", duration=30)
    started = got["structuredContent"]
    T.check("the text of a start has the filter as installed", "Filter: %s\n" % started["filter"] in text_of(got), got)
    for _ in range(3):
        knock()
    session.tool("stop_packet_capture", capture_id=started["capture_id"])
    text = text_of(session.tool("get_capture_status", capture_id=started["capture_id"]))
    T.check("the text of a status has counts and problems", "Counted: 3 connections attempted.\n" in text and
            "- critical: tcp_refused, 127.0.0.5:9\n" in text, text)
    session.end()


def test_interrupt(world, sock):
    process = subprocess.Popen(world.command("diagnose", "127.0.0.5:9", "--no-probe", "--duration", "60", "--json",
                                             "--capd", sock, user=True),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.7)
    knock()
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    report = json.loads(out) if out else {}
    T.check("Ctrl-C ends a capture with its report", process.returncode == 1 and
            report["problems_detected"][0]["id"] == "tcp_refused" and not err, (out, err))
    got = world.run("diagnose", "127.0.0.5:9", "--capd", "private", user=True)
    T.check("a private capd without the capability: which process, and three ways to give it",
            got.returncode == 3 and "CAP_NET_RAW" in got.stderr and "setcap" in got.stderr and
            "systemctl" in got.stderr and "root" in got.stderr, got)
    got = world.run("diagnose", "127.0.0.5:9", "--capd", "private", "--no-probe", "--duration", "1", "--json")
    T.check("a private capd of root captures", got.returncode == 1 and '"state":\t"finished"' in got.stdout, got)


def test_copy_with_capability(world):
    """A copy with a file capability serves its caller alone: no socket that was passed to it, none of its own."""
    copy, path = os.path.join(world.dir, "capd-private"), os.path.join(world.dir, "passed.sock")
    shutil.copy(os.path.join(BUILD, "capd"), copy)
    os.chmod(copy, 0o755)
    try:  # cap_net_raw=ep
        os.setxattr(copy, "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))
    except OSError as why:
        T.skip("a copy with file capabilities", "none can be given here: %s" % why)
        return
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def become():
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)
            os.environ["LISTEN_PID"] = str(os.getpid())
            os.environ["LISTEN_FDS"] = "1"
            os.execv(copy, ["capd"])
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.path.join(world.dir, "said"), os.O_WRONLY | os.O_CREAT, 0o600), 2)
            become()
        deadline, status = time.monotonic() + 5, (0, 0)
        while status[0] == 0 and time.monotonic() < deadline:
            status = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.02)
        if status[0] == 0:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        with open(os.path.join(world.dir, "said"), encoding="utf-8") as text:
            said = text.read()
        T.check("a copy with file capabilities takes no passed socket", status[0] and os.waitstatus_to_exitcode(status[1]) == 2 and
                "--private" in said, (status, said))


def on_terminal(argv, columns, stdout_too, traffic=None, **env):
    """Run with standard error (and output) on a terminal of that width; (exit code, terminal, standard output)."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=follower if stdout_too else subprocess.PIPE,
                               stderr=follower, env=dict(os.environ, **{"TERM": "xterm", "LANG": "C.UTF-8", **env}))
    os.close(follower)
    if traffic:
        traffic()
    seen = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the last writer has closed it
            break
        seen += piece
    os.close(leader)
    out = process.stdout.read().decode() if process.stdout else ""
    return process.wait(20), seen.decode().replace("\r\n", "\n"), out


def test_progress(world, sock):
    command = world.command("diagnose", "127.0.0.5:9", "--no-probe", "--duration", "5", "--capd", sock, user=True)

    def knocks():
        for _ in range(8):
            time.sleep(0.4)
            knock()

    code, seen, out = on_terminal(command, 50, False, knocks)
    drawn = seen.split("\r\x1b[K")
    T.check("progress on a terminal: interface, time left, packets, rate, problems so far; never a line that wraps",
            code == 1 and len(drawn) >= 4 and all(len(line) < 50 for line in drawn) and
            any("lo: " in line and " s left, " in line and " packets, " in line and "/s, " in line for line in drawn), (code, seen))
    T.check("it is wiped before the report, which is clean", drawn[-1] == "" and "\x1b" not in out and
            out.startswith("127.0.0.5:9"), (drawn[-1], out))
    code, seen, _ = on_terminal(command, 200, True, knocks)
    T.check("the problem is told while the capture runs", "1 problem so far (tcp_refused)" in seen, seen)
    T.check("a report on a terminal has colour", "\x1b[1;31mproblems\x1b[0m\n" in seen, seen)
    command = world.command("analyze", world.path("files/refused.pcap"), user=True)
    _, seen, _ = on_terminal(command, 80, True, NO_COLOR="1")
    T.check("NO_COLOR is respected", "\x1b[1;" not in seen and "tcp_refused" in seen, seen)
    _, seen, _ = on_terminal(command, 80, True, TERM="dumb")
    T.check("a terminal that knows no escapes gets none", "\x1b" not in seen and "tcp_refused" in seen, seen)
    _, _, out = on_terminal(command, 80, False, LC_ALL="C")
    T.check("without UTF-8 the report is ASCII", out.isascii() and "bytes over time" in out, out)


def test_expiry(world):
    conf = world.write("small.conf", "file_directories = %s\nretention_mib = 1\n" % world.files)
    session = Session(world, "--capd", world.path("none.sock"), "--config", conf)
    ids = []
    while len(ids) < 600:
        ids.append(session.tool("analyze_capture_file",
                                path=world.path("files/refused.pcap"))["structuredContent"]["capture_id"])
        if len(ids) % 20 == 0 and session.tool("get_capture_status", capture_id=ids[0]).get("isError"):
            break
    got = session.tool("get_capture_report", capture_id=ids[0])
    T.check("too many reports: the oldest has expired, and the answer says so, the limits and list_captures",
            got.get("isError") and "has expired" in text_of(got) and "24 h" in text_of(got) and
            "1 MiB" in text_of(got) and "retention_mib" in text_of(got) and "list_captures" in text_of(got),
            (len(ids), got))
    got = session.tool("get_capture_report", capture_id=ids[-1])
    T.check("the newest is there", got.get("structuredContent", {}).get("capture_id") == ids[-1], got)
    session.end()


def inside(world):
    """Everything, in namespaces of our own if we are root."""
    test_usage(world)
    test_unreachable(world)
    test_analyze(world)
    test_formats(world)
    test_cut_file(world)
    test_session(world)
    test_expiry(world)
    if not ROOT:
        T.skip("live captures", "needs root")
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", world.write("resolv.conf", "nameserver 127.0.0.1\n"), "/etc/resolv.conf"],
                   check=True)
    resolver = Resolver()
    process, sock = start_capd(world)
    try:
        probes.check(T, world, sock, Session)
        test_names(world, sock, resolver)
        test_waits(world, sock)
        test_texts(world, sock)
        test_interrupt(world, sock)
        test_copy_with_capability(world)
        test_progress(world, sock)
    finally:
        process.terminate()
        process.wait()
    test_restart(world)


def main():
    own = ["unshare", "--net", "--mount"]
    if ROOT and subprocess.run(own + ["true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print("1..0 # SKIP no namespaces can be made here")
        return
    if ROOT and "--inside" not in sys.argv:
        os.execvp("unshare", own + [sys.executable, os.path.abspath(__file__), "--inside"])
    world = World()
    try:
        inside(world)
    finally:
        shutil.rmtree(world.dir, ignore_errors=True)
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
