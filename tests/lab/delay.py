#!/usr/bin/env python3
"""Forward frames between two interfaces, each after a fixed delay: distance, which this kernel cannot make.

  delay.py ONE OTHER MILLISECONDS
"""

import collections
import select
import socket
import sys
import time

ETH_P_ALL = 3


def open_raw(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((interface, ETH_P_ALL))
    sock.setblocking(False)
    return sock


def main():
    one, other = open_raw(sys.argv[1]), open_raw(sys.argv[2])
    delay_s = float(sys.argv[3]) / 1000
    towards = {one: other, other: one}
    waiting = collections.deque()  # (due, socket, frame); one delay for all, so they leave in the order they came
    print("ready", flush=True)
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for sock in select.select([one, other], [], [], left)[0]:
            try:
                while True:
                    frame, origin = sock.recvfrom(65536)
                    if origin[2] != socket.PACKET_OUTGOING:
                        waiting.append((time.monotonic() + delay_s, towards[sock], frame))
            except BlockingIOError:
                pass
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _due, sock, frame = waiting.popleft()
            try:
                sock.send(frame)
            except OSError:
                pass  # a full queue loses packets, as queues do


if __name__ == "__main__":
    main()
