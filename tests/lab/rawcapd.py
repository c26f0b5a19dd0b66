#!/usr/bin/env python3
"""Requests to capd without mcpd, by hand.

  rawcapd.py SOCKET CAPTURE_ID     says hello, then asks for that capture in every way there is; one line each:
                                   what was asked, the type of the answer, its printable text
"""

import select
import socket
import struct
import sys

HELLO, INTERFACES, START, RETARGET, SNAPSHOT, STOP, STATUS = range(1, 8)
STATUS_REPLY, OK, ERROR = 34, 35, 36


def pack(value):
    """msgpack, as much as a request needs."""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, bytes):
        return b"\xc4" + bytes([len(value)]) + value
    if isinstance(value, int):
        return b"\xcf" + struct.pack(">Q", value) if value > 127 else bytes([value])
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(pack(v) for v in value)
    if isinstance(value, dict):
        return b"\xde" + struct.pack(">H", len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())
    data = value.encode()
    return b"\xda" + struct.pack(">H", len(data)) + data


def ask(path, *requests):
    """Send requests (type, body) one by one; returns the first frame of each answer as (type, body)."""
    answers = []
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        for number, (kind, body) in enumerate(requests, 1):
            data = pack(body)
            sock.sendall(struct.pack(">4sBBHII", b"PCM1", 1, kind, 0, number, len(data)) + data)
            answer = b""
            while select.select([sock], [], [], 3)[0]:
                piece = sock.recv(65536)
                answer += piece
                if not piece or (len(answer) >= 16 and len(answer) >= 16 + struct.unpack(">I", answer[12:16])[0]):
                    break
            answers.append((answer[5] if len(answer) >= 16 else 0, answer[16:]))
    return answers


def main(path, capture_id):
    """The whole list of requests that name a capture, and the one that lists them."""
    one = {"capture_id": capture_id}
    names = ("hello", "snapshot", "stop", "retarget", "status")
    answers = ask(path, (HELLO, {"client": "by hand"}), (SNAPSHOT, one), (STOP, one),
                  (RETARGET, {"capture_id": capture_id, "addresses": []}), (STATUS, {"all": True}))
    for name, (kind, body) in zip(names, answers):
        print(name, kind, "".join(chr(b) if 32 <= b < 127 else "." for b in body))


if __name__ == "__main__":
    main(*sys.argv[1:])
