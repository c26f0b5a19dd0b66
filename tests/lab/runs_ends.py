"""Runs about how TCP connections begin and end: handshakes, resets, closes, silences."""

import sys
import threading
import time

from lab import CLIENT4, SERVER4
from runs import Run, WEB, gets, greeting_mail, https, must, web

MAIL = SERVER4 + ":25"

# One server in a few lines for each way of ending a connection; it says 'ready' once it listens.
SERVER = """
import socket, struct, sys, threading, time
how, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
def serve(conn):
    if how == 'close':                 # a proxy without a backend
        time.sleep(0.05)
    elif how == 'reset':
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    elif how == 'short':               # announces more than it sends
        conn.recv(4096)
        conn.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 40000\\r\\n\\r\\n' + b'x' * 10000)
    elif how == 'chunks':              # the same, of a chunk
        conn.recv(4096)
        conn.sendall(b'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n9c40\\r\\n' + b'x' * 10000)
    elif how == 'plain':               # no length announced: the end is where it closes
        conn.recv(4096)
        conn.sendall(b'HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\n' + b'x' * 10000)
    elif how == 'patient':             # waits so long for a request, then closes
        conn.settimeout(5)
        try:
            conn.recv(4096)
        except OSError:
            pass
    elif how == 'hasty':               # answers who asks, and waits for nobody longer than half a second
        conn.settimeout(0.5)
        try:
            conn.recv(4096)
            conn.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok')
        except OSError:
            pass
    elif how == 'hang':                # reads the request, never gets to it
        conn.recv(4096)
        time.sleep(60)
    elif how == 'news':                # answers who asks, but /news only when there are some
        request = conn.recv(4096)
        if request.startswith(b'GET /news'):
            time.sleep(60)
        conn.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok')
    elif how == 'log':                 # takes what it gets, says nothing
        conn.recv(4096)
    elif how == 'cut':                 # reads the request, resets instead of an answer
        conn.recv(4096)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    conn.close()
listener = socket.create_server((address, port), backlog=128)
print('ready', flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""

# Connections by the client's kernel; what is done with each is the first word.
CLIENT = """
import socket, struct, sys, time
how, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for _ in range(count):
    conn = socket.create_connection((address, port), timeout=10)
    if how == 'drop':                  # a health check that wastes no time
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    elif how == 'wait':                # nothing to say: until the server closes
        conn.recv(1)
    elif how == 'line':
        conn.sendall(b'something happened\\n')
        conn.recv(1)
    elif how == 'spare':               # one asks, two opened in advance never do
        spare = [socket.create_connection((address, port), timeout=10) for _ in range(2)]
        conn.sendall(b'GET / HTTP/1.1\\r\\nHost: lab\\r\\n\\r\\n')
        conn.recv(4096)
        for other in spare:
            other.recv(1)
            other.close()
    elif how == 'brief':
        conn.sendall(b'GET /bytes/100 HTTP/1.1\\r\\nHost: lab\\r\\nConnection: close\\r\\n\\r\\n')
        while conn.recv(4096):
            pass
    conn.close()
"""

# SYNs past the kernel, which knows nothing of them and resets what comes back to its own address.
SYNS = """
import socket, struct, sys, time
source, address, port, count, per_s = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff
for n in range(count):
    src = source if source[-1] != '.' else source + str(1 + n % 200)
    a, b = socket.inet_aton(src), socket.inet_aton(address)
    head = struct.pack('!HHIIBBHHH', 20000 + n, port, 1000 + n, 0, 0x50, 2, 8192, 0, 0)
    total = checksum(a + b + struct.pack('!BBH', 0, 6, 20) + head)
    head = head[:16] + struct.pack('!H', total) + head[18:]
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 40, n + 1, 0, 64, 6, 0) + a + b
    raw.sendto(ip + head, (address, 0))
    time.sleep(1 / per_s)
"""


def ending(how, port=80):
    return lambda lab: lab.spawn(lab.server, [sys.executable, "-c", SERVER, how, SERVER4, str(port)], ready="ready")


def connects(how, count, port=80, healthy=True):
    def traffic(lab):
        done = lab.in_ns(lab.client, [sys.executable, "-c", CLIENT, how, SERVER4, str(port), str(count)], check=False)
        if healthy:
            must(done, how)
    return traffic


def page_and_news(lab):
    """A page and its parts, and a poll for news that is dropped when the reader leaves."""
    gets("http://%s/" % WEB, 8)(lab)
    lab.in_ns(lab.client, ["curl", "-s", "-m", "5", "http://%s/news" % WEB], check=False)


def syns(source, count, per_s):
    def traffic(lab):
        must(lab.in_ns(lab.client, [sys.executable, "-c", SYNS, source, SERVER4, "80", str(count), str(per_s)], check=False), "SYNs")
        time.sleep(0.5)
    return traffic


# ---- set-ups ------------------------------------------------------------------------------------

def only_handshakes(lab):
    """A filter in the way that lets SYNs through and nothing else."""
    web(lab)
    lab.fault("ip daddr %s tcp dport 80 tcp flags & syn == 0 drop" % SERVER4)


def acks_lost(lab):
    greeting_mail(lab)
    lab.fault("ip daddr %s tcp dport 25 tcp flags == ack drop" % SERVER4)


def slow_to_take(lab):
    web(lab)
    lab.long_path(5, "synack", 420)


def forged_sources(lab):
    web(lab)
    lab.in_ns(lab.router, ["ip", "route", "add", "blackhole", "203.0.113.0/24"])
    lab.sysctl(lab.router, **{"net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.toc.rp_filter": 0})


def farther_server(lab):
    """Its packets arrive as if over some hops more than the router's."""
    web(lab)
    lab.sysctl(lab.server, **{"net.ipv4.ip_default_ttl": 58})


def tls_filter(lab):
    """A firewall that answers in the server's name as soon as it has seen the ClientHello."""
    https(lab)
    lab.fault("ip daddr %s tcp dport 443 meta length > 200 reject with tcp reset" % SERVER4)


def http_filter(lab):
    web(lab)
    lab.fault("ip daddr %s tcp dport 80 meta length > 100 reject with tcp reset" % SERVER4)


# ---- traffic ------------------------------------------------------------------------------------

def greeted_late(lab):
    """Three at once; the ACKs pass again before the server repeats its SYN-ACK."""
    others = [threading.Thread(target=lab.client_run, args=("greeted", SERVER4, 25, 1)) for _ in range(3)]
    for other in others:
        other.start()
    time.sleep(0.7)
    lab.clear_faults()
    for other in others:
        other.join()


def reset_under_way(lab):
    """Downloads in whose middle the router resets the client."""
    for _ in range(2):
        download = threading.Thread(target=lab.client_run, args=("linger", SERVER4, 80, 20000, 3))
        download.start()
        time.sleep(0.7)
        lab.fault("ip daddr %s tcp dport 80 reject with tcp reset" % SERVER4)
        download.join()
        lab.clear_faults()
        time.sleep(0.3)


def a_minute(lab):
    return lab.client_run("idle", SERVER4, 80, 61.5, timeout=120)


def forgotten(how):
    """A connection of which the firewall knows nothing after a minute of silence."""
    def traffic(lab):
        idle = threading.Thread(target=a_minute, args=(lab,))
        idle.start()
        time.sleep(5)
        lab.fault("ip daddr %s tcp dport 80 %s" % (SERVER4, how))
        idle.join(64.5)
        lab.clear_faults()
        idle.join()
    return traffic


def port_scan(first, count):
    """One port of the server after the other, as scanners do; nobody listens on most."""
    program = "import socket\nfor port in range(%d, %d):\n    s = socket.socket()\n    s.settimeout(1)\n    s.connect_ex((%r, port))\n    s.close()" % (
        first, first + count, SERVER4)
    return lambda lab: must(lab.in_ns(lab.client, [sys.executable, "-c", program], timeout=60), "scanner")


FAULTS = [
    Run("only-handshakes-pass", gets("http://%s/" % WEB, 1, "--max-time", "5", healthy=False), "tcp_post_ack_silence",
        ("server", "network_or_server"), WEB, setup=only_handshakes, duration=9, severity="critical"),
    Run("server-hangs", gets("http://%s/" % WEB, 2, "--max-time", "5", healthy=False), "tcp_post_ack_silence", "server", WEB,
        setup=ending("hang"), duration=13, severity="critical"),
    Run("request-pending", lambda lab: (lab.spawn(lab.client, ["curl", "-sS", "-o", "/dev/null", "http://%s/" % WEB]), time.sleep(3)),
        "tcp_post_ack_silence", "server", WEB, setup=ending("hang"), duration=6, severity="warning"),
    Run("acks-lost", greeted_late, "tcp_synack_retransmit", "network", MAIL, setup=acks_lost, target=MAIL, duration=7,
        severity="warning"),
    Run("slow-to-take", gets("http://%s/bytes/2000" % WEB, 4), "tcp_handshake_slow", "network", WEB, setup=slow_to_take, duration=8,
        severity="warning"),
    Run("stray-syns", syns("192.0.2.2", 6, 10), "tcp_half_open_reset", "client", WEB, setup=web, severity="warning"),
    Run("backend-down", connects("wait", 4), "tcp_backend_closed", "server", WEB, setup=ending("close"), severity="critical"),
    Run("backend-resets", connects("wait", 4, healthy=False), "tcp_backend_closed", "server", WEB, setup=ending("reset"),
        severity="critical"),
    Run("port-scan", port_scan(2000, 60), "syn_scan", "client", CLIENT4, setup=web, target=None, severity="warning"),
    Run("syn-flood", syns("203.0.113.", 900, 300), "syn_flood", "client", WEB, setup=forged_sources, where="server", duration=7,
        severity="critical"),
    Run("reset-by-router", reset_under_way, "tcp_reset_injected", "policy", WEB, setup=farther_server, duration=6,
        severity="critical"),
    Run("filter-by-sni", gets("https://www.lab.test/", 3, "-4k", healthy=False), "tcp_reset_after_hello", "policy",
        SERVER4 + ":443", setup=tls_filter, target="www.lab.test:443", severity="critical"),
    Run("filter-by-host", gets("http://%s/bytes/2000?of=%s" % (WEB, "x" * 80), 3, healthy=False), "tcp_reset_after_hello", "policy", WEB,
        setup=http_filter, severity="critical"),
    Run("request-cut-by-server", gets("http://%s/" % WEB, 3, healthy=False), "tcp_reset_after_hello", "ambiguous", WEB,
        setup=ending("cut"), severity="critical"),
    Run("forgotten-by-firewall", forgotten("reject with tcp reset"), "tcp_idle_timeout", "policy", WEB, setup=web, duration=72,
        severity="warning"),
    Run("lost-by-firewall", forgotten("drop"), "tcp_idle_timeout", "policy", WEB, setup=web, duration=72, severity="warning"),
    Run("answer-cut-short", gets("http://%s/" % WEB, 3, healthy=False), "tcp_early_close", "server", WEB, setup=ending("short")),
    Run("chunks-cut-short", gets("http://%s/" % WEB, 3, healthy=False), "tcp_early_close", "server", WEB, setup=ending("chunks")),
]

HEALTHY = [
    Run("idle-socket-closed", connects("wait", 1), setup=ending("patient"), duration=8),
    Run("spare-sockets-closed", connects("spare", 3), setup=ending("hasty")),
    Run("news-awaited", page_and_news, setup=ending("news"), duration=9),
    Run("log-lines", connects("line", 4), setup=ending("log")),
    Run("a-few-ports-tried", port_scan(2000, 8), setup=web, target=None, lenient=True, absent=("syn_scan",), also=("tcp_refused",)),
    Run("health-checks", connects("drop", 5), setup=web),
    Run("end-marks-the-end", gets("http://%s/" % WEB, 4), setup=ending("plain")),
    Run("many-brief-connections", connects("brief", 400), setup=web, duration=8),
    Run("a-minute-idle", lambda lab: must(a_minute(lab), "idle"), setup=web, duration=68),
]
