#!/usr/bin/env python3
"""The lab's clients for what curl cannot do.  Each runs to its end and exits 0 when it went as meant.

  clients.py keepalive ADDRESS PORT COUNT [GAP_MS]   COUNT requests on one connection, then an ordinary close
  clients.py idle ADDRESS PORT SECONDS               one request, silence, one more, an ordinary close
  clients.py deaf ADDRESS PORT BYTES SECONDS         asks for BYTES, reads nothing for SECONDS, then the rest
  clients.py linger ADDRESS PORT BYTES SECONDS       downloads slowly and steadily for SECONDS
  clients.py abort ADDRESS PORT BYTES                asks for BYTES and resets the connection in the middle
  clients.py early ADDRESS PORT                      full response, our FIN first, and a RST for what comes after
  clients.py dawdle ADDRESS PORT COUNT MS            COUNT connections, each silent for MS before its one request
  clients.py preconnect ADDRESS PORT SECONDS         opens four connections, uses one at once, one after SECONDS, two never
  clients.py greeted ADDRESS PORT COUNT              waits for the server to speak first, then says a line; COUNT times
  clients.py film ADDRESS PORT COUNT BYTES SECONDS   COUNT pieces of BYTES on one connection, a pause after each
  clients.py typing ADDRESS PORT COUNT GAP_MS        COUNT keys, each answered before the next, to a server that greets
  clients.py unread ADDRESS PORT                     the server ends the connection, then ours goes with data unread: a RST
  clients.py lazy ADDRESS PORT COUNT GAP_MS          COUNT small answers, each acknowledged as late as TCP may
  clients.py drips ADDRESS PORT COUNT GAP_MS         an upload in COUNT small parts
  clients.py datagrams ADDRESS PORT COUNT            COUNT datagrams, each from a port of its own; nobody need answer
  clients.py impatient RESOLVER COUNT NAME           COUNT queries, each from a port that is closed before the answer
  clients.py dns RESOLVER COUNT NAME...              COUNT queries A and AAAA in turn over the names
"""

import os
import random
import socket
import struct
import sys
import time


def dial(address, port, rcvbuf=None):
    conn = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    if rcvbuf:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    conn.settimeout(30)
    conn.connect((address, int(port)))
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return conn


def ask(conn, path):
    conn.sendall(("GET %s HTTP/1.1\r\nHost: www.lab.test\r\n\r\n" % path).encode())


def read_response(conn, pause=0.0):
    """Read one whole response; returns how many bytes its body had."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = conn.recv(65536)
        if not chunk:
            raise EOFError("closed in the head")
        data += chunk
    head, body = data.split(b"\r\n\r\n", 1)
    fields = [line.split(b":", 1) for line in head.split(b"\r\n")[1:]]
    length = next(int(v) for k, v in fields if k.lower() == b"content-length")
    got = len(body)
    while got < length:
        chunk = conn.recv(65536 if not pause else 16384)
        if not chunk:
            raise EOFError("closed after %d of %d bytes" % (got, length))
        got += len(chunk)
        time.sleep(pause)
    return got


def keepalive(address, port, count, gap_ms="0"):
    conn = dial(address, port)
    for _ in range(int(count)):
        ask(conn, "/bytes/2000")
        read_response(conn)
        time.sleep(int(gap_ms) / 1000)
    conn.close()


def idle(address, port, seconds):
    conn = dial(address, port)
    for pause in (float(seconds), 0):
        ask(conn, "/bytes/500")
        read_response(conn)
        time.sleep(pause)
    conn.close()


def deaf(address, port, size, seconds):
    conn = dial(address, port, rcvbuf=16384)
    ask(conn, "/bytes/" + size)
    time.sleep(float(seconds))
    read_response(conn)
    conn.close()


def linger(address, port, size, seconds):
    conn = dial(address, port)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        ask(conn, "/bytes/" + size)
        read_response(conn)
        time.sleep(0.05)
    conn.close()


def abort(address, port, size):
    conn = dial(address, port)
    ask(conn, "/bytes/" + size)
    got = 0
    while got < int(size) // 4:
        got += len(conn.recv(16384))
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def early(address, port):
    # The second request is still under way when our end is gone: the kernel answers what comes then with a RST,
    # as browsers do all day.
    for _ in range(5):
        conn = dial(address, port)
        ask(conn, "/bytes/4000")
        read_response(conn)
        ask(conn, "/slow/60/500")
        time.sleep(0.02)
        conn.shutdown(socket.SHUT_WR)
        conn.close()
        time.sleep(0.15)


def dawdle(address, port, count, wait_ms):
    for _ in range(int(count)):
        conn = dial(address, port)
        time.sleep(int(wait_ms) / 1000)
        ask(conn, "/bytes/2000")
        read_response(conn)
        conn.close()


def preconnect(address, port, seconds):
    """As browsers do: sockets opened in advance wait until they are needed, or are not needed at all."""
    conns = [dial(address, port) for _ in range(4)]
    ask(conns[0], "/bytes/2000")
    read_response(conns[0])
    time.sleep(float(seconds))
    ask(conns[1], "/bytes/2000")
    read_response(conns[1])
    for conn in conns:
        conn.close()


def greeted(address, port, count):
    for _ in range(int(count)):
        conn = dial(address, port)
        conn.recv(4096)
        conn.sendall(b"HELO lab\r\n")
        conn.recv(4096)
        conn.close()


def film(address, port, count, size, seconds):
    conn = dial(address, port)
    for _ in range(int(count)):
        ask(conn, "/bytes/" + size)
        read_response(conn)
        time.sleep(float(seconds))
    conn.close()


def typing(address, port, count, gap_ms):
    conn = dial(address, port)
    conn.recv(4096)
    for _ in range(int(count)):
        conn.sendall(b"k")
        conn.recv(4096)
        time.sleep(int(gap_ms) / 1000)
    conn.close()


def unread(address, port):
    conn = dial(address, port)
    conn.sendall(b"GET /bytes/3000 HTTP/1.1\r\nHost: www.lab.test\r\nConnection: close\r\n\r\n")
    conn.recv(500)
    time.sleep(0.2)  # the server's FIN has come
    conn.close()


def lazy(address, port, count, gap_ms):
    conn = dial(address, port)
    for _ in range(int(count)):
        ask(conn, "/bytes/300")
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        read_response(conn)
        time.sleep(int(gap_ms) / 1000)
    conn.close()


def drips(address, port, count, gap_ms):
    conn = dial(address, port)
    conn.sendall(b"POST /bytes/10 HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: %d\r\n\r\n" % (100 * int(count)))
    for _ in range(int(count)):
        conn.sendall(b"d" * 100)
        time.sleep(int(gap_ms) / 1000)
    read_response(conn)
    conn.close()


def datagrams(address, port, count):
    for _ in range(int(count)):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        sock.sendto(b"anybody there?", (address, int(port)))
        time.sleep(0.2)
        sock.close()


def impatient(resolver, count, name):
    for _ in range(int(count)):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.sendto(encode_query(random.SystemRandom().randrange(65536), name, 1), (resolver, 53))
        time.sleep(0.1)
        sock.close()
        time.sleep(0.5)


def encode_query(ident, name, qtype):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", qtype, 1)


def dns(resolver, count, *names):
    sock = socket.socket(socket.AF_INET6 if ":" in resolver else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(2)
    for n in range(int(count)):
        ident = random.SystemRandom().randrange(65536)
        sock.sendto(encode_query(ident, names[n // 2 % len(names)], (1, 28)[n % 2]), (resolver, 53))
        answer = sock.recv(2048)
        if answer[:2] != struct.pack("!H", ident):
            raise ValueError("answer to another question")
        time.sleep(0.01)


if __name__ == "__main__":
    try:
        {"keepalive": keepalive, "idle": idle, "deaf": deaf, "linger": linger, "abort": abort, "early": early,
         "dawdle": dawdle, "preconnect": preconnect, "greeted": greeted, "datagrams": datagrams, "impatient": impatient,
         "dns": dns, "film": film, "typing": typing, "unread": unread, "drips": drips, "lazy": lazy}[sys.argv[1]](*sys.argv[2:])
    except (OSError, EOFError, ValueError) as why:
        print("%s: %s" % (" ".join(sys.argv[1:]), why or type(why).__name__), file=sys.stderr)
        sys.stderr.flush()
        os._exit(1)
