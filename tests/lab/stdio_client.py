"""One `mcpd stdio`, spoken to line by line as an MCP client of the older era does it, and TAP lines that are printed
as they come."""

import json
import os
import subprocess

import product


class Checks:
    """TAP lines, printed as they come."""

    def __init__(self):
        self.count, self.bad = 0, 0

    def check(self, what, good, why=""):
        """One test; `why` is shown when it failed."""
        self.count += 1
        self.bad += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, what), flush=True)
        if not good:
            print("# " + str(why)[-1500:].replace("\n", "\n# "), flush=True)
        return good

    def skip(self, what, why):
        """One test that cannot run here."""
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, what, why), flush=True)

    def end(self):
        """The plan; returns the exit status."""
        print("1..%d" % self.count, flush=True)
        return 1 if self.bad else 0


class Session:
    """A client of one `mcpd stdio`; `argv` starts it.  `greeting` changes what it says about itself."""

    def __init__(self, argv, **greeting):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        self.last_id, self.line, self.bytes, self.answers = 0, "", 0, {}
        self.greeted = self.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                                "clientInfo": {"name": "test", "version": "1"}, **greeting})

    def call(self, method, params=None):
        """A request and its result."""
        return self.wait(self.send(method, params))

    def send(self, method, params=None):
        """A request; its id is for wait()."""
        self.last_id += 1
        message = {"jsonrpc": "2.0", "id": self.last_id, "method": method}
        if params is not None:
            message["params"] = params
        return self.send_message(message)

    def send_message(self, message):
        """A whole message of the caller's making; returns its id."""
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return message["id"]

    def wait(self, wanted):
        """The result of that request."""
        return self.answer(wanted)["result"]

    def answer(self, wanted):
        """The whole answer to that request, whatever order answers come in; other messages are dropped."""
        while wanted not in self.answers:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("mcpd ended: " + self.process.stderr.read())
            answer = json.loads(line)
            if "id" in answer and "method" not in answer:
                self.answers[answer["id"]] = answer
                self.line, self.bytes = line, len(line.encode()) - 1
        return self.answers.pop(wanted)

    def tool(self, tool_name, **arguments):
        """A tool call's result."""
        return self.call("tools/call", {"name": tool_name, "arguments": arguments})

    def ask(self, tool_name, **arguments):
        """(structured content, "") or (None, the error's text)."""
        result = self.tool(tool_name, **arguments)
        if result.get("isError") or "structuredContent" not in result:
            return None, text_of(result)
        return result["structuredContent"], ""

    def end(self):
        """Close standard input: mcpd ends by itself, and its captures with it; the exit code."""
        self.process.stdin.close()
        code = self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def lab_session(lab, *arguments, uid=product.PERSON_UID, prefix=()):
    """A session in the lab's client, of a user without any capability who may talk to capd."""
    drop = ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid, "--groups=%d" % product.CLIENTS_GID, "--inh-caps=-all",
            "--bounding-set=-all"]
    return Session(["ip", "netns", "exec", lab.home] + list(prefix) + drop +
                   [os.path.join(lab.dir, "mcpd"), "stdio", "--capd", lab.sock] + list(arguments))


def text_of(result):
    """The text block of a tool call's result."""
    return result["content"][0]["text"]
