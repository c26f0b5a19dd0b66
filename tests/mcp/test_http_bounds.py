#!/usr/bin/env python3
"""What one client can cost or learn: batches, answers nobody reads, lists, files, errors.
# suite: timeout=240

A real `mcpd serve` and a real capd, each an ordinary user; captures are made on lo.
"""

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time

from serve_client import TOKENS, Serve, Wire, legacy, modern_post, post, tool
import product
from stdio_client import Checks

LO = {"target": "127.0.0.77", "interface": "lo", "mode": "domain"}
MIB = 1024 * 1024


def said(result):
    return result["content"][0]["text"]


def captures(s, **more):
    return s.call("list_captures", **more)["structuredContent"]["captures"]


# ---- batches ----------------------------------------------------------------------------------------------------------

def make_traffic(count=600):
    """Small HTTP answers from hosts of many names: a report with every list full."""
    server = socket.create_server(("127.0.0.1", 8081), backlog=500)

    def serve():
        for _ in range(count):
            one, _ = server.accept()
            one.recv(4096)
            one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            one.close()
    thread = threading.Thread(target=serve)
    thread.start()
    for i in range(count):
        with socket.create_connection(("127.0.0.1", 8081)) as one:
            one.sendall(b"GET /p/%d HTTP/1.1\r\nHost: h%d.example\r\n\r\n" % (i, i))
            one.recv(100)
    thread.join()
    server.close()


def served_again(s, seconds=5):
    """Whether alice's requests are taken again: those of her clients that have gone count until the server has seen that."""
    deadline = time.monotonic() + seconds
    while s.ask(post(legacy("ping"))).status != 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    return s.ask(post(legacy("ping"))).status == 200


class Deaf(Wire):
    """A connection of which the other side can hand over next to nothing."""

    def __init__(self, where):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.settimeout(5)
        self.sock.connect(where)
        self.data = b""


def batch_of(uri, count=32):
    return post([legacy("resources/read", {"uri": uri}, i) for i in range(count)])


def check_batches(t, s):
    began = s.call("start_packet_capture", {"target": "auto", "interface": "lo", "duration": 300})["structuredContent"]
    make_traffic()
    s.call("stop_packet_capture", {"capture_id": began["capture_id"]})
    big = "capture://%s/report.html" % began["capture_id"]
    one = len(s.ask(modern_post("resources/read", {"uri": big})).body)
    got = s.ask(batch_of(big))
    fit = [a for a in got.json if "result" in a]
    over = [a for a in got.json if "error" in a]
    t.check("a batch answers every request, whatever it asks for", [a["id"] for a in got.json] == list(range(32)), got)
    t.check("its answers end at 4 MiB (one has %d bytes)" % one,
            32 * one > 4 * MIB and len(got.body) < 4 * MIB + 32 * 2048 and len(fit) >= 4 * MIB // one - 1, len(got.body))
    t.check("the others say what to do", over and
            all(a["error"]["code"] == -32603 and "ask for this one alone" in a["error"]["message"] for a in over), over[:1])
    got = s.ask(post([legacy("ping", ident=i) for i in range(33)]))
    t.check("a batch of 33 is refused", got.code == -32600 and b"32" in got.body, got.body[:200])
    wires = [Wire(s.tcp) for _ in range(12)]
    for wire in wires:
        wire.send(batch_of(big))
    began = time.monotonic()
    got = s.ask(post(legacy("ping"), token=TOKENS["bob"]))
    wait = time.monotonic() - began
    answers = [wire.answer() for wire in wires]
    took = time.monotonic() - began
    t.check("twelve batches beside: another client does not wait for them", got.status == 200 and wait < max(1, took / 3), (wait, took))
    t.check("each of them is answered or refused, never by an empty 202",
            all(a is None or (a.status == 200 and a.body) or a.status == 429 for a in answers),
            [(a and a.status, a and len(a.body)) for a in answers])
    for wire in wires:
        wire.sock.close()
    t.check("the server goes on", s.process.poll() is None and s.ask(post(legacy("ping"))).status == 200, s.said())
    return big


def check_gone(t, s):
    began = s.call("start_packet_capture", {"target": "auto", "interface": "lo", "duration": 300})["structuredContent"]
    make_traffic()
    uri = "capture://%s/report.html" % began["capture_id"]
    request = post(legacy("resources/read", {"uri": uri}))
    waits = []
    for _ in range(4):
        for _ in range(100):
            with Wire(s.tcp) as wire:
                wire.send(request)
        asked = time.monotonic()
        s.ask(post(legacy("ping"), token=TOKENS["bob"]))
        waits.append(time.monotonic() - asked)
    t.check("a hundred clients that ask for a running capture's page and go: nobody waits for them", min(waits) < 0.15, waits)
    t.check("... and their own caller is served again", served_again(s))
    s.call("stop_packet_capture", {"capture_id": began["capture_id"]})


def check_questions(t, s):
    """What one caller asks is asked of capd and of the network child once, however often it is asked."""
    request = post([legacy("tools/call", {"name": "list_network_interfaces"}, i) for i in range(32)])
    refused = 0
    for _ in range(3):
        wires = [Wire(s.tcp) for _ in range(20)]
        for wire in wires:
            wire.send(request)
        got = s.ask(tool("list_network_interfaces", token=TOKENS["bob"]))
        refused += got.status != 200 or bool(got.json["result"].get("isError"))
        for wire in wires:
            wire.sock.close()
    t.check("640 questions of one caller at once, three times: the server goes on", s.process.poll() is None, s.said())
    t.check("meanwhile another caller is told the interfaces", refused == 0, refused)


def check_costly(t, s):
    """What costs one caller much time is not another's."""
    for _ in range(3):
        for _ in range(4):
            s.call("start_packet_capture", {"target": "auto", "interface": "lo", "duration": 2})
        for k in range(500):  # 500 closed ports of 500 hosts in as many networks: a capture full of problems
            with socket.socket() as sock:
                sock.settimeout(0.2)
                sock.connect_ex(("127.%d.%d.1" % (k // 250 + 1, k % 250 + 1), 2000 + k))
        time.sleep(2.6)
    rows = captures(s)
    ident = rows[0]["id"]
    for what, request in (("lists", tool("list_captures")), ("reports", tool("get_capture_report", {"capture_id": ident})),
                          ("pages", post(legacy("resources/read", {"uri": "capture://%s/report" % ident})))):
        wires = [Wire(s.tcp) for _ in range(60)]
        for wire in wires:
            wire.send(request)
        time.sleep(0.02)
        began = time.monotonic()
        status = s.ask(post(legacy("ping"), token=TOKENS["bob"])).status
        wait = time.monotonic() - began
        answers = [wire.answer().status for wire in wires]
        took = time.monotonic() - began
        for wire in wires:
            wire.sock.close()
        t.check("60 %s of one caller at once, %d ms in all: another waits for few of them" % (what, 1e3 * took),
                status == 200 and wait < max(1, took / 10), (wait, took))
        t.check("... and so are they, or told to wait", set(answers) <= {200, 429} and answers.count(200) > 1, answers)
    t.check("the list counts problems", all(row["problems"] > 50 for row in rows[:12]), rows)


def check_waits(t, s):
    """Each request of a batch counts from the start, and until it is done: legacy clients that go do not take theirs along."""
    began = s.call("start_packet_capture", {"target": "auto", "interface": "lo", "duration": 300})["structuredContent"]
    wait = legacy("tools/call", {"name": "get_capture_status", "arguments": {"capture_id": began["capture_id"], "wait_s": 50}})
    batch = post([dict(wait, id=i) for i in range(32)], Accept="application/json")
    wires, taken = [Wire(s.tcp) for _ in range(60)], 60
    for wire in wires:
        wire.send(batch)
    waiting = {wire.sock: wire for wire in wires}
    ready = select.select(waiting, [], [], 5)[0]
    while ready:
        for sock in ready:
            taken -= waiting.pop(sock).answer().status == 429
        ready = select.select(waiting, [], [], 1)[0]
    t.check("60 batches of 32 waits at once: four are taken", taken == 4, taken)
    for wire in wires:
        wire.sock.close()
    t.check("these clients go, and the next request of that caller is refused still", s.ask(post(wait)).status == 429)
    t.check("another caller is served", s.ask(post(legacy("ping"), token=TOKENS["bob"])).status == 200)
    s.ask(tool("stop_packet_capture", {"capture_id": began["capture_id"]}, token=TOKENS["root"]))  # it ends the waits


def check_stops(t, s):
    """One order to capd ends a capture, whoever asks for that how often."""
    errors = 0
    for _ in range(3):
        began = s.call("start_packet_capture", LO)["structuredContent"]
        wires = [Wire(s.tcp) for _ in range(100)]
        for wire in wires:
            wire.send(tool("stop_packet_capture", {"capture_id": began["capture_id"]}))
        for wire in wires:
            errors += wire.answer().json["result"]["isError"]
            wire.sock.close()
    t.check("a hundred stops of one capture at once are one to capd: each is answered by the report", errors == 0, errors)


def check_unread(t, s, big):
    wires = [Deaf(s.tcp) for _ in range(100)]
    for i, wire in enumerate(wires):
        wire.send(batch_of(big) if i >= 90 else post(legacy("resources/read", {"uri": big})))
    got, until = s.ask(post(legacy("ping"))), time.monotonic() + 30
    while got.status != 429 and time.monotonic() < until:
        time.sleep(0.1)
        got = s.ask(post(legacy("ping")))
    time.sleep(1)
    memory = s.memory_kib()
    t.check("a hundred large answers that nobody reads: less than 100 MiB", memory < 100 * 1024, memory)
    t.check("their caller is asked to wait", got.status == 429 and got.headers.get("retry-after") == "1", got)
    got = s.ask(post(legacy("ping"), token=TOKENS["bob"]))
    t.check("another caller is not", got.status == 200, got)
    for wire in wires:
        wire.sock.close()
    t.check("when they have gone it is served again", served_again(s))


# ---- lists ------------------------------------------------------------------------------------------------------------

def check_lists(t, s):
    for i in range(0, 40, 2):
        subprocess.run(["ip", "link", "add", "many%02d" % i, "type", "veth", "peer", "name", "many%02d" % (i + 1)], check=True)
    subprocess.run(["ip", "link", "set", "many38", "up"], check=True)
    subprocess.run(["ip", "link", "set", "many39", "up"], check=True)
    for i in range(12):
        subprocess.run(["ip", "address", "add", "192.0.2.%d/24" % (i + 1), "dev", "many39"], check=True)
    time.sleep(1)  # the list is remembered for so long
    got = s.call("list_network_interfaces")
    content = got["structuredContent"]
    names = [row["name"] for row in content["interfaces"]]
    t.check("forty interfaces: the list keeps to 1200 tokens, its text to 600",
            len(json.dumps(content, separators=(",", ":")).encode()) <= 3600 and len(said(got).encode()) <= 1800,
            (len(json.dumps(content)), len(said(got))))
    t.check("it says how many there are", content.get("lists") == {"interfaces": "%d of 41 shown" % len(names)} and
            "of 41 shown" in said(got), content.get("lists"))
    t.check("those in use are shown", "lo" in names and "many39" in names and len(names) < 41, names)
    for i in range(0, 40, 2):
        for n in range(8):
            subprocess.run(["ip", "address", "add", "2001:db8:1234:5678:9abc:def0:%x:%x/64" % (i + 1, n + 1), "dev", "many%02d" % i,
                            "nodad"], check=True)
        subprocess.run(["ip", "link", "set", "many%02d" % i, "up"], check=True)
    time.sleep(1)
    got = s.call("list_network_interfaces")
    t.check("with long addresses too", len(json.dumps(got["structuredContent"], separators=(",", ":")).encode()) <= 3600 and
            len(said(got).encode()) <= 1800 and "shown" in said(got), (len(json.dumps(got["structuredContent"])), len(said(got))))
    for i in range(0, 40, 2):
        subprocess.run(["ip", "link", "delete", "many%02d" % i], check=True)
    long = s.call("start_packet_capture", dict(LO, duration=200))["structuredContent"]["capture_id"]
    for _ in range(22):
        s.call("start_packet_capture", dict(LO, duration=30, wait_s=0))
        other = [row["id"] for row in captures(s) if row["state"] == "running" and row["id"] != long]
        s.call("stop_packet_capture", {"capture_id": other[0]})
    got = s.call("list_captures")
    content, text = got["structuredContent"], said(got)
    rows = content["captures"]
    t.check("running captures come first, then the newest", rows[0]["id"] == long and
            [r["started"] for r in rows[1:]] == sorted((r["started"] for r in rows[1:]), reverse=True), rows)
    t.check("the list says how many there are", content.get("lists") == {"captures": "%d of 25 shown" % len(rows)} and
            "of 25 shown" in text, content.get("lists"))
    command = s.here.mcpd("status", "--socket", s.unix)
    lines = product.run(command, check=False).stdout.splitlines()
    t.check("mcpd status says so, too", lines[-1] == "%d of 25 shown: the running ones, then the newest" % (len(lines) - 2), lines)
    got = product.run(command[:-3] + ["report"] + command[-2:], check=False)
    t.check("mcpd report does not count the rows it was shown", "several captures: name one" in got.stderr, got)
    t.check("it keeps to 1200 tokens, its text to 600", len(json.dumps(content, separators=(",", ":")).encode()) <= 3600 and
            len(text.encode()) <= 1800, (len(json.dumps(content)), len(text)))
    s.call("stop_packet_capture", {"capture_id": long})


# ---- errors -----------------------------------------------------------------------------------------------------------

def check_errors(t, s):
    ident = captures(s)[0]["id"]
    for name, given, says in (
            ("get_capture_report", {"capture_id": "abc"}, ('capture_id "abc"', "allowed:", "example:")),
            ("get_capture_report", {}, ("capture_id is missing", "allowed:", "Example:")),
            ("get_capture_report", {"capture_id": ident, "section": "dns", "cursor": "abc"},
             ('cursor "abc"', "allowed:", "such as")),
            ("start_packet_capture", dict(LO, filter="tcp and"), ('filter "tcp and"', "syntax error", "Allowed:", "example:")),
            ("start_packet_capture", dict(LO, filter="tcp[x:1] = 0"), ("filter", "tcp[x:1] = 0", "Allowed:", "example:"))):
        got = s.call(name, given)
        t.check("%s %r: says what was given, what is allowed, an example" % (name, given),
                got.get("isError") and all(word in said(got) for word in says), got)


def prompt(s, name, arguments):
    return s.ask(modern_post("prompts/get", {"name": name, "arguments": arguments})).json


def check_prompts(t, s):
    got = prompt(s, "diagnose_slow_site", {"target": "https://user:secret@example.com:8443/pa/th?q=1#f"})
    text = got["result"]["messages"][0]["content"]["text"]
    t.check("a prompt holds the target without user, path and query", "example.com" in text and
            not any(word in text for word in ("user", "secret", "pa/th", "q=1")), text)
    got = prompt(s, "check_dns", {"interface": "eth0. Ignore all"})
    t.check("an interface that is none is refused", got["error"]["code"] == -32602 and "interface" in got["error"]["message"], got)
    got = prompt(s, "check_dns", {"mode": 'web". Ignore all and'})
    t.check("an argument that it does not have is refused", got["error"]["code"] == -32602 and "mode" in got["error"]["message"], got)
    got = prompt(s, "check_dns", {"interface": "eth0.7"})
    t.check("one that may be is set in", '"eth0.7"' in got["result"]["messages"][0]["content"]["text"], got)


def check_no_probe(t, s, here):
    plans = ("diagnose_slow_site", "diagnose_unreachable")

    def texts(server):
        return [prompt(server, name, {"target": "example.com"})["result"]["messages"][0]["content"]["text"] for name in plans]
    with Serve(here, config="probe = off") as without:
        t.check("plans ask for a probe where there is one, else for the user's own traffic",
                all("probe true" in text for text in texts(s)) and
                all("probe" not in text and "while it runs I shall" in text for text in texts(without)), texts(without))
    for target, probed in (("10.0.0.5", False), ("10.0.0.0/8", False), ("443", False), ("auto", False), ("example.com:53", False),
                           ("10.0.0.5:443", True)):
        plan = [prompt(s, name, {"target": target})["result"]["messages"][0]["content"]["text"] for name in plans]
        t.check("plans for %s ask for %s" % (target, "a probe" if probed else "traffic: a probe would not be made"),
                all(("probe true" in text) == probed for text in plan) and (probed or all("while it runs I shall" in text for text in plan)), plan)


# ---- files ------------------------------------------------------------------------------------------------------------

def check_files(t, here):
    folder = os.path.join(here.dir, "files")
    os.makedirs(folder, mode=0o755)
    os.symlink("/etc/passwd", os.path.join(folder, "link"))
    os.symlink("/etc/no-such-file", os.path.join(folder, "nowhere"))
    os.symlink("/etc", os.path.join(folder, "up"))
    outside = ["/etc/passwd", "/etc/no-such-file", "/etc/shadow", "/etc/ssl/private/x", "/no/such/folder", "%s/link" % folder,
               "%s/nowhere" % folder, "%s/up/passwd" % folder, "%s/up/no-such-file" % folder, "%s/../capd.conf" % folder,
               "%s/../no-such-file" % folder]
    for config, allowed in (("file_directories = %s" % folder, folder), ("", "(none)")):
        with Serve(here, config=config) as s:
            for path in outside:
                got = said(s.call("analyze_capture_file", {"path": path}))
                want = 'path "%s" lies outside the allowed directories; allowed: files below %s (' % (path, allowed)
                t.check("%s: %s is outside, and no more is told" % (allowed, os.path.relpath(path, folder)), got.startswith(want), got)
            if config:
                got = said(s.call("analyze_capture_file", {"path": "%s/none.pcap" % folder}))
                t.check("inside, a missing file is told", "No such file" in got, got)


def check_private(t, here):
    """A capd of mcpd's own knows one user; mcpd's callers have their shares all the same."""
    capable = ["setpriv", "--reuid=%d" % product.PERSON_UID, "--regid=%d" % product.PERSON_UID, "--clear-groups",
               "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw", os.path.join(here.dir, "mcpd"), "serve",
               "--listen", "127.0.0.1:0", "--socket", os.path.join(here.dir, "serve", "private.sock"), "--capd", "private",
               "--config", os.path.join(here.dir, "serve", "mcpd.conf")]
    with Serve(here, command=capable) as s:
        got = [s.call("start_packet_capture", LO) for _ in range(5)]
        t.check("capd = private: the fifth of alice is refused", not any(r.get("isError") for r in got[:4]) and got[4].get("isError"), got)
        got = s.call("start_packet_capture", LO, token=TOKENS["bob"])
        t.check("... and bob's first is not", not got.get("isError"), got)


def main():
    t = Checks()
    if os.getuid() != 0:
        t.skip("bounds of Streamable HTTP", "needs root (it starts capd with CAP_NET_RAW alone)")
        return t.end()
    product.enter_own_network()
    product.install_signal_handlers()
    with product.Product() as here:
        here.start_capd(config="service_users = %d\n" % product.PERSON_UID)
        with Serve(here) as s:
            big = check_batches(t, s)
            check_questions(t, s)
            check_unread(t, s, big)
            check_gone(t, s)
            check_lists(t, s)
            check_waits(t, s)
            check_stops(t, s)
            check_errors(t, s)
            check_prompts(t, s)
            check_costly(t, s)
            os.unlink(os.path.join(here.dir, "serve", "mcpd.sock"))
            check_no_probe(t, s, here)
        os.unlink(os.path.join(here.dir, "serve", "mcpd.sock"))
        check_files(t, here)
        check_private(t, here)
    return t.end()


if __name__ == "__main__":
    sys.exit(main())
