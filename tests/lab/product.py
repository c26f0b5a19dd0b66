"""The product's two processes for tests and the demo: capd with CAP_NET_RAW and nothing else, mcpd with nothing.

Everything a run needs lies in a scratch directory, all processes end with it.  A Product runs on this machine's
own network; lab.Lab is one with a network of its own.
"""

import atexit
import json
import os
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

# Made-up ids, no accounts: capd, the person who runs mcpd, and the group that may talk to capd.
CAPD_UID, PERSON_UID, CLIENTS_GID = 61000, 61001, 61002

_open_products = []


class LabError(Exception):
    """The lab itself could not be built or did not behave; never a verdict about the product."""


def run(argv, check=True, timeout=30, **more):
    """Run a program, return its CompletedProcess with text output."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=timeout, check=False, **more)
    if check and done.returncode != 0:
        raise LabError("%s: exit %d: %s" % (" ".join(argv), done.returncode, done.stderr.strip()))
    return done


def _close_all():
    for product in list(_open_products):
        product.close()


def _on_signal(number, _frame):
    _close_all()
    os._exit(128 + number)  # at once: other threads may be waiting for what was just taken down


atexit.register(_close_all)


def install_signal_handlers():
    """Take everything down when the program is told to end."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _on_signal)


def enter_own_network():
    """Start this program over in a network of its own, where nobody else's traffic is; its loopback is up."""
    if os.environ.get("PCM_OWN_NETWORK") != "1":
        os.environ["PCM_OWN_NETWORK"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable] + sys.argv)
    run(["ip", "link", "set", "lo", "up"])


class Product:
    """Scratch directory, processes, capd and mcpd.  Use as a context manager."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="pcm-lab-%d-" % os.getpid())
        os.chmod(self.dir, 0o711)
        self.procs = []
        self.capd = self.sock = self.capd_log = None
        self.asking = None  # the mcpd of the diagnosis under way
        _open_products.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # ---- processes ------------------------------------------------------------------------------

    def spawn(self, namespace, argv, ready=None, timeout=10, pipe_in=False, **more):
        """Start a program in a namespace (None: this one).  `ready` is a text to wait for on its standard output."""
        more.setdefault("stdout", subprocess.PIPE if ready else subprocess.DEVNULL)
        more.setdefault("stderr", subprocess.DEVNULL)
        proc = subprocess.Popen((["ip", "netns", "exec", namespace] if namespace else []) + list(argv),
                                stdin=subprocess.PIPE if pipe_in else subprocess.DEVNULL, start_new_session=True, **more)
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
        for pipe in (proc.stdin, proc.stdout, proc.stderr):
            if pipe and not pipe.closed:
                pipe.close()
        if proc in self.procs:
            self.procs.remove(proc)

    # ---- the product ------------------------------------------------------------------------------

    def install_programs(self):
        """Copy the programs into the scratch directory, where any user can run them (a clone may lie in a private home).
        What is there already may be running and stays."""
        for name in PROGRAMS:
            if os.path.exists(os.path.join(self.dir, name)):
                continue
            source = os.path.join(BUILD, name)
            if not os.path.exists(source):
                raise LabError("%s is not built" % source)
            path = os.path.join(self.dir, name)
            if not os.path.exists(path):  # it may be running
                shutil.copy(source, path)
                os.chmod(path, 0o755)

    home = None  # the namespace in which capd and mcpd run unless told otherwise

    def start_capd(self, namespace=None, start="ambient", config="", prefix=()):
        """Start capd: as an ordinary user with ambient CAP_NET_RAW ('ambient'), the same without it ('bare'), or as
        root that drops ('root').  `prefix` is put before the command line."""
        self.install_programs()
        sockdir = os.path.join(self.dir, "run")
        os.makedirs(sockdir, exist_ok=True)
        os.chown(sockdir, CAPD_UID, CLIENTS_GID)
        os.chmod(sockdir, 0o755)
        self.sock = os.path.join(sockdir, "capd.sock")
        conf = os.path.join(self.dir, "capd.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write("groups = %d\nsocket_group = %d\n" % (CLIENTS_GID, CLIENTS_GID) + config)
        os.chmod(conf, 0o644)
        self.capd_log = os.path.join(self.dir, "capd.log")
        command = [os.path.join(self.dir, "capd"), "--config", conf, "--socket", self.sock]
        if start in ("ambient", "bare"):
            caps = ["--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"]
            if start == "bare":
                caps = ["--inh-caps=-all", "--bounding-set=-all"]
            command = ["setpriv", "--reuid=%d" % CAPD_UID, "--regid=%d" % CLIENTS_GID, "--clear-groups"] + caps + command
        else:
            command += ["--user", "nobody"]
        with open(self.capd_log, "wb") as log:
            self.capd = self.spawn(namespace or self.home, list(prefix) + command, stdout=log, stderr=log)
        deadline = time.monotonic() + 5
        while not self.is_open():
            if self.capd.poll() is not None or time.monotonic() > deadline:
                raise LabError("capd did not start (exit %s): %s" % (self.capd.poll(), self.capd_output()))
            time.sleep(0.02)
        return self.capd

    def is_open(self):
        """Is capd's socket there, and its group let in already?"""
        return os.path.exists(self.sock) and os.stat(self.sock).st_mode & 0o020 != 0

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
        namespace = namespace or self.home
        argv = ["diagnose"] + ([target] if target else []) + ["--json", "--duration", str(duration), "--interface",
                                                              interface, "--no-probe", "--capd", self.sock]
        argv += (["--mode", mode] if mode else []) + list(extra)
        out, err = os.path.join(self.dir, "report.json"), os.path.join(self.dir, "mcpd.err")
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            proc = self.spawn(namespace, self.mcpd(*argv), stdout=stdout, stderr=stderr)
        try:
            self.asking = proc
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
        if self not in _open_products:
            return
        _open_products.remove(self)
        for proc in list(self.procs):
            try:
                self.stop(proc)
            except (OSError, subprocess.SubprocessError):
                pass
        self.close_network()
        shutil.rmtree(self.dir, ignore_errors=True)

    def close_network(self):
        """What a Lab adds."""


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
