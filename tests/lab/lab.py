"""A small real network on one machine: client - router - server, each a network namespace.

Every name of a run starts with pcm<pid>-<n>, so that runs can go side by side; all of it goes away when the
Lab is closed, when the program ends, and, should it have been killed, when the next one starts (sweep_stale).
Addresses are the documentation ranges: nothing here has a route to the world.

    client eth0 192.0.2.2      toc router tos      eth0 server 198.51.100.10 .. .13, resolver 198.51.100.53
           2001:db8:1::2                                       2001:db8:2::10 .. ::13

Faults are made where real ones happen: by packet filter rules and queues in the router, by servers and
clients that misbehave.  The kernel sends, loses, repeats and resets everything itself.
"""

import itertools
import os
import re
import shutil
import signal
import sys
import tempfile
import time

from product import HERE, TOP, LabError, Product, install_signal_handlers, run

CLIENT4, CLIENT6 = "192.0.2.2", "2001:db8:1::2"
ROUTER4, ROUTER6 = "192.0.2.1", "2001:db8:1::1"
SERVER4, SERVER6 = "198.51.100.10", "2001:db8:2::10"
SERVERS4 = tuple("198.51.100.%d" % n for n in (10, 11, 12, 13))
SERVERS6 = tuple("2001:db8:2::%d" % n for n in (10, 11, 12, 13))
RESOLVER4 = "198.51.100.53"
NAMES = {"www.lab.test": 0, "lossy.lab.test": 1, "refused.lab.test": 2, "other.lab.test": 3}

_serial = itertools.count(1)


def missing_tools():
    """What the lab needs and this machine lacks; an empty list when it can run."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    gone = [t for t in ("ip", "nft", "curl", "dnsmasq", "openssl", "ethtool", "setpriv", "udhcpc") if not shutil.which(t, path=path)]
    if os.geteuid() != 0:
        gone.append("root")
    elif not gone:
        probe = run(["unshare", "-n", "true"], check=False)
        if probe.returncode != 0:
            gone.append("network namespaces (%s)" % probe.stderr.strip())
    return gone


def sweep_stale():
    """Remove what killed runs left: namespaces, their processes, resolver files, scratch directories."""
    listed = run(["ip", "netns", "list"], check=False).stdout.split("\n")
    folder = os.listdir("/etc/netns") if os.path.isdir("/etc/netns") else []
    for name in {line.split()[0] for line in listed if line.strip()} | set(folder):
        match = re.match(r"pcm(\d+)-\d+([crs]|h\d+)$", name)
        if match and not os.path.exists("/proc/" + match.group(1)):
            _delete_namespace(name)
    base = tempfile.gettempdir()
    for name in os.listdir(base):
        match = re.match(r"pcm-lab-(\d+)-", name)
        if match and not os.path.exists("/proc/" + match.group(1)):
            shutil.rmtree(os.path.join(base, name), ignore_errors=True)


def _delete_namespace(name):
    for pid in run(["ip", "netns", "pids", name], check=False).stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass
    run(["ip", "netns", "del", name], check=False)
    shutil.rmtree(os.path.join("/etc/netns", name), ignore_errors=True)
    try:
        os.rmdir("/etc/netns")  # only if it is empty
    except OSError:
        pass


class Lab(Product):
    """One network.  Use as a context manager."""

    def __init__(self):
        sweep_stale()
        super().__init__()
        stem = "pcm%d-%d" % (os.getpid(), next(_serial))
        self.client, self.router, self.server = stem + "c", stem + "r", stem + "s"
        self.stem, self.neighbours = stem, []  # more hosts on the client's link: lan.py adds them
        self.home = self.client
        self.background = None
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def close_network(self):
        for name in [self.client, self.router, self.server] + self.neighbours:
            _delete_namespace(name)

    # ---- the network ---------------------------------------------------------------------------

    def _build(self):
        for name in (self.client, self.router, self.server):
            run(["ip", "netns", "add", name])
        self._batch(self.router, [
            "link add toc type veth peer name eth0 netns " + self.client,
            "link add tos type veth peer name eth0 netns " + self.server,
        ])
        quiet = {"net.ipv6.conf.all.accept_dad": 0, "net.ipv6.conf.default.accept_dad": 0,
                 "net.ipv6.conf.all.router_solicitations": 0, "net.ipv6.conf.default.router_solicitations": 0,
                 "net.ipv6.conf.all.accept_ra": 0, "net.ipv6.conf.eth0.accept_dad": 0,
                 "net.ipv6.conf.eth0.router_solicitations": 0}
        # Windows that fit the veth pairs' own queue of 1000 packets: a bulk transfer must not lose by itself.
        quiet.update({"net.ipv4.tcp_rmem": "4096 131072 600000", "net.ipv4.tcp_wmem": "4096 65536 600000"})
        for name in (self.client, self.router, self.server):
            self.sysctl(name, **quiet)
        self.sysctl(self.router, **{"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1,
                                    "net.ipv6.conf.toc.accept_dad": 0, "net.ipv6.conf.tos.accept_dad": 0})
        # Offloads off: segments then have the size they would have on a wire, and loss hits one at a time.
        for name, dev in ((self.client, "eth0"), (self.router, "toc"), (self.router, "tos"), (self.server, "eth0")):
            self.in_ns(name, ["ethtool", "-K", dev, "tso", "off", "gso", "off", "gro", "off"])
        self._batch(self.router, [
            "addr add %s/24 dev toc" % ROUTER4, "addr add 198.51.100.1/24 dev tos",
            "addr add %s/64 dev toc nodad" % ROUTER6, "addr add 2001:db8:2::1/64 dev tos nodad",
            "link set lo up", "link set toc up", "link set tos up",
        ])
        self._batch(self.client, [
            "addr add %s/24 dev eth0" % CLIENT4, "addr add %s/64 dev eth0 nodad" % CLIENT6,
            "link set lo up", "link set eth0 up",
            "route add default via " + ROUTER4, "-6 route add default via " + ROUTER6,
        ])
        self._batch(self.server, ["addr add %s/24 dev eth0" % a for a in SERVERS4 + (RESOLVER4,)]
                    + ["addr add %s/64 dev eth0 nodad" % a for a in SERVERS6]
                    + ["link set lo up", "link set eth0 up", "route add default via 198.51.100.1",
                       "-6 route add default via 2001:db8:2::1"])
        self.nft(self.router, "add table inet fw",
                 "add chain inet fw forward { type filter hook forward priority 0 ; }")
        for _ in range(5):
            try:
                os.makedirs("/etc/netns/" + self.client, exist_ok=True)
                break
            except FileNotFoundError:  # a lab beside this one has just removed the empty /etc/netns
                continue
        with open("/etc/netns/%s/resolv.conf" % self.client, "w", encoding="ascii") as out:
            out.write("nameserver %s\noptions timeout:1 attempts:2\n" % RESOLVER4)
        with open("/etc/netns/%s/hosts" % self.client, "w", encoding="ascii") as out:
            out.write("127.0.0.1 localhost\n::1 localhost\n")
        self._warm_up()

    def _warm_up(self):
        """Learn the neighbours and wait until both families pass, so that a run starts on a settled network."""
        for flag, address in (("-4", SERVER4), ("-6", SERVER6)):
            for _ in range(20):
                if self.in_ns(self.client, ["ping", flag, "-q", "-c1", "-W1", address], check=False).returncode == 0:
                    break
                time.sleep(0.1)
            else:
                raise LabError("the server's address %s does not answer through the router" % address)

    def _batch(self, namespace, lines):
        path = os.path.join(self.dir, "ip.batch")
        with open(path, "w", encoding="ascii") as out:
            out.write("\n".join(lines) + "\n")
        # -batch takes one family per run: lines that begin with -6 go in a run of their own.
        four = [l for l in lines if not l.startswith("-6 ")]
        six = [l[3:] for l in lines if l.startswith("-6 ")]
        for family, part in ((["-4"], four), (["-6"], six)):
            if not part:
                continue
            with open(path, "w", encoding="ascii") as out:
                out.write("\n".join(part) + "\n")
            run(["ip", "-n", namespace] + (family if family == ["-6"] else []) + ["-batch", path])

    def sysctl(self, namespace, **settings):
        """Set kernel parameters inside a namespace, by their dotted names."""
        lines = ["%s=%s" % item for item in settings.items()]
        self.in_ns(namespace, ["sysctl", "-q", "-e", "-w"] + lines, check=False)

    def in_ns(self, namespace, argv, check=True, **more):
        """Run a program to its end inside a namespace."""
        return run(["ip", "netns", "exec", namespace] + list(argv), check=check, **more)

    def nft(self, namespace, *commands):
        """Packet filter commands, one transaction."""
        path = os.path.join(self.dir, "nft.rules")
        with open(path, "w", encoding="ascii") as out:
            out.write("\n".join(commands) + "\n")
        self.in_ns(namespace, ["nft", "-f", path])

    def fault(self, rule):
        """A rule in the router's forward chain, e.g. 'ip daddr 198.51.100.11 tcp dport 80 drop'."""
        self.nft(self.router, "add rule inet fw forward " + rule)

    def lose(self, percent, match=""):
        """Random loss in the router, both directions unless `match` narrows it."""
        self.fault("%s numgen random mod 100 < %d drop" % (match, percent))

    def clear_faults(self):
        """Back to a network that passes everything."""
        self.nft(self.router, "flush chain inet fw forward")

    def mirror(self, percent_to_client=100, percent_to_server=100, copies=1):
        """A mirror port in the router, `mon0`: what passes in each direction, as far as the port keeps up.

        It sees packets as they arrive, before the router's forward chain loses any."""
        self._batch(self.router, ["link add mon type veth peer name mon0", "link set mon up", "link set mon0 up"])
        rules = ["add table netdev mirror"]
        for dev, percent in (("toc", percent_to_server), ("tos", percent_to_client)):
            rules.append('add chain netdev mirror %s { type filter hook ingress device "%s" priority 0 ; }' % (dev, dev))
            some = "numgen random mod 100 < %d " % percent if percent < 100 else ""
            rules += ['add rule netdev mirror %s %sdup to "mon"' % (dev, some)] * copies if percent else []
        self.nft(self.router, *rules)

    def late_copies(self, late_ms, *how):
        """Everything comes to the mirror port once more, later: as from a switch that hands over batches."""
        self._batch(self.router, ["link add late type veth peer name late0", "link set late up", "link set late0 up"])
        self.nft(self.router, *['add rule netdev mirror %s dup to "late"' % dev for dev in ("toc", "tos")])
        self.spawn(self.router, [sys.executable, os.path.join(HERE, "delay.py"), "late0", "mon", str(late_ms)]
                   + [str(word) for word in how], ready="ready")

    def uneven_link(self, percent):
        """Some packets to the client wait in a slow queue and are overtaken: reordering."""
        for part in (["qdisc", "replace", "dev", "toc", "root", "handle", "1:", "htb", "default", "10"],
                     ["class", "add", "dev", "toc", "parent", "1:", "classid", "1:10", "htb", "rate", "1gbit"],
                     ["class", "add", "dev", "toc", "parent", "1:", "classid", "1:20", "htb", "rate", "40mbit", "burst", "1600"]):
            self.in_ns(self.router, ["tc"] + part)
        self.fault("ip saddr %s tcp sport 80 meta length > 1000 numgen random mod 100 < %d meta priority set 1:20" % (SERVER4, percent))

    def long_path(self, one_way_ms, *how):
        """Delay between router and server, both ways, by a forwarder in user space (some thousand packets a second)."""
        self._batch(self.router, ["link set tos down", "link set tos name far", "link add tos type veth peer name near",
                                  "addr add 198.51.100.1/24 dev tos", "addr add 2001:db8:2::1/64 dev tos nodad",
                                  "link set far up", "link set near up", "link set tos up"])
        # Whole packets with true checksums: nobody finishes them on the way through user space.
        for namespace, dev in ((self.router, "tos"), (self.server, "eth0")):
            self.in_ns(namespace, ["ethtool", "-K", dev, "tso", "off", "gso", "off", "gro", "off", "tx", "off"])
        self.in_ns(self.router, ["ip", "addr", "flush", "dev", "far"])
        self.sysctl(self.router, **{"net.ipv6.conf.far.disable_ipv6": 1, "net.ipv6.conf.near.disable_ipv6": 1})
        self.spawn(self.router, [sys.executable, os.path.join(HERE, "delay.py"), "near", "far", str(one_way_ms)]
                   + [str(word) for word in how], ready="ready")
        self._warm_up()

    def slow_link(self, rate="20mbit", burst="20kb", queue="300ms"):
        """A slow link with a deep queue towards the client."""
        self.in_ns(self.router, ["tc", "qdisc", "replace", "dev", "toc", "root", "tbf", "rate", rate, "burst", burst,
                                 "latency", queue])

    def serve(self, kind, address, port, *extra, namespace=None):
        """One of tests/lab/servers.py's servers."""
        return self.spawn(namespace or self.server, [sys.executable, os.path.join(HERE, "servers.py"), kind, address,
                                                     str(port)] + [str(e) for e in extra], ready="ready")

    def dnsmasq(self, *extra):
        """A real resolver with the lab's names (others in lab.test do not exist)."""
        argv = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file=",
                "--user=root", "--group=root", "--log-facility=-", "--listen-address=" + RESOLVER4, "--bind-interfaces",
                "--local=/lab.test/"]
        argv += ["--host-record=%s,%s,%s" % (name, SERVERS4[n], SERVERS6[n]) for name, n in NAMES.items()]
        proc = self.spawn(self.server, argv + list(extra))
        self.wait_port(self.server, "udp", RESOLVER4, 53)
        return proc

    def openssl_server(self, address, port):
        """HTTPS by a stack that is not ours: `openssl s_server -www`."""
        key, cert = os.path.join(self.dir, "key.pem"), os.path.join(self.dir, "cert.pem")
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=www.lab.test", "-addext", "subjectAltName=DNS:www.lab.test", "-keyout", key, "-out",
             cert])
        proc = self.spawn(self.server, ["openssl", "s_server", "-quiet", "-www", "-accept", "%s:%d" % (address, port),
                                        "-key", key, "-cert", cert])
        self.wait_port(self.server, "tcp", address, port)
        return proc

    def wait_port(self, namespace, proto, address, port, timeout=5):
        """Wait until somebody listens there."""
        deadline = time.monotonic() + timeout
        want = "%s:%d" % ("[%s]" % address if ":" in address else address, port)
        while time.monotonic() < deadline:
            listed = self.in_ns(namespace, ["ss", "-Hln", "--" + proto], check=False).stdout
            if want in listed:
                return
            time.sleep(0.05)
        raise LabError("nobody listens on %s %s" % (proto, want))

    def client_run(self, kind, *args, check=False, timeout=60):
        """One of tests/lab/clients.py's clients, to its end."""
        return self.in_ns(self.client, [sys.executable, os.path.join(HERE, "clients.py"), kind] + [str(a) for a in args],
                          check=check, timeout=timeout)

    def curl(self, *args, timeout=60):
        """curl in the client's namespace; returns its exit code."""
        return self.in_ns(self.client, ["curl", "-sS", "-o", "/dev/null", "--max-time", str(timeout - 5)] + list(args),
                          check=False, timeout=timeout).returncode
