"""More hosts on the client's link, and what they do there: the router's side of the link becomes a switch.

    client eth0 -- port \\
    host 1 eth0 -- lan1  > bridge toc, the router's own address -- tos -- server
    host 2 eth0 -- lan2 /

A switch sends broadcasts everywhere and the rest where it belongs, so that the client sees of its
neighbours what a real one sees.
"""

import os
import sys
import time

from lab import LabError, ROUTER4, ROUTER6
from product import run

HERE = os.path.dirname(os.path.abspath(__file__))
OFFLOADS_OFF = ["tso", "off", "gso", "off", "gro", "off", "tx", "off"]


def switch(lab):
    """Turn the router's side of the link into a switch; its addresses and its link-layer address stay."""
    mac = mac_of(lab, lab.router, "toc")
    lab.sysctl(lab.router, **{"net.ipv6.conf.toc.disable_ipv6": 1})
    lab._batch(lab.router, [  # pylint: disable=protected-access
        "link set toc down", "addr flush dev toc", "link set toc name port", "link add toc type bridge mcast_snooping 0",
        "link set toc address " + mac, "link set port master toc", "addr add %s/24 dev toc" % ROUTER4, "link set port up",
        "link set toc up"])
    lab.sysctl(lab.router, **{"net.ipv6.conf.toc.accept_dad": 0})
    lab.in_ns(lab.router, ["ip", "-6", "addr", "add", ROUTER6 + "/64", "dev", "toc", "nodad"])
    lab._warm_up()  # pylint: disable=protected-access


def neighbour(lab, *addresses, up=True):
    """One more host on the switch, with these addresses; returns its namespace."""
    number = len(lab.neighbours) + 1
    name, port = "%sh%d" % (lab.stem, number), "lan%d" % number
    run(["ip", "netns", "add", name])
    lab.neighbours.append(name)
    run(["ip", "-n", lab.router, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name])
    lab.sysctl(name, **{"net.ipv6.conf.all.accept_dad": 0, "net.ipv6.conf.default.accept_dad": 0,
                        "net.ipv6.conf.eth0.accept_dad": 0, "net.ipv6.conf.eth0.router_solicitations": 0,
                        "net.ipv4.conf.eth0.arp_notify": 1})
    lab.sysctl(lab.router, **{"net.ipv6.conf.%s.disable_ipv6" % port: 1})
    for namespace, dev in ((lab.router, port), (name, "eth0")):
        lab.in_ns(namespace, ["ethtool", "-K", dev] + OFFLOADS_OFF)
    lab.in_ns(lab.router, ["ip", "link", "set", port, "master", "toc", "up"])
    for address in addresses:
        add(lab, name, address)
    lab.in_ns(name, ["ip", "link", "set", "lo", "up"])
    if up:
        lab.in_ns(name, ["ip", "link", "set", "eth0", "up"])
    return name


def add(lab, namespace, address):
    six = ":" in address
    lab.in_ns(namespace, ["ip", "addr", "add", address + ("/64" if six else "/24"), "dev", "eth0"] + (["nodad"] if six else []))


def mac_of(lab, namespace, dev):
    return lab.in_ns(namespace, ["cat", "/sys/class/net/%s/address" % dev]).stdout.strip()


def forget(lab, namespace, *addresses):
    """Out of the neighbour table, as after a while: the next packet asks anew."""
    for address in addresses:
        lab.in_ns(namespace, ["ip", "neigh", "del", address, "dev", "eth0"], check=False)


def frames(lab, namespace, *words):
    """frames.py's behaviours, in the background."""
    return lab.spawn(namespace, [sys.executable, os.path.join(HERE, "frames.py")] + [str(w) for w in words], ready="ready")


# ---- DHCP ----------------------------------------------------------------------------------------

def dhcp_server(lab, namespace, dev, address, first, last, *more):
    """dnsmasq as nothing but a DHCP server of this range."""
    leases = os.path.join(lab.dir, "leases-" + address)
    proc = lab.spawn(namespace, ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--pid-file=",
                                 "--user=root", "--group=root", "--log-facility=" + leases + ".log", "--log-dhcp",
                                 "--interface=" + dev, "--bind-interfaces", "--dhcp-leasefile=" + leases,
                                 "--dhcp-range=%s,%s" % (first, last), "--dhcp-option=option:router," + ROUTER4] + list(more))
    deadline = time.monotonic() + 5
    while ":67 " not in lab.in_ns(namespace, ["ss", "-Hlnu"], check=False).stdout:
        if proc.poll() is not None or time.monotonic() > deadline:
            raise LabError("dnsmasq did not start: " + open(leases + ".log", encoding="utf-8").read())
        time.sleep(0.05)
    return proc


def dhcp_client(lab, *words, wait=True, namespace=None):
    """udhcpc.  It only asks: the interface keeps the address that it has."""
    argv = ["udhcpc", "-f", "-i", "eth0", "-s", "/bin/true"] + [str(w) for w in words]
    if not wait:
        return lab.spawn(namespace or lab.client, argv)
    return lab.in_ns(namespace or lab.client, argv, check=False, timeout=60)
