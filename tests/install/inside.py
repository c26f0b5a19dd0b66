#!/usr/bin/env python3
"""Runs inside the test machine: an MCP client over HTTP, and a look at processes.

  inside.py call SOCKET|URL [--token T] METHOD PARAMS     one JSON-RPC request; prints {"status": HTTP, "body": ...}
  inside.py table                                        what each process of the two services holds, as JSON
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys

CAPS = {13: "net_raw"}
VERSION = "2025-11-25"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=90)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(90)
        self.sock.connect(self.path)


def last_message(kind, body):
    """The response: the body, or the last event of a stream."""
    if "event-stream" in kind:
        events = [line[5:].strip() for line in body.split("\n") if line.startswith("data:")]
        body = events[-1] if events else ""
    try:
        return json.loads(body)
    except ValueError:
        return body


def call(where, token, method, params):
    connection = UnixConnection(where) if where.startswith("/") else http.client.HTTPConnection(where, timeout=90)
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
               "MCP-Protocol-Version": VERSION}
    if token:
        headers["Authorization"] = "Bearer " + token
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    try:
        connection.request("POST", "/mcp", json.dumps(request), headers)
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
    except OSError as why:
        return {"status": 0, "body": str(why)}
    return {"status": answer.status, "body": last_message(answer.getheader("Content-Type") or "", body)}


# ---- processes ---------------------------------------------------------------------------------------------------

def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as text:
            return text.read()
    except OSError:
        return ""


def capabilities(text):
    bits = int(text, 16)
    names = [CAPS.get(n, "cap%d" % n) for n in range(64) if bits >> n & 1]
    return "all" if len(names) > 30 else " ".join(names) or "-"


def socket_names(pid):
    """Inode -> what kind of socket it is, from the tables of the process's network namespace."""
    names = {}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in read("/proc/%d/net/%s" % (pid, table)).splitlines()[1:]:
            words = line.split()
            port = int(words[1].split(":")[1], 16)
            names[words[9]] = "%s:%d%s" % (table, port, " listening" if words[3] == "0A" and table.startswith("tcp") else "")
    for line in read("/proc/%d/net/unix" % pid).splitlines()[1:]:
        words = line.split()
        names[words[6]] = "unix" + (" " + words[7] if len(words) > 7 else "")
    for line in read("/proc/%d/net/packet" % pid).splitlines()[1:]:
        names[line.split()[8]] = "packet"
    for line in read("/proc/%d/net/netlink" % pid).splitlines()[1:]:
        names[line.split()[9]] = "netlink"
    return names


def descriptors(pid):
    """(number, what, may be written) of each open descriptor."""
    out, sockets = [], socket_names(pid)
    for number in sorted(map(int, os.listdir("/proc/%d/fd" % pid))):
        try:
            what = os.readlink("/proc/%d/fd/%d" % (pid, number))
        except OSError:
            continue
        inode = re.match(r"socket:\[(\d+)\]", what)
        flags = re.search(r"^flags:\s+0?(\d+)", read("/proc/%d/fdinfo/%d" % (pid, number)), re.MULTILINE)
        out.append((number, sockets.get(inode.group(1), "socket") if inode else what,
                    bool(flags and int(flags.group(1), 8) & 3)))
    return out


def as_process(pid, status, argv):
    """Run argv with the user, groups and mounts of a process."""
    uid, gid, groups = status["Uid"].split()[0], status["Gid"].split()[0], status["Groups"].split()
    return subprocess.run(["nsenter", "--target", str(pid), "--mount", "--", "setpriv", "--reuid=" + uid, "--regid=" + gid,
                           "--groups=" + ",".join(groups) if groups else "--clear-groups", "--bounding-set=-all"] + argv,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.split("\n")


def writable(pid, status):
    """Files and folders that the user of the process could write where its mounts let it (its own walls come on top)."""
    found = as_process(pid, status, ["find", "/", "(", "-path", "/proc", "-o", "-path", "/sys", ")", "-prune", "-o",
                                     "(", "-type", "f", "-o", "-type", "d", "-o", "-type", "b", ")", "-writable", "-print"])
    return sorted(path for path in found if path)


def connectable(pid, status):
    """Listening Unix sockets with a path that the user of the process could connect to."""
    paths = sorted({line.split()[7] for line in read("/proc/%d/net/unix" % pid).splitlines()[1:]
                    if len(line.split()) > 7 and line.split()[7].startswith("/") and line.split()[3] == "00010000"})
    script = 'for p; do [ -S "$p" ] && [ -w "$p" ] && echo "$p"; done'
    return sorted(p for p in as_process(pid, status, ["sh", "-c", script, "sh"] + paths) if p)


def look(pid, name):
    status = dict(line.split(":", 1) for line in read("/proc/%d/status" % pid).splitlines() if ":" in line)
    status = {key: value.strip() for key, value in status.items()}
    if not status or status["State"].startswith("Z"):
        return None
    fds = descriptors(pid)
    return {"process": name, "pid": pid, "uid": status["Uid"].split()[0], "gid": status["Gid"].split()[0],
            "groups": status["Groups"] or "-",
            "caps": {k: capabilities(status["Cap" + k]) for k in ("Prm", "Eff", "Inh", "Bnd", "Amb")},
            "nnp": status["NoNewPrivs"], "seccomp": status["Seccomp"], "filters": status.get("Seccomp_filters", "?"),
            "dumpable": os.stat("/proc/%d/fd" % pid).st_uid != 0 or status["Uid"].split()[0] == "0",
            "fds": [list(fd) for fd in fds], "writable": writable(pid, status), "connectable": connectable(pid, status),
            "rss_kib": int(status.get("VmRSS", "0").split()[0]), "threads": int(status["Threads"])}


def children(pid):
    return [int(word) for word in read("/proc/%d/task/%d/children" % (pid, pid)).split()]


def main_pid(unit):
    return int(subprocess.run(["systemctl", "show", "-P", "MainPID", unit], stdout=subprocess.PIPE, text=True,
                              check=True).stdout)


def table():
    rows = []
    for unit, child_name in (("capd.service", "capd worker"), ("mcpd.service", "mcpd")):
        main = main_pid(unit)
        rows.append(look(main, unit.split(".")[0]))
        pending = children(main)
        while pending:
            pid = pending.pop(0)
            pending += children(pid)
            comm = read("/proc/%d/comm" % pid).strip()
            name = comm if comm not in ("capd", "mcpd") else child_name if comm == "capd" else "mcpd launcher"
            rows.append(look(pid, name))
    return [row for row in rows if row]


def main():
    words = sys.argv[1:]
    if words[0] == "table":
        print(json.dumps(table()))
        return
    token = None
    if "--token" in words:
        at = words.index("--token")
        token = words[at + 1]
        del words[at:at + 2]
    print(json.dumps(call(words[1], token, words[2], json.loads(words[3]))))


if __name__ == "__main__":
    main()
