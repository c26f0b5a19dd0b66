#!/usr/bin/env python3
"""A link that says how fast it is: a TAP interface whose frames go to and come from another interface.

  tap.py TAP OTHER

veth pairs claim 10 Gbit/s whatever passes them; a TAP interface takes the speed that ethtool gives it.
"""

import fcntl
import os
import select
import socket
import struct
import sys

ETH_P_ALL = 3
TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x0002 | 0x1000


def main():
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", sys.argv[1].encode(), IFF_TAP_NO_PI))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    wire.bind((sys.argv[2], ETH_P_ALL))
    wire.setblocking(False)
    print("ready", flush=True)
    while True:
        for source in select.select([tap, wire], [], [])[0]:
            try:
                while True:
                    if source is wire:
                        frame, origin = wire.recvfrom(65536)
                        if origin[2] != socket.PACKET_OUTGOING:
                            os.write(tap, frame)
                    else:
                        wire.send(os.read(tap, 65536))
            except BlockingIOError:
                pass
            except OSError:
                pass  # an interface that is down or full loses frames


if __name__ == "__main__":
    main()
