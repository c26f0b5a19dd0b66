#!/usr/bin/env python3
"""Servers of names and of TLS that go wrong in ways dnsmasq and openssl do not offer.

  dnstls.py dns ADDRESS PORT HOW [MS]   aaaa-silent   answers A, never AAAA
                                        aaaa-late     answers A at once, AAAA (there is none) after MS
                                        twice         every answer is followed by another one with another address
                                        twice-same    every answer is sent twice
                                        strangers     three answers with other numbers go before the right one
                                        cut           every answer is cut (TC), and nobody listens on TCP
  dnstls.py tls ADDRESS PORT CERT KEY MS [MS]   waits MS before it answers a ClientHello, and before a small page
  dnstls.py http-only ADDRESS PORT           answers whatever comes with HTTP's 400
Prints 'ready' once it listens.
"""

import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

GOOD, OTHER = "198.51.100.10", "203.0.113.66"
A, AAAA = 1, 28


def question_of(query):
    end = 12
    while query[end]:
        end += query[end] + 1
    return query[12:end + 5], struct.unpack("!H", query[end + 1:end + 3])[0]


def answer_to(query, address, ident=None, cut=False):
    """A response with this address for A, without records for anything else."""
    question, kind = question_of(query)
    records = 1 if kind == A and not cut else 0
    ident = struct.unpack("!H", query[:2])[0] if ident is None else ident
    head = struct.pack("!HHHHHH", ident, 0x8180 | (0x0200 if cut else 0), 1, records, 0, 0)
    record = struct.pack("!HHHIH4s", 0xC00C, A, 1, 60, 4, socket.inet_aton(address)) if records else b""
    return head + question + record


def dns_main(address, port, how, late_ms=0):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            query, sock = self.request
            if len(query) < 17:
                return
            kind = question_of(query)[1]
            send = lambda message: sock.sendto(message, self.client_address)
            if kind == AAAA and how == "aaaa-silent":
                return
            if kind == AAAA and how == "aaaa-late":
                time.sleep(late_ms / 1000)
            if how == "strangers":
                for n in (1, 2, 3):
                    send(answer_to(query, OTHER, ident=struct.unpack("!H", query[:2])[0] ^ n))
            send(answer_to(query, GOOD, cut=how == "cut"))
            if how.startswith("twice"):
                time.sleep(0.005)
                send(answer_to(query, GOOD if how == "twice-same" else OTHER))

    socketserver.ThreadingUDPServer.daemon_threads = True
    with socketserver.ThreadingUDPServer((address, port), Handler) as server:
        print("ready", flush=True)
        server.serve_forever()


def serve_tls(conn, context, wait_ms, page_ms=0):
    try:
        conn.recv(1, socket.MSG_PEEK)  # the ClientHello is here
        time.sleep(wait_ms / 1000)
        with context.wrap_socket(conn, server_side=True) as secure:
            secure.recv(4096)
            time.sleep(page_ms / 1000)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    except OSError:
        conn.close()


def serve_http_only(conn):
    try:
        conn.recv(4096)
        conn.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    except OSError:
        pass
    finally:
        conn.close()


def tcp_main(address, port, serve):
    listener = socket.create_server((address, port), backlog=128)
    print("ready", flush=True)
    while True:
        conn, _peer = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


def main(kind, address, port, *more):
    if kind == "dns":
        dns_main(address, int(port), more[0], int(more[1]) if len(more) > 1 else 0)
    elif kind == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(more[0], more[1])
        tcp_main(address, int(port), lambda conn: serve_tls(conn, context, *map(int, more[2:])))
    else:
        tcp_main(address, int(port), serve_http_only)


if __name__ == "__main__":
    main(*sys.argv[1:])
