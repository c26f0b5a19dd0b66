#!/usr/bin/env python3
"""Forward frames between two interfaces, each after a fixed delay: distance, which this kernel cannot make.

  delay.py ONE OTHER MILLISECONDS [shuffle MS | synack MS | hold EVERY_MS FOR_MS | doze EVERY_MS AWAKE_MS | tag VLAN]

  shuffle  up to MS more for each frame, so that they overtake each other
  synack MS  that much more for the answers to SYNs (IPv4), as behind a proxy that is slow to take connections
  hold     every so often all wait for a while and then go together, as when a Wi-Fi card looks around
  doze     what goes to ONE waits for the next beacon, one every so often, unless something passed shortly before: a
           Wi-Fi card that saves power
  tag      what goes to OTHER gets this VLAN tag, as by a switch (what comes from there loses it in the kernel)
"""

import heapq
import itertools
import random
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 3


def open_raw(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((interface, ETH_P_ALL))
    sock.setblocking(False)
    return sock


def is_synack(frame):
    """An IPv4 frame with SYN and ACK."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return False
    return frame[14 + 4 * (frame[14] & 15) + 13] & 0x12 == 0x12


def due_time(due, how, more_s, frame):
    if how == "synack":
        return due + (more_s[0] if is_synack(frame) else 0)
    if how == "shuffle":
        return due + random.uniform(0, more_s[0])
    if how == "hold" and due % more_s[0] < more_s[1]:
        return due - due % more_s[0] + more_s[1]
    return due


class Doze:
    """When the card on one side is awake: for a while after each frame to or from it."""

    def __init__(self, more_s):
        self.every_s, self.awake_s = more_s
        self.until = 0.0

    def due(self, due, to_card):
        if to_card and due > self.until:
            due += self.every_s - due % self.every_s
        self.until = max(self.until, due + self.awake_s)
        return due


def main():
    one, other = open_raw(sys.argv[1]), open_raw(sys.argv[2])
    delay_s = float(sys.argv[3]) / 1000
    towards = {one: other, other: one}
    how = sys.argv[4] if len(sys.argv) > 4 else ""
    tag = struct.pack("!HH", 0x8100, int(sys.argv[5])) if how == "tag" else b""
    more_s = [float(word) / 1000 for word in sys.argv[5:]]
    doze = Doze(more_s) if how == "doze" else None
    latest = {one: 0.0, other: 0.0}  # when the last frame that way is due
    waiting, number = [], itertools.count()  # (due, number, socket, frame): equal times in the order they came
    print("ready", flush=True)
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for sock in select.select([one, other], [], [], left)[0]:
            try:
                while True:
                    frame, origin = sock.recvfrom(65536)
                    if origin[2] != socket.PACKET_OUTGOING:
                        if how == "tag" and sock is one:
                            frame = frame[:12] + tag + frame[12:]
                        due = due_time(time.monotonic() + delay_s, how, more_s, frame)
                        if doze:
                            due = doze.due(due, sock is other)
                        if how not in ("shuffle", "synack"):
                            due = latest[sock] = max(due, latest[sock])
                        heapq.heappush(waiting, (due, next(number), towards[sock], frame))
            except BlockingIOError:
                pass
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _due, _number, sock, frame = heapq.heappop(waiting)
            try:
                sock.send(frame)
            except OSError:
                pass  # a full queue loses packets, as queues do


if __name__ == "__main__":
    main()
