#!/usr/bin/env python3
"""The lab's phones, games, clocks and QUIC clients: what speaks UDP.

  media.py phone LOCAL LPORT REMOTE RPORT SECONDS [dtx|quiet|video|stop=S]   RTP as G.711 is sent, 20 ms a packet
  media.py beat LOCAL LPORT REMOTE RPORT SECONDS PER_SECOND                  datagrams without time stamps
  media.py ask KIND ADDRESS PORT COUNT [GAP_MS]      KIND: ntp, stun, radius, sip, wireguard, openvpn; exits 0 when all were answered
  media.py serve KIND ADDRESS PORT                   the server of that kind; quic: an Initial is answered
  media.py initial ADDRESS PORT TRIES [GAP_MS]       hand-made QUIC Initials of one connection, RFC 9000 section 17.2.2
Prints 'ready' once it listens or sends.
"""

import os
import random
import socket
import struct
import sys
import time


BOTH_THERE_S = 0.7  # the other end's socket is open by then


def opened(address, port):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, int(port)))
    return sock


def ticks(seconds, period):
    """Sleep until each tick of an absolute schedule; yields its number.  A late one does not delay the others."""
    began, n = time.monotonic(), 0
    while n * period < seconds:
        left = began + n * period - time.monotonic()
        if left > 0:
            time.sleep(left)
        yield n
        n += 1


class Rtp:
    """One RTP source."""

    def __init__(self, sock, remote, payload_type):
        some = random.SystemRandom()
        self.sock, self.remote, self.payload_type = sock, remote, payload_type
        self.seq, self.stamp, self.ssrc = some.randrange(65536), some.randrange(1 << 32), some.randrange(1 << 32)

    def send(self, body, marker=False, payload_type=None):
        kind = self.payload_type if payload_type is None else payload_type
        head = struct.pack("!BBHII", 0x80, kind | (0x80 if marker else 0), self.seq, self.stamp & 0xffffffff, self.ssrc)
        try:
            self.sock.sendto(head + body, self.remote)
        except OSError:
            pass  # nobody listens there yet, or no longer
        self.seq = (self.seq + 1) & 0xffff


def speech(rtp, seconds, dtx):
    was_silent = True
    for n in ticks(seconds, 0.02):
        silent = dtx and n % 75 >= 40  # talks for 0.8 s, is silent for 0.7 s
        if silent and not was_silent:
            rtp.send(b"\x40", payload_type=13)  # comfort noise, RFC 3389
        elif not silent:
            rtp.send(b"\xff" * 160, marker=was_silent)
        was_silent = silent
        rtp.stamp += 160


def video(rtp, seconds):
    """Thirty pictures a second, a large one each second, each in packets with one time stamp."""
    for n in ticks(seconds, 1 / 30):
        packets = 14 if n % 30 == 0 else 4
        for k in range(packets):
            rtp.send(b"v" * 1100, marker=k == packets - 1)
        rtp.stamp += 3000


def phone(local, lport, remote, rport, seconds, how=""):
    sock = opened(local, lport)
    if how.startswith("stop="):
        seconds, rest = how[5:], float(seconds) - float(how[5:])
    else:
        rest = 0
    rtp = Rtp(sock, (remote, int(rport)), 96 if how == "video" else 0)
    print("ready", flush=True)
    time.sleep(BOTH_THERE_S)
    if how == "quiet":
        time.sleep(float(seconds))
    elif how == "video":
        video(rtp, float(seconds))
    else:
        speech(rtp, float(seconds), how == "dtx")
    time.sleep(rest)


def beat(local, lport, remote, rport, seconds, per_second):
    sock = opened(local, lport)
    print("ready", flush=True)
    time.sleep(BOTH_THERE_S)
    for n in ticks(float(seconds), 1 / float(per_second)):
        try:
            sock.sendto(struct.pack("!HI", 0x6761, n) + b"position" * 4, (remote, int(rport)))
        except OSError:
            pass


# ---- questions -----------------------------------------------------------------------------------

def question(kind):
    if kind == "ntp":
        return b"\x23\0\6\xec" + b"\0" * 36 + os.urandom(8)
    if kind == "stun":
        return struct.pack("!HHI", 1, 0, 0x2112A442) + os.urandom(12)
    if kind == "wireguard":
        return b"\1\0\0\0" + os.urandom(128) + b"\0" * 16
    if kind == "openvpn":
        return b"\x38" + os.urandom(8) + b"\0" * 5
    if kind == "sip":
        return (b"OPTIONS sip:lab.test SIP/2.0\r\nVia: SIP/2.0/UDP phone.lab.test;rport;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"
                b"Content-Length: 0\r\n\r\n" % os.urandom(6).hex().encode())
    return b"\x01\x07" + struct.pack("!H", 20 + 7) + os.urandom(16) + b"\x01\x07guest"  # Access-Request


def answer(kind, data, peer):
    if kind == "ntp":
        return b"\x24\2\6\xec" + b"\0" * 8 + b"LAB\0" + b"\0" * 8 + data[40:48] + os.urandom(16)
    if kind == "stun":
        address = struct.pack("!BBH4s", 0, 1, peer[1] ^ 0x2112, bytes(
            a ^ b for a, b in zip(socket.inet_aton(peer[0]), b"\x21\x12\xa4\x42")))
        return struct.pack("!HHI", 0x0101, 12, 0x2112A442) + data[8:20] + struct.pack("!HH", 0x20, 8) + address
    if kind == "wireguard":
        return b"\2\0\0\0" + os.urandom(72) + b"\0" * 16
    if kind == "openvpn":
        return b"\x40" + os.urandom(8) + b"\1" + b"\0" * 4 + data[1:9] + b"\0" * 4
    if kind == "sip":
        return b"SIP/2.0 200 OK\r\n" + data.split(b"\r\n", 1)[1]
    if kind == "radius":
        return b"\x03" + data[1:2] + struct.pack("!H", 20) + os.urandom(16)
    # quic: the server's Initial and Handshake packets in one datagram, all but the headers sealed, as ever
    client_id = data[7 + data[5]:][:data[6 + data[5]]]
    both = bytes([len(client_id)]) + client_id + b"\x08serverid"
    initial = b"\xc0\0\0\0\1" + both + b"\0" + struct.pack("!H", 0x4000 | 120) + os.urandom(120)
    handshake = b"\xe0\0\0\0\1" + both + struct.pack("!H", 0x4000 | 900) + os.urandom(900)
    return initial + handshake + os.urandom(1200 - len(initial) - len(handshake))


def serve(kind, address, port):
    sock = opened(address, port)
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(65535)
        if kind != "quic" or data[0] & 0xf0 == 0xc0:
            sock.sendto(answer(kind, data, peer), peer)


def ask(kind, address, port, count, gap_ms="600"):
    missing = 0
    for _ in range(int(count)):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(int(gap_ms) / 1000)
        sock.connect((address, int(port)))
        try:
            sock.send(question(kind))
            sock.recv(2048)
            time.sleep(0.2)
        except OSError:
            missing += 1
    return 1 if missing else 0


def initial(address, port, tries, gap_ms="300"):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(int(gap_ms) / 1000)
    sock.connect((address, int(port)))
    ids = b"\x08" + os.urandom(8) + b"\x08" + os.urandom(8)
    for _ in range(int(tries)):
        head = b"\xc0\0\0\0\1" + ids + b"\0"
        length = 1200 - len(head) - 2
        try:
            sock.send(head + struct.pack("!H", 0x4000 | length) + os.urandom(length))
            sock.recv(2048)
            return 0
        except OSError:
            pass
    return 1


if __name__ == "__main__":
    try:
        sys.exit({"phone": phone, "beat": beat, "serve": serve, "ask": ask, "initial": initial}[sys.argv[1]](*sys.argv[2:]))
    except (OSError, ValueError) as why:
        print("%s: %s" % (" ".join(sys.argv[1:]), why), file=sys.stderr)
        sys.exit(1)
