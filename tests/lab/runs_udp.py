"""The lab's runs over UDP: voice, games, clocks, QUIC."""

import os
import shutil
import sys
import time

from lab import CLIENT4, LabError, SERVER4
from runs import Run, must

HERE = os.path.dirname(os.path.abspath(__file__))
PHONE, CALLER = 40000, 41000
SINK = """import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("%s", 514))
print("ready", flush=True)
while True:
    s.recv(2048)
"""
LOGS = """import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(8):
    s.sendto(b"<13>lab: line", ("%s", 514))
    time.sleep(0.3)
"""
VOICE = "%s:%d" % (SERVER4, PHONE)


def media(*words):
    return [sys.executable, os.path.join(HERE, "media.py")] + [str(w) for w in words]


def serve(kind, port):
    return lambda lab: lab.spawn(lab.server, media("serve", kind, SERVER4, port), ready="ready")


def call(seconds=6.5, there="", here=""):
    """A call between the server's phone and the client's; `there` and `here`: how each behaves."""
    def traffic(lab):
        far = lab.spawn(lab.server, media("phone", SERVER4, PHONE, CLIENT4, CALLER, seconds, there), ready="ready")
        near = lab.in_ns(lab.client, media("phone", CLIENT4, CALLER, SERVER4, PHONE, seconds, here), timeout=60)
        must(near, "the client's phone")
        must(far.wait(20), "the server's phone")
    return traffic


def game(seconds=7, per_second=30):
    """Positions both ways, without sequence numbers or time stamps."""
    def traffic(lab):
        far = lab.spawn(lab.server, media("beat", SERVER4, 27015, CLIENT4, 27005, seconds, per_second), ready="ready")
        must(lab.in_ns(lab.client, media("beat", CLIENT4, 27005, SERVER4, 27015, seconds, per_second), timeout=60), "player")
        must(far.wait(20), "game server")
    return traffic


def to_a_group(lab):
    lab.in_ns(lab.server, ["ip", "route", "add", "239.0.0.0/8", "dev", "eth0"])
    must(lab.in_ns(lab.server, media("phone", SERVER4, PHONE, "239.1.2.3", 5004, 5), timeout=60), "announcement")


def asks(kind, port, count, healthy=False):
    def traffic(lab):
        done = lab.in_ns(lab.client, media("ask", kind, SERVER4, port, count), check=False, timeout=60)
        if healthy:
            must(done, kind)
        elif done.returncode == 0:
            raise LabError("%s was answered" % kind)
        else:
            time.sleep(2.2)
    return traffic


def logs(lab):
    """Lines that nobody answers, to a port where somebody listens."""
    lab.spawn(lab.server, [sys.executable, "-c", SINK % SERVER4], ready="ready")
    must(lab.in_ns(lab.client, [sys.executable, "-c", LOGS % SERVER4], timeout=30), "log")


def dropped(rule, more=None):
    def setup(lab):
        if more:
            more(lab)
        lab.fault(rule)
    return setup


def path(*how):
    return lambda lab: lab.long_path(10, *how)


def web_and_quic(lab):
    lab.openssl_server(SERVER4, 443)
    serve("quic", 443)(lab)


def quic_tries(lab, tries):
    """A QUIC client tries: Knot's kdig (ngtcp2 inside) where it is installed, else Initials made by hand."""
    kdig = shutil.which("kdig")
    if kdig and tries > 1:
        lab.in_ns(lab.client, [kdig, "+quic", "+retry=0", "+time=3", "-p", "443", "@" + SERVER4, "www.lab.test"], check=False,
                  timeout=30)
    else:
        lab.in_ns(lab.client, media("initial", SERVER4, 443, tries), check=False, timeout=30)


def quic_then_tcp(tries, connections=1):
    def traffic(lab):
        for _ in range(connections):
            quic_tries(lab, tries)
            must(lab.curl("-k", "https://%s/" % SERVER4), "over TCP")
        time.sleep(2.2)
    return traffic


def quic_only(lab):
    quic_tries(lab, 4)
    time.sleep(2.2)


def quic_then_tcp_down(lab):
    quic_tries(lab, 4)
    lab.curl("-k", "--connect-timeout", "3", "https://%s/" % SERVER4)


QUIC_DROPPED = dropped("udp dport 443 drop", web_and_quic)

FAULTS = [
    Run("rtp-loss-10-percent", call(), "rtp_loss", "network", VOICE, setup=dropped("ip saddr %s udp sport %d numgen random mod 100 < 10 drop" % (SERVER4, PHONE)),
        target=SERVER4, duration=8, severity="critical"),
    Run("rtp-loss-4-percent", call(), "rtp_loss", "network", VOICE, setup=dropped("ip saddr %s udp sport %d numgen inc mod 25 24 drop" % (SERVER4, PHONE)),
        target=SERVER4, duration=8, severity="warning"),
    Run("rtp-jitter", call(), "rtp_jitter", "network", VOICE, setup=path("hold", 200, 190), target=SERVER4, duration=9),
    Run("rtp-one-way", call(), "rtp_one_way", "network", "%s:%d" % (CLIENT4, CALLER),
        setup=dropped("ip saddr %s udp sport %d drop" % (SERVER4, PHONE)), target=SERVER4, duration=8),
    Run("voice-held-back", call(), "udp_pacing", "network", VOICE, setup=path("hold", 1000, 180), target=SERVER4, duration=9),
    Run("game-held-back", game(), "udp_pacing", "network", SERVER4 + ":27015", setup=path("hold", 900, 200), target=SERVER4,
        duration=9),
    Run("ntp-silent", asks("ntp", 123, 3), "udp_no_reply", "network_or_server", SERVER4 + ":123",
        setup=dropped("udp dport 123 drop", serve("ntp", 123)), target=SERVER4, duration=7),
    Run("stun-silent", asks("stun", 3478, 3), "udp_no_reply", "network_or_server", SERVER4 + ":3478",
        setup=dropped("udp sport 3478 drop", serve("stun", 3478)), target=None, duration=7),
    Run("radius-silent", asks("radius", 1812, 3), "udp_no_reply", "network_or_server", SERVER4 + ":1812",
        setup=dropped("udp dport 1812 drop", serve("radius", 1812)), target=SERVER4 + ":1812", duration=7),
    Run("sip-silent", asks("sip", 5060, 3), "udp_no_reply", "network_or_server", SERVER4 + ":5060",
        setup=dropped("udp dport 5060 drop", serve("sip", 5060)), target=SERVER4, duration=7),
    Run("wireguard-silent", asks("wireguard", 51820, 3), "udp_no_reply", "network_or_server", SERVER4 + ":51820",
        setup=dropped("udp dport 51820 drop", serve("wireguard", 51820)), target=SERVER4 + ":51820", duration=7),
    Run("openvpn-silent", asks("openvpn", 1194, 3), "udp_no_reply", "network_or_server", SERVER4 + ":1194",
        setup=dropped("udp dport 1194 drop", serve("openvpn", 1194)), target=None, duration=7),
    Run("quic-silent", quic_only, "udp_no_reply", "network_or_server", SERVER4 + ":443", setup=QUIC_DROPPED, target=None, duration=9),
    Run("quic-silent-target", quic_only, "udp_no_reply", "network_or_server", SERVER4 + ":443", setup=QUIC_DROPPED, target=SERVER4, duration=9),
    Run("quic-dropped", quic_then_tcp(4), "quic_blocked", "policy", SERVER4 + ":443", setup=QUIC_DROPPED, target=SERVER4,
        duration=10),
]

HEALTHY = [
    Run("call", call(), target=SERVER4, duration=8),
    Run("call-with-silence", call(there="dtx", here="dtx"), target=SERVER4, duration=8),
    Run("call-one-hangs-up", call(there="stop=2.5"), target=SERVER4, duration=8),
    Run("call-overtaking", call(), setup=path("shuffle", 35), target=SERVER4, duration=9),
    Run("call-one-in-200-lost", call(), setup=dropped("ip saddr %s udp sport %d numgen inc mod 200 199 drop" % (SERVER4, PHONE)),
        target=SERVER4, duration=8),
    Run("call-too-short", call(1.5, here="quiet"), target=SERVER4, duration=5),
    Run("call-still-ringing", call(3.3, here="quiet"), target=SERVER4, duration=7),
    Run("video-one-way", call(there="video", here="quiet"), target=SERVER4, duration=8),
    Run("multicast-voice", to_a_group, target=None, where="server", duration=7),
    Run("game", game(), target=SERVER4, duration=9),
    Run("ntp-answered", asks("ntp", 123, 5, healthy=True), setup=serve("ntp", 123), target=SERVER4),
    Run("stun-answered", asks("stun", 3478, 5, healthy=True), setup=serve("stun", 3478), target=None),
    Run("sip-answered", asks("sip", 5060, 5, healthy=True), setup=serve("sip", 5060), target=SERVER4),
    Run("wireguard-answered", asks("wireguard", 51820, 5, healthy=True), setup=serve("wireguard", 51820), target=SERVER4 + ":51820"),
    Run("openvpn-answered", asks("openvpn", 1194, 5, healthy=True), setup=serve("openvpn", 1194), target=None),
    Run("ntp-asked-once", asks("ntp", 123, 1), setup=dropped("udp dport 123 drop", serve("ntp", 123)), target=SERVER4, duration=6,
        status="inconclusive"),
    Run("syslog", logs, target=None, duration=5),
    Run("syslog-of-target", logs, target=SERVER4 + ":514", duration=5, status="inconclusive"),
    Run("ntp-port-closed", asks("ntp", 123, 3), target=SERVER4, duration=7, lenient=True, absent=("udp_no_reply",),
        also=("udp_port_unreachable",)),
    Run("quic-answered", quic_then_tcp(1, 3), setup=web_and_quic, target=SERVER4, duration=8),
    Run("quic-given-up-early", quic_then_tcp(1, 2), setup=QUIC_DROPPED, target=SERVER4, duration=8),
    Run("quic-and-tcp-down", quic_then_tcp_down, setup=dropped("ip daddr %s drop" % SERVER4), target=SERVER4, duration=10,
        lenient=True, absent=("quic_blocked", "udp_no_reply"), also=("tcp_syn_timeout",)),
]
