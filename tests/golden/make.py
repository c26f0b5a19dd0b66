#!/usr/bin/env python3
"""Write the golden captures: small pcap files made of hand-built frames, one situation each.

  make.py DIR      writes NAME.pcap into DIR for every scenario below

Every byte is made here: no capture of anybody's traffic is in this tree.  tests/golden/run compares what the engine
counts in each with expected/NAME.json; `run --accept` renews those after a look at the differences.
"""

import os
import struct
import sys

CLIENT, SERVER, RESOLVER, ROUTER = "10.0.0.1", "192.0.2.1", "10.0.0.53", "10.0.0.254"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def ip4(text):
    return bytes(int(x) for x in text.split("."))


def name_bytes(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"


class Capture:
    """Frames with times; writes a pcap file with nanosecond stamps."""

    def __init__(self):
        self.frames, self.us, self.ident = [], 0, 0

    def wait(self, ms):
        self.us += int(ms * 1000)

    def frame(self, payload, ethertype=0x0800, cut=None):
        frame = b"\x02\0\0\0\0\x02" + b"\x02\0\0\0\0\x01" + struct.pack(">H", ethertype) + payload
        self.frames.append((self.us, frame[:cut], len(frame)))

    def ip(self, src, dst, proto, data, ttl=64, ident=None, offset=0, more=False):
        self.ident += ident is None
        number = self.ident if ident is None else ident
        flags = (0x2000 if more else 0) | offset // 8
        self.frame(struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), number & 0xffff, flags, ttl, proto, 0,
                               ip4(src), ip4(dst)) + data)

    def udp(self, src, sport, dst, dport, data):
        self.ip(src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data)

    def dns(self, ident, name, qtype=1, rcode=None, address=None, client=CLIENT, server=RESOLVER, port=5353 + 40000):
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + ip4(address) if address else b""
        flags = 0x0100 if rcode is None else 0x8180 | rcode
        message = struct.pack(">HHHHHH", ident, flags, 1, 1 if address else 0, 0, 0) + name_bytes(name) + \
            struct.pack(">HH", qtype, 1) + answer
        if rcode is None:
            self.udp(client, port, server, 53, message)
        else:
            self.udp(server, 53, client, port, message)

    def arp(self, op, sender, target):
        self.frame(struct.pack(">HHBBH", 1, 0x0800, 6, 4, op) + b"\x02\0\0\0\0\1" + ip4(sender) + b"\0" * 6 + ip4(target),
                   0x0806)

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
            for us, frame, wire in self.frames:
                out.write(struct.pack("<IIII", 1700000000 + us // 1000000, us % 1000000 * 1000, len(frame), wire) + frame)


class Tcp:
    """One connection; keeps both sequence numbers."""

    def __init__(self, capture, sport=40000, dport=80, client=CLIENT, server=SERVER):
        self.c, self.sport, self.dport, self.client, self.server = capture, sport, dport, client, server
        self.cseq, self.sseq, self.window = 1000 + sport, 900000 + sport, 8192

    def send(self, from_client, flags, data=b"", seq=None, ack=None, ttl=64):
        mine, other = (self.cseq, self.sseq) if from_client else (self.sseq, self.cseq)
        number = mine if seq is None else seq
        options = b"\x02\x04\x05\xb4\x01\x03\x03\x00" if flags & SYN else b""
        ports = (self.sport, self.dport) if from_client else (self.dport, self.sport)
        header = struct.pack(">HHIIBBHHH", *ports, number, (other if ack is None else ack) if flags & ACK else 0,
                             (20 + len(options)) // 4 << 4, flags, self.window, 0, 0)
        ends = (self.client, self.server) if from_client else (self.server, self.client)
        self.c.ip(*ends, 6, header + options + data, ttl)
        if seq is None:
            step = len(data) + (1 if flags & SYN else 0) + (1 if flags & FIN else 0)
            if from_client:
                self.cseq += step
            else:
                self.sseq += step

    def open(self, rtt_ms=10.0):
        self.send(True, SYN)
        self.c.wait(rtt_ms)
        self.send(False, SYN | ACK)
        self.c.wait(0.05)
        self.send(True, ACK)
        self.c.wait(0.2)

    def ask(self, text, wait_ms=10.0):
        self.send(True, PSH | ACK, text.encode())
        self.c.wait(wait_ms)

    def tell(self, data):
        self.send(False, PSH | ACK, data if isinstance(data, bytes) else data.encode())
        self.c.wait(0.1)
        self.send(True, ACK)
        self.c.wait(1)

    def close(self):
        self.send(True, FIN | ACK)
        self.c.wait(10)
        self.send(False, FIN | ACK)
        self.c.wait(0.05)
        self.send(True, ACK)
        self.c.wait(1)


def healthy_web(c):
    c.arp(1, CLIENT, ROUTER)
    c.arp(2, ROUTER, CLIENT)
    c.dns(1, "www.example.com")
    c.wait(12)
    c.dns(1, "www.example.com", rcode=0, address=SERVER)
    for n in range(3):
        t = Tcp(c, 40000 + n)
        t.open()
        for page in range(4):
            t.ask(f"GET /page/{page}?secret=1 HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 15)
            t.tell(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b"x" * 900)
        t.close()


def dead_resolver(c):
    for n in range(3):
        for retry in range(3):
            c.dns(100 + n, f"host{n}.example.com")
            c.wait(1000)
    c.wait(3000)
    c.arp(1, CLIENT, ROUTER)


def failing_names(c):
    for n, (name, rcode, address) in enumerate([("good.example", 0, SERVER), ("broken.example", 2, None),
                                                ("wiki.corp.example", 3, None), ("wiki", 0, SERVER),
                                                ("gone.example", 3, None), ("closed.example", 5, None)]):
        c.dns(n, name)
        c.wait(8)
        c.dns(n, name, rcode=rcode, address=address)
        c.wait(5)


def connection_outcomes(c):
    Tcp(c, 1, 81).send(True, SYN)
    refused = Tcp(c, 2, 82)
    refused.send(True, SYN)
    c.wait(10)
    refused.send(False, RST | ACK)
    twice = Tcp(c, 3, 83)
    twice.send(True, SYN)
    c.wait(1000)
    twice.send(True, SYN, seq=twice.cseq - 1)
    unreachable = Tcp(c, 4, 84)
    unreachable.send(True, SYN)
    quote = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 48, 1, 0, 64, 6, 0, ip4(CLIENT), ip4(SERVER)) + \
        struct.pack(">HHI", 4, 84, unreachable.cseq - 1)
    c.ip(ROUTER, CLIENT, 1, struct.pack(">BBHI", 3, 1, 0, 0) + quote)
    aborted = Tcp(c, 5, 85)
    aborted.send(True, SYN)
    c.wait(10)
    aborted.send(False, SYN | ACK)
    aborted.send(True, RST)
    middle = Tcp(c, 6, 86)
    middle.send(False, PSH | ACK, b"y" * 500)
    middle.send(True, ACK)
    fine = Tcp(c, 7, 87)
    fine.open()
    fine.close()
    c.wait(5000)
    c.arp(1, CLIENT, ROUTER)
    Tcp(c, 8, 88).send(True, SYN)


def losses(c):
    t = Tcp(c)
    t.open(20)
    t.ask("GET /big HTTP/1.1\r\nHost: h.example\r\n\r\n", 20)
    t.send(False, ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n")
    for n in range(30):
        seq = t.sseq
        if n % 10 == 4:  # lost before the capture point: comes a round trip later
            t.sseq += 1000
            for _ in range(4):
                t.send(False, ACK, b"z" * 1000)
                c.wait(0.2)
                t.send(True, ACK, ack=seq)
            c.wait(22)
            t.send(False, ACK, b"z" * 1000, seq=seq)
        elif n % 10 == 8:  # lost behind it: seen twice
            t.send(False, ACK, b"z" * 1000)
            c.wait(300)
            t.send(False, ACK, b"z" * 1000, seq=seq)
        else:
            t.send(False, ACK, b"z" * 1000)
        c.wait(0.3)
        t.send(True, ACK)
        c.wait(1)
    t.close()


def closed_window_and_reset(c):
    t = Tcp(c)
    t.open()
    t.ask("GET /slow HTTP/1.1\r\nHost: h.example\r\n\r\n")
    for n in range(3):
        t.send(False, ACK, b"w" * 1200)
        t.window = 0
        t.send(True, ACK)
        c.wait(400)
        t.window = 8192
        t.send(True, ACK)
        c.wait(5)
    c.ident += 20000  # whoever sends this numbers packets of its own
    t.send(False, RST, ttl=61)
    slow = Tcp(c, 40001, 8080)
    slow.open()
    for n in range(3):
        slow.ask("GET /report HTTP/1.1\r\nHost: h.example\r\n\r\n")
        slow.send(False, ACK)
        c.wait(900)
        slow.tell("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    slow.close()


def tiny_fragments(c):
    tcp = struct.pack(">HHIIBBHHH", 4000, 80, 7, 0, 0x50, SYN, 8192, 0, 0)
    for offset in (0, 8, 16):
        c.ip(CLIENT, SERVER, 6, tcp[offset:offset + 8], ident=99, offset=offset, more=offset < 16)
    c.wait(1)
    query = struct.pack(">HHHHHH", 5, 0x0100, 1, 0, 0, 0) + name_bytes("cut.example") + b"\0\1\0\1"
    datagram = struct.pack(">HHHH", 4001, 53, 8 + len(query), 0) + query
    c.ip(CLIENT, RESOLVER, 17, datagram[:24], ident=100, more=True)
    c.ip(CLIENT, RESOLVER, 17, datagram[24:], ident=100, offset=24)


SCENARIOS = [healthy_web, dead_resolver, failing_names, connection_outcomes, losses, closed_window_and_reset,
             tiny_fragments]


def write_all(folder):
    os.makedirs(folder, exist_ok=True)
    for scenario in SCENARIOS:
        capture = Capture()
        scenario(capture)
        capture.write(os.path.join(folder, scenario.__name__ + ".pcap"))
    return [s.__name__ for s in SCENARIOS]


if __name__ == "__main__":
    write_all(sys.argv[1])
