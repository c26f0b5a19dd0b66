#!/usr/bin/env python3
"""`mcpd check` and `capd --check` where something is missing: each says what, and nothing that is not so.
# suite: timeout=120

A kernel without system call filters or without Landlock is played by a filter that answers as such a kernel does;
a container without CAP_NET_RAW by an empty place in the bounding set.
"""

import ctypes
import errno
import os
import shutil
import socket
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))
sys.path.insert(0, os.path.join(TOP, "tests", "cli"))
import stdio_client  # noqa: E402
import test_cli  # noqa: E402

T = stdio_client.Checks()
SCMP_ACT_ALLOW, SCMP_ACT_ERRNO = 0x7FFF0000, 0x00050000


def become_without(call, *command):
    """Run the command on a kernel that does not know that system call."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(SCMP_ACT_ALLOW))
    number = library.seccomp_syscall_resolve_name(call.encode())
    if library.seccomp_rule_add_array(context, SCMP_ACT_ERRNO | errno.ENOSYS, number, 0, None) == 0 and \
            library.seccomp_load(context) == 0:
        os.execv(command[0], command)
    sys.exit("the filter could not be loaded")


def run_without(call, *command):
    return subprocess.run([sys.executable, os.path.abspath(__file__), "--without", call, *command],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)


def line_of(got, what):
    """The line of `mcpd check` about something."""
    return next((line for line in got.stdout.split("\n") if line[9:].startswith(what)), "")


def test_kernel(world):
    mcpd, capd = world.path("mcpd"), world.path("capd")
    got = run_without("seccomp", mcpd, "check", "--capd", world.path("none.sock"))
    T.check("no system call filters: mcpd check says so among its facts, and what is wanted", got.returncode == 3 and
            line_of(got, "mcpd held").startswith("missing") and "Linux 4.14" in got.stdout and
            "live captures cannot be made; capture files cannot be analysed" in got.stdout and not got.stderr, got)
    T.check("memory is not blamed for it", "memory" not in got.stdout + got.stderr, got)
    got = run_without("seccomp", capd, "--check")
    T.check("capd --check: the same, and nothing else on standard error", got.returncode == 1 and
            "parent: the system call filter could not be installed: " + os.strerror(errno.ENOSYS) in got.stdout and
            not got.stderr, got)
    got = run_without("landlock_create_ruleset", mcpd, "check", "--capd", "private")
    T.check("no Landlock: mcpd may read what its user may, and that is said",
            line_of(got, "Landlock").startswith("note") and "mcpd may read what its user may" in line_of(got, "Landlock") and
            "no Landlock" in line_of(got, "mcpd held"), got)


def test_launcher(world):
    """A container whose filter does not know the call with which descriptors are closed."""
    got = run_without("close_range", world.path("mcpd"), "check", "--capd", "private")
    T.check("no program can be started: mcpd says so, and nothing of captures that can be made", got.returncode == 4 and
            "cannot start: " + os.strerror(errno.ENOSYS) in got.stderr and "can be" not in got.stdout, got)


def test_open_files(world):
    """poll() takes as many descriptors at most as a process may have open."""
    got = subprocess.run(["prlimit", "--nofile=64", world.path("capd"), "--socket", world.path("few.sock"), "--user", "nobody"],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    T.check("capd with too few open files does not start, and says what it needs", got.returncode == 1 and
            "80 open files" in got.stderr and "ulimit -n" in got.stderr, got)


def test_bounding(world):
    got = subprocess.run(["setpriv", "--bounding-set", "-net_raw", *world.command("check", "--capd", "private")],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    T.check("root without CAP_NET_RAW is not told that it can capture", got.returncode == 3 and
            line_of(got, "private capd").startswith("note") and "root included" in line_of(got, "private capd") and
            "you are root" not in got.stdout, got)
    T.check("nor to become root", line_of(got, "CAP_NET_RAW").startswith("missing") and
            "run mcpd as root" not in got.stdout, got)
    got = world.run("check", "--capd", "private")
    T.check("with it, it is told so, and that live captures can be made", "you are root: --capd private can capture" in
            line_of(got, "private capd") and "live captures can be made" in got.stdout, got)


def test_passed_socket(world):
    """A socket of the service manager's comes instead of the one that capd.conf names, and that is said."""
    conf = world.write("capd.conf", "socket = /run/elsewhere/x.sock\nsocket_group = daemon\n")
    got = subprocess.run([world.path("capd"), "--config", conf, "--check"], stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=30, check=False)
    T.check("capd --check: a passed socket comes instead of socket and socket_group", "socket /run/elsewhere/x.sock, group daemon, unless "
            "the service manager passes one" in got.stdout, got)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(world.path("passed.sock"))
        listening.listen()
        start = "exec 3<&%d; LISTEN_PID=$$ LISTEN_FDS=1 exec %s --config %s --user nobody" % (listening.fileno(), world.path("capd"), conf)
        with subprocess.Popen(["sh", "-c", start], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              pass_fds=[listening.fileno()]) as capd:
            line = capd.stderr.readline()
            capd.terminate()
    T.check("and capd says so when it starts", "a passed socket (not `socket` and `socket_group` of capd.conf)" in line, line)


def test_private_rights(world):
    """What the file of the private capd gives, in the kernel's own terms."""
    capd = world.path("capd")
    if not shutil.which("setcap") or subprocess.run(["setcap", "cap_net_raw=ep", capd], check=False).returncode != 0:
        T.skip("rights of a private capd", "no file capabilities here")
        return
    for rights, can in (("cap_net_raw=ep", True), ("cap_net_raw=eip", False), ("cap_net_bind_service=ep", False), ("cap_net_raw=i", False),
                        ("cap_net_raw=p", False), ("cap_net_admin,cap_net_raw=ep", False)):
        subprocess.run(["setcap", rights, capd], check=True)
        line = line_of(world.run("check", "--capd", "private", user=True), "private capd")
        T.check("%s on the private capd: %s" % (rights, "it can capture" if can else "that is not what is asked for"),
                line.startswith("ok" if can else "note") and ("can capture" in line) == can and ("other file capabilities" in line) != can, line)
    subprocess.run(["setcap", "-r", capd], check=True)


def test_serve(world):
    path = world.path("mcpd.sock")
    conf = world.write("serve.conf", "socket = %s\n" % path)
    got = world.run("check", "--config", conf, "--capd", "private")
    T.check("no mcpd serve: noted, with the socket and where to look; no fault", path + ": No such file" in
            line_of(got, "mcpd serve") and line_of(got, "mcpd serve").startswith("note") and
            "systemctl status mcpd.socket" in line_of(got, "mcpd serve"), got)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        got = world.run("check", "--config", conf, "--capd", "private")
    T.check("one that listens is found", line_of(got, "mcpd serve").startswith("ok") and path in line_of(got, "mcpd serve"), got)


def test_before_serve(world):
    """What would keep `mcpd serve` from starting is said before it is started."""
    tokens, path = world.path("tokens"), world.path("own.sock")
    conf = world.write("before.conf", "token_file = %s\nsocket = %s\nsocket_group = no-such-group\n" % (tokens, path))
    check = lambda: world.run("check", "--config", conf, "--capd", "private")  # noqa: E731
    T.check("no token file yet: its first start makes it; mcpd check does not", "its first start makes it" in
            line_of(check(), "tokens") and not os.path.exists(tokens))
    for text, mode, word in (("one:%s\ntwo:%s\n" % ("a" * 16, "b" * 16), 0o600, "2 in it"),
                             ("one:%s\n" % ("a" * 16), 0o644, "chmod 600"), ("one:short\n", 0o600, "this is no token")):
        with open(tokens, "w") as out:
            out.write(text)
        os.chmod(tokens, mode)
        line = line_of(check(), "tokens")
        T.check("tokens: %s" % word, word in line and line.startswith("ok" if "in it" in word else "missing") and
                "a" * 16 not in line, line)
    line = line_of(check(), "socket group")
    T.check("a group that is not there", line.startswith("missing") and "no-such-group" in line, line)
    os.unlink(tokens)
    nowhere = world.write("nowhere.conf", "token_file = /sys/no/such/tokens\n")
    got = world.run("check", "--capd", world.path("none.sock"), "--config", nowhere, user=True)
    T.check("tokens that no start could make", "cannot be made in /sys: " in line_of(got, "tokens") and
            line_of(got, "tokens").startswith("missing"), got)
    got = subprocess.run([*world.command("serve", "--config", conf), "--listen", "none"], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=30, check=False)
    T.check("mcpd serve does not start with it, and leaves no socket", got.returncode != 0 and "no-such-group" in got.stderr
            and not os.path.exists(path), got)
    conf = world.write("before.conf", "token_file = %s\nsocket = %s\nsocket_group = %d\n" % (tokens, path, os.getgid()))
    T.check("one that is there", line_of(check(), "socket group").startswith("ok"))


def main():
    if sys.argv[1:2] == ["--without"]:
        become_without(*sys.argv[2:])
    world = test_cli.World()
    try:
        test_kernel(world)
        test_launcher(world)
        test_serve(world)
        test_before_serve(world)
        if test_cli.ROOT:
            test_bounding(world)
            test_passed_socket(world)
            test_private_rights(world)
            test_open_files(world)
        else:
            T.skip("root without CAP_NET_RAW, capd with few open files, with a passed socket, with file capabilities", "needs root")
    finally:
        shutil.rmtree(world.dir, ignore_errors=True)
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
