#!/usr/bin/env python3
# suite: timeout=3600 show
"""The package on a Debian 12 of its own: installed with apt, used, upgraded, purged (`make check-install`).

The machine is made by debootstrap and booted by systemd-nspawn.  Traffic is real, between it and a network namespace
inside of it; nothing leaves it.  The first package is the same tree with a lower version, the second the tree as it is.
PCM_IDLE_SECONDS (default 60) is how long the idle services are watched.
"""

import json
import os
import re
import signal
import sys
import time
from subprocess import DEVNULL

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import canaries  # noqa: E402
import machine as machine_module  # noqa: E402
from tables import process_table  # noqa: E402

CACHE = os.path.join(TOP, "build", "install")
OLD = "0.0.9"
PACKAGE = "packet-capture-mcp"
UNITS = ("capd.socket", "capd.service", "mcpd.socket", "mcpd.service")
SOCKET = "/run/mcpd/mcpd.sock"
HTTP = "127.0.0.1:8808"
FAR = "198.51.100.10"
PRIVATE = "/usr/libexec/packet-capture-mcp/capd-private"
IDLE_SECONDS = int(os.environ.get("PCM_IDLE_SECONDS", "60"))
EXPOSURE = {"capd.service": 1.6, "mcpd.service": 1.4}


def version():
    with open(os.path.join(TOP, "Makefile"), encoding="ascii") as text:
        return re.search(r"^VERSION\s*:=\s*(\S+)", text.read(), re.MULTILINE).group(1)


def say(text):
    """Comment lines of the TAP output."""
    for line in text.rstrip().split("\n"):
        print("# " + line, flush=True)


def newest_change():
    """When a file that goes into the package last changed."""
    times = [os.path.getmtime(os.path.join(TOP, "Makefile"))]
    for part in ("common", "capd", "mcpd", "deploy"):
        for folder, _dirs, files in os.walk(os.path.join(TOP, part)):
            times += [os.path.getmtime(os.path.join(folder, name)) for name in files]
    return max(times)


def package(number):
    """The package with that version, built from this tree unless that has been done."""
    folder = os.path.join(CACHE, "deb-" + number)

    def built():
        names = [n for n in os.listdir(folder) if re.match(PACKAGE + r"_.*\.deb$", n)] if os.path.isdir(folder) else []
        paths = [os.path.join(folder, name) for name in names]
        return paths[0] if paths and os.path.getmtime(paths[0]) > newest_change() else None

    if not built():
        machine_module.run([os.path.join(TOP, "deploy/build-deb"), "--version", number, folder], timeout=1800)
    return built()


def page_commands(page, first_words):
    """The command of a manual page that begins with these words, as a person would type it."""
    with open(os.path.join(TOP, "deploy/man", page), encoding="utf-8") as text:
        blocks = re.findall(r"^```\n(.*?)^```", text.read().replace("\\\\\n", "\\\n"), re.MULTILINE | re.DOTALL)
    for block in blocks:
        commands = [c for c in re.split(r"(?<!\\)\n", block) if c]
        for command in commands:
            if command.startswith(first_words):
                return command
    raise AssertionError("%s has no command that begins with %s" % (page, first_words))


class Session:
    """The machine with the package, and what the tests of it share."""

    http = HTTP

    def __init__(self, machine, old, new):
        self.m, self.old, self.new, self.token = machine, old, new, None

    # ---- tools --------------------------------------------------------------------------------------------------

    def call(self, where, method, params, user="root", token=None):
        """One JSON-RPC request from inside: (HTTP status, the message)."""
        argv = ["python3", "/usr/local/inside.py", "call", where] + (["--token", token] if token else []) + [
            method, json.dumps(params)]
        done = json.loads(self.m.run(argv, user=user).out)
        return done["status"], done["body"]

    def tool(self, name, arguments, user="alice", where=SOCKET, token=None):
        """Structured content of a tool call."""
        status, body = self.call(where, "tools/call", {"name": name, "arguments": arguments}, user, token)
        assert status == 200 and "result" in body, "%s: HTTP %s %s" % (name, status, str(body)[:300])
        assert not body["result"].get("isError"), "%s: %s" % (name, str(body["result"])[:400])
        return body["result"]["structuredContent"]

    def active(self):
        return {unit: self.m.run(["systemctl", "is-active", unit], check=False).out.strip() for unit in UNITS}

    def wait_active(self, seconds=20):
        deadline = time.monotonic() + seconds
        while set(self.active().values()) != {"active"} and time.monotonic() < deadline:
            time.sleep(0.3)
        state = self.active()
        assert set(state.values()) == {"active"}, "%s\n%s" % (state, self.journal()[-1500:])

    def journal(self, unit="*", extra=""):
        return self.m.run("journalctl --no-pager -o cat -u 'capd*' -u 'mcpd*' " + extra if unit == "*" else
                          "journalctl --no-pager -o cat -u %s %s" % (unit, extra), check=False).out

    def show(self, unit, name):
        return self.m.run(["systemctl", "show", "-P", name, unit]).out.strip()

    def apt(self, *words):
        return self.m.run(["apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends"] + list(words), timeout=300)

    def fetch(self, path, count=3):
        """Real traffic: requests to the server behind the veth pair."""
        self.m.run(["python3", "-c", "import urllib.request\nfor _ in range(%d): urllib.request.urlopen('http://%s/%s').read()"
                    % (count, FAR, path)])

    # ---- tests, in order ----------------------------------------------------------------------------------------

    def test_apt_installs_the_previous_package(self):
        done = self.apt("install", "/srv/old.deb")
        say("\n".join(line for line in done.out.split("\n") if "Setting up " + PACKAGE in line or "Creat" in line))
        assert "Could not execute" not in done.text, done.text[-600:]
        self.m.run("usermod -aG capd-clients alice")
        self.wait_active()
        assert OLD in self.m.run("mcpd --version").out
        for unit in UNITS:
            assert self.m.run(["systemctl", "is-enabled", unit], check=False).out.strip() == "enabled", unit

    def test_upgrade_keeps_configuration_and_state(self):
        m = self.m
        m.run("sed -i 's/^#retention_hours = 24/retention_hours = 5/' /etc/packet-capture-mcp/mcpd.conf")
        m.run("sed -i 's/^#max_captures_per_user = 4/max_captures_per_user = 3/' /etc/packet-capture-mcp/capd.conf")
        m.run(page_commands("capd.8.scd", "install -o root"))
        m.run("groupadd netops; chgrp netops %s; chmod 0710 %s" % (PRIVATE, PRIVATE))  # before setcap: chgrp takes it away
        m.run(page_commands("capd.8.scd", "setcap"))
        before = m.run("sha256sum /etc/packet-capture-mcp/*.conf /var/lib/mcpd/tokens").out
        pids = [self.show(unit, "MainPID") for unit in ("capd.service", "mcpd.service")]
        opened = [self.show(unit, "ActiveEnterTimestampMonotonic") for unit in ("capd.socket", "mcpd.socket")]
        self.apt("install", "/srv/new.deb")
        self.wait_active()
        assert version() in m.run("mcpd --version").out
        assert before == m.run("sha256sum /etc/packet-capture-mcp/*.conf /var/lib/mcpd/tokens").out
        assert not set(pids) & {self.show(unit, "MainPID") for unit in ("capd.service", "mcpd.service")}, "not restarted"
        assert opened == [self.show(unit, "ActiveEnterTimestampMonotonic") for unit in ("capd.socket", "mcpd.socket")], \
            "clients that came meanwhile were turned away"
        m.run("cmp /usr/sbin/capd " + PRIVATE)
        assert "cap_net_raw=ep" in m.run("getcap " + PRIVATE).out
        assert m.run("stat -c '%U %G %a' " + PRIVATE).out.strip() == "root netops 710"
        m.run("rm " + PRIVATE)
        self.m.run("grep -q retention_hours\\ =\\ 5 /etc/packet-capture-mcp/mcpd.conf")

    def test_services_run_as_they_should(self):
        say(self.m.run(["systemctl", "--no-pager", "--lines=3", "status"] + list(UNITS), check=False).out)
        failed = self.m.run("systemctl --failed --no-legend --plain").out
        assert "capd" not in failed and "mcpd" not in failed, failed
        modes = self.m.run("stat -c '%a %U:%G %n' /run/capd /run/capd/capd.sock /run/mcpd /run/mcpd/mcpd.sock /var/lib/mcpd "
                           "/var/lib/mcpd/tokens").out.split("\n")[:6]
        say("\n".join(modes))
        assert modes == ["755 root:root /run/capd", "660 root:capd-clients /run/capd/capd.sock", "755 root:root /run/mcpd",
                         "660 root:capd-clients /run/mcpd/mcpd.sock", "700 mcpd:mcpd /var/lib/mcpd",
                         "600 mcpd:mcpd /var/lib/mcpd/tokens"], modes
        for unit in ("capd.service", "mcpd.service"):
            assert self.show(unit, "NRestarts") == "0" and self.show(unit, "WatchdogTimestamp"), unit

    def test_outside_the_group_is_refused(self):
        done = self.m.run(["mcpd", "diagnose", FAR, "--duration", "1"], user="mallory", check=False)
        say("mcpd diagnose: exit %d: %s" % (done.code, done.err.strip()))
        assert done.code == 3 and "capd-clients" in done.err, done.text
        status, body = self.call(SOCKET, "tools/list", {}, user="mallory")
        say("MCP over the Unix socket: %s" % body)
        assert status == 0 and "Permission denied" in body, (status, body)
        status, body = self.call(HTTP, "tools/list", {}, user="mallory")
        say("MCP over HTTP without a token: HTTP %s" % status)
        assert status == 401, (status, body)
        assert self.call(HTTP, "tools/list", {}, user="mallory", token="x" * 43)[0] == 401
        assert self.m.run("cat /var/lib/mcpd/tokens", user="mallory", check=False).code != 0

    def test_inside_the_group_and_with_a_token_served(self):
        lines = self.m.run(page_commands("mcpd.8.scd", "sudo cat").replace("sudo ", "")).out.split("\n")
        self.token = next(line for line in lines if line and line[0] != "#").split(":")[1]
        for where, user, token in ((SOCKET, "alice", None), (HTTP, "mallory", self.token)):
            status, body = self.call(where, "tools/list", {}, user=user, token=token)
            assert status == 200 and len(body["result"]["tools"]) == 7, (status, body)
            say("%s as %s%s: %d tools" % (where, user, " with a token" if token else "", len(body["result"]["tools"])))

    def test_reload_takes_a_new_token(self):
        pid, tokens = self.show("mcpd.service", "MainPID"), "/var/lib/mcpd/tokens"
        self.m.run("cp -p %s /run/tokens.before; sed -i '$a carol:carol-carol-carol-3' %s; systemctl reload mcpd.service" % (tokens, tokens))
        for _ in range(50):
            status = self.call(HTTP, "tools/list", {}, user="mallory", token="carol-carol-carol-3")[0]
            if status == 200:
                break
            time.sleep(0.1)
        say(self.journal("mcpd.service", "-g 'audit: reload'").strip().split("\n")[-1])
        assert status == 200 and self.show("mcpd.service", "MainPID") == pid, (status, pid, self.journal("mcpd.service")[-600:])
        self.m.run("cat /run/tokens.before > %s; rm /run/tokens.before; systemctl reload mcpd.service" % tokens)

    def test_capture_of_real_traffic_is_reported(self):
        for where, user, token in ((SOCKET, "alice", None), (HTTP, "mallory", self.token)):
            started = self.tool("start_packet_capture", {"target": FAR + ":80", "duration": 5}, user, where, token)
            assert started["interface"] == "wan0", started
            self.fetch("bytes", 7)
            report = self.wait_report(started["capture_id"], user, where, token)
            counts = report["connection_analysis"]
            say("%s: %s; %d packets, %d connections; %s" % (where, report["verdict"]["headline"], report["total_packets"],
                                                            counts["established"], report["interface_why"]
                                                            if "interface_why" in report else "wan0"))
            assert counts["attempted"] == counts["established"] == 7, counts
            assert report["verdict"]["status"] == "healthy", report["verdict"]

    def test_a_fault_is_found(self):
        started = self.tool("start_packet_capture", {"target": FAR + ":81", "duration": 4})
        for _ in range(3):
            self.m.run(["python3", "-c", "import socket; socket.create_connection(('%s', 81), 2)" % FAR], check=False)
        report = self.wait_report(started["capture_id"])
        ids = [p["id"] for p in report["problems_detected"]]
        say("%s: %s" % (", ".join(ids), report["verdict"]["headline"]))
        assert "tcp_refused" in ids, ids

    def wait_report(self, capture_id, user="alice", where=SOCKET, token=None):
        self.tool("get_capture_status", {"capture_id": capture_id, "wait_s": 20}, user, where, token)
        return self.tool("get_capture_report", {"capture_id": capture_id, "max_tokens": 8000}, user, where, token)

    def test_callers_do_not_see_each_other(self):
        started = self.tool("start_packet_capture", {"target": FAR, "duration": 20})
        listed = [c for c in self.tool("list_captures", {}, "mallory", HTTP, self.token)["captures"]]
        assert started["capture_id"] not in json.dumps(listed), listed
        status = self.m.run(["mcpd", "status"], user="alice", check=False)
        say(status.out)
        assert started["capture_id"] in status.out, status.text
        stopped = self.m.run(["mcpd", "stop", started["capture_id"]], user="alice", check=False)
        assert stopped.code in (0, 1), stopped.text

    def test_processes_hold_what_the_table_says(self):
        started = self.tool("start_packet_capture", {"target": FAR, "duration": 20})
        rows = json.loads(self.m.run("python3 /usr/local/inside.py table").out)
        self.tool("stop_packet_capture", {"capture_id": started["capture_id"]})
        say(process_table(rows))
        checks = self.m.run("capd --check; mcpd check", user="alice", check=False).out
        told = [line for line in checks.split("\n") if "andlock" in line or "seccomp" in line]
        say("what /proc does not tell, by capd --check and mcpd check:\n" + "\n".join(told))
        assert any("andlock" in line for line in told), checks
        by_name = {row["process"]: row for row in rows}
        uids = {name: self.m.run(["id", "-u", name]).out.strip() for name in ("capd", "mcpd")}
        self.check_rows(by_name, uids)

    @staticmethod
    def check_rows(by_name, uids):
        assert {"capd", "capd worker", "mcpd"} <= set(by_name), by_name.keys()
        for name, row in by_name.items():
            assert row["uid"] == uids["capd" if name.startswith("capd") else "mcpd"], row
            allowed = "net_raw" if name == "capd" else "-"
            assert row["caps"]["Prm"] == allowed and row["caps"]["Eff"] == row["caps"]["Amb"] == "-", row
            assert row["caps"]["Bnd"] in ("net_raw" if name.startswith("capd") else "-", "-"), row
            assert row["nnp"] == "1" and row["seccomp"] == "2" and not row["dumpable"] is None, row
        worker = by_name["capd worker"]
        assert [fd[1] for fd in worker["fds"] if "packet" in fd[1]] == ["packet"], worker
        assert not [fd for fd in by_name["mcpd"]["fds"] if "packet" in fd[1]], by_name["mcpd"]
        for name, row in by_name.items():
            mine = name.startswith("mcpd")
            files = {"/tmp", "/var/tmp"} | ({"/var/lib/mcpd", "/var/lib/mcpd/tokens"} if mine else set())
            # By file mode alone: mcpd-net's filter knows no Unix sockets (tests/sandbox/test_mcpd_sandbox).
            sockets = {"/run/systemd/journal/stdout"} | ({"/run/capd/capd.sock", SOCKET} if mine else set())
            assert set(row["writable"]) <= files, "%s could write %s" % (name, row["writable"])
            assert set(row["connectable"]) <= sockets, "%s could connect to %s" % (name, row["connectable"])
        assert "/run/capd/capd.sock" in by_name["mcpd"]["connectable"], "the look at sockets sees nothing"

    def test_audit_lines_are_in_the_journal(self):
        lines = [line for line in self.journal("capd.service").split("\n") if "audit:" in line]
        say("\n".join(lines[-6:]))
        assert any("start " in line and " granted " in line and 'interface="wan0"' in line for line in lines), lines
        for who in ("uid %s" % self.m.run(["id", "-u", "alice"]).out.strip(), "token default"):
            assert any('caller_claimed="%s' % who in line for line in lines), "nothing of %s in %s" % (who, lines)
        assert any("audit: end" in line and "packets=" in line for line in lines), lines

    def test_exposure_of_the_running_units(self):
        for unit, most in EXPOSURE.items():
            text = self.m.run(["systemd-analyze", "security", "--no-pager", unit]).out
            found = re.search(r"Overall exposure level for \S+: ([\d.]+)", text)
            say("%s: %s" % (unit, found.group(1)))
            assert float(found.group(1)) <= most, text[-300:]

    def test_idle_memory_and_time(self):
        self.m.run("systemctl restart capd.service mcpd.service")
        self.wait_active()
        time.sleep(2)
        first = self.usage()
        time.sleep(IDLE_SECONDS)
        for name, (before, after) in {n: (first[n], row) for n, row in self.usage().items() if n in first}.items():
            say("%s: %.1f MiB resident, of it %.1f not shared with other processes; %.0f ms of processor time (counted in steps of 10) in %d s"
                % (name, after["rss"] / 1024, after["own"] / 1024, after["cpu"] - before["cpu"], IDLE_SECONDS))
            assert after["rss"] < 64 * 1024 and after["cpu"] - before["cpu"] < 10 * IDLE_SECONDS, (name, before, after)

    def usage(self):
        """Resident and private KiB and used milliseconds of every process of the two services."""
        out = {}
        script = ("for unit in capd mcpd; do for p in $(systemctl show -P MainPID $unit.service) ; do "
                  "for q in $p $(cat /proc/$p/task/$p/children); do echo $unit $q $(cat /proc/$q/comm) "
                  "$(awk '/^Rss:/{r=$2} /^Private_/{s+=$2} END{print r, s}' /proc/$q/smaps_rollup) "
                  "$(awk '{print $14+$15}' /proc/$q/stat); done; done; done")
        for line in self.m.run(script).out.strip().split("\n"):
            unit, pid, comm, rss, own, ticks = line.split()
            name = comm if unit + comm not in out else comm + " launcher"
            out[unit + "/" + name + "/" + pid] = {"rss": int(rss), "own": int(own), "cpu": int(ticks) * 1000 / os.sysconf("SC_CLK_TCK")}
        return out

    def test_a_service_that_hangs_is_restarted(self):
        for unit in ("capd", "mcpd"):
            self.m.run("mkdir -p /run/systemd/system/%s.service.d && printf '[Service]\\nWatchdogSec=2s\\n' > "
                       "/run/systemd/system/%s.service.d/fast.conf" % (unit, unit))
        self.m.run("systemctl daemon-reload && systemctl restart capd.service mcpd.service")
        self.wait_active()
        time.sleep(5)
        for unit in ("capd.service", "mcpd.service"):
            assert self.show(unit, "NRestarts") == "0", "%s beats too slowly: %s" % (unit, self.journal()[-600:])
            pid = self.show(unit, "MainPID")
            self.m.run("kill -STOP " + pid)
            deadline = time.monotonic() + 25
            while self.show(unit, "MainPID") in (pid, "0") and time.monotonic() < deadline:
                time.sleep(0.5)
            assert self.show(unit, "MainPID") not in (pid, "0"), "%s was not restarted" % unit
            say("%s: stopped, restarted by the watchdog" % unit)
        self.m.run("rm -r /run/systemd/system/capd.service.d /run/systemd/system/mcpd.service.d; systemctl daemon-reload; "
                   "systemctl reset-failed; systemctl restart capd.service mcpd.service")
        self.wait_active()
        assert len(self.call(SOCKET, "tools/list", {}, user="alice")[1]["result"]["tools"]) == 7

    def test_services_come_back_however_often_they_are_killed(self):
        for unit in ("capd.service", "mcpd.service"):
            for _ in range(8):  # systemd's own limit: 5 starts in 10 s
                pid = self.show(unit, "MainPID")
                self.m.run("kill -KILL " + pid)
                deadline = time.monotonic() + 15
                while self.show(unit, "MainPID") in (pid, "0") and time.monotonic() < deadline:
                    time.sleep(0.1)
                assert self.show(unit, "MainPID") not in (pid, "0"), "%s stays away: %s" % (unit, self.active())
            say("%s: killed 8 times, restarted %s times" % (unit, self.show(unit, "NRestarts")))
            self.wait_active()
        assert self.tool("list_network_interfaces", {})["default_interface_why"], "no answer of capd"
        self.m.run("systemctl restart capd.service mcpd.service")
        self.wait_active()

    def test_users_of_capd_conf_are_asked_about_mcpd(self):
        start = {"name": "start_packet_capture", "arguments": {"target": FAR + ":80", "duration": 1}}
        said = []
        for users in ("alice", "alice, mcpd"):
            self.m.run("sed -i '$a users = %s' /etc/packet-capture-mcp/capd.conf; systemctl restart capd.service" % users)
            self.wait_active()
            body = self.call(SOCKET, "tools/call", start, user="alice")[1]
            said.append((bool(body["result"].get("isError")), body["result"]["content"][0]["text"]))
            self.m.run("sed -i '/^users = /d' /etc/packet-capture-mcp/capd.conf")
        self.m.run("systemctl restart capd.service")
        self.wait_active()
        say("users = alice: " + said[0][1])
        assert said[0][0] and "the user that runs this mcpd" in said[0][1] and "`users`" in said[0][1], said
        assert not said[1][0], said

    def test_without_network_by_drop_in(self):
        self.m.run("install -D -m 0644 /usr/share/doc/packet-capture-mcp/examples/mcpd-no-network.conf "
                   "/etc/systemd/system/mcpd.service.d/no-network.conf")
        self.m.run("printf 'resolve = off\\nprobe = off\\n' >> /etc/packet-capture-mcp/mcpd.conf")
        self.m.run("systemctl daemon-reload && systemctl restart mcpd.service")
        self.wait_active()
        links = self.m.run("nsenter --target $(systemctl show -P MainPID mcpd.service) --net ip -br link").out.split("\n")
        assert len([line for line in links if line]) == 1 and links[0].startswith("lo "), links
        for where, user, token in ((SOCKET, "alice", None), (HTTP, "mallory", self.token)):
            started = self.tool("start_packet_capture", {"target": FAR, "duration": 3}, user, where, token)
            self.fetch("bytes", 2)
            report = self.wait_report(started["capture_id"], user, where, token)
            assert report["connection_analysis"]["established"] == 2, report["connection_analysis"]
        text = self.m.run("systemd-analyze security --no-pager mcpd.service").out
        say("only lo inside, served all the same; " + text.strip().split("\n")[-1])
        self.m.run("rm -r /etc/systemd/system/mcpd.service.d; sed -i '/^resolve = off/d; /^probe = off/d' "
                   "/etc/packet-capture-mcp/mcpd.conf; systemctl daemon-reload; systemctl restart mcpd.service")
        self.wait_active()

    def test_private_copy_for_the_group(self):
        self.m.run(page_commands("capd.8.scd", "install -o root"))
        self.m.run(page_commands("capd.8.scd", "setcap"))
        asked = ["mcpd", "diagnose", FAR + ":80", "--duration", "2", "--interface", "wan0", "--capd", "private"]
        alice = self.m.run(asked, user="alice", check=False)
        assert alice.code == 0, alice.text
        mallory = self.m.run(asked, user="mallory", check=False)
        assert mallory.code == 3 and "CAP_NET_RAW" in mallory.err, mallory.text
        direct = self.m.run([PRIVATE, "--check"], user="mallory", check=False)
        assert direct.code == 126 or "denied" in direct.text, direct.text
        self.m.run("echo 'interfaces = lo' >> /etc/packet-capture-mcp/capd.conf")
        ruled = self.m.run(asked, user="alice", check=False)
        self.m.run("sed -i '/^interfaces = lo/d' /etc/packet-capture-mcp/capd.conf")
        say("alice captures; mallory: exit %d; with `interfaces = lo` alice too: %s" % (mallory.code, ruled.err.strip()[-160:]))
        assert ruled.code in (3, 4) and "does not let you capture on" in ruled.err, ruled.text
        forced = self.m.run([PRIVATE, "--config", "/dev/null", "--socket", "/tmp/x", "--check"], user="alice", check=False)
        assert "ignored" in forced.err and "/tmp/x" not in forced.out, forced.text

    def test_start_without_systemd(self):
        self.m.run("systemctl stop capd.socket mcpd.socket capd.service mcpd.service")
        self.m.run("rm -rf /run/capd /run/mcpd")
        running = []
        try:
            for page, program in (("capd.8.scd", "setpriv --reuid=capd"), ("mcpd.8.scd", "STATE_DIRECTORY=")):
                self.m.run(page_commands(page, "install -d -o " + ("capd" if "capd" in page[:4] else "mcpd")))
                if page.startswith("mcpd"):
                    self.m.run(page_commands(page, "install -d -o mcpd -g mcpd"))
                    self.m.run(page_commands(page, "echo 'socket_group"))
                running.append(self.m.spawn(["sh", "-c", "exec env " + page_commands(page, program)], stdout=DEVNULL, stderr=DEVNULL))
                time.sleep(1.5)
                assert running[-1].poll() is None, "%s did not stay" % program
            self.tool("list_captures", {}, "alice", SOCKET)  # the group may use the socket
            started = self.tool("start_packet_capture", {"target": FAR + ":80", "duration": 3}, "mallory", HTTP, self.token)
            self.fetch("bytes", 2)
            report = self.wait_report(started["capture_id"], "mallory", HTTP, self.token)
            assert report["connection_analysis"]["established"] == 2, report["connection_analysis"]
            who = self.m.run("for p in $(pidof capd | tr ' ' '\\n' | sort -n | head -1); do "
                             "grep -E 'Uid|CapPrm|CapEff|CapBnd|NoNewPrivs' /proc/$p/status; done").out
            say("by the commands of capd(8) and mcpd(8): served; capd: " + " ".join(who.split()))
            assert "CapPrm: 0000000000002000" in " ".join(who.split()), who
        finally:
            self.m.run("kill $(pidof capd mcpd)", check=False)
            for process in running:
                process.wait(10)
            self.m.run("rm -rf /run/capd /run/mcpd; systemd-tmpfiles --create; systemctl start capd.socket mcpd.socket "
                       "capd.service mcpd.service")
        self.wait_active()

    def test_a_bad_configuration_is_named(self):
        self.m.run("echo 'max_captures = many' >> /etc/packet-capture-mcp/capd.conf; systemctl restart capd.service", check=False)
        time.sleep(4)
        text = self.journal("capd.service", "-n 30")
        restarts = self.show("capd.service", "NRestarts")
        self.m.run("sed -i '/^max_captures = many/d' /etc/packet-capture-mcp/capd.conf; systemctl reset-failed capd.service; "
                   "systemctl restart capd.service")
        found = [line for line in text.split("\n") if "max_captures" in line and "capd.conf" in line]
        assert len(found) == 1 and restarts == "0", (restarts, text)
        say(found[-1])
        self.wait_active()

    def test_no_secret_of_the_traffic_is_let_out_or_kept(self):  # last but one: its servers replace the web server
        if canaries.missing():
            raise machine_module.Skip(canaries.missing())
        table, wrong = canaries.look_everywhere(self, self.token)
        say(table)
        assert not wrong, "\n".join(wrong[:40])

    def test_purge_leaves_nothing(self):
        kept = "/etc/packet-capture-mcp/capd.conf /etc/packet-capture-mcp/mcpd.conf /var/lib/mcpd/tokens"
        renew = "/var/lib/dpkg/info/%s.postinst configure" % PACKAGE
        has = self.m.run("%s; getcap %s" % (renew, PRIVATE)).out
        assert "cap_net_raw=ep" in has, has
        taken = self.m.run("setcap -r %s; %s; getcap %s" % (PRIVATE, renew, PRIVATE)).out
        assert "cap_net_raw" not in taken, "an upgrade gave back what was taken away: " + taken
        linked = self.m.run("mv %s /run/kept && ln -s /usr/sbin/capd %s && %s; getcap /usr/sbin/capd; rm %s; mv /run/kept %s"
                            % (PRIVATE, PRIVATE, renew, PRIVATE, PRIVATE)).out
        assert "cap_net_raw" not in linked, "an upgrade gave the capability to everybody's capd: " + linked
        cut_off = "cp %s %s.new" % (PRIVATE, PRIVATE)  # a renewal that was killed
        self.m.run("%s && mv %s /run/ && /var/lib/dpkg/info/%s.postinst configure && test ! -e %s.new && mv /run/capd-private %s"
                   % (cut_off, PRIVATE, PACKAGE, PRIVATE, PRIVATE))
        self.m.run(cut_off)
        self.m.run("cp -p %s /srv/elsewhere && setcap cap_net_raw=ep /srv/elsewhere && ln -sf /srv/elsewhere %s" % (PRIVATE, PRIVATE))
        self.apt("remove", PACKAGE)
        assert "cap_net_raw" not in self.m.run("getcap /srv/elsewhere && rm /srv/elsewhere").out, "what a link led to keeps the capability"
        self.m.run("ls " + kept)
        self.m.run("test ! -e /usr/sbin/capd -a ! -e %s -a ! -e /run/capd/capd.sock" % PRIVATE)
        self.apt("purge", PACKAGE)
        left = self.m.run("find / -xdev \\( -path /proc -o -path /sys \\) -prune -o \\( -name '*capd*' -o -name '*mcpd*' "
                          "-o -name '*packet-capture*' \\) -print; ls -d /run/*capd* /run/*mcpd* 2>/dev/null", check=False).out.split()
        assert left == [] or left == ["/var/cache/apt/archives/" + os.path.basename(p) for p in left], left
        running = self.m.run("pidof capd mcpd mcpd-net", check=False).out.strip()
        assert not running, running
        say("nothing left but the users: " + self.m.run("getent passwd capd mcpd | cut -d: -f1 | tr '\\n' ' '", check=False).out)
        assert "capd" not in self.m.run("systemctl list-unit-files --no-legend").out


def prepare(machine, old, new):
    """Packages, people, and a network: wan0 - far0 in a namespace with a web server."""
    machine.put(old, "/srv/old.deb")
    machine.put(new, "/srv/new.deb")
    machine.put(os.path.join(HERE, "inside.py"), "/usr/local/inside.py")
    os.chmod(machine.root + "/usr/local/inside.py", 0o755)
    machine.fetch_dependencies("/srv/new.deb")
    state = machine.boot()
    say("booted: %s; %s" % (state, machine.run("systemctl --version | head -1; . /etc/os-release; echo $PRETTY_NAME").out.replace("\n", " ")))
    machine.run("useradd -m alice && useradd -m mallory")
    machine.run("ip link set lo up; ip netns add far; ip link add wan0 type veth peer name far0 netns far; "
                "ip addr add 198.51.100.1/24 dev wan0; ip link set wan0 up; ip -n far addr add %s/24 dev far0; "
                "ip -n far link set far0 up; ip -n far link set lo up; "
                "mkdir /srv/far; head -c 20000 /dev/zero > /srv/far/bytes" % FAR)
    machine.spawn(["ip", "netns", "exec", "far", "python3", "-m", "http.server", "80", "-d", "/srv/far"], stdout=DEVNULL, stderr=DEVNULL)
    machine.run("for i in $(seq 50); do python3 -c \"import socket; socket.create_connection(('%s', 80), 1)\" 2>/dev/null "
                "&& exit 0; sleep 0.2; done; exit 1" % FAR)


def main():
    why = machine_module.missing()
    if why:
        print("1..0 # SKIP " + why)
        return 0
    tests = [name for name in vars(Session) if name.startswith("test_")]
    print("1..%d" % len(tests))
    bad = 0
    old, new = package(OLD), package(version())
    say("package: %d bytes; previous version %s, this one %s" % (os.path.getsize(new), OLD, version()))
    with machine_module.Machine(CACHE) as machine:
        prepare(machine, old, new)
        session = Session(machine, old, new)
        for number, name in enumerate(tests, 1):
            began, failure, skip = time.monotonic(), None, ""
            try:
                getattr(session, name)()
            except machine_module.Skip as why:
                skip = " # SKIP %s" % why
            except (AssertionError, KeyError, ValueError, TypeError, IndexError, StopIteration) as error:
                failure = error
            print("%s %d - %s%s" % ("not ok" if failure else "ok", number, name[5:].replace("_", " "), skip), flush=True)
            if failure:
                bad += 1
                say("%s: %s" % (type(failure).__name__, failure))
            say("(%.1f s)" % (time.monotonic() - began))
    return 1 if bad else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the machine is taken down all the same
    try:
        sys.exit(main())
    except machine_module.MachineError as error:
        print("Bail out! %s" % error)
        sys.exit(1)
