#!/usr/bin/env python3
"""The lab's servers: one HTTP server whose paths choose its behaviour, and a resolver that fails on purpose.

  servers.py http ADDRESS PORT [MS]    /           a small page, after MS milliseconds
                                       /bytes/N    N bytes at once
                                       /slow/MS/N  N bytes after MS milliseconds
                                       /reset/N    announces 4 N bytes, sends N, then resets the connection
                                       /deaf/MS    reads nothing of the request's body for MS milliseconds
                                       /abort      resets the connection instead of an answer
                                       /status/N   that status
  servers.py dns ADDRESS PORT servfail|refused|silent|slow|late      a good answer: slow after 350 ms, late after 2.5 s
Prints 'ready' once it listens.
"""

import socket
import socketserver
import struct
import sys
import threading
import time

SO_MAX_PACING_RATE = 47
PACE_BYTES_PER_S = 12_500_000  # 100 Mbit/s: a burst of a whole window overruns the queue of a veth pair

REASONS = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def reset(conn):
    """Close with a RST: no lingering."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


class Request:
    """One HTTP/1.1 request read from a connection."""

    def __init__(self, conn, pending):
        self.conn = conn
        data = pending
        while b"\r\n\r\n" not in data:
            chunk = conn.recv(65536)
            if not chunk:
                raise EOFError
            data += chunk
        head, self.body_start = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path = lines[0].split()[:2]
        fields = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        self.length = int(fields.get("content-length", "0"))
        self.close = fields.get("connection", "").lower() == "close"
        self.expects = fields.get("expect", "").lower() == "100-continue"

    def read_body(self):
        """Read the announced body; returns what follows it."""
        if self.expects and not self.body_start:
            self.conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        left = self.length - len(self.body_start)
        while left > 0:
            chunk = self.conn.recv(min(left, 1 << 18))
            if not chunk:
                raise EOFError
            left -= len(chunk)
        return self.body_start[self.length:]


def answer(conn, status, body, announce=None, head_only=False):
    """Status line, fields and body in one write: no Nagle delay between them."""
    head = "HTTP/1.1 %d %s\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % (
        status, REASONS[status], len(body) if announce is None else announce)
    conn.sendall(head.encode() + (b"" if head_only else body))


def serve_http(conn, home_ms):
    """Requests of one connection until the client closes it."""
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    conn.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, PACE_BYTES_PER_S)
    pending = b""
    try:
        while True:
            request = Request(conn, pending)
            word, *numbers = request.path.strip("/").split("/")
            numbers = [int(n) for n in numbers if n.isdigit()]
            if word == "deaf":
                time.sleep(numbers[0] / 1000)
            if word == "abort":
                reset(conn)
                return
            pending = request.read_body()
            if word == "":
                time.sleep(home_ms / 1000)
                answer(conn, 200, b"the home page", head_only=request.method == "HEAD")
            elif word == "bytes":
                answer(conn, 200, b"x" * numbers[0])
            elif word == "slow":
                time.sleep(numbers[0] / 1000)
                answer(conn, 200, b"x" * numbers[1])
            elif word == "deaf":
                answer(conn, 200, b"done")
            elif word == "status":
                answer(conn, numbers[0], b"as asked")
            elif word == "reset":
                answer(conn, 200, b"x" * numbers[0], announce=4 * numbers[0])
                time.sleep(0.3)  # let the data leave first
                reset(conn)
                return
            else:
                answer(conn, 404, b"no such path")
            if request.close:
                return
    except (EOFError, OSError, ValueError):
        pass
    finally:
        conn.close()


def http_main(address, port, home_ms=0):
    listener = socket.create_server((address, port), family=family_of(address), backlog=128)
    print("ready", flush=True)
    while True:
        conn, _peer = listener.accept()
        threading.Thread(target=serve_http, args=(conn, home_ms), daemon=True).start()


def dns_main(address, port, how):
    rcode = {"servfail": 2, "refused": 5, "silent": None, "slow": 0, "late": 0}[how]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            query, sock = self.request
            if rcode is None or len(query) < 12:
                return
            ident, flags, questions = struct.unpack("!HHH", query[:6])
            head = struct.pack("!HHHHHH", ident, 0x8080 | (flags & 0x0100) | rcode, questions, 0, 0, 0)
            end = 12
            while query[end]:
                end += query[end] + 1
            question = query[12:end + 5]
            if rcode == 0:
                time.sleep(2.5 if how == "late" else 0.35)
                record = struct.pack("!HHHIH4s", 0xC00C, 1, 1, 60, 4, socket.inet_aton("198.51.100.10"))
                is_a = question[-4:-2] == b"\0\1"  # an AAAA question has a good answer without records
                head = struct.pack("!HHHHHH", ident, 0x8180, questions, int(is_a), 0, 0)
                question += record if is_a else b""
            sock.sendto(head + question, self.client_address)

    socketserver.ThreadingUDPServer.address_family = family_of(address)
    socketserver.ThreadingUDPServer.daemon_threads = True
    with socketserver.ThreadingUDPServer((address, port), Handler) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "http":
        http_main(sys.argv[2], *(int(word) for word in sys.argv[3:]))
    else:
        dns_main(sys.argv[2], int(sys.argv[3]), sys.argv[4])
