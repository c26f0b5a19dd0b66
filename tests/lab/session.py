"""One `mcpd stdio` in the lab, spoken to line by line, as an MCP client of the older era does it."""

import json
import os
import subprocess

from product import CLIENTS_GID, PERSON_UID, LabError


class Session:
    """The server and the pipe to it.  Runs as an ordinary user who may talk to capd."""

    def __init__(self, lab, *arguments, uid=PERSON_UID, namespace=None):
        drop = ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid, "--groups=%d" % CLIENTS_GID, "--inh-caps=-all",
                "--bounding-set=-all"] if uid else []
        argv = drop + [os.path.join(lab.dir, "mcpd"), "stdio", "--capd", lab.sock] + list(arguments)
        self.process = lab.spawn(namespace or lab.home, argv, stdout=subprocess.PIPE, pipe_in=True)
        self.last_id, self.line = 0, b""
        self.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                 "clientInfo": {"name": "lab", "version": "1"}})

    def send(self, method, params):
        """Send a request; returns its id."""
        self.last_id += 1
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": self.last_id, "method": method,
                                             "params": params}).encode() + b"\n")
        self.process.stdin.flush()
        return self.last_id

    def call(self, method, params):
        """One request and its answer; the answer's own bytes stay in `line`."""
        wanted = self.send(method, params)
        while True:
            self.line = self.process.stdout.readline()
            if not self.line:
                raise LabError("mcpd ended")
            answer = json.loads(self.line)
            if answer.get("id") == wanted:
                return answer.get("result") or answer

    def tool(self, tool_name, **arguments):
        """The whole result of a tool call."""
        return self.call("tools/call", {"name": tool_name, "arguments": arguments})

    def ask(self, tool_name, **arguments):
        """(structured content, "") or (None, the error's text)."""
        result = self.tool(tool_name, **arguments)
        if result.get("isError") or "structuredContent" not in result:
            return None, (result.get("content") or [{"text": json.dumps(result)}])[0]["text"]
        return result["structuredContent"], ""

    def close(self, lab):
        """End of input: mcpd ends by itself, and its captures with it."""
        self.process.stdin.close()
        self.process.wait(10)
        lab.stop(self.process)


class Checks:
    """TAP lines, printed as they come."""

    def __init__(self):
        self.count = self.failed = 0

    def check(self, what, good, why=""):
        """One test; `why` is shown when it fails."""
        self.count += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, what), flush=True)
        if not good:
            print("# " + str(why)[-1500:].replace("\n", "\n# "), flush=True)
        return good

    def end(self):
        """The plan; returns the exit status."""
        print("1..%d" % self.count, flush=True)
        return 1 if self.failed else 0
