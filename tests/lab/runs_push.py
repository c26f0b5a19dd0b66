"""Connections that wait for news for long: event streams, web sockets, brokers.  Little passes but signs of life, of the
server or of the client, whose radio may be off meanwhile.  All of it is healthy.  What lasts 15 to 60 seconds elsewhere
lasts 5.5 or 8 here: from 5 on the product calls a connection idle."""

import sys
import time

from lab import CLIENT4, SERVER4
from runs import Run, must

PAUSE = 5.5

# serve.py KIND ADDRESS PORT PAUSE
SERVER = r"""
import base64, hashlib, socket, sys, threading, time
kind, address, port, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])

def upto(conn, end):
    data = b''
    while not data.endswith(end):
        data += conn.recv(1) or sys.exit()
    return data

def exactly(conn, n):
    data = b''
    while len(data) < n:
        data += conn.recv(n - len(data)) or sys.exit()
    return data

def frame(conn):                       # of a web socket, masked: what clients send
    head = exactly(conn, 2)
    mask, body = exactly(conn, 4), exactly(conn, head[1] & 127)
    return head[0] & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(body))

def say(conn, op, body):
    conn.sendall(bytes((0x80 | op, len(body))) + body)

def events(conn):
    upto(conn, b'\r\n\r\n')
    conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n')
    for n in range(100):
        text = b': ping\n\n' if n % 3 else b'event: price\ndata: {"n": %d, "what": "%s"}\n\n' % (n, b'x' * 200)
        conn.sendall(b'%x\r\n%s\r\n' % (len(text), text))
        time.sleep(pause)

def web_socket(conn):
    key = [line.split(b': ')[1] for line in upto(conn, b'\r\n\r\n').split(b'\r\n') if line.startswith(b'Sec-WebSocket-Key')][0]
    accept = base64.b64encode(hashlib.sha1(key + b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())
    conn.sendall(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' + accept + b'\r\n\r\n')
    def pings():
        while True:
            time.sleep(pause)
            say(conn, 9, b'alive?')
    threading.Thread(target=pings, daemon=True).start()
    while True:
        op, body = frame(conn)
        if op == 1:
            say(conn, 1, b'echo ' + body)
        if op == 8:
            say(conn, 8, body)
            return

def broker(conn):                      # MQTT 3.1.1: packets of less than 128 bytes
    began = time.monotonic()
    def news():
        for n in range(100):
            time.sleep(max(0, began + (n + 1) * pause - time.monotonic()))
            conn.sendall(b'\x30\x17\x00\x05lamps' + b'turned on or so!')
    while True:
        head = exactly(conn, 2)
        exactly(conn, head[1])
        if head[0] == 0x10:
            conn.sendall(b'\x20\x02\x00\x00')
            threading.Thread(target=news, daemon=True).start()
        if head[0] == 0xc0:
            conn.sendall(b'\xd0\x00')
        if head[0] == 0xe0:
            return

def serve(conn):
    try:
        {'events': events, 'web_socket': web_socket, 'broker': broker}[kind](conn)
    except OSError:
        pass
    conn.close()

listener = socket.create_server((address, port))
print('ready', flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""

# client.py ADDRESS PORT SECONDS: says something, is silent for longer than the server's pings are apart, says more
TALKER = r"""
import os, socket, sys, threading, time
conn = socket.create_connection((sys.argv[1], int(sys.argv[2])))
conn.sendall(b'GET /talk HTTP/1.1\r\nHost: www.lab.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
             b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
def say(op, body):
    mask = os.urandom(4)
    conn.sendall(bytes((0x80 | op, 0x80 | len(body))) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(body)))
def listen():
    file = conn.makefile('rb')
    while file.readline() != b'\r\n':
        pass
    while True:
        head = file.read(2)
        if len(head) < 2:
            return
        body = file.read(head[1] & 127)
        if head[0] & 15 == 9:
            say(10, body)
ears = threading.Thread(target=listen, daemon=True)
ears.start()
end = time.monotonic() + float(sys.argv[3])
while time.monotonic() < end:
    for n in range(4):
        say(1, b'message %d' % n)
        time.sleep(0.15)
    time.sleep(7)
say(8, b'\x03\xe8')
ears.join(5)
conn.close()
"""

# subscriber.py ADDRESS PORT FIRST PAUSE: takes what comes, and shows that it lives
SUBSCRIBER = r"""
import socket, sys, threading, time
conn = socket.create_connection((sys.argv[1], int(sys.argv[2])))
conn.sendall(b'\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04lamp')
def lives():
    pause = float(sys.argv[3])
    while True:
        time.sleep(pause)
        conn.sendall(b'\xc0\x00')
        pause = float(sys.argv[4])
threading.Thread(target=lives, daemon=True).start()
while conn.recv(4096):
    pass
"""


def serving(kind, port, pause=PAUSE):
    def setup(lab):
        lab.spawn(lab.server, [sys.executable, "-c", SERVER, kind, SERVER4, str(port), str(pause)], ready="ready")
    return setup


def reader(seconds):
    """A page that follows a stream of events for so long; longer than the capture, it stays open."""
    def traffic(lab):
        lab.background = lab.spawn(lab.client, ["curl", "-sSN", "-o", "/dev/null", "--max-time", str(seconds),
                                                "http://%s/events" % SERVER4])
        time.sleep(min(seconds, 21))
    return traffic


def talk(lab):
    must(lab.in_ns(lab.client, [sys.executable, "-c", TALKER, SERVER4, "80", "20"], timeout=40), "talker")


def subscribed(lab):
    lab.background = lab.spawn(lab.client, [sys.executable, "-c", SUBSCRIBER, SERVER4, "1883", str(PAUSE), str(PAUSE + 1.7)])
    time.sleep(4 * PAUSE + 1)


def subscribed_asleep(lab):
    """A phone whose radio is off for 1.3 s whenever something is to be told to it, and that says something once awake."""
    lab.background = lab.spawn(lab.client, [sys.executable, "-c", SUBSCRIBER, SERVER4, "1883", "9.9", "8"])
    began = time.monotonic()
    for n in range(3):
        time.sleep(max(0, began + (n + 1) * 8 - 0.3 - time.monotonic()))
        lab.fault("ip daddr %s drop" % CLIENT4)
        time.sleep(1.6)
        lab.clear_faults()
    time.sleep(1)


HEALTHY = [
    Run("events-followed", reader(20), setup=serving("events", 80), duration=23),
    Run("events-go-on", reader(60), setup=serving("events", 80), duration=21),
    Run("events-seen-by-the-server", reader(20), setup=serving("events", 80), target=SERVER4, duration=23, where="server"),
    Run("web-socket", talk, setup=serving("web_socket", 80), duration=27),
    Run("web-socket-whole-network", talk, setup=serving("web_socket", 80), target=None, duration=27),
    Run("broker", subscribed, setup=serving("broker", 1883), target=SERVER4 + ":1883", duration=25),
    Run("broker-and-a-sleeper", subscribed_asleep, setup=serving("broker", 1883, 8), target=SERVER4 + ":1883", duration=29, where="server"),
]
