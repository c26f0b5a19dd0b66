#!/usr/bin/env python3
"""Workers, capds and clients that lie, flood, stall and send garbage: who is honest is served all the while.
# suite: timeout=600 show

  test_faults_hostile.py [SCENARIO...]
"""

import fcntl
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

import world as world_module
from world import T, foreign_descriptor, is_gone, memory_kib, start, state_of, still_works, until, wait_state, within
from lab import SERVER4
from product import CLIENTS_GID, PERSON_UID, TOP
from rawcapd import pack

HERE = os.path.dirname(os.path.abspath(__file__))
MALLORY, SERVICE = 61005, 61077  # made-up ids, no accounts
HELLO, INTERFACES, START, RETARGET, SNAPSHOT, STOP, STATUS = range(1, 8)
ERROR, ENDED, FINAL = 36, 77, 2
PER_USER = int(re.search(r"#define SERVER_PER_USER\s*\\?\s*(\d+)", open(os.path.join(TOP, "capd", "parent", "server.h"), encoding="ascii").read()).group(1))
PLACES = 64  # SERVER_CLIENTS
WORKER_SOCKET = 3  # capd/worker/drop.c moves it there


def request(kind, stream, body):
    data = pack(body)
    return struct.pack(">4sBBHII", b"PCM1", 1, kind, 0, stream, len(data)) + data


def start_body(interface="eth0", duration_ms=60000, **more):
    """All fields: capd takes no message that lacks one."""
    return {"file": False, "interface": interface, "mode": 4, "duration_ms": duration_ms, "name": "", "addresses": [], "ports": [],
            "filter": "", "filter_only": False, "exclude": [], "caller": "by hand", "gateways": [], **more}


class Raw:
    """A connection to capd as some user, made by a child process that hands the socket over."""

    def __init__(self, world, uid=MALLORY, hello=True):
        ours, theirs = socket.socketpair()
        code = ("import socket,sys,os; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
                "socket.send_fds(socket.socket(fileno=int(sys.argv[2])), [b'x'], [s.fileno()])")
        subprocess.run(["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid, "--groups=%d" % CLIENTS_GID, "--inh-caps=-all",
                        "/usr/bin/python3", "-c", code, world.sock, str(theirs.fileno())], pass_fds=[theirs.fileno()], check=True)
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
        ours.close()
        theirs.close()
        self.sock = socket.socket(fileno=fds[0])
        if hello:
            self.sock.sendall(request(HELLO, 1, {"client": "by hand"}))
            self.frame()

    def frame(self, seconds=3):
        """(type, stream, body); None: nothing came, or the end."""
        if not select.select([self.sock], [], [], seconds)[0]:
            return None
        head = self.sock.recv(16, socket.MSG_WAITALL)
        if len(head) < 16:
            return None
        _, _, kind, flags, stream, length = struct.unpack(">4sBBHII", head)
        if flags & FINAL:
            self.sock.recv(16, socket.MSG_WAITALL)
        return kind, stream, self.sock.recv(length, socket.MSG_WAITALL) if length else b""

    def wait(self, stream, seconds=5):
        """The first frame of that stream."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            got = self.frame(end - time.monotonic())
            if got is None or got[1] == stream:
                return got
        return None


# ---- workers ---------------------------------------------------------------------------------------------------------

def worker_sends_garbage(world):
    world.serve("http", SERVER4, 80)
    session = world.session()
    other = start(session)
    honest = set(world.workers())
    for what, data in (("noise", os.urandom(4096)), ("another's stream", struct.pack(">4sBBHII", b"PCM1", 1, 65, 0, 0xffff, 1) + b"\x80"),
                       ("a frame that is too long", struct.pack(">4sBBHII", b"PCM1", 1, 65, 0, 3, 0xffffffff)),
                       ("a request", struct.pack(">4sBBHII", b"PCM1", 1, 3, 0, 3, 1) + b"\x80")):
        bad = start(session)
        pid = (set(world.workers()) - honest).pop()
        os.kill(pid, signal.SIGSTOP)
        with foreign_descriptor(pid, WORKER_SOCKET) as pipe:
            pipe.setblocking(True)
            pipe.sendall(data)
        state, why = wait_state(session, bad, "failed")
        T.check("worker sends %s: it is killed and its capture failed" % what, state == "failed" and until(lambda p=pid: is_gone(p)), (state, why))
    T.check("worker sends garbage: the other capture runs", state_of(session, other)[0] == "running", state_of(session, other))
    still_works("worker sends garbage", world, session)


def worker_floods(world):
    """Frames without end, of the right form, to a client that reads none of them."""
    world.serve("http", SERVER4, 80)
    session = world.session()
    other = start(session)
    honest = set(world.workers())
    raw = Raw(world)
    raw.sock.sendall(request(START, 2, start_body()))
    T.check("worker floods: its capture started", (raw.wait(2) or (0,))[0] == 64)
    pid = (set(world.workers()) - honest).pop()
    before = memory_kib(world.capd.pid)
    os.kill(pid, signal.SIGSTOP)
    pipe = foreign_descriptor(pid, WORKER_SOCKET)
    pipe.setblocking(False)
    data = struct.pack(">4sBBHII", b"PCM1", 1, 65, 0, 2, 200000) + bytes(200000)
    sent, end, slowest = 0, time.monotonic() + 6, 0.0
    while time.monotonic() < end:
        for _ in range(50):
            try:
                sent += pipe.send(data[sent % len(data):])
            except BlockingIOError:
                break
            except OSError:
                end = 0
        began = time.monotonic()
        state_of(session, other)
        slowest = max(slowest, time.monotonic() - began)
    grown = memory_kib(world.capd.pid) - before
    T.check("worker floods: capd's memory grows by %d KiB, one frame's" % grown, grown < 600, grown)
    T.check("worker floods: another client is answered within %.2f s" % slowest, slowest < 2.5, slowest)
    pipe.close()
    T.check("worker floods, nobody reads: the connection is closed and the worker killed",
            until(lambda: is_gone(pid), 25), "worker %d lives" % pid)
    still_works("worker floods", world, session)


def last_frame(stream):
    """An error with nothing in it, and 1 packet of 2 bytes."""
    return struct.pack(">4sBBHII", b"PCM1", 1, ERROR, FINAL, stream, 1) + struct.pack(">QQ", 1, 2) + b"\x80"


def worker_lingers(world):
    """It says that it has ended, and stays."""
    one = Raw(world)
    kept = []
    for stream in (2, 3):
        known = set(world.workers())
        one.sock.sendall(request(START, stream, start_body()))
        T.check("worker lingers: a capture started", (one.wait(stream) or (0,))[0] == 64)
        kept.append((set(world.workers()) - known).pop())
        os.kill(kept[-1], signal.SIGSTOP)
        with foreign_descriptor(kept[-1], WORKER_SOCKET) as pipe:
            pipe.setblocking(True)
            pipe.sendall(last_frame(stream))
    one.sock.sendall(request(START, 4, start_body()))
    got = one.wait(4)
    T.check("worker lingers: it has its place as long as it is there", got and got[0] == 36 and b"max_captures_per_user = 2" in got[2], got)
    T.check("worker lingers: it is killed all the same", until(lambda: all(is_gone(pid) for pid in kept), 20), kept)
    T.check("worker lingers: the audit says so", until(lambda: sum("audit: end" in line and "killed" in line for line in world.audit()) == 2, 5),
            world.audit())
    one.sock.sendall(request(START, 5, start_body()))
    T.check("worker lingers: then there is room again", (one.wait(5) or (0,))[0] == 64)


def holds(pid, words):
    """Which of the words the readable memory of a process holds."""
    found = set()
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps, open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            low, high = (int(number, 16) for number in line.split()[0].split("-"))
            if "r" not in line.split()[1] or "[v" in line:
                continue
            try:
                memory.seek(low)
                data = memory.read(high - low)
            except OSError:
                continue
            found |= {word for word in words if word in data}
    return found


def worker_looks_round(world):
    """What a worker's memory holds of another user's capture, and what the audit says of that one."""
    one, other = Raw(world, SERVICE), Raw(world)
    long = " or ".join("host 203.0.113.%d" % n for n in range(40, 85)) + " or port 4711"
    one.sock.sendall(request(START, 2, start_body(name="alice.example", caller="alice-label", filter=long)))
    capture_id = re.search(rb"[0-9a-f]{32}", one.wait(2)[2]).group(0)
    T.check("a filter of %d bytes stands in the audit whole" % len(long), any('filter="%s"' % long in line for line in world.audit()), world.audit())
    words = (b"alice.example", b"alice-label", b"host 203.0.113.77", capture_id, b"uid=%d" % SERVICE)
    known = set(world.workers())
    T.check("its own worker knows them", holds(set(known).pop(), words) >= {b"alice.example", capture_id})
    other.sock.sendall(request(START, 2, start_body()))
    T.check("another's capture started", (other.wait(2) or (0,))[0] == 64)
    pid = (set(world.workers()) - known).pop()
    T.check("its worker holds nothing of the one before", not holds(pid, words), holds(pid, words))


FLOOD = """
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None)
fd = libc.syscall(438, libc.syscall(434, int(sys.argv[1]), 0), 3, 0)
pipe = socket.socket(fileno=fd)
pipe.setblocking(False)
frames, at = struct.pack(">4sBBHII", b"PCM1", 1, 65, 0, 2, 0) * 4096, 0
print("ready", flush=True)
while True:
    try:
        at = (at + pipe.send(frames[at:])) % len(frames)
    except BlockingIOError:
        pass
"""


def worker_floods_alone(world):
    """Small frames without end after its client has left."""
    raw, other = Raw(world), Raw(world, SERVICE)
    raw.sock.sendall(request(START, 2, start_body()))
    T.check("worker floods alone: its capture started", (raw.wait(2) or (0,))[0] == 64)
    pid = set(world.workers()).pop()
    os.kill(pid, signal.SIGSTOP)
    with subprocess.Popen(["/usr/bin/python3", "-c", FLOOD, str(pid)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as flood:
        flood.stdout.readline()
        raw.sock.close()
        answers = []
        for stream in range(10, 20):
            other.sock.sendall(request(STATUS, stream, {"all": True}))
            answers.append(other.wait(stream, 20))
            time.sleep(0.1)
        T.check("worker floods alone: another client gets its answers", all(answers), answers)
        T.check("worker floods alone: it is killed", until(lambda: is_gone(pid), 20), "worker %d lives" % pid)
        T.check("worker floods alone: and its capture ends, though the flood goes on",
                until(lambda: any("audit: end" in line for line in world.audit()), 5), world.audit())
        flood.kill()


# ---- capds -----------------------------------------------------------------------------------------------------------

def capd_misbehaves(world):
    for how in ("silent", "slams", "garbage", "version", "nonsense", "lies", "floods"):
        path = os.path.join(world.dir, "fake-%s.sock" % how)
        fake = world.spawn(None, ["/usr/bin/python3", os.path.join(HERE, "fakecapd.py"), path, how], ready="ready")
        session = world_module.stdio_client.Session(["ip", "netns", "exec", world.client] + world.mcpd("stdio", "--capd", path))
        world.sessions.append(session)
        began = time.monotonic()
        with within(40, "capd " + how):
            refused = [session.ask("list_network_interfaces"), session.ask("start_packet_capture", target="auto", interface="eth0")]
            tools = session.call("tools/list")["tools"]
        T.check("capd %s: both calls are refused with a reason (%.1f s)" % (how, time.monotonic() - began),
                all(got is None and len(why) > 20 for got, why in refused), refused)
        T.check("capd %s: mcpd serves on in %d KiB" % (how, memory_kib(session.process.pid)), tools and memory_kib(session.process.pid) < 32768)
        T.check("capd %s: the reason is the true one" % how, how != "silent" or all(why == "capd did not answer within 10 s." for _, why in refused), refused)
        print("# %s: %s" % (how, refused[0][1][:150]))
        session.end()
        world.stop(fake)


# ---- clients ---------------------------------------------------------------------------------------------------------

def clients_crowd_out(world):
    """One user takes every connection, half a frame and all requests it can get."""
    world.serve("http", SERVER4, 80)
    session = world.session()
    held = [Raw(world) for _ in range(PER_USER)]
    refused = Raw(world, hello=False)
    got = refused.frame()
    T.check("one more connection of one user is refused, saying so", got and got[0] == 36 and b"connections" in got[2], got)
    T.check("and closed, with an audit line", refused.frame() is None and any("connect uid=%d" % MALLORY in l and "refused" in l
                                                                            for l in world.audit()), world.audit())
    fresh = world.session()
    T.check("another user connects all the same", fresh.ask("list_network_interfaces")[0] is not None, fresh.line)
    stop = time.monotonic() + 4
    flood, sent, slowest = request(STATUS, 9, {"all": True}) * 50, 0, 0.0
    for raw in held:
        raw.sock.setblocking(False)
    while time.monotonic() < stop:
        for raw in held[:6]:
            try:
                sent += raw.sock.send(flood)
            except OSError:
                pass
        began = time.monotonic()
        fresh.ask("list_network_interfaces")
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.1)
    T.check("six connections flood requests (%d bytes taken): another user is answered within %.2f s" % (sent, slowest), slowest < 1, slowest)
    held[7].sock.send(b"PCM1\x01")
    T.check("half a frame is waited for no longer than some seconds", until(lambda: select.select([held[7].sock], [], [], 0)[0] and
                                                                      not held[7].sock.recv(1), 9))
    still_works("clients crowd", world, session)
    for raw in held:
        raw.sock.close()
    T.check("and the user may connect again", until(lambda: Raw(world).sock.fileno() >= 0, 3))


def idle_give_way(world):
    """Every place is taken by three users who say nothing more."""
    busy = Raw(world)
    busy.sock.sendall(request(START, 2, start_body()))
    T.check("every place taken: a capture runs", (busy.wait(2) or (0,))[0] == 64)
    one = Raw(world, SERVICE)
    held = [Raw(world) for _ in range(PER_USER - 1)]
    held += [Raw(world, MALLORY + 1 + n // PER_USER) for n in range(PLACES - 1 - PER_USER)]
    for uid in (PERSON_UID, 0):
        late = Raw(world, uid=uid, hello=False)
        late.sock.sendall(request(HELLO, 1, {"client": "late"}))
        got = late.frame()
        T.check("every place taken: uid %d is greeted all the same" % uid, got and got[0] == 32, got)
        held.append(late)
    gone, why = [raw for raw in held if select.select([raw.sock], [], [], 0)[0]], held[0].frame(0)
    T.check("every place taken: of the users with most of them the connection went that was idle longest", gone == [held[0], held[PER_USER - 1]] and why and why[0] == ERROR, (len(gone), why))
    T.check("every place taken: the audit says so", all(any("audit: connect uid=%d" % uid in line and "idle" in line for line in world.audit())
                                                         for uid in (MALLORY, MALLORY + 1)), world.audit())
    for raw, who in ((busy, "the capture's own connection"), (one, "another user's only one")):
        raw.sock.sendall(request(STATUS, 9, {"all": True}))
        T.check("every place taken: %s stays" % who, (raw.wait(9) or (0,))[0] == 34)


def many_interfaces(world):
    """A machine with hundreds of interfaces and addresses, and a user that asks for their list without end."""
    names = ["vethabcdef%s%03d" % (side, n) for n in range(130) for side in "gp"]
    lines = ["link add %s type veth peer name %s" % pair for pair in zip(names[::2], names[1::2])]
    for n, name in enumerate(names):
        lines += ["link set %s up" % name] + ["addr add 2001:db8:%x:%x::1111:2222:3333/64 dev %s nodad" % (n + 0x1000, k, name) for k in range(3)]
    subprocess.run(["ip", "-n", world.client, "-batch", "-"], input="\n".join(lines).encode(), check=True)
    honest, flood = Raw(world, PERSON_UID), [Raw(world) for _ in range(PER_USER - 2)]
    data, stop = request(INTERFACES, 9, {"all": False}) * 40, threading.Event()

    def ask():
        for raw in flood:
            raw.sock.setblocking(False)
        while not stop.wait(0.02):
            for raw in flood:
                for act in (lambda s: s.send(data), lambda s: s.recv(1 << 20)):
                    try:
                        act(raw.sock)
                    except OSError:
                        pass
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        time.sleep(1)
        took = []
        for kind, body, wanted in ((STATUS, {"all": True}, 34), (START, start_body(), 64), (STOP, None, ENDED)):
            began = time.monotonic()
            if body is None:
                body = {"capture_id": re.search(rb"[0-9a-f]{32}", got[2]).group(0).decode()}
            honest.sock.sendall(request(kind, 10 + kind, body))
            got = honest.frame(20)
            while got and got[0] != wanted:
                got = honest.frame(20)
            took.append(round(time.monotonic() - began, 2))
        T.check("many interfaces asked for without end: another's status, start and stop take %s s" % took, len(took) == 3 and max(took) < 1.5, took)
    finally:
        stop.set()
        asking.join()


def client_leaves_at_the_end(world):
    """A capture ends by itself, and its client is gone before capd has read that."""
    raw = Raw(world)
    raw.sock.sendall(request(START, 2, start_body(duration_ms=1000)))
    T.check("client leaves at the end: its capture started", (raw.wait(2) or (0,))[0] == 64)
    os.kill(world.capd.pid, signal.SIGSTOP)
    try:
        T.check("client leaves at the end: the worker has ended", until(lambda: all(is_gone(pid) for pid in world.workers()), 5))
        raw.sock.close()
    finally:
        os.kill(world.capd.pid, signal.SIGCONT)
    T.check("client leaves at the end: the audit has what was counted", until(lambda: any(
        re.search(r"audit: end .* packets=\d+ bytes=\d+ complete", line) for line in world.audit()), 8), world.audit())


def write_all(fd, data):
    """As much as there is."""
    while data:
        data = data[os.write(fd, data):]


def client_of_mcpd_floods(world):
    """5000 requests before one answer is read; then a line without end."""
    session = world.session()
    line = ('{"jsonrpc":"2.0","id":%d,"method":"ping"}\n')
    pipe = session.process.stdin.fileno()
    os.set_blocking(pipe, False)
    data, sent, end = "".join(line % n for n in range(1000, 6000)).encode(), 0, time.monotonic() + 3
    while sent < len(data) and time.monotonic() < end:
        try:
            sent += os.write(pipe, data[sent:sent + 65536])
        except BlockingIOError:
            time.sleep(0.02)
    grown = memory_kib(session.process.pid)
    T.check("a client floods and does not read: mcpd holds %d KiB" % grown, grown < 32768, grown)
    whole = data[:sent].count(b"\n")
    os.set_blocking(pipe, True)
    rest = threading.Thread(target=write_all, args=(pipe, data[sent:]))
    rest.start()
    answers = [session.answer(number)["id"] for number in range(1000, 6000)]
    T.check("each of its 5000 requests is answered in the end (%d were sent before one was read)" % whole, len(answers) == 5000)
    rest.join()
    write_all(pipe, b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * (3 << 20) + b'"}\n')
    said = session.process.stdout.readline()
    T.check("a line of 3 MiB is refused", '"error"' in said, said[:200])
    T.check("and mcpd serves on in %d KiB" % memory_kib(session.process.pid), session.call("tools/list")["tools"])


# ---- one user, many ways ---------------------------------------------------------------------------------------------

def fill(sock, seconds=9):
    """Ask for answers and read none until no more arrive; true if that was so."""
    end, seen, since = time.monotonic() + seconds, -1, time.monotonic()
    while time.monotonic() < end:
        sock.sendall(request(INTERFACES, 9, {"all": False}))
        time.sleep(0.026)
        waiting = int.from_bytes(fcntl.ioctl(sock, termios.FIONREAD, b"\0" * 4), sys.byteorder)
        if waiting != seen:
            seen, since = waiting, time.monotonic()
        if time.monotonic() - since > 0.4:
            return True
    return False


def one_user_wants_all(world):
    """Directly and through a service, with captures whose end it does not read, with connections that are refused."""
    direct, other, service = Raw(world), Raw(world), Raw(world, SERVICE)
    direct.sock.sendall(request(START, 2, start_body()))
    service.sock.sendall(request(START, 2, start_body(caller="uid %d, codex" % MALLORY)))
    T.check("one capture directly, one through a service", direct.wait(2)[0] == 64 and service.wait(2)[0] == 64)
    for raw, caller, who, wanted in ((other, "uid 7", "the user", 36), (service, "uid %d, codex" % MALLORY, "the service for it", 36),
                                     (service, "uid 61006, codex", "the service for another", 64), (service, "token a", "and for a token", 64)):
        raw.sock.sendall(request(START, 3 if wanted == 36 else len(caller), start_body(caller=caller)))
        got = raw.wait(3 if wanted == 36 else len(caller))
        T.check("the limit of the user holds for both: %s is %s" % (who, "refused" if wanted == 36 else "granted"),
                got and got[0] == wanted and (wanted == 64 or b"max_captures_per_user = 2" in got[2]), got)
    service.sock.close()
    direct.sock.close()
    lines = world.audit()
    T.check("the audit tells for whom a service's capture ran", until(lambda: any(
        "audit: end" in line and 'for="uid 61006"' in line for line in world.audit()), 8), lines)
    until(lambda: sum("audit: end" in line for line in world.audit()) == 4, 8)
    deaf = Raw(world)
    T.check("a socket that takes no more", fill(deaf.sock))
    deaf.sock.sendall(b"".join(request(START, 100 + n, start_body(filter="tcp and udp")) for n in range(2)))
    T.check("two captures that fail, and nobody reads it", until(lambda: sum("granted" in line and "tcp and udp" in line
                                                                           for line in world.audit()) == 2, 5), world.audit()[-3:])
    time.sleep(1)
    other.sock.sendall(request(START, 20, start_body()))
    got = other.wait(20)
    T.check("they have their places until it is read", got and got[0] == 36 and b"max_captures_per_user = 2" in got[2], got)
    deaf.sock.close()
    held = [Raw(world) for _ in range(PER_USER - 1)]
    for _ in range(60):
        Raw(world, hello=False).sock.close()
    refused = [line for line in world.audit() if "audit: connect uid=%d" % MALLORY in line]
    T.check("of 60 refused connections some lines are logged", 10 <= len(refused) < 30, refused)
    time.sleep(1.1)
    Raw(world, hello=False).sock.close()
    T.check("and how many were not", until(lambda: any(re.search(r"and [1-9]\d* more before", line) for line in world.audit()), 2), world.audit()[-2:])
    for raw in held:
        raw.sock.close()


# ---- audit -----------------------------------------------------------------------------------------------------------

def audit_tells_all(world):
    """One line per decision: who, what, where, which filter, granted or why not, what was counted."""
    raw, session = Raw(world), world.session()
    theirs = start(session, filter="tcp port 80")
    raw.sock.sendall(request(START, 2, start_body(duration_ms=120000)) + request(START, 3, start_body("lo")) +
                     request(START, 4, start_body("nosuch0")) + request(STOP, 5, {"capture_id": theirs}) +
                     request(START, 6, start_body()) + request(START, 7, start_body()))
    kinds = {}
    while len(kinds) < 6:
        got = raw.frame()
        if got is None:
            break
        kinds.setdefault(got[1], got[0])
    T.check("granted and refused as capd.conf says", kinds == {2: 36, 3: 36, 4: 36, 5: 36, 6: 64, 7: 36}, kinds)
    session.ask("stop_packet_capture", capture_id=theirs)
    raw.sock.close()
    until(lambda: sum("audit: end" in line for line in world.audit()) == 2, 8)
    lines = world.audit()
    who = "uid=%d gid=%d pid=" % (MALLORY, MALLORY)
    for what, words in (
            ("too long a duration", ("audit: start", who, 'interface="eth0"', "duration_ms=120000", 'refused: "', "max_duration")),
            ("an interface that is not allowed", ("audit: start", who, 'interface="lo"', 'refused: "', "interfaces")),
            ("an unknown interface", ("audit: start", who, 'interface="nosuch0"', 'refused: "')),
            ("one capture too many of a user", ("audit: start", who, 'refused: "', "max_captures_per_user = 1")),
            ("another's capture stopped", ("audit: stop", who, theirs, "refused")),
            ("a start that is granted", ("audit: start", who, 'interface="eth0"', 'caller_claimed="by hand"', "granted capture=")),
            ("another user's start, with its filter", ("audit: start", "uid=%d" % PERSON_UID, 'filter="tcp port 80"', "granted capture=" + theirs)),
            ("its stop", ("audit: stop", "uid=%d" % PERSON_UID, theirs, "granted")),
            ("its end, with what was counted", ("audit: end", theirs, "uid=%d" % PERSON_UID, "packets=", "bytes=", "complete"))):
        T.check("the audit tells: " + what, any(all(word in line for word in words) for line in lines), "\n".join(lines))
    raw, before = Raw(world), len(lines)
    raw.sock.sendall(b"".join(request(START, 10 + n, start_body("nosuch0")) for n in range(40)) +
                     b"".join(request(STOP, 50 + n, {"capture_id": theirs}) for n in range(20)))
    raw.wait(69)
    refused = world.audit()[before:]
    T.check("of 60 refused starts and stops some lines are logged", 4 <= len(refused) < 20, refused)
    time.sleep(1.1)
    raw.sock.sendall(request(START, 70, start_body("nosuch0")))
    raw.wait(70)
    T.check("and how many had none", until(lambda: any(re.search(r"and [1-9]\d* more before", line) for line in world.audit()), 2), world.audit()[-2:])
    time.sleep(1.1)
    raw.sock.sendall(request(STOP, 72, {"capture_id": 'x for="uid 0" granted'}))
    raw.wait(72)
    T.check("a client's own words stand in quotes", any("capture=\"x for=?uid 0? granted\" for=\"\" refused" in line for line in world.audit()), world.audit()[-2:])
    raw.sock.close()
    time.sleep(3)
    raw = Raw(world)
    raw.sock.sendall(request(START, 2, start_body()))
    mine = {"capture_id": re.search(rb"[0-9a-f]{32}", raw.wait(2)[2]).group(0).decode()}
    raw.sock.sendall(request(RETARGET, 80, {**mine, "addresses": [[b"\x7f\0\0\1", 99]]}) + request(SNAPSHOT, 81, mine) + request(SNAPSHOT, 82, mine))
    kinds = [raw.wait(stream)[0] for stream in (80,)] + [raw.wait(82)[0]]
    T.check("a retarget with too long a prefix and a snapshot too soon are refused", kinds == [ERROR, ERROR], kinds)
    for what, why in (("retarget", "too long a prefix"), ("snapshot", "one snapshot per second")):
        T.check("the audit tells: a refused %s of one's own capture" % what, any(all(word in line for word in (
            "audit: %s " % what, who, mine["capture_id"], 'for="uid %d"' % MALLORY, 'refused: "', why)) for line in world.audit()), world.audit()[-3:])
    raw.sock.close()


if __name__ == "__main__":
    sys.exit(world_module.run("hostile neighbours", [
        worker_sends_garbage, worker_floods, worker_lingers, worker_floods_alone, worker_looks_round,
        capd_misbehaves, clients_crowd_out, idle_give_way, many_interfaces, client_leaves_at_the_end, client_of_mcpd_floods, one_user_wants_all, audit_tells_all],
        {"worker_lingers": "max_captures_per_user = 2\n",
         "one_user_wants_all": "max_captures_per_user = 2\nservice_users = %d\n" % SERVICE,
         "audit_tells_all": "interfaces = eth0\nmax_captures_per_user = 1\nmax_duration = 60\n"}))
