"""The canary test on the installed pair: secrets over the machine's network, and not one of them in what capd's workers let
out, in the memory of mcpd or of capd's parent, in their state, their logs or their answers.

The traffic and the search are those of tests/lab/canary.py and canary_search.py.  The clients run in the network of the
machine, the servers in the namespace behind it, both as processes of the host.  From the host comes also what looks on: strace at
capd, so that every byte that a worker writes is kept, and a reader of the memory of each process.  Every place must
show something that is known to be there (a name that a report may show, the id of a capture), or the search of it proves nothing.
"""

import collections
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(HERE, "..", "lab")
sys.path.insert(0, LAB)
from canary import RESOLVER, SERVER, WEB, Canaries, resolver_records  # noqa: E402
from canary_search import NOT_IN_CLEAR, SECTIONS, SHOWN, Search, memory_of  # noqa: E402

TOOLS = ("strace", "dnsmasq", "openssl", "curl", "ping", "unshare", "nsenter")
WAYS_OUT = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,splice,sendfile,vmsplice,tee"
LONGEST = 1 << 22  # bytes of one call that strace keeps: more than a frame from capd
# Channels by how they begin; the first that fits.
GROUPS = (("HTTP", "http|websocket|path|second path|absolute target|target of|Host |Sec-Web"),
          ("TLS", "inside TLS|ClientHello|TLS|behind a TLS|certificate"),
          ("DNS", "dns|.*port 53$|.*question|broken answer"),
          ("UDP", "udp|QUIC|sip|tftp"),
          ("TCP", "tcp|mysql|telnet|ftp|smtp|pop3|imap|ssh|mail|payload|unknown protocol on"),
          ("other", ""))
CAPTURES = ({"target": "auto"}, {"target": WEB, "mode": "web"}, {"target": "443", "mode": "port"})
RESOURCES = ("report", "report.html", "report.json", "connections.csv", "timeline.csv")
FOLDERS = ("/var/lib/mcpd", "/run/mcpd", "/run/capd", "/var/log", "/tmp", "/var/tmp", "/dev/shm")


def missing():
    """What this needs and is not here; None when all is."""
    gone = [tool for tool in TOOLS if not shutil.which(tool)]
    return "needs " + ", ".join(gone) if gone else None


def group_of(channel):
    return next(name for name, pattern in GROUPS if re.match(pattern, channel))


# ---- processes of the machine, as the host sees them ----------------------------------------------

def host_pid(machine, inner):
    """The host's number of a process of the machine."""
    namespace = os.readlink("/proc/%d/ns/pid" % machine.leader)
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink("/proc/%s/ns/pid" % name) == namespace:
                with open("/proc/%s/status" % name, encoding="utf-8", errors="replace") as status:
                    if re.search(r"^NSpid:.*\s%d$" % inner, status.read(), re.MULTILINE):
                        return int(name)
        except OSError:
            continue
    raise AssertionError("process %d of the machine is not to be seen from outside" % inner)


def below(pid):
    """A process and all below it."""
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as children:
        return [pid] + [found for child in children.read().split() for found in below(int(child))]


class Watch:
    """One run: what is started for it, the places looked at, the secrets."""

    def __init__(self, session, token):
        self.s, self.m, self.token = session, session.m, token
        self.dir = os.path.join(self.m.dir, "canary")
        os.mkdir(self.dir)
        self.tally = os.path.join(self.dir, "tally")
        self.c = Canaries(secrets.token_hex(8))
        self.search = Search(self.c)
        self.places = collections.OrderedDict()  # where -> [bytes, what must be found there]
        self.started = []
        self.words = [self.c.word(kind) for kind in SHOWN]

    def look(self, where, data, known=()):
        """Keep for the search, with texts that must be found in that place."""
        place = self.places.setdefault(where, [[], []])
        place[0].append(data.encode() if isinstance(data, str) else data)
        place[1] += known

    # ---- programs of the host, in the networks of the machine --------------------------------

    def argv_in(self, far, argv):
        net = "/proc/%d/root/run/netns/far" % self.m.leader if far else "/proc/%d/ns/net" % self.m.leader
        return ["nsenter", "--net=" + net] + argv

    def start(self, argv, ready):
        """Start a program; wait until a line that it prints ends like the pattern `ready`."""
        path = os.path.join(self.dir, "said.%d" % len(self.started))
        with open(path, "wb") as out:
            self.started.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                                 env=dict(os.environ, TMPDIR=self.dir)))
        for _ in range(200):
            with open(path, encoding="utf-8", errors="replace") as said:
                text = said.read()
            if re.search("(^|\\W)(%s)$" % ready, text, re.MULTILINE):
                return self.started[-1]
            assert self.started[-1].poll() is None, "%s ended: %s" % (argv[:6], text[-400:])
            time.sleep(0.1)
        raise AssertionError("%s did not get ready: %s" % (argv[:6], text[-400:]))

    def said(self, number):
        """What a started program printed last."""
        with open(os.path.join(self.dir, "said.%d" % number), encoding="utf-8", errors="replace") as text:
            return "%s: %s" % (self.started[number].args[2:6], text.read()[-400:])

    def end(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)

    def canary(self, far, role, *args):
        return self.argv_in(far, [sys.executable, os.path.join(LAB, "canary.py"), role] + list(args))

    def start_servers(self):
        """The servers take the place of the web server of the other tests."""
        self.m.run("kill $(ip netns pids far); while [ \"$(ip netns pids far)\" ]; do sleep 0.1; done; "
                   "ip -n far addr add %s/24 dev far0; echo nameserver %s > /etc/resolv.conf" % (RESOLVER, RESOLVER))
        self.start(self.argv_in(True, ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                                       "--pid-file=", "--user=root", "--group=root", "--log-facility=-", "--bind-interfaces",
                                       "--listen-address=" + RESOLVER, "--local=/lab.test/",
                                       "--host-record=%s,%s" % (WEB, SERVER)] + resolver_records(self.c)), "started, .*")
        return self.start(self.canary(True, "serve", self.c.key, self.tally), "ready")

    def send(self):
        """All clients; names are looked up at the resolver of the far side."""
        resolver = os.path.join(self.dir, "resolv.conf")
        with open(resolver, "w", encoding="ascii") as conf:
            conf.write("nameserver %s\n" % RESOLVER)
        mac = re.search(r"link/ether (\S+)", self.m.run("ip -n far link show far0").out).group(1)
        argv = self.canary(False, "send", self.c.key, self.tally, mac, "wan0")
        done = subprocess.run(["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"", resolver] + argv,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180,
                              check=False)
        ended = [self.said(n) for n, process in enumerate(self.started) if process.poll() is not None]
        assert done.returncode == 0 and not done.stdout.strip() and not ended, "clients: exit %d: %s; ended: %s" % (
            done.returncode, done.stdout[-600:], ended)

    # ---- mcpd, over HTTP ----------------------------------------------------------------------

    def ask(self, method, params):
        """One request with the token, every byte of the answer kept; the result."""
        argv = ["python3", "/usr/local/inside.py", "call", self.s.http, "--token", self.token, method, json.dumps(params)]
        done = json.loads(self.m.run(argv, user="mallory").out)
        assert done["status"] == 200 and "result" in done["body"], "%s %s: %s" % (method, params, str(done)[:400])
        self.look("all answers of mcpd, over HTTP", done["raw"])
        return done["body"]["result"]

    def tool(self, name, **arguments):
        result = self.ask("tools/call", {"name": name, "arguments": arguments})
        assert not result.get("isError"), "%s: %s" % (name, str(result)[:400])
        return result["structuredContent"]

    def read_all(self, capture):
        """Every page of every section, and every resource."""
        for section in SECTIONS:
            more, pages = {}, 0
            while more is not None and pages < 60:
                got = self.tool("get_capture_report", capture_id=capture, section=section, max_tokens=8000, **more)
                more = {"cursor": got["next_cursor"]} if section != "summary" and got.get("next_cursor") else None
                pages += 1
        for name in RESOURCES:
            self.ask("resources/read", {"uri": "capture://%s/%s" % (capture, name)})

    # ---- places -------------------------------------------------------------------------------

    def memories(self, when, parent, mcpd, captures, words):
        for pid in below(mcpd):
            with open("/proc/%d/comm" % pid, encoding="utf-8") as comm:
                where = "memory of %s, %s" % ({"mcpd": "mcpd and its launcher"}.get(comm.read().strip(), "mcpd-net"), when)
            for data in memory_of(pid):
                self.look(where, data)
        self.look("memory of mcpd and its launcher, " + when, b"", captures + words)
        self.look("memory of mcpd-net, " + when, b"", [WEB])
        for data in memory_of(parent):
            self.look("memory of capd's parent, " + when, data)
        self.look("memory of capd's parent, " + when, b"", captures)

    def written(self, parent, workers):
        """What strace saw the processes of capd write, nothing cut."""
        for pid in workers + [parent]:
            where = "bytes written by capd's parent" if pid == parent else "bytes written by %d workers" % len(workers)
            with open("%s/trace.%d" % (self.dir, pid), encoding="ascii") as trace:
                for line in trace:
                    strings = re.findall(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?', line)
                    data = b"".join(bytes.fromhex(text.replace("\\x", "")) for text, _ in strings)
                    result = re.search(r"\) = (\d+)$", line)
                    assert not any(cut for _, cut in strings), "strace cut a call short: " + line[-80:]
                    whole = not result or len(data) >= int(result.group(1)) or "nlmsg_len=" in line  # a question to the kernel
                    assert whole, "strace kept too little of a call: " + line[:80]
                    self.look(where, data)
        for where in ("bytes written by %d workers" % len(workers), "bytes written by capd's parent"):
            self.look(where, b"", self.words)

    def files(self):
        """Names and contents of the files of the services, and the whole journal."""
        root = "/proc/%d/root" % self.m.leader
        known = {"/var/lib/mcpd": [self.token], "/run/mcpd": ["mcpd.sock"], "/run/capd": ["capd.sock"], "/var/log": ["packet-capture-mcp"]}
        for top in FOLDERS:
            where = "files below " + top if top in known else "files in /tmp, /var/tmp, /dev/shm"
            self.look(where, b"", known.get(top, []))
            for folder, _dirs, names in os.walk(root + top):
                for name in names:
                    path = os.path.join(folder, name)
                    self.look(where, path + "\n")
                    if os.path.isfile(path) and not os.path.islink(path):
                        with open(path, "rb") as file:
                            self.look(where, file.read())

    def watch(self):
        """Captures, traffic, answers; every place is kept."""
        pids = {unit: host_pid(self.m, int(self.s.show(unit + ".service", "MainPID"))) for unit in ("capd", "mcpd")}
        parent, mcpd = pids["capd"], pids["mcpd"]
        server = self.start_servers()
        wire = os.path.join(self.dir, "wire")
        recorder = self.start(self.canary(False, "record", "wan0", wire), "ready")
        strace = self.start(["strace", "-ff", "-xx", "-s", str(LONGEST), "-e", "trace=" + WAYS_OUT, "-e", "signal=none",
                             "-o", self.dir + "/trace", "-p", str(parent)], "attached")
        captures = [self.tool("start_packet_capture", interface="wan0", duration=300, **more)["capture_id"] for more in CAPTURES]
        workers = below(parent)[1:]
        assert len(workers) == len(captures), "%d workers" % len(workers)
        self.send()
        for capture in captures:
            self.tool("get_capture_status", capture_id=capture)
            self.tool("get_capture_report", capture_id=capture)
        self.memories("captures running", parent, mcpd, captures, [])
        for capture in captures:
            self.tool("stop_packet_capture", capture_id=capture)
            self.read_all(capture)
        self.tool("list_captures")
        self.look("all answers of mcpd, over HTTP", b"", captures + self.words)
        self.memories("reports given", parent, mcpd, captures, self.words)
        for process in (strace, recorder):
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        self.written(parent, workers)
        self.files()
        self.look("journal", self.m.run("journalctl --no-pager -o export").out, captures)
        with open(wire, "rb") as file:
            return file.read(), b"".join(memory_of(server.pid))

    # ---- the verdict --------------------------------------------------------------------------

    def judge(self, wire, server_memory):
        """The table, and what is wrong: secrets found, or places whose search proves nothing."""
        sent, wrong = collections.Counter(), []
        with open(self.tally, encoding="utf-8") as tally:
            for line in tally:
                channel = line.rstrip("\n").split("\t")[1]
                sent[channel] += 1
                self.c(channel)
        rows = [self.row("channels", "", collections.Counter(map(group_of, sent))),
                self.row("secrets sent", "", sum((collections.Counter({group_of(c): n}) for c, n in sent.items()), collections.Counter()))]
        wrong += ["no %s channel sent anything" % group for group, _ in GROUPS if not any(group_of(c) == group for c in sent)]
        on_the_wire, held = self.search.hits(wire), self.search.hits(server_memory)
        wrong += ["not seen on the wire: " + ch for ch in sent if not on_the_wire.get(ch) and not re.search(NOT_IN_CLEAR, ch)]
        wrong += [] if held else ["the search does not find in the memory of the server what it sent"]
        rows += [self.row("(control) the wire", len(wire), self.by_group(on_the_wire)),
                 self.row("(control) memory of the server that sent", len(server_memory), self.by_group(held))]
        total = 0
        for where, (pieces, known) in self.places.items():
            data = b"\0".join(pieces) if "written" not in where else b"".join(pieces)
            found = self.search.hits(data)
            total += sum(found.values())
            wrong += ["%s: %s, %d times" % (where, channel, count) for channel, count in found.items()]
            lower = data.lower()
            unseen = [text for text in known if text.lower().encode() not in lower]
            wrong += ["%s: the search finds no %s, which is there" % (where, text) for text in unseen]
            rows.append(self.row(where, len(data), self.by_group(found), "%d of %d" % (len(known) - len(unseen), len(known))))
        size = sum(len(piece) for pieces, _ in self.places.values() for piece in pieces)
        rows.append("%d channels, %d secrets sent, %d bytes searched, %d hits" % (len(sent), sum(sent.values()), size, total))
        head = "%-52s %11s " % ("place", "bytes") + " ".join("%6s" % name for name, _ in GROUPS) + "  known texts found"
        return "\n".join([head] + rows), wrong

    @staticmethod
    def by_group(found):
        out = collections.Counter()
        for channel, count in found.items():
            out["other" if channel.startswith("unknown: ") else group_of(channel)] += count
        return out

    @staticmethod
    def row(where, size, counts, known=""):
        return ("%-52s %11s " % (where, size) + " ".join("%6d" % counts[name] for name, _ in GROUPS) + "  " + known).rstrip()


def look_everywhere(session, token):
    """The whole test: the table, and a list of what is wrong."""
    watch = Watch(session, token)
    try:
        kept = watch.watch()
    except (OSError, subprocess.SubprocessError) as why:
        raise AssertionError("the watch over the pair failed: %r" % why) from why
    finally:
        watch.end()
    return watch.judge(*kept)
