"""Runs about what slows transfers down: queues, windows, silences, full links, needless repetitions."""

import os
import sys
import time

from lab import CLIENT4, HERE, ROUTER4, SERVER4, SERVERS4
from runs import Run, WEB, far_web, gets, must, upload, web

# A server that takes its time in the middle of what it announced.  Sends COUNT pieces of SIZE bytes, EVERY ms
# apart; before piece AT it waits PAUSE ms more.
HALTING = """
import socket, sys, threading, time
address, port, count, size, every, at, pause = sys.argv[1], *map(int, sys.argv[2:])
def serve(conn):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        conn.recv(65536)
        conn.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n' % (count * size))
        for n in range(count):
            time.sleep((every + (pause if n == at else 0)) / 1000)
            conn.sendall(b'x' * size)
        conn.recv(65536)
    except OSError:
        pass
    conn.close()
listener = socket.create_server((address, port), backlog=64)
print('ready', flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""

# A client whose receive buffer is small: GET of N bytes.
SMALL_BUFFER = """
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(sys.argv[2]))
s.connect((sys.argv[1], 80))
s.sendall(b'GET /bytes/%d HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' % int(sys.argv[3]))
while s.recv(65536):
    pass
"""


# A client that uploads N bytes evenly, 250 kB a second, as a camera does.
DRIP = """
import socket, sys, time
s = socket.create_connection((sys.argv[1], 80))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
s.sendall(b'POST /bytes/10 HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n' % int(sys.argv[2]))
for n in range(int(sys.argv[2]) // 4000):
    s.sendall(b'u' * 4000)
    time.sleep(0.016)
s.recv(1000)
"""


def halting(count, size, every, at=-1, pause=0):
    def setup(lab):
        lab.spawn(lab.server, [sys.executable, "-c", HALTING, SERVER4, "80"] + [str(n) for n in (count, size, every, at, pause)],
                  ready="ready")
    return setup


def queue(latency, dev="toc", rate="20mbit"):
    """A narrow link behind a queue of that length."""
    def setup(lab):
        for name in (lab.client, lab.server):  # a sender that fills whatever queue there is
            lab.sysctl(name, **{"net.ipv4.tcp_congestion_control": "reno"})
        web(lab)
        lab.serve("http", SERVERS4[1], 80)
        lab.in_ns(lab.router, ["tc", "qdisc", "replace", "dev", dev, "root", "tbf", "rate", rate, "burst", "20kb", "latency",
                               latency])
    return setup


def small_buffer(lab):
    must(lab.in_ns(lab.client, [sys.executable, "-c", SMALL_BUFFER, SERVER4, "16384", "3000000"], check=False), "download")


def others_fill_the_queue(upload_bytes, download_bytes):
    """A slow upload that began on a quiet line; then somebody else downloads over it."""
    def traffic(lab):
        slow = lab.spawn(lab.client, [sys.executable, "-c", DRIP, SERVER4, str(upload_bytes)])
        time.sleep(0.2)
        must(lab.curl("http://%s/bytes/%d" % (SERVERS4[1], download_bytes)), "the others' download")
        must(slow.wait(20), "upload")
    return traffic


def link_of_10_mbit(setup):
    """The client's interface is one that says 10 Mbit/s of itself."""
    def build(lab):
        setup(lab)
        lab.in_ns(lab.router, ["ethtool", "-K", "toc", "tx", "off"])
        lab._batch(lab.client, ["link set eth0 down", "addr flush dev eth0", "link set eth0 name wire", "link set wire up",
                                "tuntap add dev eth0 mode tap", "link set eth0 up", "addr add %s/24 dev eth0" % CLIENT4,
                                "addr add 2001:db8:1::2/64 dev eth0 nodad"])
        lab.spawn(lab.client, [sys.executable, os.path.join(HERE, "tap.py"), "eth0", "wire"], ready="ready")
        lab._batch(lab.client, ["link set eth0 up", "route replace default via " + ROUTER4,
                                "-6 route replace default via 2001:db8:1::1"])
        lab.in_ns(lab.client, ["ethtool", "-s", "eth0", "speed", "10", "duplex", "full", "autoneg", "off"])
        lab._warm_up()
    return build


def holding(every_ms, for_ms, setup):
    """All packets between router and server wait for a while, again and again."""
    def build(lab):
        setup(lab)
        lab.long_path(1, "hold", every_ms, for_ms)
    return build


SIDE_BY_SIDE = """
import selectors, socket, sys, time
count, every, wait = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
while not wait <= time.monotonic() % every < wait + 0.05:
    time.sleep(0.002)
waiting = selectors.DefaultSelector()
for sock in [socket.create_connection((sys.argv[4], 80), 20) for _ in range(count)]:
    sock.sendall(b"GET / HTTP/1.1\\r\\nHost: www\\r\\nConnection: close\\r\\n\\r\\n")
    waiting.register(sock, selectors.EVENT_READ, [int(sys.argv[5])])
while waiting.get_map():
    for key, _ in waiting.select(20):
        key.data[0] -= len(key.fileobj.recv(65536))
        if key.data[0] <= 0:
            waiting.unregister(key.fileobj)
"""


def side_by_side(count, size, every_ms, held_ms):
    """Downloads at the same time; their connections are made while nothing is held (`holding`)."""
    words = [str(count), str(every_ms / 1000), str((held_ms + 10) / 1000), SERVER4, str(size)]
    return lambda lab: must(lab.in_ns(lab.client, [sys.executable, "-c", SIDE_BY_SIDE] + words, timeout=40), "downloads")


def outage(after_s, for_s):
    """Nothing comes back from the server for a while, in the middle of a download."""
    def traffic(lab):
        download = lab.spawn(lab.client, ["curl", "-sS", "-o", "/dev/null", "http://%s/" % WEB])
        time.sleep(after_s)
        lab.fault("ip saddr %s drop" % SERVER4)
        time.sleep(for_s)
        lab.clear_faults()
        must(download.wait(20), "download")
    return traffic


def some_late(count, wait_ms):
    """Of each five pages one takes its time."""
    def traffic(lab):
        for _ in range(count):
            gets("http://%s/bytes/2000" % WEB, 4)(lab)
            gets("http://%s/slow/%d/2000" % (WEB, wait_ms), 1)(lab)
    return traffic


def three_servers(lab):
    for address in SERVERS4[:3]:
        lab.serve("http", address, 80)


def one_busy_host(lab):
    for address, size in zip(SERVERS4[:3], (4000, 3000000, 600000)):
        must(lab.curl("http://%s/bytes/%d" % (address, size)), address)


FAULTS = [
    Run("long-queue", gets("http://%s/bytes/12000000" % WEB, 1), "bufferbloat", "network", WEB, setup=queue("1500ms"), duration=9),
    Run("long-queue-at-server", gets("http://%s/bytes/12000000" % WEB, 1), "bufferbloat", "network", WEB, setup=queue("1500ms"),
        duration=9, where="server"),
    Run("long-queue-upload", upload("bytes/10", 12000000), "bufferbloat", "network", WEB, setup=queue("1500ms", "tos"), duration=9),
    Run("queue-of-others", others_fill_the_queue(1400000, 13000000), "rtt_inflation", "network", WEB, setup=queue("1500ms"), duration=10),
    Run("small-buffer-far", small_buffer, "tcp_receive_window_limited", "client", WEB, setup=far_web(25), duration=8,
        severity="warning"),
    Run("halts-in-the-middle", gets("http://%s/" % WEB, 1), "tcp_stall", "server", WEB, setup=halting(40, 4000, 20, 20, 5000),
        duration=9),
    Run("given-up-in-the-middle", gets("http://%s/" % WEB, 1, "--max-time", "6", healthy=False), "tcp_stall", "ambiguous", WEB,
        setup=halting(40, 4000, 20, 20, 9000), duration=9, absent=("tcp_reset_midstream",)),
    Run("path-pauses", outage(0.5, 5), "tcp_loss_burst", "network", WEB, setup=halting(60, 4000, 20), duration=13,
        absent=("tcp_stall",)),
    Run("some-pages-late", some_late(4, 2200), "slow_at_times", "server", WEB, setup=web, duration=14),
    Run("pages-begin-late", gets("http://%s/slow/700/3000" % WEB, 4), "http_slow", "server", WEB, setup=web, also={"slow_server"},
        duration=7),
    Run("pages-from-afar", gets("http://%s/bytes/2000" % WEB, 3), "http_slow", "network", WEB, setup=far_web(270),
        also={"path_latency_high"}, duration=9),
    Run("packets-held-back", side_by_side(6, 250000, 900, 500), "tcp_spurious_retransmissions", "network", WEB, severity="info", status="healthy",
        setup=holding(900, 500, halting(250, 1000, 25)), duration=11),
    Run("one-busy-host", one_busy_host, "top_talker", "server", SERVERS4[1], setup=three_servers, target=None, severity="info",
        status="healthy"),
    Run("full-link", others_fill_the_queue(2000000, 9000000), "link_saturated", "network", "eth0", severity="warning",
        setup=link_of_10_mbit(queue("1500ms", rate="9300kbit")), target=None, duration=12, absent=("bufferbloat", "rtt_inflation")),
    Run("bulk-alone", gets("http://%s/" % WEB, 1), "link_saturated", "network", "eth0", severity="info", status="healthy",
        setup=link_of_10_mbit(halting(780, 11500, 10)), target=None, duration=11),
]

HEALTHY = [
    Run("short-queue", gets("http://%s/bytes/5000000" % WEB, 1), setup=queue("15ms"), duration=7, lenient=True,
        also={"tcp_retransmissions", "tcp_loss_burst"}, absent=("bufferbloat", "rtt_inflation", "tcp_stall", "tcp_receive_window_limited")),
    Run("far-download", gets("http://%s/bytes/4000000" % WEB, 2), setup=far_web(25), duration=8,
        absent=("bufferbloat", "rtt_inflation")),
    Run("bursts-of-video", gets("http://%s/" % WEB, 1), setup=halting(4, 60000, 1500), duration=9, absent=("tcp_stall",)),
]
