"""A Debian 12 of its own to install into: made by debootstrap, booted by systemd-nspawn with its own init, network
and users.  Nothing of it stays but a tarball of the bare system, kept for the next time."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

SUITE = "bookworm"
# What the tests themselves need inside: python for the client, ip for a network to capture on, setcap.
INCLUDE = ["systemd", "systemd-sysv", "dbus", "iproute2", "python3", "libcap2-bin"]
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class MachineError(Exception):
    """The machine could not be made; never a verdict about the product."""


class Skip(Exception):
    """A test that cannot be made here, and why."""


class Result:
    """What a command did."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def text(self):
        """Both outputs, for messages."""
        return (self.out + self.err).strip()


def missing():
    """What this needs and is not here; None when all is."""
    if os.geteuid() != 0:
        return "needs root"
    gone = [tool for tool in ("debootstrap", "systemd-nspawn", "nsenter", "tar") if not shutil.which(tool)]
    return "needs " + ", ".join(gone) if gone else None


def run(argv, timeout=600, check=True, **more):
    """Run a program outside of the machine."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          errors="replace", timeout=timeout, check=False, **more)
    if check and done.returncode != 0:
        raise MachineError("%s: exit %d: %s" % (" ".join(argv), done.returncode, (done.stdout + done.stderr)[-800:]))
    return Result(done.returncode, done.stdout, done.stderr)


def base_tarball(cache):
    """The bare system as a tarball, made when it is not there."""
    path = os.path.join(cache, "%s.tar" % SUITE)
    if os.path.exists(path):
        return path
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pcm-base-") as folder:
        root = os.path.join(folder, "root")
        run(["debootstrap", "--variant=minbase", "--include=" + ",".join(INCLUDE), SUITE, root], timeout=1800)
        run(["tar", "-C", root, "--one-file-system", "--numeric-owner", "-cf", path + ".new", "."])
    os.rename(path + ".new", path)
    return path


class Machine:
    """One booted system.  Use as a context manager."""

    def __init__(self, cache):
        self.dir = tempfile.mkdtemp(prefix="pcm-install-%d-" % os.getpid())
        self.root = os.path.join(self.dir, "root")
        self.nspawn = self.leader = None
        self.spawned = []
        os.mkdir(self.root, 0o755)
        run(["tar", "-C", self.root, "--numeric-owner", "-xpf", base_tarball(cache)])

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def put(self, source, target):
        """Copy a file into the system."""
        shutil.copy(source, self.root + target)

    def fetch_dependencies(self, package):
        """Download what apt will want, while the machine does not run: it has no network of its own."""
        for command in (["apt-get", "-q", "update"],
                        ["apt-get", "-q", "install", "-y", "--no-install-recommends", "--download-only", package]):
            run(["chroot", self.root, "env", "PATH=" + PATH, "DEBIAN_FRONTEND=noninteractive"] + command)

    def boot(self, timeout=90):
        """Start its init and wait until it says it is up.  Returns what it says: running or degraded."""
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", self.root, "--boot", "--register=no", "--keep-unit", "--private-network",
             "--console=read-only", "--machine=pcm%d" % os.getpid()],
            stdin=subprocess.DEVNULL, stdout=open(os.path.join(self.dir, "console"), "wb"), stderr=subprocess.STDOUT,
            start_new_session=True)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.nspawn.poll() is not None:
                raise MachineError("systemd-nspawn ended: " + self.console())
            if not self.leader:
                children = run(["ps", "-o", "pid=", "--ppid", str(self.nspawn.pid)], check=False).out.split()
                self.leader = int(children[0]) if children else None
            elif self.run("systemctl is-system-running", check=False).out.strip() in ("running", "degraded"):
                return self.run("systemctl is-system-running", check=False).out.strip()
            time.sleep(0.5)
        raise MachineError("the machine did not come up: " + self.console())

    def console(self):
        """What it printed last."""
        with open(os.path.join(self.dir, "console"), encoding="utf-8", errors="replace") as text:
            return text.read()[-1000:]

    def command(self, argv, user=None):
        """argv as it is run inside, by `user` with that user's groups."""
        inside = ["nsenter", "--target", str(self.leader), "--all", "--", "env", "-i", "PATH=" + PATH, "TERM=dumb",
                  "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
        if user:
            inside += ["setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups", "env", "HOME=/home/" + user]
        return inside + list(argv)

    def run(self, command, user=None, timeout=120, check=True):
        """Run a shell command (text) or a program (list) inside."""
        argv = ["sh", "-c", command] if isinstance(command, str) else command
        try:
            done = run(self.command(argv, user), timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            done = Result(124, "", "took longer than %d s" % timeout)
        if check and done.code != 0:
            raise AssertionError("%s: exit %d: %s" % (command if isinstance(command, str) else shlex.join(command),
                                                      done.code, done.text[-600:]))
        return done

    def spawn(self, argv, user=None, **more):
        """Start a program inside and return its Popen."""
        self.spawned.append(subprocess.Popen(self.command(argv, user), stdin=subprocess.DEVNULL, **more))
        return self.spawned[-1]

    def ends(self, seconds):
        """True once it is down.  What was spawned into it must be waited for, or its init waits for that."""
        deadline = time.monotonic() + seconds
        while self.nspawn.poll() is None and time.monotonic() < deadline:
            for process in self.spawned:
                process.poll()
            time.sleep(0.1)
        return self.nspawn.poll() is not None

    def close(self):
        """Power off, by force if it does not."""
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.send_signal(signal.SIGTERM)
            if not self.ends(20):
                if self.leader:
                    os.kill(self.leader, signal.SIGKILL)
                if not self.ends(20):
                    self.nspawn.kill()
        shutil.rmtree(self.dir, ignore_errors=True)
