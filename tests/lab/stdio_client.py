"""One `mcpd stdio`, spoken to line by line, and TAP lines that are printed as they come."""

import json
import subprocess


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
            print("# " + str(why)[-900:].replace("\n", "\n# "), flush=True)
        return good

    def skip(self, what, why):
        """One test that cannot run here."""
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, what, why), flush=True)


class Session:
    """A client of one `mcpd stdio`; `argv` starts it."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        self.last_id, self.bytes, self.answers = 0, 0, {}
        self.call("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                 "clientInfo": {"name": "test", "version": "1"}})

    def call(self, method, params=None):
        """A request and its result."""
        return self.wait(self.send(method, params))

    def send(self, method, params=None):
        """A request; its id is for wait()."""
        self.last_id += 1
        message = {"jsonrpc": "2.0", "id": self.last_id, "method": method}
        if params is not None:
            message["params"] = params
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return self.last_id

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
                self.bytes = len(line.encode()) - 1
        return self.answers.pop(wanted)

    def tool(self, tool_name, **arguments):
        """A tool call's result."""
        return self.call("tools/call", {"name": tool_name, "arguments": arguments})

    def end(self):
        """Close standard input; the exit code."""
        self.process.stdin.close()
        code = self.process.wait(5)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def text_of(result):
    """The text block of a tool call's result."""
    return result["content"][0]["text"]
