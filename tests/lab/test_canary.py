#!/usr/bin/env python3
"""The canary test: secrets in all the traffic there is, and not one of them in what the product says or keeps.
# suite: timeout=500 show

Real clients and servers in the lab's network send secrets in some 150 channels (canary.py) while captures of every
mode run, with and without a user's filter, with names on and off.  Looked through, in every encoding that a leak is
likely to take, is: each byte between capd and mcpd, the reports of all sections, live and from a capture file, over
MCP and at the terminal, standard error and the audit lines, the memory of mcpd (stdio and serve) while it holds
the reports, of its launcher and network child, and of capd's parent during and after the captures, and the files that either has.  The table goes to build/canary-table.txt.
"""

import collections
import json
import os
import re
import secrets
import select
import shutil
import stat
import subprocess
import sys
import time

import lab as lab_module
import product
from canary import Canaries, WEB, resolver_records
from canary_search import NOT_IN_CLEAR, SECTIONS, SHOWN, Search, memory_of
from test_privileges import Checks, children

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mcp"))
import serve_client  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(product.TOP, "build", "canary-table.txt")
MODES = (("domain", WEB), ("web", WEB), ("port", "80"), ("diagnosis", "auto"))
FILTER = "not port 7"


class Run:
    """One setting of `names`, with its secrets, taps and places."""

    def __init__(self, lab, names, checks):
        self.lab, self.names, self.checks = lab, names, checks
        self.c = Canaries(secrets.token_hex(8))
        self.tally = os.path.join(lab.dir, "tally")
        self.places = collections.OrderedDict()  # where -> bytes
        self.search = Search(self.c)

    def look(self, where, data):
        """Keep for the search; texts and bytes."""
        self.places[where] = self.places.get(where, b"") + (data.encode() if isinstance(data, str) else data)

    def memory(self, where, pid):
        """Every readable map of a process."""
        for data in memory_of(pid):
            self.look(where, data)

    def files(self, where, pid):
        """Regular files that a process holds open for writing, but for its log."""
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                path, mode = os.readlink("/proc/%d/fd/%s" % (pid, fd)), os.stat("/proc/%d/fd/%s" % (pid, fd)).st_mode
                with open("/proc/%d/fdinfo/%s" % (pid, fd), encoding="ascii") as info:
                    flags = int(re.search(r"flags:\s*(\d+)", info.read()).group(1), 8)
            except OSError:
                continue
            if stat.S_ISREG(mode) and flags & 3 and fd not in ("1", "2"):
                self.checks.check("names %s: %s has no file open for writing" % (self.names, where), False, path)

    # ---- the network -------------------------------------------------------------------------

    def start_network(self):
        lab, c = self.lab, self.c
        lab.dnsmasq(*resolver_records(c))
        lab.spawn(lab.server, [sys.executable, os.path.join(HERE, "canary.py"), "serve", c.key, self.tally], ready="ready")
        line = lab.in_ns(lab.client, ["ip", "neigh", "show", lab_module.ROUTER4]).stdout
        self.mac = re.search(r"lladdr (\S+)", line).group(1)

    def traffic(self):
        done = self.lab.in_ns(self.lab.client, [sys.executable, os.path.join(HERE, "canary.py"), "send", self.c.key, self.tally, self.mac],
                              check=False, timeout=120)
        said = [l for l in (done.stdout + done.stderr).split("\n") if l]
        self.checks.check("names %s: all clients ran" % self.names, done.returncode == 0 and not said, "\n".join(said))

    def proxy(self):
        folder = os.path.join(self.lab.dir, "tap")
        if not os.path.isdir(folder):
            os.mkdir(folder)
            os.chown(folder, product.PERSON_UID, product.CLIENTS_GID)
            argv = [sys.executable, os.path.join(self.lab.dir, "canary.py"), "proxy", folder + "/sock", self.lab.sock, folder + "/dump"]
            shutil.copy(os.path.join(HERE, "canary.py"), self.lab.dir)
            self.lab.spawn(self.lab.client, self.lab.as_person(argv), ready="ready")
        return folder + "/sock"

    def take_proxied(self):
        folder = os.path.join(self.lab.dir, "tap")
        for name in sorted(os.listdir(folder)):
            if name.startswith("dump"):
                with open(os.path.join(folder, name), "rb") as dump:
                    self.look("between capd and mcpd, " + name.rsplit(".", 1)[1], dump.read())


class Session:
    """mcpd stdio as the person, everything it says kept."""

    def __init__(self, run, *args):
        self.run, self.last, self.where = run, 0, "MCP results"
        self.err = os.path.join(run.lab.dir, "stdio.err")
        home = os.path.join(run.lab.dir, "home")
        with open(self.err, "wb") as err:
            self.proc = subprocess.Popen(["ip", "netns", "exec", run.lab.client] + run.lab.mcpd("stdio", *args), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=err, env=dict(os.environ, HOME=home), start_new_session=True)
        run.lab.procs.append(self.proc)
        self.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                 "clientInfo": {"name": "canary", "version": "1"}})

    def call(self, method, params):
        self.last += 1
        self.proc.stdin.write((json.dumps({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}) + "\n").encode())
        self.proc.stdin.flush()
        while True:
            if not select.select([self.proc.stdout], [], [], 90)[0]:
                raise product.LabError("mcpd does not answer %s" % method)
            line = self.proc.stdout.readline()
            if not line:
                raise product.LabError("mcpd ended")
            self.run.look(self.where, line)
            answer = json.loads(line)
            if answer.get("id") == self.last:
                return answer.get("result") or answer

    def tool(self, name, **arguments):
        return self.call("tools/call", {"name": name, "arguments": arguments})

    def read_all(self, capture_id):
        """Every page of every section."""
        for section in SECTIONS:
            cursor, pages = "", 0
            while cursor is not None and pages < 60:
                more = {"cursor": cursor} if cursor else {}
                got = self.tool("get_capture_report", capture_id=capture_id, section=section, max_tokens=8000, **more)
                cursor = (got.get("structuredContent") or {}).get("next_cursor") if section != "summary" else None
                pages += 1

    def end(self):
        self.proc.stdin.close()
        self.proc.wait(5)
        self.proc.stdin = None
        with open(self.err, "rb") as err:
            self.run.look("standard error of mcpd", err.read())


def url_of(c):
    """A target with everything in it that must be dropped."""
    return "http://user:%s@%s/%s?q=%s#%s" % (c("target's password"), WEB, c("target's path"), c("target's query"), c("target's fragment"))


def command(run, *args):
    """mcpd on the command line; returns the process."""
    out = open(os.path.join(run.lab.dir, "out.%d" % len(run.lab.procs)), "w+b")
    err = open(out.name + ".err", "w+b")
    return run.lab.spawn(run.lab.client, run.lab.mcpd(*args), stdout=out, stderr=err), out, err


def finish(run, where, started):
    proc, out, err = started
    code = proc.wait(60)
    out.seek(0)
    err.seek(0)
    text, said = out.read(), err.read()
    run.look(where, text)
    run.look("standard error of mcpd", said)
    out.close()
    err.close()
    run.checks.check("names %s: %s, a report" % (run.names, where), code in (0, 1) and text, said.decode(errors="replace"))
    return text.decode(errors="replace")


def helpers_of(pid):
    """The launcher and, below it, the network child."""
    return [("the launcher", c) for c in children(pid)] + [("the network child", g) for c in children(pid) for g in children(c)]


def serve(run, capd_sock):
    """`mcpd serve` in the client's namespace, by its Unix socket, with a capture of everything."""
    folder = os.path.join(run.lab.dir, "serve")
    command = ["ip", "netns", "exec", run.lab.client] + run.lab.mcpd("serve", "--listen", "127.0.0.1:0", "--socket", folder + "/mcpd.sock", "--capd",
                                                                     capd_sock, "--config", folder + "/mcpd.conf")
    served = serve_client.Serve(run.lab, command=command)
    run.lab.procs.append(served.process)
    started = ask_served(run, served, "start_packet_capture", target=url_of(run.c), duration=300, interface="eth0", mode="diagnosis")
    return served, started["structuredContent"]["capture_id"]


def ask_served(run, served, name, **arguments):
    """A tool call over HTTP, every byte of the answer kept."""
    answer = served.ask(serve_client.tool(name, arguments), served.unix)
    run.look("HTTP answers of mcpd serve", answer.body)
    return (answer.json or answer.events[-1])["result"]


def end_served(run, served, capture_id):
    """What it says of its capture, its memory, its log."""
    ask_served(run, served, "stop_packet_capture", capture_id=capture_id)
    for section in SECTIONS:
        ask_served(run, served, "get_capture_report", capture_id=capture_id, section=section, max_tokens=8000)
    for kind in ("html", "json"):
        read = {"uri": "capture://%s/report.%s" % (capture_id, kind)}
        run.look("HTTP answers of mcpd serve", served.ask(serve_client.modern_post("resources/read", read), served.unix).body)
    run.memory("memory of mcpd serve, holding the report", served.process.pid)
    run.files("mcpd serve", served.process.pid)
    served.end()
    run.look("standard error of mcpd", served.said().encode())


def live_over_mcp(run, session):
    """Captures of every mode at once, with and without a filter, and a target full of secrets among them."""
    ids = []
    for more in ({}, {"filter": FILTER}):
        for mode, target in MODES:
            got = session.tool("start_packet_capture", target=url_of(run.c) if mode == "web" else target, mode=mode, duration=300,
                               interface="eth0", **more)
            ids.append((got.get("structuredContent") or {}).get("capture_id"))
    run.checks.check("names %s: eight captures run" % run.names, all(ids), ids)
    run.traffic()
    workers = children(run.lab.capd.pid)
    run.checks.equal("names %s: eight workers" % run.names, len(workers), 8)
    for capture_id in ids:
        session.tool("get_capture_status", capture_id=capture_id)
        session.tool("get_capture_report", capture_id=capture_id)
    run.memory("memory of capd's parent, while captures run", run.lab.capd.pid)
    run.memory("memory of mcpd, while captures run", session.proc.pid)
    for who, pid in helpers_of(session.proc.pid):
        run.memory("memory of %s of mcpd" % who, pid)
    for pid, who in ((run.lab.capd.pid, "capd"), (session.proc.pid, "mcpd"), (workers[0], "a worker")):
        run.files(who, pid)
    for capture_id in ids:
        session.tool("stop_packet_capture", capture_id=capture_id)
        session.read_all(capture_id)
    session.tool("list_captures")


def whole(run):
    """One setting of `names`."""
    lab, c = run.lab, run.c
    lab.start_capd(config="names = %s\nmax_captures = 8\nmax_captures_per_user = 8\n" % run.names)
    run.start_network()
    home = os.path.join(lab.dir, "home")
    os.makedirs(home, exist_ok=True)
    os.chown(home, product.PERSON_UID, product.PERSON_UID)
    trace = os.path.join(home, "trace.pcap")
    recorder = lab.spawn(lab.client, [sys.executable, os.path.join(HERE, "canary.py"), "record", "eth0", trace], ready="ready")
    sock = run.proxy()
    mcpd_conf = os.path.join(lab.dir, "mcpd.conf")
    with open(mcpd_conf, "w", encoding="ascii") as conf:
        conf.write("file_directories = %s\nmax_captures_per_caller = 8\n" % home)
    session = Session(run, "--capd", sock, "--config", mcpd_conf)
    live_over_mcp(run, session)
    lab.stop(recorder)
    os.chmod(trace, 0o644)
    with open(trace, "rb") as file:
        on_the_wire = file.read()
    session.where = "MCP results of a capture file"  # read by a private capd, whose names are on
    for target in ("auto", WEB, "80", "443", url_of(c)):
        got = session.tool("analyze_capture_file", path=trace, target=target)
        session.read_all((got.get("structuredContent") or {}).get("capture_id", ""))
    # Captures of people, with a probe of mcpd's own.
    people = [command(run, "diagnose", url_of(c), "--mode", "web", "--duration", "14", "--interface", "eth0", "--capd", sock),
              command(run, "diagnose", url_of(c), "--json", "--duration", "14", "--interface", "eth0", "--capd", sock),
              command(run, "diagnose", "--duration", "14", "--interface", "eth0", "--capd", sock),
              command(run, "diagnose", "https://" + WEB, "--json", "--duration", "14", "--interface", "eth0", "--capd", sock)]
    served, served_id = serve(run, sock)
    time.sleep(1)
    run.traffic()
    end_served(run, served, served_id)
    told = [finish(run, "mcpd diagnose " + how, p) for p, how in zip(people, ("as text", "as JSON", "of everything", "of a server whose certificate is not trusted"))]
    for more, how in (((), "as text"), (("--json",), "as JSON")):
        for target in ((), (WEB,), ("80",), (url_of(c),)):
            finish(run, "mcpd analyze " + how, command(run, "analyze", trace, *target, *more))
    run.memory("memory of mcpd, holding the reports", session.proc.pid)
    run.memory("memory of capd's parent, afterwards", lab.capd.pid)
    for pid, who in ((lab.capd.pid, "capd, afterwards"), (session.proc.pid, "mcpd, afterwards")):
        run.files(who, pid)
    session.end()
    run.take_proxied()
    run.look("capd's log and audit lines", lab.capd_output())
    left = [os.path.join(folder, name) for base in (lab.dir, "/var/tmp", "/dev/shm") for folder, _, names in os.walk(base)
            for name in names if os.stat(os.path.join(folder, name), follow_symlinks=False).st_uid in (product.CAPD_UID, product.PERSON_UID)
            and not folder.endswith(("/tap", "/serve")) and not name.endswith(".sock")]
    run.checks.equal("names %s: neither left a file" % run.names, left, [])
    return on_the_wire, told


def judge(run, on_the_wire, told):
    """Search everything; returns the rows of the table."""
    sent = collections.defaultdict(lambda: [0, 0])
    with open(run.tally, encoding="utf-8") as tally:
        for line in tally:
            size, channel = line.rstrip("\n").split("\t")
            sent[channel][0] += int(size)
            sent[channel][1] += 1
            run.c(channel)
    on_the_wire = run.search.hits(on_the_wire)
    hits, where_hit = collections.Counter(), []
    for where, data in run.places.items():
        found = run.search.hits(data)
        own = "memory of mcpd" in where  # what the caller typed is in the caller's own process
        for channel, count in found.items():
            if own and channel.startswith("target's "):
                continue
            hits[channel] += count
            where_hit.append("%s: %s, %d times" % (where, channel, count))
        run.checks.check("names %s: no secret in %s (%d bytes)" % (run.names, where, len(data)),
                         not any(w.startswith(where + ": ") for w in where_hit) and (data or "error" in where), "\n".join(where_hit))
    unseen = [ch for ch in sent if not on_the_wire.get(ch) and not re.search(NOT_IN_CLEAR, ch)]
    run.checks.equal("names %s: the secrets did pass the tap" % run.names, unseen, [])
    for kind in SHOWN:
        word = run.c.word(kind).encode()
        seen = [w for w, data in run.places.items() if word in data.lower() and "file" not in w and "analyze" not in w and "memory" not in w]
        if run.names == "on":
            run.checks.check("names on: a %s word is reported" % kind, "between capd and mcpd, events" in seen, seen)
        else:
            run.checks.check("names off: no %s word leaves a worker" % kind, not seen, seen)
    why = json.loads(told[3]).get("probe", {}).get("why")
    why = (why or "").split("; tried ")[0]
    run.checks.equal("names %s: a failed probe is told in words of ours" % run.names, why,
                     "the certificate was not accepted: it is self-signed")
    says = json.loads(told[1])["lists"].get("names") == "switched off" and "names: switched off" in told[0]
    run.checks.equal("names %s: the report says whether names are switched off" % run.names, says, run.names == "off")
    return [(ch, size, times, hits.pop(ch, 0)) for ch, (size, times) in sorted(sent.items())] + [(ch, 0, 0, n) for ch, n in hits.items()]


def print_table(rows):
    """names, channel, bytes sent, times sent, hits."""
    lines = ["%-5s %-46s %6s %6s %6s" % ("names", "channel", "bytes", "times", "hits")]
    lines += ["%-5s %-46s %6d %6d %6d" % row for row in rows]
    total = "%d channels, %d bytes of secrets, %d hits" % (len({r[1] for r in rows}), sum(r[2] for r in rows), sum(r[4] for r in rows))
    os.makedirs(os.path.dirname(TABLE), exist_ok=True)
    with open(TABLE, "w", encoding="utf-8") as out:
        out.write("\n".join(lines + [total]) + "\n")
    owner = os.stat(product.TOP)
    os.chown(TABLE, owner.st_uid, owner.st_gid)
    print("\n".join("# " + line for line in lines + [total]))


def main():
    gone = lab_module.missing_tools() + [t for t in ("openssl", "curl") if not shutil.which(t)]
    if gone:
        print("1..1\nok 1 - canaries # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    product.install_signal_handlers()
    checks, rows = Checks(), []
    for names in ("on", "off"):
        try:
            with lab_module.Lab() as lab:
                run = Run(lab, names, checks)
                rows += [(names,) + row for row in judge(run, *whole(run))]
        except (product.LabError, OSError, subprocess.SubprocessError) as why:
            checks.check("names %s: the lab works" % names, False, repr(why))
    if rows:
        print_table(rows)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
