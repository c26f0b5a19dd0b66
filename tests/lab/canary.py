#!/usr/bin/env python3
"""Traffic full of secrets for the canary test, and the taps that look for them.

  canary.py serve KEY TALLY          the servers (in the server's namespace); prints `ready`
  canary.py send KEY TALLY MAC [DEVICE]  the clients (in the client's namespace); MAC: the router's address on DEVICE (eth0)
  canary.py proxy LISTEN TARGET DUMP passes a Unix socket on and keeps every byte of it; prints `ready`
  canary.py record DEVICE FILE       a capture file of everything on DEVICE; prints `ready`

A secret is 16 letters and digits: six that all secrets of a run share, so that one search finds them all, also in
part, and ten that belong to its channel.  Every send is written to TALLY.  Besides there are words that a report may
show (a name asked for, a server name, a host, a path): finding them proves that the taps see what there is.
"""

import base64
import ftplib
import hashlib
import imaplib
import itertools
import os
import poplib
import re
import select
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CLIENT, SERVER, RESOLVER = "192.0.2.2", "198.51.100.10", "198.51.100.53"
WEB = "www.lab.test"


def letters(text, count):
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(ALNUM[b % len(ALNUM)] for b in digest[:count])


class Canaries:
    """The secrets of one run, and the tally of what was sent."""

    def __init__(self, key, tally=None):
        self.key, self.prefix = key, "Q" + letters(key + "prefix", 5)
        self.known, self.lock = {}, threading.Lock()
        self.tally = os.open(tally, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666) if tally else None

    def __call__(self, channel):
        secret = self.prefix + letters(self.key + channel, 10)
        self.known[secret] = channel
        return secret

    def word(self, kind):
        """A word that may be shown."""
        return "v" + letters(self.key + "shown" + kind, 9).lower()

    def sent(self, *pieces):
        """Bytes or texts that went out; counts the secrets in them."""
        for piece in pieces:
            data = piece.encode() if isinstance(piece, str) else bytes(piece)
            for found in re.findall(re.escape(self.prefix).encode() + rb"[A-Za-z0-9]{10}", data):
                channel = self.known.get(found.decode())
                if channel and self.tally is not None:
                    os.write(self.tally, ("%d\t%s\n" % (len(found), channel)).encode())

    def send(self, sock, data):
        data = data.encode() if isinstance(data, str) else data
        sock.sendall(data)
        self.sent(data)


# ---- servers -------------------------------------------------------------------------------------

def read_head(reader):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            return None
        head += line
    return head


def read_body(reader, head):
    length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    if length:
        reader.read(int(length.group(1)))
    elif re.search(rb"(?im)^transfer-encoding:\s*chunked", head):
        while True:
            size = int(reader.readline().split(b";")[0] or b"0", 16)
            reader.read(size + 2)
            if size == 0:
                return


def http_answer(c, path):
    """What the web server says to a path."""
    extra = "Set-Cookie: sid=%s; Path=/\r\nX-Trace: %s\r\nETag: \"%s\"\r\n" % (
        c("http response Set-Cookie"), c("http response other header"), c("http response ETag"))
    extra += "X-Folded: a\r\n %s\r\n" % c("http response folded header")
    if "redirect" in path:
        return "HTTP/1.1 302 %s\r\nLocation: https://user:%s@www.lab.test/in?t=%s\r\n%sContent-Length: 0\r\n\r\n" % (
            c("http response reason phrase"), c("http Location userinfo"), c("http Location query"), extra)
    if "chunked" in path:
        body = "GET /%s HTTP/1.1\r\nHost: %s.example\r\n\r\n" % (c("http chunked response body, as a request"),
                                                               c("http chunked response body, as a Host"))
        chunks = "".join("%x\r\n%s\r\n" % (len(p), p) for p in ["x" * 5000, body, c("http chunked response body")])
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n%s\r\n%s0\r\nX-Trailer: %s\r\n\r\n" % (
            extra, chunks, c("http response trailer"))
    if "failing" in path:
        body = "no: " + c("http error response body")
        return "HTTP/1.1 500 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (c("http error reason phrase"), extra, len(body), body)
    body = "hello " + c("http response body")
    return "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (extra, len(body), body)


def serve_http(c, conn):
    reader = conn.makefile("rb")
    while True:
        head = read_head(reader)
        if head is None:
            return
        line = head.split(b"\r\n")[0].decode("latin-1").split(" ")
        if b"upgrade: websocket" in head.lower():
            c.send(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            text = ("GET /%s HTTP/1.1 " % c("websocket frame from the server")).encode()
            c.send(conn, b"\x81" + bytes([len(text)]) + text)
            reader.read(20)
            return
        if b"100-continue" in head.lower():
            c.send(conn, "HTTP/1.1 100 Continue\r\n\r\n")
        read_body(reader, head)
        answer = http_answer(c, line[1] if len(line) > 1 else "/")
        if line[0] == "HEAD":
            answer = answer.split("\r\n\r\n")[0] + "\r\n\r\n"
        # In pieces, so that the parts of a chunked body begin segments of their own.
        parts = re.split(r"(?=GET /)", answer)
        for part in parts:
            c.send(conn, part)
            time.sleep(0.02 * (len(parts) > 1))


def serve_lines(c, conn, name, banner, answers):
    """A line protocol: the first answer whose pattern fits the line."""
    reader = conn.makefile("rb")
    c.send(conn, banner)
    while True:
        line = reader.readline().decode("latin-1")
        if not line:
            return
        for pattern, answer in answers:
            match = re.match(pattern, line, re.IGNORECASE)
            if match:
                c.send(conn, answer.replace("TAG", line.split(" ")[0]))
                if "DATA" in line.upper()[:6] and name == "smtp":
                    while reader.readline() not in (b".\r\n", b""):
                        pass
                    c.send(conn, "250 queued %s\r\n" % c("smtp answer"))
                break


def serve_tls(c, conn, context):
    with context.wrap_socket(conn, server_side=True) as tls:
        tls.recv(4096)
        tls.sendall(("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + c("inside TLS, from the server")).encode())
        c.sent(c("inside TLS, from the server"), c("certificate subject"), c("certificate alternative name"))


def serve_sink(_c, conn):
    while conn.recv(65536):
        pass


def tls_context(c):
    folder = tempfile.mkdtemp()
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=%s/O=%s" % (WEB, c("certificate subject")), "-addext",
                    "subjectAltName=DNS:www.lab.test,DNS:%s.example" % c("certificate alternative name"), "-keyout", key,
                    "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # the certificate goes in clear
    context.set_alpn_protocols(["http/1.1"])
    return context


def listen(port, handler):
    server = socket.create_server((SERVER, port), backlog=50)

    def one(conn):
        try:
            with conn:
                conn.settimeout(5)
                handler(conn)
        except (OSError, ValueError, ssl.SSLError):
            pass

    def accept():
        while True:
            conn, _ = server.accept()
            threading.Thread(target=one, args=(conn,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def serve(c):
    context = tls_context(c)
    ok = [("", "250 fine %s\r\n" % c("smtp answer"))]
    ftp = [("user", "331 password for %s\r\n" % c("ftp answer")), ("pass", "230 in\r\n"), ("quit", "221 bye\r\n"),
           ("", "250 %s\r\n" % c("ftp answer"))]
    smtp = [("ehlo", "250-%s\r\n250 AUTH PLAIN LOGIN\r\n" % c("smtp answer")), ("auth", "235 in\r\n"), ("data", "354 go\r\n"),
            ("quit", "221 bye\r\n")] + ok
    pop3 = [("retr", "+OK\r\nSubject: %s\r\n\r\n%s\r\n.\r\n" % (c("pop3 mail header"), c("pop3 mail body"))), ("", "+OK\r\n")]
    imap = [(r"\S+ capability", "* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"), (r"\S+ logout", "* BYE now\r\nTAG OK done\r\n"),
            ("", "* 1 FETCH (BODY {16}\r\n%s)\r\nTAG OK done\r\n" % c("imap mail body"))]
    for port in (80, 8080):
        listen(port, lambda conn: serve_http(c, conn))
    listen(443, lambda conn: serve_tls(c, conn, context))
    listen(21, lambda conn: serve_lines(c, conn, "ftp", "220 %s\r\n" % c("ftp banner"), ftp))
    listen(25, lambda conn: serve_lines(c, conn, "smtp", "220 %s ESMTP\r\n" % c("smtp banner"), smtp))
    listen(110, lambda conn: serve_lines(c, conn, "pop3", "+OK %s\r\n" % c("pop3 banner"), pop3))
    listen(143, lambda conn: serve_lines(c, conn, "imap", "* OK %s\r\n" % c("imap banner"), imap))
    listen(23, lambda conn: serve_lines(c, conn, "telnet", "\xff\xfd\x18%s login: " % c("telnet banner"), [("", "Password: ")]))
    listen(22, lambda conn: serve_lines(c, conn, "ssh", "SSH-2.0-%s\r\n" % c("ssh banner"), []))
    for port in (53, 9000, 8443, 3306, 6379):
        listen(port, lambda conn: serve_sink(c, conn))
    print("ready", flush=True)
    while True:
        time.sleep(60)


def resolver_records(c):
    """What dnsmasq is to answer with: secrets, and a name that may be shown."""
    return ["--host-record=%s.lab.test,%s" % (c.word("dns"), SERVER), "--txt-record=txt.lab.test," + c("dns TXT data"),
            "--dns-rr=null.lab.test,10," + c("dns NULL data").encode().hex(),
            "--mx-host=mx.lab.test,%s.lab.test,5" % c("dns MX target"), "--srv-host=srv.lab.test,%s.lab.test,1" % c("dns SRV target")]


# ---- clients -------------------------------------------------------------------------------------

def connect(port, address=SERVER):
    sock = socket.create_connection((address, port), 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(0.4)
    return sock


def drain(sock):
    try:
        while sock.recv(65536):
            pass
    except OSError:
        pass


def say(c, port, *parts, pause=0.05):
    """One connection, its data in segments of their own."""
    with connect(port) as sock:
        for part in parts:
            c.send(sock, part)
            time.sleep(pause)
        drain(sock)


def curl(c, *argv):
    subprocess.run(["curl", "-sS", "-o", "/dev/null", "--max-time", "5"] + list(argv), check=False, capture_output=True)
    c.sent(" ".join(argv))


def http_by_curl(c):
    base = "http://%s" % WEB
    curl(c, "%s/%s?token=%s" % (base, c.word("path"), c("http query")))
    basic = base64.b64encode(("user:" + c("http Authorization, base64")).encode()).decode()
    c.sent(c("http Authorization, base64"))
    curl(c, base + "/", "-H", "Authorization: Basic " + basic)
    headers = {"Authorization: Bearer %s": "http Authorization", "X-Api-Key: %s": "http X-Api-Key", "Cookie: sid=%s": "http Cookie",
               "Origin: https://%s.example": "http Origin", "X-%s: 1": "http name of a header"}
    curl(c, base + "/", *[w for head, channel in headers.items() for w in ("-H", head % c(channel))],
         "-A", "agent/" + c("http User-Agent"), "-e", "http://r.example/?q=" + c("http Referer"))
    curl(c, base + "/form", "-F", "file=%s" % c("http multipart body"), "-F", "%s=1" % c("http multipart name"))
    curl(c, base + "/post", "-d", "password=" + c("http form body"))
    curl(c, base + "/put", "-X", "PUT", "-H", "Expect: 100-continue", "-d", c("http body after 100 Continue"))
    curl(c, base + "/head?x=" + c("http HEAD query"), "-I")
    curl(c, base + "/redirect")
    curl(c, base + "/chunked", base + "/chunked?again=" + c("http query on a kept connection"))
    curl(c, base + "/failing?x=" + c("http query of a failing request"))
    curl(c, "http://%s:%s@%s/" % (c("http userinfo name, base64"), c("http userinfo password, base64"), WEB))
    curl(c, base + "/a/%s@mail.example/b" % c("path segment with @"))
    curl(c, base + "/a/%s%%40mail.example/b" % c("path segment with %40"))
    curl(c, base + "/a/%s%%2540mail.example/b" % c("path segment with %2540"))
    curl(c, base + "/a;jsessionid=%s/b;v=%s" % (c("path parameter"), c("second path parameter")))
    curl(c, base + "/key=%s/b" % c("path segment with ="))
    curl(c, base + "/a%%3Ftoken=x/%s" % c("path after an encoded ?"))
    curl(c, base + "/a%%23/%s" % c("path after an encoded #"))


def http_raw(c):
    host = "Host: %s\r\n" % WEB
    say(c, 80, "GET /one?a=%s HTTP/1.1\r\n%s\r\nGET /two?b=%s HTTP/1.1\r\n%s\r\n" % (
        c("http pipelined, first"), host, c("http pipelined, second"), host))
    say(c, 80, "GET /folded HTTP/1.1\r\n%sX-A: b\r\n %s\r\n\t%s\r\n\r\n" % (host, c("http folded line"), c("http line folded by a tab")))
    say(c, 80, "GET /split?se", "cret=%s" % c("http query in a later segment"), " HTTP/1.1\r\n" + host + "\r\n")
    text = c("http secret split over segments")
    say(c, 80, "GET /split?x=" + text[:8], text[8:] + " HTTP/1.1\r\n" + host + "\r\n")
    c.sent(text)
    say(c, 80, "GET /long HTTP/1.1\r\n%sX-Big: %s%s\r\nX-Next: %s\r\n\r\n" % (
        host, c("http header over 4 KiB"), "z" * 4500, c("http header after one over 4 KiB")))
    say(c, 80, "GET /longline?%s%s HTTP/1.1\r\n%s\r\n" % ("q" * 5000, c("http request line over 4 KiB"), host))
    body = "GET /%s HTTP/1.1\r\nHost: %s.example\r\n\r\n" % (c("http chunked request body, as a request"),
                                                           c("http chunked request body, as a Host"))
    say(c, 80, "POST /up HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n" % host, "%x\r\n" % len(body), body, "\r\n",
        "10\r\n%s\r\n0\r\n\r\n" % c("http chunked request body"))
    say(c, 80, "POST /up HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n" % (host, len(body)), body)
    say(c, 80, "GET http://u:%s@%s/abs?q=%s HTTP/1.1\r\n%s\r\n" % (c("absolute target userinfo"), WEB, c("absolute target query"), host))
    say(c, 80, "GET http://%s#%s HTTP/1.1\r\n%s\r\n" % (WEB, c("absolute target fragment"), host))
    say(c, 80, "GET //u:%s@%s/ HTTP/1.1\r\n%s\r\n" % (c("target of two slashes, userinfo"), WEB, host))
    say(c, 80, "GET /f#%s HTTP/1.1\r\n%s\r\n" % (c("http fragment"), host))
    say(c, 80, "GET /h HTTP/1.1\r\nHost: u:%s@%s\r\n\r\n" % (c("Host userinfo"), WEB))
    say(c, 80, "GET /h HTTP/1.1\r\nHost: u%%3A%s%%40%s\r\n\r\n" % (c("Host userinfo, encoded"), WEB))
    say(c, 80, "GET /h HTTP/1.1\r\nHost: %s/%s?x\r\n\r\n" % (WEB, c("text behind Host")))
    say(c, 80, "GET /h HTTP/1.1\r\nHost: u:%s/x@%s\r\n\r\n" % (c("Host userinfo with a slash"), WEB))
    say(c, 80, "CONNECT u:%s@db.example:443 HTTP/1.1\r\n%s\r\n" % (c("CONNECT userinfo"), host), c("inside a CONNECT tunnel"))
    say(c, 80, "GET /sloppy %s HTTP/1.1\r\n%s\r\n" % (c("http blank in the target"), host))
    say(c, 80, "GET /%s\r\n\r\n" % c("http 0.9 request"))
    say(c, 80, "LOGIN %s %s\r\n" % (c("unknown protocol on port 80"), c("unknown protocol, second word")))
    say(c, 8080, "GET /ws HTTP/1.1\r\n%sUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n\r\n" % (
        host, c("Sec-WebSocket-Key")), b"\x81\x10" + c("websocket frame, unmasked").encode(),
        b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % c("websocket frame, as a request").encode())


def extension(number, data):
    return struct.pack(">HH", number, len(data)) + data


def client_hello(c, sni):
    name = sni.encode()
    extensions = extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name)
    extensions += extension(21, c("ClientHello padding").encode()) + extension(35, c("ClientHello session ticket").encode())
    extensions += extension(0xff77, c("ClientHello unknown extension").encode()) + extension(16, b"\0\x0c\x02h2\x08http/1.1")
    extensions += extension(44, c("ClientHello cookie").encode())
    body = b"\x03\x03" + c("ClientHello random").encode() * 2 + b"\x20" + c("ClientHello session id").encode() * 2
    body += b"\0\x02\x13\x01\x01\0" + struct.pack(">H", len(extensions)) + extensions
    shake = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(shake)) + shake


def tls(c):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    with context.wrap_socket(connect(443), server_hostname=c.word("sni") + ".lab.test") as secure:
        request = "GET /x HTTP/1.1\r\nCookie: %s\r\n\r\n" % c("inside TLS, from the client")
        secure.sendall(request.encode())
        c.sent(request)
        drain(secure)
    record = b"\x17\x03\x03\0\x10" + c("TLS application record in clear").encode()
    say(c, 8443, client_hello(c, c.word("sni2") + ".lab.test"), record, b"\x15\x03\x03\0\x12\x02\x28" + c("behind a TLS alert").encode())
    say(c, 8443, b"\x16\x03\x01\0\x20\x04\0\0\x1c" + b"\0" * 12 + c("TLS session ticket message").encode())


def lines(c):
    try:
        with ftplib.FTP(timeout=5) as ftp:
            ftp.connect(SERVER, 21)
            ftp.login(c("ftp user"), c("ftp password"))
            ftp.cwd("/" + c("ftp path"))
        c.sent(c("ftp user"), c("ftp password"), c("ftp path"))
        with smtplib.SMTP(SERVER, 25, c("smtp EHLO") + ".example", 5) as smtp:
            smtp.login(c("smtp user, base64"), c("smtp password, base64"))
            smtp.sendmail(c("smtp sender") + "@mail.example", c("smtp recipient") + "@mail.example",
                          "Subject: %s\n\n%s\nGET /%s HTTP/1.1\nHost: x\n" % (
                              c("mail subject"), c("mail body"), c("mail body, as a request")))
        c.sent(*[c("smtp " + w) for w in ("EHLO", "user, base64", "password, base64", "sender", "recipient")])
        c.sent(c("mail subject"), c("mail body"), c("mail body, as a request"))
        pop3 = poplib.POP3(SERVER, 110, timeout=5)
        pop3.user(c("pop3 user"))
        pop3.pass_(c("pop3 password"))
        pop3.retr(1)
        pop3.quit()
        c.sent(c("pop3 user"), c("pop3 password"))
        imap = imaplib.IMAP4(SERVER, 143, 5)
        imap.login(c("imap user"), c("imap password"))
        imap.logout()
        c.sent(c("imap user"), c("imap password"))
    except (OSError, ftplib.Error, smtplib.SMTPException, poplib.error_proto, imaplib.IMAP4.error) as why:
        print("# line protocols: %r" % why, flush=True)
    say(c, 6379, "AUTH %s\r\n" % c("redis password"), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$40\r\n%s" % c("redis value"),
        c("redis command") + " x\r\n")
    say(c, 23, c("telnet login") + "\r\n", c("telnet password") + "\r\n")
    say(c, 22, "SSH-2.0-%s\r\n" % c("ssh client version"))
    say(c, 9000, c("tcp payload, own protocol"))
    say(c, 9000, "PASS %s" % c("tcp payload without an end of line"))
    say(c, 3306, "\x4a\0\0\x01" + c("mysql user"))
    say(c, 53, "USER %s\r\nPASS %s\r\n" % (c("text to TCP port 53"), c("more text to TCP port 53")))
    say(c, 53, struct.pack(">H", 40) + b"\0\1\1\0\0\1\0\0\0\0\0\0\x10" + c("cut message to TCP port 53").encode() + b"\0\0\1")
    sock = socket.socket()  # data on the SYN
    try:
        sock.settimeout(1)
        sock.sendto(c("tcp fast open, data on the SYN").encode(), socket.MSG_FASTOPEN, (SERVER, 9000))
        c.sent(c("tcp fast open, data on the SYN"))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        sock.send(c("tcp urgent data").encode(), socket.MSG_OOB)
        c.sent(c("tcp urgent data"))
    except OSError:
        pass
    sock.close()


def dns_name(*labels):
    return b"".join(bytes([len(l)]) + l.encode() for l in labels) + b"\0"


def dns(c):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(1)

    def ask(name, qtype, additional=b"", count=0):
        query = struct.pack(">HHHHHH", 77, 0x100, 1, 0, 0, count) + name + struct.pack(">HH", qtype, 1) + additional
        udp.sendto(query, (RESOLVER, 53))
        c.sent(query)
        try:
            udp.recv(4096)
        except OSError:
            pass
        return query

    ask(dns_name(c.word("dns"), "lab", "test"), 1)
    for qtype, name, channels in ((16, "txt", ("TXT data",)), (10, "null", ("NULL data",)), (15, "mx", ("MX target",)), (33, "srv", ("SRV target",))):
        ask(dns_name(name, "lab", "test"), qtype)
        c.sent(*[c("dns " + ch) for ch in channels])
    option = struct.pack(">HH", 65001, 16) + c("EDNS option").encode()
    query = ask(dns_name("www", "lab", "test"), 1, b"\0" + struct.pack(">HHIH", 41, 1232, 0, len(option)) + option, 1)
    with connect(53, RESOLVER) as tcp:
        c.send(tcp, struct.pack(">H", len(query)) + query)
        drain(tcp)
    with connect(53, RESOLVER) as tcp:
        query = struct.pack(">HHHHHH", 78, 0x100, 1, 0, 0, 0) + dns_name("txt", "lab", "test") + struct.pack(">HH", 16, 1)
        c.send(tcp, struct.pack(">H", len(query)) + query)
        drain(tcp)
    udp.close()


def datagrams(c):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def to(port, data):
        data = data.encode() if isinstance(data, str) else data
        udp.sendto(data, (SERVER, port))
        c.sent(data)

    for port in (123, 161, 443, 514, 1900, 5060, 5353, 5355, 67, 9999):
        to(port, "NOTIFY %s HTTP/1.1\r\n" % c("udp payload to port %d" % port))
    to(53, "login=%s&password=%s" % (c("text to UDP port 53"), c("more text to UDP port 53")))
    header = b"\0\1\1\0\0\1\0\0\0\0\0\0"
    label = lambda channel: b"\x10" + c(channel).encode()
    to(53, b"0123456789ab " + label("label-like text to UDP port 53") + b"\0\0\1\0\1")
    to(53, header[:4] + b"\0\2" + header[6:] + label("two questions to UDP port 53") + b"\0\0\1\0\1" + label("second question"))
    to(53, header[:6] + b"\0\1" + header[8:] + label("question before a broken record") + b"\0\0\1\0\1" + b"\x40")
    to(53, header + label("question without an end") + b"\x10")
    to(53, header + label("question of an unknown class") + b"\0\0\1\x20\x20")
    to(53, b"\0\1\x81\x80" + header[4:6] + b"\0\1" + header[8:] + label("broken answer") + b"\0\0\1\0\1\xc0")
    to(443, b"\xc3\0\0\0\1\x08" + c("QUIC connection id").encode()[:8] + b"\x08" + c("QUIC initial payload").encode() * 40)
    to(5060, "INVITE sip:%s@x SIP/2.0\r\n" % c("sip user"))
    to(69, b"\0\1" + c("tftp file name").encode() + b"\0octet\0")
    udp.sendto((c("udp fragments, first") + "y" * 3000 + c("udp fragments, later")).encode(), (SERVER, 9999))
    c.sent(c("udp fragments, first"), c("udp fragments, later"))
    udp.close()
    for channel in ("icmp echo",):
        subprocess.run(["ping", "-q", "-c1", "-W1", "-p", c(channel).encode().hex(), SERVER], check=False, capture_output=True)
        c.sent(c(channel))


def checksum(data):
    total = sum(struct.unpack(">%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip4(proto, data, options=b"", flags=0, ident=9, src=CLIENT, dst=SERVER):
    size = 20 + len(options)
    head = struct.pack(">BBHHHBBH4s4s", 0x40 | size // 4, 0, size + len(data), ident, flags, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst)) + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + data


def tcp4(flags, data, sport=40123, dport=80, options=b""):
    head = struct.pack(">HHIIBBHHH", sport, dport, 1000, 0, (20 + len(options)) // 4 << 4, flags, 1000, 0, 0) + options + data
    pseudo = socket.inet_aton(CLIENT) + socket.inet_aton(SERVER) + struct.pack(">HH", 6, len(head))
    return head[:16] + struct.pack(">H", checksum(pseudo + head)) + head[18:]


def udp4(port, data):
    return struct.pack(">HHHH", 40124, port, 8 + len(data), 0) + data


def frames(c, mac, device):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((device, 0))
    mine = sock.getsockname()[4]
    ends = bytes.fromhex(mac.replace(":", "")) + mine
    s = lambda channel: c(channel).encode()
    web = ("GET /in?q=%s HTTP/1.1\r\nHost: x\r\n\r\n" % c("http query inside a tunnel")).encode()
    made = [
        (0x0806, b"\0\1\x08\0\6\4\0\1" + mine + socket.inet_aton(CLIENT) + b"\0" * 6 + socket.inet_aton("192.0.2.1") + s("ARP padding")),
        (0x0800, ip4(6, tcp4(2, s("payload on a SYN")))),
        (0x0800, ip4(6, tcp4(2, b"", 40125, options=b"\xfd\x12" + s("tcp option") + b"\1\1"))),
        (0x0800, ip4(6, tcp4(4, s("payload in a RST"), 40126))),
        (0x0800, ip4(17, udp4(9999, b"x"), b"\x88\x12" + s("ip option") + b"\1\1")),
        (0x0800, ip4(17, udp4(9999, s("first fragment") + b"f" * 8), flags=0x2000, ident=77)),
        (0x0800, ip4(17, s("later fragment") + b"g" * 8, flags=4, ident=77)),
        (0x8100, b"\0\5\x08\0" + ip4(17, udp4(9999, s("VLAN-tagged")))),
        (0x8864, b"\x11\0\0\1\0\x40\0\x21" + ip4(17, udp4(9999, s("PPPoE")))),
        (0x0800, ip4(47, b"\0\0\x08\0" + ip4(6, tcp4(24, web, 40127)))),
        (0x0800, ip4(4, ip4(17, udp4(9999, s("IP in IP"))))),
        (0x0800, ip4(17, udp4(4789, b"\x08\0\0\0\0\0\1\0" + ends + b"\x08\0" + ip4(17, udp4(53, s("VXLAN, text to port 53")))))),
        (0x0800, ip4(1, b"\3\3\0\0\0\0\0\0" + ip4(17, udp4(53, s("quoted by ICMP"))))),
        (0x0800, ip4(1, b"\x0d\0\0\0" + s("icmp timestamp"))),
        (0x0800, ip4(132, b"\0\1\0\2\0\0\0\0\0\0\0\0\0\3\0\x20" + b"\0" * 12 + s("SCTP data"))),
        (0x0800, ip4(253, s("unknown IP protocol"))),
        (0x88b5, s("unknown ethernet type")),
        (0x88cc, b"\x02\x12\4\7" + s("LLDP") + b"\0\0"),
        (0x0040, b"\xaa\xaa\3\0\0\0\x88\xb5" + s("802.3 SNAP")),
        (0x86dd, struct.pack(">IHBB", 6 << 28, 24, 60, 64) + socket.inet_pton(socket.AF_INET6, "2001:db8:1::2") +
         socket.inet_pton(socket.AF_INET6, "2001:db8:2::10") + b"\x3b\2\1\x12" + s("IPv6 destination option") + b"\1\2\0\0"),
    ]
    for ethertype, payload in made:
        frame = ends + struct.pack(">H", ethertype) + payload
        sock.send(frame + b"\0" * max(0, 60 - len(frame)))
        c.sent(frame)
    sock.close()


def send(c, mac, device="eth0"):
    for part in (dns, http_by_curl, http_raw, tls, lines, datagrams):
        try:
            part(c)
        except (OSError, subprocess.SubprocessError) as why:
            print("# %s: %r" % (part.__name__, why), flush=True)
    frames(c, mac, device)


# ---- taps ----------------------------------------------------------------------------------------

def proxy(listen_at, target, dump):
    server = socket.socket(socket.AF_UNIX)
    server.bind(listen_at)
    server.listen(20)

    def one(conn, number):
        other = socket.socket(socket.AF_UNIX)
        other.connect(target)
        files = {way: open("%s.%d.%s" % (dump, number, way), "wb", buffering=0) for way in ("requests", "events")}
        ways = {conn: (other, files["requests"]), other: (conn, files["events"])}
        while True:
            for ready in select.select(list(ways), [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    conn.close()
                    other.close()
                    return
                ways[ready][1].write(data)
                ways[ready][0].sendall(data)

    print("ready", flush=True)
    for number in itertools.count():
        conn, _ = server.accept()
        threading.Thread(target=one, args=(conn, number), daemon=True).start()


def record(device, path):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((device, 3))
    with open(path, "wb", buffering=0) as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        print("ready", flush=True)
        while True:
            frame = sock.recv(65535)
            now = time.time()
            out.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame), len(frame)) + frame)


def main(role, *args):
    if role == "serve":
        serve(Canaries(*args))
    elif role == "send":
        send(Canaries(*args[:2]), *args[2:])
    elif role == "proxy":
        proxy(*args)
    elif role == "record":
        record(*args)


if __name__ == "__main__":
    main(*sys.argv[1:])
