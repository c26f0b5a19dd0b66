"""A real `mcpd serve` beside a real capd, and an HTTP client that hides nothing: bytes in, bytes out."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import product  # noqa: E402

MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
TOKENS = {"alice": "alice-alice-alice-1", "bob": "bob-bob-bob-bob-bob-2", "root": "root-root-root-root:0"}
VERY_LONG = 40  # seconds: nothing in these tests takes longer


class Answer:
    """One HTTP response, its body complete."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def events(self):
        """The JSON of each event of a stream."""
        return [json.loads(data) for data in re.findall(rb"event: message\ndata: ([^\n]*)\n\n", self.body)]

    @property
    def code(self):
        """The JSON-RPC error code, if any."""
        return self.json.get("error", {}).get("code") if isinstance(self.json, dict) else None

    def __repr__(self):
        return "%s %s %s" % (self.status, self.headers, self.body[:600])


class Wire:
    """One connection."""

    def __init__(self, where, timeout=VERY_LONG):
        unix = isinstance(where, str)
        self.sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        self.sock.settimeout(timeout)
        self.sock.connect(where)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        """Read once.  False at the end."""
        data = self.sock.recv(65536)
        self.data += data
        return bool(data)

    def until(self, mark):
        """What comes before `mark`, which is taken away; None at the end of the connection."""
        while mark not in self.data:
            if not self.more():
                return None
        head, self.data = self.data.split(mark, 1)
        return head

    def exactly(self, count):
        while len(self.data) < count:
            if not self.more():
                return None
        out, self.data = self.data[:count], self.data[count:]
        return out

    def head(self):
        """(status, headers) of the next response; None at the end."""
        text = self.until(b"\r\n\r\n")
        if text is None:
            return None
        lines = text.decode("latin-1").split("\r\n")
        headers = dict((name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:]))
        return int(lines[0].split()[1]), headers

    def chunk(self):
        """The next chunk of a chunked body; b"" is its end, None that of the connection."""
        size = self.until(b"\r\n")
        if size is None:
            return None
        return self.exactly(int(size, 16) + 2)[:-2]

    def event(self):
        """The next piece of a stream, keep-alives included."""
        return self.chunk()

    def answer(self):
        """The next response; None when the connection ended instead."""
        head = self.head()
        if head is None:
            return None
        status, headers = head
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while True:
                part = self.chunk()
                if not part:
                    return Answer(status, headers, body)
                body += part
        length = headers.get("content-length")
        if length is not None:
            return Answer(status, headers, self.exactly(int(length)))
        body = b""
        while self.more():
            pass
        body, self.data = self.data, b""
        return Answer(status, headers, body)


def post(message, token=TOKENS["alice"], path="/mcp", host="127.0.0.1", method="POST", length=True, **headers):
    """The bytes of a request.  A header that is None is left out; '_' stands for '-'."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    fields = {"Host": host, "Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    if token:
        fields["Authorization"] = "Bearer " + token.split(":")[0]
    if length:
        fields["Content-Length"] = str(len(body))
    for name, value in headers.items():
        fields[name.replace("_", "-")] = value
    lines = ["%s %s HTTP/1.1" % (method, path)] + ["%s: %s" % (n, v) for n, v in fields.items() if v is not None]
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


def legacy(method, params=None, ident=1):
    """A message of the older era; ident None: a notification."""
    message = {"jsonrpc": "2.0", "method": method}
    if ident is not None:
        message["id"] = ident
    if params is not None:
        message["params"] = params
    return message


def modern(method, params=None, ident=1, version=MODERN, **meta):
    """A message of the newer era."""
    params = dict(params or {})
    params["_meta"] = {META + "protocolVersion": version, META + "clientCapabilities": {}, **meta}
    return legacy(method, params, ident)


def modern_post(method, params=None, ident=1, version=MODERN, meta=None, message=None, **headers):
    """The same with the headers that belong to it."""
    fields = {"MCP_Protocol_Version": version, "Mcp_Method": method}
    name = (params or {}).get("uri" if method == "resources/read" else "name")
    if name:
        fields["Mcp_Name"] = name
    fields.update(headers)
    return post(message or modern(method, params, ident, version, **(meta or {})), **fields)


def tool(name, arguments=None, ident=1, **more):
    """A modern tools/call."""
    return modern_post("tools/call", {"name": name, "arguments": arguments or {}}, ident, **more)


class Serve:
    """capd and `mcpd serve`, each an ordinary user; use as a context manager."""

    def __init__(self, here, *options, config="", command=None, tokens=True, apart=False, **more):
        self.here = here
        self.folder = os.path.join(here.dir, "serve")
        os.makedirs(self.folder, exist_ok=True)
        os.chown(self.folder, product.PERSON_UID, product.PERSON_UID)
        self.unix = os.path.join(self.folder, "mcpd.sock")
        self.tokens = os.path.join(self.folder, "apart" if apart else "", "tokens")
        os.makedirs(os.path.dirname(self.tokens), exist_ok=True)
        os.chown(os.path.dirname(self.tokens), product.PERSON_UID, product.PERSON_UID)
        if tokens:
            self.put_tokens(TOKENS)
        conf = os.path.join(self.folder, "mcpd.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write("token_file = %s\n%s\n" % (self.tokens, config))
        os.chmod(conf, 0o644)
        if command is None:
            command = here.mcpd("serve", "--listen", "127.0.0.1:0", "--socket", self.unix, "--capd", here.sock,
                                "--config", conf, *options)
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log,
                                            **{"stdin": subprocess.DEVNULL, **more})
        self.port = None
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + 10
        while "serving MCP at" not in self.said():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise product.LabError("mcpd serve did not start: " + self.said())
            time.sleep(0.02)
        found = re.search(r"http://127\.0\.0\.1:(\d+)/mcp", self.said())
        self.port = int(found.group(1)) if found else None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.end()

    def put_tokens(self, rows, in_place=False):
        """Write the token file, a new one in its place as editors do, from {name: token[:uid]} or as text."""
        text = rows if isinstance(rows, str) else "# names and tokens\n" + "".join("%s:%s\n" % row for row in rows.items())
        path = self.tokens if in_place else self.tokens + "~new"
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(path, 0o600)
        os.chown(path, product.PERSON_UID, product.PERSON_UID)
        os.rename(path, self.tokens)

    @property
    def tcp(self):
        return ("127.0.0.1", self.port)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as text:
            return text.read()

    def end(self):
        """SIGTERM; returns (exit status, seconds)."""
        if self.process.poll() is not None:
            return self.process.returncode, 0
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return self.process.returncode, time.monotonic() - began

    def ask(self, data, where=None):
        """One request on a connection of its own."""
        with Wire(where or self.tcp) as wire:
            try:
                wire.send(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it may answer before it has read everything
            return wire.answer()

    def call(self, name, arguments=None, where=None, **more):
        """The result of a tool call."""
        answer = self.ask(tool(name, arguments, **more), where)
        message = answer.json if "json" in answer.headers.get("content-type", "") else answer.events[-1]
        return message["result"]

    def memory_kib(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as text:
            return int(re.search(r"VmRSS:\s+(\d+)", text.read()).group(1))

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))


class SlowReader(threading.Thread):
    """Takes a large answer bit by bit, for longer than the server waits for one who takes nothing; then the rest.  Its
    connection is there from the beginning to end()."""

    def __init__(self, s):
        super().__init__()
        self.where, self.answer, self.why = s.tcp, None, None
        self.begun, self.wanted = threading.Event(), threading.Event()
        self.start()
        self.begun.wait(10)

    def run(self):
        read = [legacy("resources/read", {"uri": "ui://packet-capture/report.html"}, ident) for ident in range(30)]
        began = time.monotonic()
        try:
            with Wire(self.where) as wire:
                wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                wire.send(post(read, token=TOKENS["bob"], Accept="application/json"))
                while time.monotonic() - began < 63 or not self.wanted.is_set():
                    wire.data += wire.sock.recv(2048)
                    self.begun.set()
                    time.sleep(0.2)
                self.answer = wire.answer()
        except OSError as why:
            self.why = why

    def end(self):
        """The answer, or why there is none."""
        self.wanted.set()
        self.join()
        return self.answer if self.answer and self.answer.body else self.why
