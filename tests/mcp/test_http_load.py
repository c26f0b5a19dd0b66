#!/usr/bin/env python3
"""`mcpd serve` under people who mean it ill: what it holds stays bounded, and others are served meanwhile.
# suite: timeout=240 show

Ten thousand connections, headers that trickle, bodies of 100 MB, clients that stop reading, and fifty honest ones at
once.  The figures are in build/http-load.txt after a run.
"""

import os
import resource
import select
import socket
import sys
import threading
import time

from serve_client import TOKENS, Serve, Wire, legacy, modern_post, post, tool
import product
from stdio_client import Checks

TABLE = os.path.join(product.TOP, "build", "http-load.txt")
FILES = 640  # descriptors that mcpd serve may have
FLOOD = 10000


class Watch:
    """Asks for a ping again and again on connections of its own, and looks at what the server holds."""

    def __init__(self, s, unix=False, every=0.02):
        self.s, self.where, self.every = s, s.unix if unix else s.tcp, every
        self.waits, self.lost, self.memory, self.files = [], 0, 0, 0
        self.going = True
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.going = False
        self.thread.join()

    def _run(self):
        while self.going:
            began = time.monotonic()
            try:
                got = self.s.ask(post(legacy("ping", ident=len(self.waits))), self.where)
                good = got is not None and got.status == 200 and got.json["id"] == len(self.waits)
            except OSError:
                good = False
            if good:
                self.waits.append(time.monotonic() - began)
            else:
                self.lost += 1
            self.memory = max(self.memory, self.s.memory_kib())
            self.files = max(self.files, self.s.files())
            time.sleep(self.every)

    def row(self, name):
        waits = sorted(self.waits) or [float("nan")]
        return "%-34s %5d served, %d lost, p50 %6.1f ms, longest %7.1f ms, %6d KiB, %3d descriptors" % (
            name, len(self.waits), self.lost, 1e3 * waits[len(waits) // 2], 1e3 * waits[-1], self.memory, self.files)


def report(rows, watch, name):
    rows.append(watch.row(name))
    print("# " + rows[-1], flush=True)


def check_flood(t, s, rows):
    """Connections that say nothing, from one machine, as fast as they go."""
    idle = s.memory_kib()
    with Watch(s) as tcp, Watch(s, unix=True) as unix:
        socks, refused = [], 0
        for _ in range(FLOOD):
            sock = socket.socket()
            sock.setblocking(False)
            try:
                sock.connect(s.tcp)
            except BlockingIOError:
                pass
            except OSError:
                refused += 1
            socks.append(sock)
            if len(socks) % 500 == 0:
                time.sleep(0.1)
        time.sleep(2)
        during = (tcp.memory, tcp.files)
        for sock in socks:
            sock.close()
    report(rows, tcp, "%d silent connections, TCP" % FLOOD)
    report(rows, unix, "the same, Unix socket")
    t.check("%d connections: descriptors stay below %d, memory below 64 MiB more" % (FLOOD, FILES),
            during[1] <= FILES and during[0] < idle + 65536, during)
    t.check("others on TCP are served meanwhile", len(tcp.waits) > 5 and tcp.lost <= len(tcp.waits) // 20, tcp.row("TCP"))
    t.check("so is the Unix socket, where none is lost", len(unix.waits) > 5 and unix.lost == 0, unix.row("Unix"))


def check_slow(t, s, rows):
    """Headers and bodies that come a byte a second."""
    half = post(legacy("ping"))[:-20]
    wires = []
    with Watch(s) as watch:
        for i in range(400):
            wire = Wire(s.tcp)
            wire.send(half if i % 2 else half[:40])
            wires.append(wire)
        began, closed = time.monotonic(), 0
        while time.monotonic() - began < 15:
            for wire in wires[:]:
                try:
                    wire.sock.settimeout(0)
                    wire.send(b"x")
                    if not wire.sock.recv(1024):
                        raise ConnectionResetError
                except BlockingIOError:
                    pass
                except OSError:
                    closed += 1
                    wires.remove(wire)
                    wire.sock.close()
            if not any(True for _ in wires[200:]):
                break
            time.sleep(0.5)
    for wire in wires:
        wire.sock.close()
    report(rows, watch, "400 that trickle")
    t.check("headers that trickle are cut off within 12 s", closed >= 200 and time.monotonic() - began < 15, closed)
    t.check("others are served meanwhile", watch.lost == 0 and len(watch.waits) > 20, watch.row("slow"))


def check_bodies(t, s, rows):
    """100 MB, with a length and in chunks, with a token and without."""
    idle, megabyte = s.memory_kib(), b" " * 1000000
    with Watch(s) as watch:
        for what, token, chunks, status in (("a length", TOKENS["alice"], False, 413), ("chunks", TOKENS["alice"], True, 413),
                                            ("no token", None, False, 401)):
            head = post(b"", token=token, length=False, **({"Transfer_Encoding": "chunked"} if chunks else
                                                            {"Content_Length": "100000000"}))
            got = None
            with Wire(s.tcp) as wire:
                try:
                    wire.send(head)
                    for _ in range(100):
                        wire.send(b"%x\r\n%s\r\n" % (len(megabyte), megabyte) if chunks else megabyte)
                    if chunks:
                        wire.send(b"0\r\n\r\n")
                    got = wire.answer()
                except OSError:
                    pass  # cut off
            t.check("100 MB, %s: %d, or cut off without a token" % (what, status),
                    (got is not None and got.status == status) or (got is None and token is None), got)
    report(rows, watch, "bodies of 100 MB")
    t.check("memory is not theirs", watch.memory < idle + 16384, (idle, watch.memory))
    t.check("others are served meanwhile", watch.lost == 0 and len(watch.waits) > 5, watch.row("bodies"))
    wires, refused = [], 0
    with Watch(s) as watch:
        for _ in range(60):  # each is within its rights: together they are not
            wire = Wire(s.tcp)
            try:
                wire.send(post(b"", length=False, Content_Length="4000000"))
                wire.send(b" " * 3900000)
            except OSError:
                refused += 1
            wires.append(wire)
        for wire in wires:
            try:
                wire.send(b" " * 100000)
                got = wire.answer()
                refused += got is None or got.status == 429
            except OSError:
                refused += 1
            wire.sock.close()
    report(rows, watch, "60 half-sent bodies of 4 MB")
    t.check("bodies being received are bounded together", watch.memory < idle + 65536 and refused > 40, (watch.memory, refused))
    t.check("small requests pass beside them", watch.lost == 0 and len(watch.waits) > 5, watch.row("half-sent"))


def check_halves(t, s, rows):
    """The same by one who has a token: bodies that never come fill no place that another wants."""
    wires = []
    with Watch(s) as watch:
        for _ in range(600):
            try:
                wire = Wire(s.tcp)
                wire.send(post(legacy("ping"))[:-20])
                wires.append(wire)
            except OSError:
                pass
    served = s.ask(post(legacy("ping"), token=TOKENS["bob"])).status
    for wire in wires:
        wire.sock.close()
    report(rows, watch, "600 half-sent requests, token")
    t.check("half-sent requests with a token: others get their places", served == 200 and watch.lost == 0, (served, watch.row("half-sent")))


def deaf(where, count, token):
    """Connections that ask again and again and read nothing, until the server waits for them."""
    socks, request = [], post(legacy("tools/list"), token=token)
    for _ in range(count):
        sock = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        sock.settimeout(5)
        try:
            sock.connect(where)
        except OSError:
            continue
        sock.setblocking(False)
        socks.append(sock)
    return socks, request * 100


def keep_asking(socks, requests, seconds):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for sock in socks:
            try:
                sock.send(requests)
            except OSError:
                pass
        time.sleep(0.05)


def check_deaf(t, s, rows):
    """One token takes all places and reads no answers, and takes again what it loses."""
    socks, requests = deaf(s.tcp, 520, TOKENS["alice"])
    keep_asking(socks, requests, 3)
    waits, statuses = [], []
    for _ in range(5):
        began = time.monotonic()
        try:
            with Wire(s.tcp, 5) as wire:
                wire.send(post(legacy("ping"), token=TOKENS["bob"]))
                statuses.append(wire.answer().status)
        except OSError as why:
            statuses.append(repr(why))
        waits.append(time.monotonic() - began)
        more, _ = deaf(s.tcp, 20, TOKENS["alice"])
        socks += more
        keep_asking(more, requests, 0.3)
    for sock in socks:
        sock.close()
    rows.append("one caller, 520 connections that read nothing: another waits %.0f ms at most" % (1e3 * max(waits)))
    print("# " + rows[-1], flush=True)
    t.check("one caller in all places, reading nothing: another is served within a second", statuses == [200] * 5 and max(waits) < 1,
            (statuses, waits))


def check_deaf_users(t, s, rows, waiting):
    """Two users on the Unix socket, each with as many connections as one may have; unread answers, or questions that wait."""
    os.chmod(s.unix, 0o666)
    what, children = "questions that wait" if waiting else "unread answers", []
    for uid in (61010, 61011):
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            socks, requests = deaf(s.unix, 40, None)
            if waiting:
                requests = modern_post("subscriptions/listen", {"notifications": {"resourcesListChanged": True}}, token=None)
            keep_asking(socks, requests, 0.3 if waiting else 30)
            time.sleep(30)
            os._exit(0)
        children.append(child)
    time.sleep(2.5)
    began, status = time.monotonic(), None
    try:
        with Wire(s.unix, 5) as wire:
            wire.send(post(legacy("ping"), token=None))
            status = wire.answer().status
    except (OSError, AttributeError) as why:
        status = repr(why)
    wait = time.monotonic() - began
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)
    rows.append("two users in all places of the Unix socket, %s: root waits %.0f ms" % (what, 1e3 * wait))
    print("# " + rows[-1], flush=True)
    t.check("two users in all places of the Unix socket, %s: root is served within a second" % what, status == 200 and wait < 1,
            (status, wait))


def check_few_files(t, here):
    """Where fewer files may be open there are fewer places, so that strangers still make room in time."""
    with Serve(here, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))) as s:
        wires = [Wire(s.tcp) for _ in range(300)]
        got = s.ask(tool("start_packet_capture", {"target": "auto", "interface": "lo", "duration": 1, "wait_s": 0}))
        files = s.files()
        for wire in wires:
            wire.sock.close()
    t.check("256 files, 300 strangers: a capture is started", got.status == 200 and not got.json["result"]["isError"], got)
    t.check("there are files left for what it needs", 96 < files <= 200, files)


def check_strangers(t, s, rows):
    """Requests without a token whose bodies never come: as many as there are places, and a new one for each that is shut."""
    head = post(b"", token=None, length=False, Content_Length="1000") + b"{"
    socks, going = {}, [True]
    poll = select.poll()

    def another():
        sock = socket.socket()
        try:
            sock.connect(s.tcp)
            sock.sendall(head)
        except OSError:
            sock.close()
            return
        socks[sock.fileno()] = sock
        poll.register(sock, select.POLLRDHUP | select.POLLHUP | select.POLLERR)

    def crowd():
        while going[0]:
            for number, _ in poll.poll(50):
                poll.unregister(number)
                socks.pop(number).close()
                another()

    for _ in range(520):
        another()
    thread = threading.Thread(target=crowd)
    thread.start()
    time.sleep(0.5)
    with Watch(s, every=0.2) as watch:
        time.sleep(8)
    going[0] = False
    thread.join()
    for sock in socks.values():
        sock.close()
    report(rows, watch, "520 half-sent requests, no token")
    t.check("strangers' half-sent requests make room for others", watch.lost == 0 and len(watch.waits) >= 8 and max(watch.waits) < 3,
            watch.row("strangers"))


def check_streams(t, s, rows):
    """Subscriptions whose clients read nothing, and go without a word."""
    idle = s.files()
    wires = []
    with Watch(s) as watch:
        for i in range(70):
            wire = Wire(s.tcp)
            wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            wire.send(modern_post("subscriptions/listen", {"notifications": {"resourcesListChanged": True}}, "listen:%d" % i,
                                  token=TOKENS["bob"]))
            wires.append(wire)
        time.sleep(1)
        heads = []
        for wire in wires:
            try:
                wire.sock.settimeout(1)
                heads.append(wire.head()[0])
            except (TimeoutError, TypeError):
                heads.append(None)
        time.sleep(1)
        for wire in wires:
            wire.sock.close()
        gone = time.monotonic()
        while s.files() > idle + 4 and time.monotonic() - gone < 3:
            time.sleep(0.05)
        gone = time.monotonic() - gone
    report(rows, watch, "70 streams of one caller")
    t.check("64 streams of one caller are served, the others told 429", heads.count(200) == 64 and heads.count(429) == 6, heads)
    t.check("when their clients go, so do they, within a second", gone < 1, gone)
    t.check("others are served meanwhile", watch.lost == 0 and len(watch.waits) > 20, watch.row("streams"))
    got = s.ask(tool("list_captures", token=TOKENS["bob"]))
    t.check("and their caller is served again", got.status == 200, got)


def check_many(t, s, rows):
    """Fifty clients at once, each in its own words, on one token."""
    bad, waits, lock = [], [], threading.Lock()

    def client(number):
        mine = []
        try:
            with Wire(s.tcp) as wire:
                for i in range(40):
                    ident, began = "c%d-%d" % (number, i) if i % 2 else i, time.monotonic()
                    wire.send(tool("list_captures", ident=ident) if i % 3 else post(legacy("ping", ident=ident)))
                    got = wire.answer()
                    mine.append(time.monotonic() - began)
                    if got.json.get("id") != ident or ("structuredContent" in got.json["result"]) != bool(i % 3):
                        bad.append((number, i, got))
        except OSError as why:
            bad.append((number, why))
        with lock:
            waits.extend(mine)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(50)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    waits.sort()
    rows.append("50 clients at once: %d requests in %.2f s, p50 %.1f ms, p99 %.1f ms (the clients are Python)" %
                (len(waits), seconds, 1e3 * waits[len(waits) // 2], 1e3 * waits[len(waits) * 99 // 100]))
    print("# " + rows[-1], flush=True)
    t.check("50 clients of one token, 2000 requests: every answer is its own", len(waits) == 2000 and not bad, bad[:2])


def main():
    t = Checks()
    if os.getuid() != 0:
        t.skip("HTTP under load", "needs root (it starts capd with CAP_NET_RAW alone)")
        return t.end()
    product.enter_own_network()
    product.install_signal_handlers()
    resource.setrlimit(resource.RLIMIT_NOFILE, (FLOOD + 1000, FLOOD + 1000))
    rows = []
    with product.Product() as here:
        here.start_capd()
        with Serve(here) as s:
            for check in (check_many, check_streams, check_bodies, check_halves, check_strangers, check_slow, check_deaf,
                          check_flood):
                check(t, s, rows)
            check_deaf_users(t, s, rows, False)
            check_deaf_users(t, s, rows, True)
            ended = time.monotonic()
            while s.files() >= 20 and time.monotonic() - ended < 15:  # who said nothing has 10 s
                time.sleep(0.1)
            rows.append("at the end: %d KiB, %d descriptors" % (s.memory_kib(), s.files()))
            print("# " + rows[-1])
            t.check("at the end everything is given back", s.files() < 20 and s.memory_kib() < 65536, rows[-1])
            code, seconds = s.end()
            t.check("and it ends well", code == 0 and seconds < 2, (code, seconds, s.said()))
        check_few_files(t, here)
    with open(TABLE, "w", encoding="ascii") as out:
        out.write("\n".join(rows) + "\n")
    return t.end()


if __name__ == "__main__":
    sys.exit(main())
