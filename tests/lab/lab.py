"""A small real network on one machine: client - router - server, each a network namespace.

Every name of a run starts with pcm<pid>-<n>, so that runs can go side by side; all of it goes away when the
Lab is closed, when the program ends, and, should it have been killed, when the next one starts (sweep_stale).
Addresses are the documentation ranges: nothing here has a route to the world.

    client eth0 192.0.2.2      toc router tos      eth0 server 198.51.100.10 .. .13, resolver 198.51.100.53
           2001:db8:1::2                                       2001:db8:2::10 .. ::13

Faults are made where real ones happen: by packet filter rules and queues in the router, by servers and
clients that misbehave.  The kernel sends, loses, repeats and resets everything itself.
"""

import atexit
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("PCM_BUILD", os.path.join(TOP, "build", "release"))
PROGRAMS = ("capd", "mcpd", "mcpd-net")

CLIENT4, CLIENT6 = "192.0.2.2", "2001:db8:1::2"
ROUTER4, ROUTER6 = "192.0.2.1", "2001:db8:1::1"
SERVER4, SERVER6 = "198.51.100.10", "2001:db8:2::10"
SERVERS4 = tuple("198.51.100.%d" % n for n in (10, 11, 12, 13))
SERVERS6 = tuple("2001:db8:2::%d" % n for n in (10, 11, 12, 13))
RESOLVER4 = "198.51.100.53"
NAMES = {"www.lab.test": 0, "lossy.lab.test": 1, "refused.lab.test": 2, "other.lab.test": 3}

# Made-up ids, no accounts: capd, the person who runs mcpd, and the group that may talk to capd.
CAPD_UID, PERSON_UID, CLIENTS_GID = 61000, 61001, 61002

_serial = itertools.count(1)
_open_labs = []


class LabError(Exception):
    """The lab itself could not be built or did not behave; never a verdict about the product."""


def run(argv, check=True, timeout=30, **more):
    """Run a program, return its CompletedProcess with text output."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=timeout, check=False, **more)
    if check and done.returncode != 0:
        raise LabError("%s: exit %d: %s" % (" ".join(argv), done.returncode, done.stderr.strip()))
    return done


def missing_tools():
    """What the lab needs and this machine lacks; an empty list when it can run."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    gone = [t for t in ("ip", "nft", "curl", "dnsmasq", "openssl", "ethtool", "setpriv") if not shutil.which(t, path=path)]
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
        match = re.match(r"pcm(\d+)-\d+[crs]$", name)
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


def _close_all():
    for lab in list(_open_labs):
        lab.close()


def _on_signal(number, _frame):
    _close_all()
    os._exit(128 + number)  # at once: other threads may be waiting for what was just taken down


atexit.register(_close_all)


def install_signal_handlers():
    """Take the labs down when the program is told to end."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _on_signal)


class Lab:
    """One network.  Use as a context manager."""

    def __init__(self):
        sweep_stale()
        stem = "pcm%d-%d" % (os.getpid(), next(_serial))
        self.client, self.router, self.server = stem + "c", stem + "r", stem + "s"
        self.dir = tempfile.mkdtemp(prefix="pcm-lab-%d-" % os.getpid())
        os.chmod(self.dir, 0o711)
        self.procs = []
        self.capd = None
        self.sock = None
        _open_labs.append(self)
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

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
        os.makedirs("/etc/netns/" + self.client, exist_ok=True)
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

    def slow_link(self, rate="20mbit", burst="20kb", queue="300ms"):
        """A slow link with a deep queue towards the client."""
        self.in_ns(self.router, ["tc", "qdisc", "replace", "dev", "toc", "root", "tbf", "rate", rate, "burst", burst,
                                 "latency", queue])

    # ---- processes ------------------------------------------------------------------------------

    def spawn(self, namespace, argv, ready=None, timeout=10, **more):
        """Start a program in a namespace.  `ready` is a text to wait for on its standard output."""
        more.setdefault("stdout", subprocess.PIPE if ready else subprocess.DEVNULL)
        more.setdefault("stderr", subprocess.DEVNULL)
        proc = subprocess.Popen(["ip", "netns", "exec", namespace] + list(argv), stdin=subprocess.DEVNULL,
                                start_new_session=True, **more)
        self.procs.append(proc)
        if ready:
            deadline = time.monotonic() + timeout
            line = b""
            while ready.encode() not in line:
                line = proc.stdout.readline()
                if not line or time.monotonic() > deadline:
                    raise LabError("%s did not become ready" % " ".join(argv))
        return proc

    def stop(self, proc):
        """End a spawned program and what it started."""
        try:
            os.killpg(proc.pid, signal.SIGTERM)
            proc.wait(3)
        except ProcessLookupError:
            proc.wait(1)
        except subprocess.TimeoutExpired:
            os.killpg(proc.pid, signal.SIGKILL)
            proc.wait(3)
        for pipe in (proc.stdout, proc.stderr):
            if pipe:
                pipe.close()
        if proc in self.procs:
            self.procs.remove(proc)

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

    # ---- the product ------------------------------------------------------------------------------

    def install_programs(self):
        """Copy the programs into the scratch directory, where any user can run them (a clone may lie in a private home)."""
        for name in PROGRAMS:
            source = os.path.join(BUILD, name)
            if not os.path.exists(source):
                raise LabError("%s is not built" % source)
            shutil.copy(source, os.path.join(self.dir, name))
            os.chmod(os.path.join(self.dir, name), 0o755)

    def start_capd(self, namespace=None, start="ambient", config=""):
        """Start capd: as an ordinary user with ambient CAP_NET_RAW ('ambient'), or as root that drops ('root')."""
        self.install_programs()
        sockdir = os.path.join(self.dir, "run")
        os.makedirs(sockdir, exist_ok=True)
        os.chown(sockdir, CAPD_UID, CLIENTS_GID)
        os.chmod(sockdir, 0o750)
        self.sock = os.path.join(sockdir, "capd.sock")
        conf = os.path.join(self.dir, "capd.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write("allowed_groups = %d\n" % CLIENTS_GID + config)
        os.chmod(conf, 0o644)
        self.capd_log = os.path.join(self.dir, "capd.log")
        command = [os.path.join(self.dir, "capd"), "--config", conf, "--socket", self.sock]
        if start == "ambient":
            caps = ["--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"]
            command = ["setpriv", "--reuid=%d" % CAPD_UID, "--regid=%d" % CLIENTS_GID, "--clear-groups"] + caps + command
        else:
            command += ["--user", "nobody"]
        with open(self.capd_log, "wb") as log:
            self.capd = self.spawn(namespace or self.client, command, stdout=log, stderr=log)
        deadline = time.monotonic() + 5
        while not os.path.exists(self.sock):
            if self.capd.poll() is not None or time.monotonic() > deadline:
                raise LabError("capd did not start: " + self.capd_output())
            time.sleep(0.02)
        return self.capd

    def capd_output(self):
        """What capd has said so far."""
        with open(self.capd_log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def as_person(self, argv):
        """Prefix: an ordinary user without any capability, member of the group that may talk to capd."""
        return ["setpriv", "--reuid=%d" % PERSON_UID, "--regid=%d" % PERSON_UID, "--groups=%d" % CLIENTS_GID,
                "--inh-caps=-all", "--bounding-set=-all"] + list(argv)

    def mcpd(self, *args):
        """The command line of mcpd as that ordinary user."""
        return self.as_person([os.path.join(self.dir, "mcpd")] + list(args))

    def diagnose(self, target=None, duration=5, interface="eth0", traffic=None, namespace=None, mode=None, extra=()):
        """Run `mcpd diagnose --json` and, once the packet socket is open, `traffic(self)`.

        Returns a Diagnosis.  The report is None when standard output was no JSON document."""
        namespace = namespace or self.client
        argv = ["diagnose"] + ([target] if target else []) + ["--json", "--duration", str(duration), "--interface",
                                                              interface, "--no-probe", "--capd", self.sock]
        argv += (["--mode", mode] if mode else []) + list(extra)
        out, err = os.path.join(self.dir, "report.json"), os.path.join(self.dir, "mcpd.err")
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            proc = self.spawn(namespace, self.mcpd(*argv), stdout=stdout, stderr=stderr)
        try:
            started = self._wait_packet_socket(proc)
            if started and traffic:
                traffic(self)
            code = proc.wait(duration + 20)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if proc.poll() is None:
                self.stop(proc)
            elif proc in self.procs:
                self.procs.remove(proc)
        with open(out, encoding="utf-8", errors="replace") as text:
            stdout_text = text.read()
        with open(err, encoding="utf-8", errors="replace") as text:
            stderr_text = text.read()
        return Diagnosis(code, stdout_text, stderr_text)

    def _wait_packet_socket(self, proc, timeout=8):
        """True once a capture runs beside `proc`: an AF_PACKET socket of its namespace is bound and running."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and proc.poll() is None:
            if self.packet_sockets(proc.pid):
                time.sleep(0.15)  # the filter and the sandbox follow the socket
                return True
            time.sleep(0.02)
        return False

    @staticmethod
    def packet_sockets(pid):
        """How many bound packet sockets the network namespace of a process has."""
        try:
            with open("/proc/%d/net/packet" % pid, encoding="ascii") as table:
                rows = [line.split() for line in table][1:]
        except OSError:
            return 0
        return sum(1 for row in rows if row[4] != "0" and row[5] == "1")

    # ---- the end --------------------------------------------------------------------------------

    def close(self):
        """Take everything down; safe to call twice."""
        if self not in _open_labs:
            return
        _open_labs.remove(self)
        for proc in list(self.procs):
            try:
                self.stop(proc)
            except (OSError, subprocess.SubprocessError):
                pass
        for name in (self.client, self.router, self.server):
            _delete_namespace(name)
        shutil.rmtree(self.dir, ignore_errors=True)


class Diagnosis:
    """What one `mcpd diagnose --json` said."""

    def __init__(self, code, stdout, stderr):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        try:
            self.report = json.loads(stdout)
        except ValueError:
            self.report = None

    @property
    def status(self):
        """verdict.status, or None."""
        return ((self.report or {}).get("verdict") or {}).get("status")

    @property
    def problems(self):
        """problems_detected as a list."""
        return (self.report or {}).get("problems_detected") or []

    def finding(self, wanted):
        """The first finding of that id, or None."""
        return next((p for p in self.problems if p.get("id") == wanted), None)

    def above_info(self):
        """Findings that are warnings or worse."""
        return [p for p in self.problems if p.get("severity") != "info"]
