#!/usr/bin/env python3
"""A capd that misbehaves, for mcpd: a real socket, real frames, false contents.

  fakecapd.py SOCKET HOW      silent, slams, garbage, version, nonsense, lies, floods
"""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lab"))
from rawcapd import pack  # noqa: E402

HELLO_REPLY, INTERFACES_REPLY, OK, STARTED, TOTALS = 32, 33, 35, 64, 65
HELLO = {"version": "capd 0.1.0", "private": False, "live": True, "names": True, "max_captures": 8, "max_per_caller": 4,
         "max_duration_s": 3600, "snaplen": 2048}


def frame(kind, stream, body, version=1, length=None):
    """Header and body as capd sends them."""
    return struct.pack(">4sBBHII", b"PCM1", version, kind, 0, stream, len(body) if length is None else length) + body


def read_request(sock):
    """(type, stream) of one request; None: the end."""
    head = sock.recv(16, socket.MSG_WAITALL)
    if len(head) < 16:
        return None
    _magic, _version, kind, _flags, stream, length = struct.unpack(">4sBBHII", head)
    if length:
        sock.recv(length, socket.MSG_WAITALL)
    return kind, stream


def answer(sock, how):
    """What one client gets."""
    while True:
        request = read_request(sock)
        if request is None or how == "slams":
            return
        kind, stream = request
        if how == "silent":
            continue
        if how == "garbage":
            sock.sendall(os.urandom(4096))
        elif how == "version":
            sock.sendall(frame(HELLO_REPLY, stream, pack(HELLO), version=9))
        elif kind == 1:
            sock.sendall(frame(HELLO_REPLY, stream, pack(HELLO)))
        elif how == "nonsense":
            sock.sendall(frame(INTERFACES_REPLY if kind == 2 else STARTED, stream, os.urandom(700)))
        elif how == "lies":
            for n in range(stream + 50):
                sock.sendall(frame(STARTED, n, pack({"capture_id": "f" * 32})) + frame(TOTALS, n, pack({})))
        elif how == "floods":
            # An array that claims 4 thousand million elements, and frames that claim the most that is allowed.
            sock.sendall(frame(INTERFACES_REPLY, stream, b"\xdf\xff\xff\xff\xff" + b"\xdd\xff\xff\xff\xff" * 50))
            while True:
                sock.sendall(frame(TOTALS, 77, b"\x80" + bytes(262143)))


def main(path, how):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen(8)
    print("ready", flush=True)
    while True:
        sock, _ = listener.accept()
        try:
            answer(sock, how)
        except OSError:
            pass  # mcpd hung up, as it should
        sock.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
