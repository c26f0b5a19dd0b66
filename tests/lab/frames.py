#!/usr/bin/env python3
"""What hosts do on a link that no ordinary program makes the kernel do.  Prints 'ready', then runs until it is ended.

  frames.py take ADDRESS VICTIM VICTIM_MAC       tells the victim each second that ADDRESS is here: ARP answers nobody asked for
  frames.py crowd FIRST COUNT PER_SECOND         COUNT hosts of their own link-layer addresses ask for each other, in turn
  frames.py sweep NETWORK PER_SECOND             datagrams to one address after the other: the kernel asks who has them
  frames.py shout ADDRESS PORT PER_SECOND [same] broadcasts, each with other content unless 'same'
  frames.py poll PORT ADDRESS...                 one datagram to each at once, every two seconds, as monitors do
"""

import ipaddress
import itertools
import os
import socket
import struct
import sys
import time

ARP, BROADCAST = b"\x08\x06", b"\xff" * 6


def raw():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind(("eth0", 0))
    return sock


def mac_bytes(text):
    return bytes(int(part, 16) for part in text.split(":"))


def arp(op, to, sender_mac, sender, target_mac, target):
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, op) + sender_mac + socket.inet_aton(sender) + target_mac + socket.inet_aton(target)
    return to + sender_mac + ARP + body + bytes(18)


def every(period):
    """Each tick of an absolute schedule, for ever."""
    began = time.monotonic()
    for n in itertools.count():
        time.sleep(max(0.0, began + n * period - time.monotonic()))
        yield n


def take(address, victim, victim_mac):
    sock, own = raw(), mac_bytes(open("/sys/class/net/eth0/address", encoding="ascii").read().strip())
    frame = arp(2, mac_bytes(victim_mac), own, address, mac_bytes(victim_mac), victim)
    for _ in every(1):
        sock.send(frame)


def crowd(first, count, per_second):
    sock, base, count = raw(), int(ipaddress.ip_address(first)), int(count)
    hosts = [(bytes([2, 0x77, 0, 0, n >> 8, n & 255]), str(ipaddress.ip_address(base + n))) for n in range(count)]
    for n in every(1 / float(per_second)):
        (mac, address), (other_mac, other) = hosts[n % count], hosts[(n * 7 + 1) % count]
        sock.send(arp(1, BROADCAST, mac, address, bytes(6), other))
        sock.send(arp(2, mac, other_mac, other, mac, address))


def sweep(network, per_second):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    hosts = itertools.cycle(ipaddress.ip_network(network).hosts())
    for _ in every(1 / float(per_second)):
        try:
            sock.sendto(b"?", (str(next(hosts)), 161))
        except OSError:
            pass  # the kernel has given an earlier one up


def shout(address, port, per_second, how=""):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for n in every(1 / float(per_second)):
        sock.sendto(b"here I am " + (b"" if how == "same" else b"%d" % n) + b"." * 90, (address, int(port)))


def poll(port, *addresses):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in every(2):
        for address in addresses:
            try:
                sock.sendto(b"how are you?", (address, int(port)))
            except OSError:
                pass


if __name__ == "__main__":
    print("ready", flush=True)
    try:
        {"take": take, "crowd": crowd, "sweep": sweep, "shout": shout, "poll": poll}[sys.argv[1]](*sys.argv[2:])
    except OSError as why:
        print("%s: %s" % (" ".join(sys.argv[1:]), why), file=sys.stderr)
        os._exit(1)
