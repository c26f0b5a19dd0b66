"""What the fault suites share: the lab with capd and a client of mcpd, ways to hurt each process, and a look at what
is left afterwards."""

import contextlib
import ctypes
import errno
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lab"))
import lab as lab_module  # noqa: E402
import product  # noqa: E402
import stdio_client  # noqa: E402

T = stdio_client.Checks()
_libc = ctypes.CDLL(None, use_errno=True)
PIDFD_OPEN, PIDFD_GETFD = 434, 438  # the same on all architectures


@contextlib.contextmanager
def within(seconds, what):
    """What hangs has failed."""
    def late(_number, _frame):
        raise product.LabError("%s: not done within %d s" % (what, seconds))
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def children(pid):
    """Process ids of the children of a process."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as text:
            return [int(word) for word in text.read().split()]
    except OSError:
        return []


def name_of(pid):
    try:
        with open("/proc/%d/comm" % pid, encoding="ascii") as text:
            return text.read().strip()
    except OSError:
        return ""


def is_gone(pid):
    """No such process, or a zombie that nobody has fetched yet."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as text:
            return text.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def until(condition, seconds=5.0):
    """Wait for it; says whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def foreign_descriptor(pid, number):
    """A copy of another process's descriptor: what that process could write, this one can."""
    pidfd = _libc.syscall(PIDFD_OPEN, pid, 0)
    fd = _libc.syscall(PIDFD_GETFD, pidfd, number, 0) if pidfd >= 0 else -1
    why = ctypes.get_errno()
    if pidfd >= 0:
        os.close(pidfd)
    if fd < 0:
        raise product.LabError("descriptor %d of process %d: %s" % (number, pid, errno.errorcode.get(why, why)))
    return socket.socket(fileno=fd)


def memory_kib(pid):
    """VmRSS."""
    with open("/proc/%d/status" % pid, encoding="ascii") as text:
        return int(dict(line.split(":", 1) for line in text)["VmRSS"].split()[0])


class World(lab_module.Lab):
    """The lab with a capd; sessions are MCP clients of the person."""

    def __init__(self, config=""):
        super().__init__()
        self.config, self.sessions = config, []
        self.start_capd(config=config)

    def session(self, *arguments, uid=product.PERSON_UID, prefix=()):
        """A client of one `mcpd stdio`."""
        self.sessions.append(stdio_client.lab_session(self, *arguments, uid=uid, prefix=prefix))
        return self.sessions[-1]

    def close(self):
        for session in self.sessions:
            if session.process.poll() is None:
                session.process.kill()
                session.process.wait(5)
        super().close()

    def restart_capd(self, prefix=()):
        """Another capd on the same socket, as an admin's restart makes it."""
        if self.capd.poll() is None:
            self.stop(self.capd)
        if os.path.exists(self.sock):
            os.unlink(self.sock)
        return self.start_capd(config=self.config, prefix=prefix)

    def workers(self):
        """Of capd."""
        return children(self.capd.pid)

    def audit(self):
        """capd's audit lines."""
        return [line for line in self.capd_output().split("\n") if "audit:" in line]


def start(session, target=lab_module.SERVER4, duration=60, interface="eth0", **more):
    """A capture that runs; its id."""
    got, why = session.ask("start_packet_capture", target=target, duration=duration, interface=interface, **more)
    if got is None:
        raise product.LabError("no capture: " + why)
    return got["capture_id"]


def state_of(session, capture_id):
    """(state, why it ended)"""
    got, why = session.ask("get_capture_status", capture_id=capture_id)
    return (got["state"], got.get("ended_why")) if got else ("error", why)


def wait_state(session, capture_id, wanted, seconds=10):
    """Wait until a capture is in that state; (state, why)."""
    until(lambda: state_of(session, capture_id)[0] == wanted, seconds)
    return state_of(session, capture_id)


def still_works(what, world, session, interface="eth0"):
    """A new capture of the same session sees new traffic."""
    capture_id = start(session, target="%s:80" % lab_module.SERVER4, interface=interface)
    done = world.curl("http://%s/bytes/2000" % lab_module.SERVER4)
    got, why = session.ask("stop_packet_capture", capture_id=capture_id)
    counted = got and got["connection_analysis"]["established"]
    T.check("%s: the next capture sees the next connection" % what, done == 0 and counted == 1, (done, why or counted))


def run(suite, scenarios, configs=None):
    """Each scenario in a world of its own, with its own lines of capd.conf; returns the exit status."""
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - %s # SKIP the lab needs %s" % (suite, ", ".join(gone)))
        return 0
    product.install_signal_handlers()
    wanted = sys.argv[1:]
    for scenario in scenarios:
        if wanted and scenario.__name__ not in wanted:
            continue
        try:
            with within(90, scenario.__name__), World((configs or {}).get(scenario.__name__, "")) as world:
                scenario(world)
        except (product.LabError, OSError, RuntimeError, ValueError, KeyError) as why:
            T.check("%s: could be tried" % scenario.__name__, False, repr(why))
    return T.end()
