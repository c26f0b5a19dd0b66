#!/usr/bin/env python3
"""Every error a person or a client can meet, provoked between real processes and compared with what it must say.
# suite: timeout=300

Each is met twice where both can meet it: on the command line (exit code, standard error, an empty standard output)
and over `mcpd stdio` (a result with isError that names the argument, what was given and what is allowed).
The passwd and group files are this suite's own, in a mount namespace, so that groups have names and members.
"""

import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import lab as lab_module
import product
import stdio_client
from stdio_client import text_of

T = stdio_client.Checks()
STRANGER, LATECOMER = 61005, 61006
PEOPLE = [("capd-user", product.CAPD_UID), ("person", product.PERSON_UID), ("stranger", STRANGER),
          ("latecomer", LATECOMER)]


def said(what, text, *wanted):
    """A test that a text holds all of these."""
    missing = [w for w in wanted if w not in text]
    T.check(what, not missing, "missing %s in: %s" % (missing, text))


class Errors(lab_module.Lab):
    """The lab, and ways to ask."""

    def command(self, uid, groups, *arguments):
        """mcpd as somebody, in the client's namespace."""
        who = ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid,
               "--groups=%d" % product.CLIENTS_GID if groups else "--clear-groups", "--inh-caps=-all",
               "--bounding-set=-all"]
        return ["ip", "netns", "exec", self.client] + who + [os.path.join(self.dir, "mcpd")] + list(arguments)

    def ask(self, *arguments, uid=product.PERSON_UID, groups=True):
        """The command line, to its end."""
        return product.run(self.command(uid, groups, *arguments), check=False, timeout=60)

    def diagnose_error(self, *arguments, **who):
        """A diagnosis that is refused."""
        return self.ask("diagnose", "--capd", self.sock, "--no-probe", *arguments, **who)

    def session(self, *arguments, uid=product.PERSON_UID, groups=True):
        """An MCP client of that person."""
        return stdio_client.Session(self.command(uid, groups, "stdio", "--capd", self.sock, *arguments))

    def restart_capd(self, config="", start="ambient"):
        """End the one that runs, start another."""
        if self.capd:
            self.stop(self.capd)
        if os.path.exists(self.sock or ""):
            os.unlink(self.sock)
        self.start_capd(config=config, start=start)

    def workers(self):
        """Process ids of capd's workers."""
        with open("/proc/%d/task/%d/children" % (self.capd.pid, self.capd.pid), encoding="ascii") as text:
            return [int(word) for word in text.read().split()]

    def conf(self, name, content, mode=0o644, owner=0):
        """A configuration file."""
        path = os.path.join(self.dir, name)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        os.chown(path, owner, 0)
        os.chmod(path, mode)
        return path


def refused_both_ways(what, lab, code, wanted, arguments, tool):
    """Refused on the command line with that exit code, and over MCP, both saying what is wanted."""
    got = lab.diagnose_error(*arguments)
    T.check("%s: exit code %d, nothing on standard output" % (what, code), got.returncode == code and not got.stdout,
            (got.returncode, got.stdout, got.stderr))
    said("%s: the command line says what is needed" % what, got.stderr, *wanted)
    session = lab.session()
    result = session.tool("start_packet_capture", **tool)
    T.check("%s: over MCP a result with isError" % what, result.get("isError") is True, result)
    said("%s: MCP says the same" % what, text_of(result), *wanted)
    session.end()


# ---- capd: not there, not permitted, not capable --------------------------------------------------------------------

def test_capd_not_running(lab):
    lab.start_capd()
    lab.stop(lab.capd)
    os.unlink(lab.sock)
    advice = ("systemctl start capd", "--capd private", lab.sock)
    refused_both_ways("capd's socket is not there", lab, 3, ("No such file or directory",) + advice,
                      ["192.0.2.1", "--duration", "1"], {"target": "192.0.2.1"})
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(lab.sock)
    os.chmod(lab.sock, 0o666)
    dead.close()
    refused_both_ways("nobody listens on capd's socket", lab, 3, ("Connection refused",) + advice,
                      ["192.0.2.1", "--duration", "1"], {"target": "192.0.2.1"})
    got = lab.ask("check", "--capd", lab.sock)
    T.check("check: exit 3 for it", got.returncode == 3, got)
    said("check: says which socket and what to do", got.stdout, "missing  capd", lab.sock, "Connection refused",
         "systemctl start capd", "capd --check", "live captures cannot be made")
    os.unlink(lab.sock)


def test_not_in_the_group(lab):
    lab.restart_capd()
    got = lab.diagnose_error("192.0.2.1", "--duration", "1", uid=STRANGER, groups=False)
    T.check("not in the group: exit code 3", got.returncode == 3 and not got.stdout, got)
    said("not in the group: socket, group, the command that adds the user, a new login", got.stderr, lab.sock,
         "Permission denied", "members of group capd-clients", "sudo usermod -aG capd-clients stranger", "log in again")
    got = lab.diagnose_error("192.0.2.1", "--duration", "1", uid=LATECOMER, groups=False)
    said("in the group, but not in this session: so it is said, and no usermod", got.stderr, "latecomer is one by now",
         "this session is older", "log in again")
    T.check("in the group, but not in this session: exit 3 without usermod",
            got.returncode == 3 and "usermod" not in got.stderr, got)
    got = lab.ask("check", "--capd", lab.sock, uid=STRANGER, groups=False)
    said("check tells it too", got.stdout, "missing  capd", "usermod -aG capd-clients stranger")
    session = lab.session(uid=STRANGER, groups=False)
    result = session.tool("list_network_interfaces")
    T.check("over MCP a result with isError", result.get("isError") is True, result)
    said("over MCP the same advice", text_of(result), "usermod -aG capd-clients stranger", "log in again")
    session.end()
    os.chmod(lab.sock, 0o666)
    got = lab.diagnose_error("192.0.2.1", "--duration", "1", uid=STRANGER, groups=False)
    T.check("past the file mode the policy refuses: exit code 3", got.returncode == 3, got)
    said("and names the lists of capd.conf", got.stderr, "uid %d" % STRANGER, "`groups`", "capd.conf")


def test_no_capability(lab):
    lab.restart_capd(start="bare")
    refused_both_ways("capd without CAP_NET_RAW", lab, 3,
                      ("capd (process %d, uid %d)" % (lab.capd.pid, product.CAPD_UID), "CAP_NET_RAW",
                       "systemctl start capd", "setcap cap_net_raw", "as root"),
                      ["192.0.2.1", "--duration", "1"], {"target": "192.0.2.1"})
    got = lab.ask("check", "--capd", lab.sock)
    T.check("check: exit 3 for it", got.returncode == 3, got)
    said("check: who lacks it and the three ways", got.stdout, "missing  CAP_NET_RAW", "capd, not mcpd", "service",
         "setcap cap_net_raw", "as root")
    got = lab.diagnose_error("192.0.2.1", "--duration", "1", "--capd", "private")
    T.check("a private capd of an ordinary user: exit 3", got.returncode == 3, got)
    said("and it says which process lacks what", got.stderr, "uid %d" % product.PERSON_UID, "CAP_NET_RAW")


# ---- interfaces -----------------------------------------------------------------------------------------------------

def test_interfaces(lab):
    product.run(["ip", "-n", lab.client, "link", "add", "sleepy", "type", "veth", "peer", "name", "other"])
    product.run(["ip", "-n", lab.client, "link", "set", "other", "up"])
    lab.restart_capd("interfaces = eth0, lo, sleepy\n")
    wait_for(lambda: "LOWER_UP" in product.run(["ip", "-n", lab.client, "link", "show", "eth0"]).stdout)
    for what, name, code, wanted in (("unknown", "nosuch0", 2, ("nosuch0", "eth0, lo, sleepy (down)")),
                                     ("down", "sleepy", 2, ("sleepy", "is down", "eth0, lo, sleepy (down)")),
                                     ("not allowed", "other", 3, ("other", "capd's configuration", "eth0, lo, sleepy (down)"))):
        refused_both_ways("interface %s" % what, lab, code, wanted, ["192.0.2.1", "--interface", name],
                          {"target": "192.0.2.1", "interface": name})
    got = lab.ask("check", "--capd", lab.sock)
    said("check lists them", got.stdout, "eth0 (up, default route)", "sleepy (down)", "other (", ", not allowed")
    lab.restart_capd("interfaces = sleepy\n")
    got = lab.ask("check", "--capd", lab.sock)
    T.check("no interface is up and allowed: check exits 3", got.returncode == 3, got)
    said("and says how to mend it", got.stdout, "no interface is both up and allowed", "ip link set NAME up",
         "capd.conf")
    product.run(["ip", "-n", lab.client, "link", "del", "sleepy"])


# ---- names ----------------------------------------------------------------------------------------------------------

def test_name_does_not_resolve(lab):
    lab.restart_capd()
    resolver = lab.dnsmasq()
    lab.serve("http", lab_module.SERVER4, 80)
    got = lab.diagnose_error("later.lab.test", "--duration", "2", "--interface", "eth0")
    T.check("a name that does not resolve: the capture runs all the same, exit 1", got.returncode == 1 and got.stdout,
            got)
    said("the report gives the resolver's answer", " ".join(got.stdout.split()),
         "later.lab.test could not be resolved: Name or service not known")
    session = lab.session()
    started = session.tool("start_packet_capture", target="later.lab.test", interface="eth0", duration=60)
    content = started.get("structuredContent", {})
    T.check("over MCP it starts and says so", content.get("state") == "running" and
            "could not be resolved: Name or service not known" in content.get("name_lookup", ""), started)
    lab.stop(resolver)
    resolver = lab.dnsmasq("--host-record=later.lab.test,%s" % lab_module.SERVER4)
    for _ in range(3):
        lab.curl("-4", "http://later.lab.test/bytes/20000")
    time.sleep(1.2)
    report = session.tool("stop_packet_capture", capture_id=content.get("capture_id", ""))["structuredContent"]
    T.check("addresses are learned from the wire: the connections are there",
            report.get("connection_analysis", {}).get("established", 0) >= 3, report)
    session.end()
    lab.stop(resolver)


def test_no_packets(lab):
    got = lab.diagnose_error("198.51.100.12:81", "--duration", "2", "--interface", "eth0")
    T.check("no packets: exit 1, never healthy", got.returncode == 1 and "\nno_traffic\n" in got.stdout and
            "\nhealthy\n" not in got.stdout, got)
    said("no packets: a finding that says when the traffic must be made", " ".join(got.stdout.split()),
         "no_matching_traffic", "while", "198.51.100.12")


# ---- filters --------------------------------------------------------------------------------------------------------

def test_filters(lab):
    session = lab.session()
    for what, text, wanted in (
            ("that libpcap refuses", "tcp port", ("tcp port", "syntax error")),
            ("that names an unknown host", "host 300.1.2.3", ("300.1.2.3",)),
            ("with a computed offset", "tcp[tcp[12]] = 0", ("tcp[12]",)),
            ("with a word that is not allowed", "gateway router", ("gateway",)),
            ("with characters that are not ASCII", "port 80 \u2014", ("filter", "ASCII")),
            ("that is too long", "port 80 or " * 100 + "port 80", ("filter", "1024"))):
        result = session.tool("start_packet_capture", target="192.0.2.1", interface="eth0", filter=text)
        T.check("a filter %s is refused" % what, result.get("isError") is True, result)
        said("a filter %s: the answer says what is wrong with it" % what, text_of(result), *wanted)
    session.end()


# ---- limits ---------------------------------------------------------------------------------------------------------

def start(session, duration=60, **more):
    return session.send("tools/call", {"name": "start_packet_capture",
                                       "arguments": dict(target="192.0.2.1", interface="eth0", duration=duration, **more)})


def test_limits_of_capd(lab):
    lab.restart_capd("max_captures = 3\nmax_captures_per_user = 2\nmax_duration = 90\n")
    refused_both_ways("longer than capd allows", lab, 3, ("duration", "120 s", "1 to 90", "max_duration", "capd.conf"),
                      ["192.0.2.1", "--duration", "120"], {"target": "192.0.2.1", "duration": 120})
    first, second = lab.session(), lab.session()
    for session in (first, second):
        session.wait(start(session))
    refused_both_ways("more captures than capd allows a user", lab, 3,
                      ("max_captures_per_user = 2", "capd.conf", "administrator"),
                      ["192.0.2.1", "--duration", "1"], {"target": "192.0.2.1"})
    third = lab.session(uid=LATECOMER)
    third.wait(start(third))
    got = lab.diagnose_error("192.0.2.1", "--duration", "1", uid=STRANGER)
    T.check("more captures than capd allows in all: exit 3", got.returncode == 3, got)
    said("and the limit, who set it, where", got.stderr, "max_captures = 3", "capd.conf", "administrator")
    for session in (first, second, third):
        session.end()


def test_limits_of_mcpd(lab):
    lab.restart_capd("max_captures_per_user = 8\n")
    conf = lab.conf("limits.conf", "max_captures_per_caller = 2\n")
    session = lab.session("--config", conf)
    calls = [start(session) for _ in range(3)]  # at once: what is starting counts
    results = [session.wait(call) for call in calls]
    T.check("mcpd's limit per caller holds while captures start",
            [bool(result.get("isError")) for result in results] == [False, False, True], results)
    said("and says the limit, who set it, where", text_of(results[2]), "max_captures_per_caller = 2", "administrator",
         conf)
    first = results[0]["structuredContent"]["capture_id"]
    session.tool("stop_packet_capture", capture_id=first)
    T.check("one has ended: another may start", not session.wait(start(session)).get("isError"))
    got = session.tool("get_capture_status")
    T.check("two run: none is the default one", got.get("isError") and "capture_id is missing" in text_of(got), got)
    session.tool("stop_packet_capture", capture_id=results[1]["structuredContent"]["capture_id"])
    got = session.tool("get_capture_status")
    T.check("one runs: it is the default", got.get("structuredContent", {}).get("state") == "running", got)
    session.end()
    session = lab.session("--config", lab.conf("all.conf", "max_captures = 1\n"))
    results = [session.wait(call) for call in [start(session), start(session)]]
    said("mcpd's limit in all", text_of(results[1]), "max_captures = 1", "all.conf")
    session.end()
    session = lab.session()
    results = [session.wait(call) for call in [start(session) for _ in range(5)]]
    said("a default is told as one", text_of(results[4]), "max_captures_per_caller = 4", "mcpd's default", "mcpd.conf")
    session.end()


# ---- captures that fail ---------------------------------------------------------------------------------------------

def test_worker_killed(lab):
    lab.restart_capd()
    session = lab.session()
    first = session.wait(start(session))["structuredContent"]["capture_id"]
    doomed = lab.workers()
    second = session.wait(start(session))["structuredContent"]["capture_id"]
    os.kill(doomed[0], signal.SIGSYS)
    got = session.tool("get_capture_status", capture_id=first, wait_s=5)["structuredContent"]
    T.check("a worker killed by its sandbox: failed, with the reason",
            got["state"] == "failed" and "killed by its own sandbox" in got["ended_why"], got)
    got = session.tool("get_capture_status", capture_id=second)["structuredContent"]
    T.check("the other capture goes on", got["state"] == "running", got)
    lines = [line for line in lab.capd_output().split("\n") if first in line and "sandbox" in line]
    T.check("one log line says it", len(lines) == 1, lab.capd_output())
    T.check("capd goes on: another starts", not session.wait(start(session)).get("isError"))
    session.end()
    asked = subprocess.Popen(lab.command(product.PERSON_UID, True, "diagnose", "192.0.2.1", "--no-probe", "--duration",
                                         "60", "--interface", "eth0", "--capd", lab.sock),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lab.workers)
    time.sleep(0.5)
    os.kill(lab.workers()[0], signal.SIGSYS)
    out, err = asked.communicate(timeout=20)
    T.check("the same for a person: exit code 4, and why", asked.returncode == 4 and
            "killed by its own sandbox" in err, (asked.returncode, out, err))


def wait_for(ready):
    """Until that is true; the test itself says so when it never is."""
    for _ in range(100):
        if ready():
            return
        time.sleep(0.05)


def test_capd_restarts(lab):
    lab.restart_capd()
    session = lab.session()
    done = session.tool("start_packet_capture", target="192.0.2.1", interface="eth0", duration=1, wait_s=10)
    done = done["structuredContent"]["capture_id"]
    running = session.wait(start(session))["structuredContent"]["capture_id"]
    lab.restart_capd()
    got = session.tool("get_capture_status", capture_id=running, wait_s=5)["structuredContent"]
    T.check("capd restarts: failed: capd restarted",
            (got["state"], got["ended_why"]) == ("failed", "capd restarted"), got)
    T.check("mcpd reconnects for the next call", not session.wait(start(session)).get("isError"))
    got = session.tool("get_capture_report", capture_id=done)
    T.check("old reports stay", got.get("structuredContent", {}).get("capture_id") == done, got)
    session.end()


# ---- arguments ------------------------------------------------------------------------------------------------------

ARGUMENTS = [
    ("start_packet_capture", {}, ("target", "required")),
    ("start_packet_capture", {"target": 5}, ("target", "5", "string")),
    ("start_packet_capture", {"target": "exa mple"}, ("target", "exa mple", "example.com")),
    ("start_packet_capture", {"target": "192.0.2.1:99999"}, ("target", "99999", "65535")),
    ("start_packet_capture", {"target": "192.0.2.0/40"}, ("target", "192.0.2.0/40", "32")),
    ("start_packet_capture", {"target": "192.0.2.1", "mode": "fast"}, ("mode", "fast", "domain", "diagnosis")),
    ("start_packet_capture", {"target": "192.0.2.1", "mode": "port"}, ("port", "host:port")),
    ("start_packet_capture", {"target": "192.0.2.1", "duration": 0}, ("duration", "0", "1", "3600")),
    ("start_packet_capture", {"target": "192.0.2.1", "duration": 3601}, ("duration", "3601", "3600")),
    ("start_packet_capture", {"target": "192.0.2.1", "duration": "long"}, ("duration", "long", "integer")),
    ("start_packet_capture", {"target": "192.0.2.1", "wait_s": 51}, ("wait_s", "51", "50")),
    ("start_packet_capture", {"target": "192.0.2.1", "colour": "red"}, ("colour", "target")),
    ("get_capture_report", {"section": "everything"}, ("section", "everything", "summary", "coverage")),
    ("get_capture_report", {"max_tokens": 10}, ("max_tokens", "10", "600", "8000")),
    ("get_capture_report", {"capture_id": "nonsense"}, ("capture_id", "nonsense", "list_captures")),
    ("get_capture_status", {}, ("no", "capture", "start_packet_capture")),
    ("stop_packet_capture", {"capture_id": 32 * "0"}, ("capture_id", "unknown", "list_captures")),
    ("analyze_capture_file", {"path": "trace.pcap"}, ("path", "trace.pcap", "absolute")),
    ("analyze_capture_file", {"path": "/etc/passwd"}, ("path", "/etc/passwd", "allowed")),
]


def test_arguments(lab):
    session = lab.session()
    for tool, arguments, wanted in ARGUMENTS:
        result = session.tool(tool, **arguments)
        T.check("%s %s: isError" % (tool, arguments), result.get("isError") is True, result)
        said("%s %s: argument, what was given, what is allowed" % (tool, arguments), text_of(result), *wanted)
    wanted = session.send("tools/call", {"name": "no_such_tool", "arguments": {}})
    answer = session.answer(wanted)
    T.check("an unknown tool is a protocol error, -32602", answer.get("error", {}).get("code") == -32602, answer)
    session.end()


# ---- configuration files --------------------------------------------------------------------------------------------

def config_cases(lab, key, value):
    """(what, file, what must be said besides the file)."""
    good = "%s = %s\n" % (key, value)
    directory = os.path.join(lab.dir, "directory.conf")
    os.makedirs(directory, exist_ok=True)
    link = os.path.join(lab.dir, "link.conf")
    if not os.path.lexists(link):
        os.symlink(lab.conf("linked.conf", "# nothing\n"), link)
    return [
        ("an unknown key", lab.conf("unknown.conf", "# one\n\ncolour = blue\n"), (":3:", "colour", key)),
        ("a bad value", lab.conf("value.conf", good + "max_captures = 9\n"), (":2:", "max_captures", "9", "1 to 8")),
        ("a key that stands twice", lab.conf("twice.conf", good + good), (":2:", key, "twice")),
        ("a line without =", lab.conf("equals.conf", good + key + "\n"), (":2:", key, "key = value")),
        ("an overlong line", lab.conf("long.conf", "#" + 2000 * "x" + "\n"), (":1:", "2001", "1023")),
        ("a NUL byte", lab.conf("nul.conf", good.encode() + b"\n\0\n"), (":3:", "NUL")),
        ("a wrong owner", lab.conf("owner.conf", good, owner=STRANGER), (str(STRANGER), "root")),
        ("writable for its group", lab.conf("group.conf", good, mode=0o664), ("664", "writable")),
        ("writable for all", lab.conf("all.conf", good, mode=0o646), ("646", "writable")),
        ("a symbolic link", link, ("symbolic link",)),
        ("a directory", directory, ("directory", "regular file")),
        ("missing", os.path.join(lab.dir, "nosuch.conf"), ("No such file",)),
    ]


def test_config_files(lab):
    for what, path, wanted in config_cases(lab, "names", "on"):
        got = product.run([os.path.join(lab.dir, "capd"), "--config", path, "--check"], check=False)
        T.check("capd.conf, %s: capd does not start" % what, got.returncode != 0 and not got.stdout, got)
        said("capd.conf, %s: the file, the line, the key, what is allowed" % what, got.stderr, path, *wanted)
    secret = lab.conf("capd-secret.conf", "names = on\n", mode=0o600)
    got = product.run(["setpriv", "--reuid=%d" % product.CAPD_UID, "--regid=%d" % product.CLIENTS_GID, "--clear-groups",
                       os.path.join(lab.dir, "capd"), "--config", secret, "--check"], check=False)
    T.check("capd.conf, not readable for capd's user: capd does not start", got.returncode != 0 and not got.stdout, got)
    said("capd.conf, not readable for capd's user: the file and why", got.stderr, secret, "Permission denied")
    mine = config_cases(lab, "probe", "on")
    mine.append(("not readable for this user", lab.conf("secret.conf", "probe = on\n", mode=0o600),
                 ("Permission denied",)))
    for what, path, wanted in mine:
        got = lab.ask("interfaces", "--config", path, "--capd", lab.sock)
        T.check("mcpd.conf, %s: exit code 2" % what, got.returncode == 2 and not got.stdout, got)
        said("mcpd.conf, %s: the file, the line, the key, what is allowed" % what, got.stderr, path, *wanted)
        got = lab.ask("check", "--config", path, "--capd", lab.sock)
        T.check("mcpd.conf, %s: check tells it and goes on" % what, got.returncode == 2 and path in got.stdout and
                "missing  configuration" in got.stdout and "interfaces" in got.stdout, got)


# ---- the rest of check ----------------------------------------------------------------------------------------------

def alone(lab, name, *programs):
    """A folder with some of the programs only."""
    folder = os.path.join(lab.dir, name)
    os.makedirs(folder, exist_ok=True)
    for program in programs:
        shutil.copy(os.path.join(lab.dir, program), folder)
    return folder


def check_from(lab, folder, *arguments):
    """`mcpd check` of the programs in that folder."""
    command = lab.command(product.PERSON_UID, True, "check", "--capd", lab.sock, *arguments)
    return product.run([word if word != os.path.join(lab.dir, "mcpd") else os.path.join(folder, "mcpd")
                        for word in command], check=False)


def test_check(lab):
    lab.restart_capd()
    here = lab.conf("here.conf", "file_directories = %s\n" % lab.dir)
    got = lab.ask("check", "--capd", lab.sock, "--config", here)
    T.check("all is well: check exits 0 and finds nothing missing", got.returncode == 0 and "missing" not in got.stdout,
            got)
    said("check says what is configured and reachable", got.stdout, here, "capd 0.", "eth0 (up, default route)",
         "at most 8 captures", "Landlock", "seccomp", lab_module.RESOLVER4 + ", reached from " + lab_module.CLIENT4)
    got = check_from(lab, alone(lab, "bare", "mcpd"))
    if glob.glob("/usr/libexec/packet-capture-mcp/*") or os.path.exists("/usr/sbin/capd"):
        T.skip("programs that are not installed are missed", "they are installed here")
    else:
        T.check("programs that are not installed are missed", got.returncode == 3 and
                "missing  program        capd found neither" in got.stdout and
                "missing  program        mcpd-net found neither" in got.stdout, got)
        command = lab.command(product.PERSON_UID, True, "diagnose", "www.lab.test", "--duration", "1", "--capd", lab.sock)
        bare = [word.replace(os.path.join(lab.dir, "mcpd"), os.path.join(lab.dir, "bare", "mcpd")) for word in command]
        got = product.run(bare, check=False)
        T.check("without mcpd-net a name is not resolved, and the whole reason is told",
                "/usr/libexec/packet-capture-mcp capture quality" in " ".join(got.stdout.split()), got)
    lists = lab.conf("dirs.conf", "file_directories = %s/gone:%s\n" % (lab.dir, here))
    got = lab.ask("check", "--capd", lab.sock, "--config", lists)
    said("folders for capture files that are not there, or none", got.stdout, "missing  capture files",
         lab.dir + "/gone: No such file", "is no directory", "file_directories")
    test_check_resolvers(lab)
    test_check_versions(lab)


def test_check_resolvers(lab):
    path = "/etc/netns/%s/resolv.conf" % lab.client
    with open(path, encoding="ascii") as text:
        before = text.read()
    for content, wanted in (("nameserver 203.0.113.53\n", ("203.0.113.53", "no route to it")),
                            ("# none\n", ("/etc/resolv.conf names none",))):
        with open(path, "w", encoding="ascii") as out:
            out.write(content)
        product.run(["ip", "-n", lab.client, "route", "add", "unreachable", "203.0.113.0/24"], check=False)
        got = lab.ask("check", "--capd", lab.sock)
        said("a resolver that cannot be used: %r" % content, got.stdout, "missing  resolver", *wanted)
    with open(path, "w", encoding="ascii") as out:
        out.write(before)


def test_check_versions(lab):
    """A capd of another version: the real one with another number in it."""
    with open(os.path.join(lab.dir, "capd"), "rb") as program:
        content = program.read()
    number = product.run([os.path.join(lab.dir, "capd"), "--version"]).stdout.split()[1].encode()
    other = content.replace(b"capd " + number, b"capd " + number[:-1] + b"9")
    folder = alone(lab, "other", "mcpd", "mcpd-net")
    with open(os.path.join(folder, "capd"), "wb") as program:
        program.write(other)
    os.chmod(os.path.join(folder, "capd"), 0o755)
    command = lab.command(product.PERSON_UID, True, "check", "--capd", "private")
    got = product.run([word if word != os.path.join(lab.dir, "mcpd") else os.path.join(folder, "mcpd")
                       for word in command], check=False)
    said("versions that differ are noted", got.stdout, "note     versions", "install both of one version")


TESTS = [test_capd_not_running, test_not_in_the_group, test_no_capability, test_interfaces, test_name_does_not_resolve,
         test_no_packets, test_filters, test_limits_of_capd, test_limits_of_mcpd, test_worker_killed,
         test_capd_restarts, test_arguments, test_config_files, test_check]


def own_people(folder):
    """Bind files of our own over the lists of users and groups."""
    with open("/etc/passwd", encoding="utf-8") as text:
        users = text.read()
    with open("/etc/group", encoding="utf-8") as text:
        groups = text.read()
    for name, uid in PEOPLE:
        home = os.path.join(folder, "home-" + name)
        os.makedirs(home, mode=0o700)
        os.chown(home, uid, uid)
        users += "%s:x:%d:%d::%s:/bin/false\n" % (name, uid, uid, home)
    groups += "capd-clients:x:%d:person,latecomer\n" % product.CLIENTS_GID
    for name, content in (("passwd", users), ("group", groups)):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(content)
        os.chmod(path, 0o644)
        product.run(["mount", "--bind", path, "/etc/" + name])


def main():
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - errors # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    if "--inside" not in sys.argv:
        os.execvp("unshare", ["unshare", "--mount", sys.executable, os.path.abspath(__file__), "--inside"] + sys.argv[1:])
    product.install_signal_handlers()
    wanted = [word for word in sys.argv[1:] if word != "--inside"]
    with Errors() as lab:
        own_people(lab.dir)
        lab.install_programs()
        for test in TESTS:
            if wanted and test.__name__ not in wanted:
                continue
            try:
                test(lab)
            except (product.LabError, OSError, subprocess.SubprocessError, RuntimeError, KeyError) as why:
                T.check("%s runs" % test.__name__, False, repr(why))
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
