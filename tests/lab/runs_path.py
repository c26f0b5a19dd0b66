"""Runs about the path: routers that say so, packets too big for it, pings, fragments."""

import os
import sys
import time

from lab import SERVER4
from product import run
from runs import Run, WEB, fails, gets, must, web

NOWHERE = "203.0.113.5"
HTTPS = SERVER4 + ":443"


def circling_route(lab):
    """Router and server send what is meant for a network that neither knows to each other."""
    lab.in_ns(lab.router, ["ip", "route", "add", "203.0.113.0/24", "via", SERVER4])
    lab.sysctl(lab.server, **{"net.ipv4.ip_forward": 1})
    for name in (lab.router, lab.server):  # a loop makes more messages than the kernel sends by itself
        lab.sysctl(name, **{"net.ipv4.icmp_ratelimit": 0, "net.ipv4.conf.all.send_redirects": 0,
                            "net.ipv4.conf.default.send_redirects": 0, "net.ipv4.conf.tos.send_redirects": 0,
                            "net.ipv4.conf.eth0.send_redirects": 0, "net.ipv4.conf.all.rp_filter": 0})


def trace(lab):
    """What traceroute does: datagrams that may go one hop, then two."""
    done = lab.in_ns(lab.client, [sys.executable, "-c", TRACE, SERVER4], check=False)
    must(done, "trace")
    must(lab.curl("http://%s/bytes/3000" % WEB), "curl")


TRACE = """
import socket, sys, time
for ttl in (1, 1, 1, 1, 1, 1, 2, 2, 2):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    s.sendto(b'x' * 32, (sys.argv[1], 33434 + ttl))
    time.sleep(0.1)
"""


def narrow_link(lab):
    """The router's link to the client takes 1300 bytes; the ends think that it takes 1500."""
    web(lab)
    lab.in_ns(lab.router, ["ip", "link", "set", "toc", "mtu", "1300"])
    lab.in_ns(lab.server, ["ip", "route", "flush", "cache"])


def deaf_server(lab):
    narrow_link(lab)
    lab.nft(lab.server, "add table inet deaf", "add chain inet deaf input { type filter hook input priority 0 ; }",
            "add rule inet deaf input icmp type destination-unreachable drop")


def mute_router(lab):
    narrow_link(lab)
    lab.nft(lab.router, "add table inet mute", "add chain inet mute output { type filter hook output priority 0 ; }",
            "add rule inet mute output icmp type destination-unreachable drop")


def small_then_large(lab):
    """One connection: a small answer passes, a large one does not."""
    lab.curl("http://%s/bytes/200" % WEB, "-o", "/dev/null", "http://%s/bytes/8000" % WEB, timeout=10)
    time.sleep(0.5)


def mute_router_before_tls(lab):
    """The certificate does not fit in one packet; the end of it does."""
    mute_router(lab)
    key, cert = os.path.join(lab.dir, "k.pem"), os.path.join(lab.dir, "c.pem")
    run(["openssl", "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-days", "2", "-subj", "/CN=www.lab.test", "-keyout", key,
         "-out", cert])
    lab.spawn(lab.server, ["openssl", "s_server", "-quiet", "-www", "-accept", HTTPS, "-key", key, "-cert", cert])
    lab.wait_port(lab.server, "tcp", SERVER4, 443)


def lossy_ping(lab):
    lab.lose(30, "icmp type echo-request")


def pings(count, *options, healthy=True):
    def traffic(lab):
        done = lab.in_ns(lab.client, ["ping", "-n", "-q", "-c", str(count), "-i", "0.1", "-W", "1"] + list(options) + [SERVER4],
                         check=False)
        if healthy:
            must(done, "ping")
        time.sleep(2.2)  # the last one must be old enough to be called lost
    return traffic


FAULTS = [
    Run("packets-in-circles", fails("http://%s/" % NOWHERE, 5, timeout=3), "routing_loop", "network", NOWHERE, setup=circling_route,
        target=NOWHERE, duration=7),
    Run("server-deaf-to-too-big", gets("http://%s/bytes/20000" % WEB, 1, "--max-time", "6", healthy=False), "pmtud_ignored",
        "server", WEB, setup=deaf_server, where="server", duration=8),
    Run("large-packets-vanish", small_then_large, "pmtud_blackhole", "network", WEB, setup=mute_router, where="server", duration=9),
    Run("large-packets-never-come", gets("http://%s/bytes/8000" % WEB, 2, "--max-time", "3", healthy=False), "pmtud_blackhole",
        "network", WEB, setup=mute_router, duration=9),
    Run("large-certificates-never-come", gets("https://%s/" % SERVER4, 2, "-k", "--max-time", "4", healthy=False),
        "pmtud_blackhole", "network", HTTPS, setup=mute_router_before_tls, target=SERVER4, duration=11),
    Run("lost-pings", pings(40, healthy=False), "ping_loss", "network_or_server", SERVER4, setup=lossy_ping, target=SERVER4,
        duration=9),
    Run("smaller-path", gets("http://%s/bytes/20000" % WEB, 3, gap=0.8), "pmtu_discovered", "network", WEB, setup=narrow_link,
        where="server", severity="info", status="healthy"),
    Run("fragments", pings(10, "-s", "3000"), "ip_fragmentation", "network", "eth0", target=SERVER4, severity="info",
        status="healthy", duration=6),
]

HEALTHY = [
    Run("traced-route", trace, setup=web, target=SERVER4),
    Run("pings", pings(20), target=SERVER4, duration=6),
]
