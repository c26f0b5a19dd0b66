"""Everyday traffic in its variety, over both families, near and far, by every kind of reader: all of it healthy."""

import sys
import time

from lab import CLIENT4, RESOLVER4, SERVER4, SERVER6
from runs import Run, WEB, client, far_web, gets, https, must, named_web, upload, web, web6
from runs_healthy import side_by_side
from runs_path import pings

PUSHES = SERVER4 + ":5228"

# A client says hello; the server pushes a message of SIZE bytes every EVERY seconds, COUNT times.
PUSHER = """
import socket, sys, time
address, port, every, count, size = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
listener = socket.create_server((address, port))
print('ready', flush=True)
conn = listener.accept()[0]
conn.recv(100)
conn.sendall(b'welcome')
began = time.monotonic()
for n in range(count):
    time.sleep(max(0, began + (n + 1) * every - time.monotonic()))
    conn.sendall(b'n' * size)
time.sleep(1)
"""
HELLO = """
import socket, sys
conn = socket.create_connection((sys.argv[1], int(sys.argv[2])))
conn.sendall(b'hello')
while conn.recv(65536):
    pass
"""

WEB6 = "[%s]" % SERVER6


def both(lab):
    web(lab)
    web6(lab)


def named_both(lab):
    both(lab)
    lab.dnsmasq()


def in_turn(*parts):
    def traffic(lab):
        for part in parts:
            part(lab)
    return traffic


def head(url, count):
    return gets(url, count, "-I")




def pusher(every, count, size):
    def setup(lab):
        lab.spawn(lab.server, [sys.executable, "-c", PUSHER, SERVER4, "5228", str(every), str(count), str(size)], ready="ready")
    return setup


def dozing(setup):
    """The client's Wi-Fi card sleeps between beacons when nothing is going on."""
    def build(lab):
        setup(lab)
        lab.long_path(1, "doze", 102.4, 60)
    return build


def pushed(lab):
    must(lab.in_ns(lab.client, [sys.executable, "-c", HELLO, SERVER4, "5228"], timeout=30), "phone")


def asleep(seconds):
    """A phone whose radio is off when something is pushed to it, and that wakes so much later."""
    def traffic(lab):
        phone = lab.spawn(lab.client, [sys.executable, "-c", HELLO, SERVER4, "5228"])
        began = time.monotonic()
        for n in range(4):
            time.sleep(max(0, began + (n + 1) * 5.5 - 0.7 - time.monotonic()))
            lab.fault("ip daddr %s drop" % CLIENT4)
            time.sleep(0.7 + seconds)
            lab.clear_faults()
        must(phone.wait(9), "phone")
    return traffic


def strangers(lab):
    """Three from elsewhere try a closed port each, as at every public host, and a fourth one a filtered one."""
    for n, port in enumerate((22, 23, 3389, 5900)):
        address = "192.0.2.%d" % (66 + n)
        lab.in_ns(lab.client, ["ip", "address", "add", address + "/32", "dev", "eth0"])
        lab.curl("-s", "--interface", address, "--connect-timeout", "2.5", "http://%s:%d/" % (SERVER4, port))


def filtered_web(lab):
    web(lab)
    lab.nft(lab.server, "add table inet own", "add chain inet own input { type filter hook input priority 0 ; }",
            "add rule inet own input tcp dport 5900 drop")


FAULTS = []
HEALTHY = [
    Run("bulk-over-ipv6", gets("http://%s/bytes/6000000" % WEB6, 3, "-g"), setup=web6, target=SERVER6),
    Run("small-gets-over-ipv6", gets("http://%s/bytes/900" % WEB6, 25, "-g"), setup=web6, target=SERVER6),
    Run("both-families-by-address", in_turn(gets("http://%s/bytes/20000" % WEB, 6), gets("http://%s/bytes/20000" % WEB6, 6, "-g")),
        setup=both, target=None),
    Run("name-of-both-families", gets("http://www.lab.test/bytes/30000", 8), setup=named_both, target="www.lab.test"),
    Run("only-heads", head("http://%s/bytes/5000" % WEB, 12), setup=web),
    Run("form-sent", gets("http://%s/bytes/10" % WEB, 6, "-d", "field=value"), setup=web),
    Run("reader-of-ten-megabits", gets("http://%s/bytes/4000000" % WEB, 1, "--limit-rate", "1200k"), setup=web, duration=7, lenient=True,
        also=("tcp_zero_window",), absent=("rtt_inflation", "bufferbloat", "tcp_stall")),
    Run("six-downloads-at-once", side_by_side(6, gets("http://%s/bytes/2000000" % WEB, 2)), setup=web, duration=7),
    Run("upload-then-download", in_turn(upload("sink", 1500000), gets("http://%s/bytes/1500000" % WEB, 2)), setup=web, duration=7),
    Run("pages-on-a-far-server", gets("http://%s/bytes/3000" % WEB, 4), setup=far_web(30), duration=7),
    Run("one-far-download", gets("http://%s/bytes/3000000" % WEB, 1), setup=far_web(40), duration=9),
    Run("tls-one-two", gets("https://www.lab.test/", 5, "-4k", "--tls-max", "1.2"), setup=https, target="www.lab.test:443"),
    Run("tls-one-three", gets("https://www.lab.test/", 5, "-4k", "--tlsv1.3"), setup=https, target="www.lab.test:443"),
    Run("mute-then-many", in_turn(client("idle", SERVER4, 80, 2), gets("http://%s/bytes/300" % WEB, 15)), setup=web, duration=7),
    Run("tls-seen-by-the-server", gets("https://www.lab.test/", 5, "-4k"), setup=https, target=SERVER4, where="server"),
    Run("names-only", client("dns", RESOLVER4, 20, "www.lab.test"), setup=named_web, target="dns"),
    Run("names-then-pages", in_turn(client("dns", RESOLVER4, 5, "www.lab.test"), gets("http://www.lab.test/bytes/800", 6, "-4")),
        setup=named_web, target=None),
    Run("pings-alone", pings(30), setup=web, target=None, duration=7),
    Run("pings-beside-a-download", in_turn(pings(10), gets("http://%s/bytes/3000000" % WEB, 3)), setup=web, target=None, duration=7),
    Run("pushes-to-a-sleeper", asleep(1.4), setup=pusher(5.5, 4, 20), target=PUSHES, duration=29, where="server"),
    Run("card-saves-power", pushed, setup=dozing(pusher(0.337, 30, 4000)), target=PUSHES, duration=14, where="server"),
    Run("web-mode", gets("http://www.lab.test/bytes/7000", 8, "-4"), setup=named_web, target=None, mode="web"),
    Run("port-mode", gets("http://%s/bytes/7000" % WEB, 8), setup=web, target="80", mode="port"),
    Run("seen-by-the-router", gets("http://%s/bytes/50000" % WEB, 8), setup=web, where="router", interface="toc"),
    Run("router-other-side", gets("http://%s/bytes/50000" % WEB, 8), setup=web, where="router", interface="tos", target=SERVER4),
    Run("strangers-at-a-server", in_turn(gets("http://%s/bytes/2000" % WEB, 20), strangers), setup=filtered_web, target=None,
        where="server", duration=9),
    Run("long-keep-alive", client("keepalive", SERVER4, 80, 60, 50), setup=web, duration=7),
    Run("two-kinds-at-once", side_by_side(2, in_turn(gets("http://%s/bytes/400000" % WEB, 4), gets("http://%s/bytes/700" % WEB, 10))),
        setup=web, duration=7),
]
