"""Healthy networks of every kind: each must be called healthy, with nothing above info."""

import os
import sys
import threading
import time

from lab import LabError, SERVER4
from product import HERE, run
from runs import Run, WEB, client, gets, must, web


def side_by_side(count, one):
    """The same by so many clients at once."""
    def traffic(lab):
        errors = []

        def work():
            try:
                one(lab)
            except LabError as why:
                errors.append(why)
        threads = [threading.Thread(target=work) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
    return traffic


def one_curl_many_requests(lab):
    """A page of two hundred small parts over one connection."""
    must(lab.curl(*["http://%s/bytes/%d" % (WEB, 300 + n) for n in range(200)]), "curl")


def offloads(lab, how):
    for namespace, dev in ((lab.client, "eth0"), (lab.router, "toc"), (lab.router, "tos"), (lab.server, "eth0")):
        lab.in_ns(namespace, ["ethtool", "-K", dev, "tso", how, "gso", how, "gro", how])


def offloading_web(lab):
    """As machines are: segments of up to 64 KiB where they are captured."""
    web(lab)
    offloads(lab, "on")


def jumbo_web(lab):
    web(lab)
    for namespace, dev in ((lab.client, "eth0"), (lab.router, "toc"), (lab.router, "tos"), (lab.server, "eth0")):
        lab.in_ns(namespace, ["ip", "link", "set", dev, "mtu", "9000"])


def tagged_web(lab):
    """Between router and server are two switches and a trunk, trunk1 - trunk2, on which their network is tagged."""
    web(lab)
    for words in (["set", "tos", "down"], ["set", "tos", "name", "far"], ["add", "tos", "type", "veth", "peer", "name", "near"],
                  ["add", "trunk1", "type", "veth", "peer", "name", "trunk2"]):
        run(["ip", "-n", lab.router, "link"] + words)
    run(["ip", "-n", lab.router, "addr", "flush", "dev", "far"])
    run(["ip", "-n", lab.router, "addr", "add", "198.51.100.1/24", "dev", "tos"])
    for dev in ("far", "near", "trunk1", "trunk2"):
        lab.sysctl(lab.router, **{"net.ipv6.conf.%s.disable_ipv6" % dev: 1})
    for namespace, dev in ((lab.router, "tos"), (lab.server, "eth0")):  # nobody finishes them on the way
        lab.in_ns(namespace, ["ethtool", "-K", dev, "tso", "off", "gso", "off", "gro", "off", "tx", "off"])
    for dev in ("far", "near", "trunk1", "trunk2", "tos"):
        run(["ip", "-n", lab.router, "link", "set", dev, "up"])
    run(["ip", "-n", lab.router, "addr", "add", "2001:db8:2::1/64", "dev", "tos", "nodad"])
    for access, trunk in (("near", "trunk1"), ("far", "trunk2")):
        lab.spawn(lab.router, [sys.executable, os.path.join(HERE, "delay.py"), access, trunk, "0", "tag", "42"], ready="ready")
    lab._warm_up()  # pylint: disable=protected-access


def chunks(count, size, gap):
    """A film as it comes over HTTP: a piece at a time on one connection, then a pause."""
    return client("film", SERVER4, 80, count, size, gap)


def watched(lab):
    """A shell session: a key now and then, each answered at once, with long pauses."""
    must(lab.client_run("typing", SERVER4, 22, 14, 330), "typing")
    time.sleep(3)


def echo(lab):
    lab.serve("greeter", SERVER4, 22, 0)


HEALTHY = [
    Run("many-small-requests", side_by_side(4, one_curl_many_requests), setup=web),
    Run("many-short-connections", side_by_side(3, gets("http://%s/bytes/400" % WEB, 40, gap=0.01)), setup=web, duration=7),
    Run("idle-for-long", client("idle", SERVER4, 80, 9), setup=web, duration=11),
    Run("shell-session", watched, setup=echo, target=SERVER4 + ":22", duration=10),
    Run("film", chunks(8, 1500000, 0.8), setup=web, duration=10),
    Run("film-on-a-slow-link", chunks(5, 200000, 1.2), setup=lambda lab: (web(lab), lab.slow_link("60mbit", "60kb", "400ms")),
        duration=12),
    Run("tagged-network", gets("http://%s/bytes/100000" % WEB, 8), setup=tagged_web, where="router", interface="trunk1"),
    Run("tagged-network-all", gets("http://%s/bytes/100000" % WEB, 8), setup=tagged_web, where="router", interface="trunk2",
        target=None),
    Run("jumbo-frames", gets("http://%s/bytes/5000000" % WEB, 5), setup=jumbo_web),
    Run("offloads-on", gets("http://%s/bytes/8000000" % WEB, 5), setup=offloading_web),
    Run("offloads-on-server", gets("http://%s/bytes/8000000" % WEB, 5), setup=offloading_web, where="server"),
    Run("reset-after-end", client("unread", SERVER4, 80, times=6), setup=web),
    Run("delayed-acks", client("lazy", SERVER4, 80, 20, 250), setup=web, duration=8),
    Run("slow-upload", client("drips", SERVER4, 80, 25, 180), setup=web, duration=8),
    Run("preconnects-of-a-browser", side_by_side(3, client("preconnect", SERVER4, 80, 2.5)), setup=web, target="http", duration=7),
]
