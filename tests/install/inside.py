#!/usr/bin/env python3
"""Runs inside the test machine: an MCP client over HTTP, and a look at processes.

  inside.py call SOCKET|URL [--token T] METHOD PARAMS     one JSON-RPC request; prints {"status": HTTP, "body": ..., "raw": all of it}
  inside.py table                                        what each process of the two services holds, as JSON
"""

import ctypes
import http.client
import json
import os
import re
import socket
import stat
import subprocess
import sys

CAPS = {13: "net_raw"}
VERSION = "2025-11-25"
CLONE_NEWNS = 0x00020000


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
        return {"status": 0, "body": str(why), "raw": ""}
    return {"status": answer.status, "body": last_message(answer.getheader("Content-Type") or "", body),
            "raw": str(answer.headers) + body}


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


def as_process(pid, status, question):
    """question() as the user and groups of a process see it, in its mounts; a list of texts.  Nothing is executed there: the
    mounts of a service forbid it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            mounts = os.open("/proc/%d/ns/mnt" % pid, os.O_RDONLY)
            if ctypes.CDLL(None, use_errno=True).setns(mounts, CLONE_NEWNS) == 0:
                os.chdir("/")
                os.setgroups([int(group) for group in status["Groups"].split()])
                gid, uid = int(status["Gid"].split()[0]), int(status["Uid"].split()[0])
                os.setresgid(gid, gid, gid)
                os.setresuid(uid, uid, uid)
                with os.fdopen(writer, "w", encoding="utf-8") as out:
                    out.write("\n".join(question()))
                code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as text:
        answer = text.read()
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError("could not look as process %d" % pid)
    return sorted(line for line in answer.split("\n") if line)


def writable(pid, status):
    """Files and folders that the user of the process could write where its mounts let it (its own walls come on top)."""
    def question():
        for folder, dirs, files in os.walk("/"):
            dirs[:] = [d for d in dirs if os.path.join(folder, d) not in ("/proc", "/sys")]
            for path in [folder] + [os.path.join(folder, name) for name in files]:
                kind = os.lstat(path).st_mode
                if (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or stat.S_ISBLK(kind)) and os.access(path, os.W_OK):
                    yield path
    return as_process(pid, status, question)


def connectable(pid, status):
    """Listening Unix sockets with a path that the user of the process could connect to."""
    rows = [line.split() for line in read("/proc/%d/net/unix" % pid).splitlines()[1:]]
    paths = {row[7] for row in rows if len(row) > 7 and row[7].startswith("/") and row[3] == "00010000"}

    def question():
        return [path for path in paths if os.path.exists(path) and os.access(path, os.W_OK)]
    return as_process(pid, status, question)


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
