#!/usr/bin/env python3
"""Streamable HTTP as it is on the wire: every status, both eras, streams, who may ask, how it ends.
# suite: timeout=240

A real `mcpd serve` and a real capd, each an ordinary user; captures are made on lo.
"""

import json
import os
import socket
import subprocess
import sys
import time

import serve_client
from serve_client import MODERN, META, TOKENS, Serve, SlowReader, Wire, legacy, modern, modern_post, post, tool
import product
from stdio_client import Checks

INIT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
WAIT = {"target": "127.0.0.77", "interface": "lo", "mode": "domain", "duration": 60, "wait_s": 50}


# ---- statuses ---------------------------------------------------------------------------------------------------------

def check_statuses(t, s):
    """Each row: what, request, status, JSON-RPC code (None: any body)."""
    ping, discover = legacy("ping"), "server/discover"
    bad_meta = modern("ping")
    del bad_meta["params"]["_meta"][META + "clientCapabilities"]
    rows = [
        ("a legacy request", post(ping), 200, None),
        ("/mcp/ is the same", post(ping, path="/mcp/"), 200, None),
        ("a modern request", modern_post(discover), 200, None),
        ("a notification", post(legacy("notifications/initialized", ident=None)), 202, None),
        ("a modern notification", modern_post("notifications/cancelled", {"requestId": 1}, None), 202, None),
        ("an unknown notification", post(legacy("notifications/nobody", ident=None)), 202, None),
        ("a response", post({"jsonrpc": "2.0", "id": 3, "result": {}}), 202, None),
        ("no JSON", post(b"{"), 400, -32700),
        ("an empty body", post(b""), 400, -32700),
        ("no JSON-RPC", post(b"{}"), 400, -32600),
        ("id null", post({"jsonrpc": "2.0", "id": None, "method": "ping"}), 400, -32600),
        ("a legacy unknown method", post(legacy("nope")), 200, -32601),
        ("a modern unknown method", modern_post("nope"), 404, -32601),
        ("a modern ping", modern_post("ping"), 404, -32601),
        ("a modern initialize", modern_post("initialize", INIT), 404, -32601),
        ("a legacy unknown tool", post(legacy("tools/call", {"name": "nope"})), 200, -32602),
        ("a modern unknown tool", tool("nope"), 200, -32602),
        ("capabilities missing", modern_post("ping", message=bad_meta), 400, -32602),
        ("no _meta under a modern header", post(legacy("tools/list"), MCP_Protocol_Version=MODERN), 400, -32602),
        ("an unsupported version", modern_post(discover, version="2099-01-01"), 400, -32022),
        ("a version that is no date", modern_post(discover, version="v999"), 400, -32022),
        ("header and body name two versions", modern_post(discover, version="v999", MCP_Protocol_Version=MODERN), 400, -32020),
        ("the version header is missing", modern_post(discover, MCP_Protocol_Version=None), 400, -32020),
        ("Mcp-Method is missing", modern_post(discover, Mcp_Method=None), 400, -32020),
        ("Mcp-Method differs", modern_post(discover, Mcp_Method="tools/list"), 400, -32020),
        ("Mcp-Name is missing", tool("list_captures", Mcp_Name=None), 400, -32020),
        ("Mcp-Name differs", tool("list_captures", Mcp_Name="stop_packet_capture"), 400, -32020),
        ("Mcp-Name in base64", tool("list_captures", Mcp_Name="=?base64?bGlzdF9jYXB0dXJlcw==?="), 200, None),
        ("Mcp-Name in sloppy base64", tool("list_captures", Mcp_Name="=?base64?bGlzdF9jYXB0dXJlcw?="), 400, -32020),
        ("initialize under a modern header", post(legacy("initialize", INIT), MCP_Protocol_Version=MODERN), 400, -32020),
        ("an old version header", post(ping, MCP_Protocol_Version="2025-06-18"), 200, None),
        ("a version header nobody knows", post(ping, MCP_Protocol_Version="1999-01-01"), 400, -32000),
        ("a session header is ignored", post(ping, Mcp_Session_Id="abc"), 200, None),
        ("another path", post(ping, path="/"), 404, None),
        ("what ends like the endpoint only for C", post(ping, path="/mcp%00x"), 404, None),
        ("no path below the endpoint", post(ping, path="/mcp/x"), 404, None),
        ("well-known", post(b"", method="GET", path="/.well-known/oauth-protected-resource/mcp"), 404, None),
        ("GET", post(b"", method="GET"), 405, None),
        ("DELETE", post(b"", method="DELETE"), 405, None),
        ("PUT", post(ping, method="PUT"), 405, None),
        ("OPTIONS of no listed page", post(b"", method="OPTIONS"), 405, None),
        ("no token", post(ping, token=None), 401, None),
        ("a wrong token", post(ping, token="alice-alice-alice-2"), 401, None),
        ("a token cut short", post(ping, token=TOKENS["alice"][:-1]), 401, None),
        ("a token and more", post(ping, token=TOKENS["alice"] + "x"), 401, None),
        ("basic instead of bearer", post(ping, token=None, Authorization="Basic " + TOKENS["alice"]), 401, None),
        ("text/plain", post(ping, Content_Type="text/plain"), 415, None),
        ("no content type", post(ping, Content_Type=None), 415, None),
        ("JSON with a charset", post(ping, Content_Type="Application/JSON; charset=utf-8"), 200, None),
        ("Accept: text/html", post(ping, Accept="text/html"), 406, None),
        ("Accept: */*", post(ping, Accept="*/*"), 200, None),
        ("no Accept", post(ping, Accept=None), 200, None),
        ("Accept on two lines, the second alone wanted", post(ping, Accept="text/html\r\nAccept: application/json"), 200, None),
        ("another Host", post(ping, host="evil.example.com"), 403, None),
        ("a whole URL, as proxies send it", post(ping, path="HTTP://localhost:1/mcp"), 200, None),
        ("a whole URL of another path", post(ping, path="http://localhost/mcp/x"), 404, None),
        ("a whole URL of another host, with our Host", post(ping, path="http://evil.example.com/mcp"), 403, None),
        ("our URL, with another Host", post(ping, path="http://127.0.0.1/mcp", host="evil.example.com"), 403, None),
        ("a URL with a user", post(ping, path="http://localhost@evil.example.com/mcp"), 403, None),
        ("a URL without a host", post(ping, path="http:///mcp"), 404, None),
        ("a URL longer than any host", post(ping, path="http://" + "a" * 400 + "/mcp"), 404, None),
        ("a Host that begins like ours", post(ping, host="127.0.0.1.example.com"), 403, None),
        ("localhost with a port", post(ping, host="localhost:1"), 200, None),
        ("[::1]", post(ping, host="[::1]:80"), 200, None),
        ("a listed host", post(ping, host="capture.example.com"), 200, None),
        ("a page of elsewhere", post(ping, Origin="http://evil.example.com"), 403, None),
        ("Origin: null", post(ping, Origin="null"), 403, None),
        ("a page of this machine", post(ping, Origin="http://localhost:5173"), 200, None),
        ("a page like this machine's", post(ping, Origin="http://localhost.example.com"), 403, None),
        ("a listed page", post(ping, Origin="https://page.example.com"), 200, None),
        ("4 MiB and a byte, as its length says", post(b" " * (4 * 1024 * 1024 + 1)), 413, None),
        ("the same in chunks", post(chunked(b" " * (4 * 1024 * 1024 + 1)), length=False, Transfer_Encoding="chunked"), 413, None),
        ("a batch", post([ping]), 200, None),
        ("a batch of 2025-03-26", post([ping], MCP_Protocol_Version="2025-03-26"), 200, None),
        ("a batch of notifications", post([legacy("notifications/initialized", ident=None)]), 202, None),
        ("a batch of a later version", post([ping], MCP_Protocol_Version="2025-06-18"), 400, -32600),
        ("a modern batch", post([modern(discover)]), 400, -32600),
        ("an empty batch", post([]), 400, -32600),
        ("chunks", post(chunked(json.dumps(ping).encode()), length=False, Transfer_Encoding="chunked"), 200, None),
        ("chunks and a length", post(chunked(json.dumps(ping).encode()), Transfer_Encoding="chunked"), 400, None),
        ("an unknown coding", post(ping, Transfer_Encoding="gzip", length=False), 400, None),
        ("two lengths", post(ping, content_length="9"), 400, None),
        ("two Hosts", post(ping, HOST="127.0.0.1"), 400, None),
        ("headers of 20 KiB", post(ping, X_Large="x" * 20000), 431, None),
    ]
    for what, request, status, code in rows:
        got = s.ask(request)
        t.check("%s: %d%s" % (what, status, " and %d" % code if code else ""),
                got is not None and got.status == status and (code is None or got.code == code), got)


def chunked(body, size=4000):
    """A body in chunks."""
    out = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + size]), body[i:i + size]) for i in range(0, len(body), size))
    return out + b"0\r\n\r\n"


def check_details(t, s):
    got = s.ask(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    t.check("what is no HTTP gets no answer, or 400", got is None or got.status == 400, got)
    got = s.ask(post(b"", method="GET"))
    t.check("405 says what is allowed", "POST" in got.headers["allow"], got)
    got = s.ask(post(legacy("ping"), token=None))
    t.check("401 says how to prove oneself", got.headers["www-authenticate"] == 'Bearer realm="packet-capture-mcp"', got)
    got = s.ask(post(legacy("notifications/initialized", ident=None)))
    t.check("202 has no body", got.body == b"" and "content-type" not in got.headers, got)
    got = s.ask(post(legacy("initialize", INIT, 0)))
    t.check("initialize: id 0 comes back, no session is made", got.json["id"] == 0 and "mcp-session-id" not in got.headers and
            got.json["result"]["protocolVersion"] == "2025-11-25", got)
    got = s.ask(modern_post("server/discover", ident="a\u00e9"))
    t.check("modern: the id comes back, resultType is there", got.json["id"] == "a\u00e9" and
            got.json["result"]["resultType"] == "complete", got)
    got = s.ask(modern_post("server/discover", version="2099-01-01", ident=7))
    t.check("-32022 names what is supported, and the id", got.json["error"]["data"]["supported"] == [MODERN] and
            got.json["id"] == 7, got)
    got = s.ask(post(legacy("ping"), Origin="https://page.example.com"))
    t.check("a listed page gets CORS", got.headers.get("access-control-allow-origin") == "https://page.example.com", got)
    got = s.ask(post(legacy("ping"), Origin="http://localhost:5173"))
    t.check("a local page gets none", "access-control-allow-origin" not in got.headers, got)
    got = s.ask(post(b"", method="OPTIONS", token=None, Origin="https://page.example.com"))
    t.check("preflight of a listed page: 204, without a token", got.status == 204 and
            "authorization" in got.headers["access-control-allow-headers"], got)
    got = s.ask(post(legacy("ping"), Accept="text/event-stream"))
    t.check("who wants a stream alone gets one", got.headers["content-type"] == "text/event-stream" and
            got.events[0]["result"] == {}, got)


# ---- connections ------------------------------------------------------------------------------------------------------

def check_connections(t, s):
    with Wire(s.tcp) as wire:
        for i in range(20):
            wire.send(post(legacy("ping", ident=i)))
            got = wire.answer()
            if got is None or got.json["id"] != i:
                break
        t.check("twenty requests on one connection", i == 19 and got.json["id"] == 19, got)
        wire.send(b"".join(post(legacy("ping", ident="p%d" % i)) for i in range(10)))
        ids = [wire.answer().json["id"] for _ in range(10)]
        t.check("ten pipelined ones come back in order", ids == ["p%d" % i for i in range(10)], ids)
        wire.send(post(legacy("tools/list", ident=1), MCP_Protocol_Version="1999-01-01"))
        first = wire.answer()
        wire.send(post(legacy("ping", ident=2)))
        t.check("an error does not cost the connection", first.status == 400 and wire.answer().json["id"] == 2)
    with Wire(s.tcp) as wire:
        request = post(legacy("ping", ident="slow"))
        for at in range(0, len(request), 40):
            wire.send(request[at:at + 40])
            time.sleep(0.005)
        t.check("a request in small pieces", wire.answer().json["id"] == "slow")
    with Wire(s.tcp) as wire:
        body = json.dumps(legacy("ping")).encode()
        request = post(body, Expect="100-continue")
        head = request[:-len(body)]
        wire.send(head)
        t.check("Expect: 100-continue is answered", wire.head() == (100, {}))
        wire.send(body)
        t.check("... and then the request", wire.answer().status == 200)
    with Wire(s.tcp) as wire:
        wire.send(post(b"", Expect="100-continue", length=False, Content_Length="100000000"))
        t.check("a body too large for it is refused before it is sent", wire.answer().status == 413)
    with Wire(s.tcp) as wire:
        wire.send(post(legacy("ping"), Connection="close"))
        t.check("Connection: close is obeyed", wire.answer().status == 200 and not wire.more())
    with Wire(s.tcp) as wire:
        wire.send(post(legacy("ping")).replace(b"HTTP/1.1", b"HTTP/1.0"))
        t.check("HTTP/1.0", wire.answer().status == 200)
    with Wire(s.tcp) as wire:
        wire.send(post(legacy("ping")))
        wire.sock.shutdown(socket.SHUT_WR)
        t.check("a client that closes its sending side after a quick request is answered", wire.answer().status == 200)
        t.check("... and then closed", not wire.more())
    before = s.files()
    wires = [Wire(s.tcp) for _ in range(20)]
    for wire in wires:
        wire.send(post(legacy("ping")))
        wire.sock.close()
    t.check("clients that go without waiting leave nothing behind", wait_for(lambda: s.files() <= before, 3), (before, s.files()))


# ---- streams ----------------------------------------------------------------------------------------------------------

def start(s, wire, ident=1, era="modern", meta=None, accept=None, token=TOKENS["alice"], wait=50):
    """A capture of lo that one waits for; returns nothing yet."""
    arguments = dict(WAIT, wait_s=wait)
    more = {"Accept": accept} if accept else {}
    if era == "modern":
        wire.send(tool("start_packet_capture", arguments, ident, meta=meta, token=token, **more))
    else:
        params = {"name": "start_packet_capture", "arguments": arguments, "_meta": meta or {}}
        wire.send(post(legacy("tools/call", params, ident), token=token, **more))


def captures(s, token=TOKENS["alice"]):
    got = s.call("list_captures", token=token)["structuredContent"]
    return got["captures"]


def stop_all(s):
    for row in captures(s, TOKENS["root"]):
        if row["state"] == "running":
            s.call("stop_packet_capture", {"capture_id": row["id"]}, token=TOKENS["root"])


def check_streams(t, s):
    with Wire(s.tcp) as wire:
        start(s, wire, 5, meta={"progressToken": "p5"})
        status, headers = wire.head()
        t.check("a call that takes long becomes a stream", status == 200 and headers["content-type"] == "text/event-stream" and
                "no-transform" in headers["cache-control"] and headers["x-accel-buffering"] == "no" and
                "connection" not in headers, headers)
        first = wire.event()
        t.check("its events are what SSE says", first.startswith(b"event: message\ndata: {") and first.endswith(b"}\n\n"), first)
        progress = [json.loads(first[len(b"event: message\ndata: "):])]
        while len(progress) < 3:
            progress += [json.loads(wire.event()[len(b"event: message\ndata: "):])]
        t.check("progress is seen, growing, with the token", all(m["params"]["progressToken"] == "p5" for m in progress) and
                progress[0]["params"]["progress"] < progress[2]["params"]["progress"], progress)
        with Wire(s.tcp) as other:
            other.send(post(legacy("ping", ident="beside")))
            t.check("others are answered meanwhile", other.answer().json["id"] == "beside")
        mine = [row for row in captures(s) if row["state"] == "running"]
        s.call("stop_packet_capture", {"capture_id": mine[0]["id"]})
        last = b""
        while True:
            piece = wire.event()
            if not piece:
                break
            last = piece
        result = json.loads(last[len(b"event: message\ndata: "):])
        t.check("the result ends the stream", piece == b"" and result["id"] == 5 and
                result["result"]["structuredContent"]["state"] == "finished", result)
        wire.send(post(legacy("ping", ident="again")))
        t.check("and the connection serves on", wire.answer().json["id"] == "again")
    with Wire(s.tcp) as wire:
        start(s, wire, 6, accept="application/json", wait=2)
        got = wire.answer()
        t.check("who takes JSON alone waits for JSON", got.headers["content-type"] == "application/json" and
                got.json["id"] == 6 and got.json["result"]["structuredContent"]["state"] == "running", got)
    with Wire(s.tcp) as wire:
        wire.sock.settimeout(serve_client.VERY_LONG)
        start(s, wire, 7, wait=20)
        wire.head()
        began = time.monotonic()
        piece = wire.event()
        t.check("silence is broken within 15 s", piece == b": keepalive\n\n" and time.monotonic() - began < 15, piece)
    stop_all(s)


def wait_for(good, seconds=5):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if good():
            return True
        time.sleep(0.05)
    return good()


def check_subscriptions(t, s):
    ident = s.call("start_packet_capture", dict(WAIT, wait_s=0))["structuredContent"]["capture_id"]
    uri = "capture://%s/report" % ident
    with Wire(s.tcp) as wire:
        wire.send(modern_post("subscriptions/listen", {"notifications": {"resourceSubscriptions": [uri]}}, "listen:0"))
        status, headers = wire.head()
        seen = [event_of(wire.event()) for _ in range(3)]
        s.call("stop_packet_capture", {"capture_id": ident})
        seen += [event_of(wire.event())]
        t.check("a subscription is a stream at once: acknowledged, then updates while the capture runs", status == 200 and
                headers["content-type"] == "text/event-stream" and
                seen[0]["method"] == "notifications/subscriptions/acknowledged" and
                all(m["method"] == "notifications/resources/updated" and m["params"]["uri"] == uri for m in seen[1:]), seen)
        files = s.files()
    t.check("its client goes, and it is over within a second", wait_for(lambda: s.files() < files, 1), (files, s.files()))
    with Wire(s.tcp) as older:
        older.send(post(legacy("ping")))
        older.answer()
        before = s.files()
        for _ in range(100):
            with Wire(s.tcp) as wire:
                wire.send(modern_post("subscriptions/listen", {"notifications": {"resourcesListChanged": True}}))
                wire.head()
        t.check("a hundred that come and go leave nothing, while an older connection waits",
                wait_for(lambda: s.files() <= before, 5), (before, s.files()))
    got = s.ask(modern_post("subscriptions/listen", {"notifications": {}}, Accept="application/json"))
    t.check("a subscription without a stream is not acceptable: 406", got.status == 406, got)
    got = s.ask(modern_post("subscriptions/listen", {"notifications": 1}))
    t.check("one that cannot be is answered as any request", got.code == -32602 and
            got.headers["content-type"] == "application/json", got)


def event_of(piece):
    """The JSON of one event."""
    return json.loads(piece[len(b"event: message\ndata: "):])


# ---- own traffic ------------------------------------------------------------------------------------------------------

def check_own_traffic(t, s):
    ident = s.call("start_packet_capture", {"target": "auto", "interface": "lo", "duration": 60})["structuredContent"]["capture_id"]
    time.sleep(0.5)
    with socket.socket() as other:  # beside it, something that is to be seen
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            pass
        for i in range(30):
            s.ask(post(legacy("ping", ident=i)))
        time.sleep(1)
    s.call("stop_packet_capture", {"capture_id": ident})
    got = s.ask(modern_post("resources/read", {"uri": "capture://%s/report.json" % ident}))
    text = got.json["result"]["contents"][0]["text"]
    t.check("serve's own connections are in no capture, others are", ":%d" % s.port not in text and ":%d" % port in text, text)


# ---- people's commands ------------------------------------------------------------------------------------------------

def check_commands(t, s):
    def mcpd(*words):
        return product.run(s.here.mcpd(*words, "--socket", s.unix), check=False, env=dict(os.environ, LANG="C.UTF-8"))

    stop_all(s)
    got = mcpd("status")
    rows = len(captures(s, TOKENS["root"]))
    t.check("mcpd status: a line for each capture", got.returncode == 0 and got.stdout.count("\n") == rows + 1, got)
    got = mcpd("report")
    t.check("mcpd report: which of many?", got.returncode == 2 and "name one" in got.stderr and not got.stdout, got)
    got = mcpd("stop")
    t.check("mcpd stop: none runs", got.returncode == 2 and "no running capture" in got.stderr, got)
    ident = s.call("start_packet_capture", dict(WAIT, wait_s=0), where=s.unix, token=None)["structuredContent"]["capture_id"]
    got = mcpd("status")
    t.check("mcpd status shows the running one", any(line.startswith(ident + "  running") for line in got.stdout.splitlines()), got)
    own = product.run([os.path.join(s.here.dir, "mcpd"), "stop", "--socket", s.unix, ident], check=False)
    t.check("mcpd stop ID: the report for people, exit 1 where nothing was seen", own.returncode == 1 and
            "127.0.0.77" in own.stdout and "{" not in own.stdout, own)
    for form, begins in (("text", ""), ("json", "{"), ("markdown", ""), ("html", "<!doctype html>"), ("csv", "")):
        got = mcpd("report", ident, "--format", form)
        t.check("mcpd report --format " + form, got.returncode == 1 and len(got.stdout) > 60 and
                got.stdout.lower().startswith(begins), (got.returncode, got.stderr, got.stdout[:200]))
    got = mcpd("report", "0" * 32)
    t.check("mcpd report of an unknown ID", got.returncode == 2 and "is unknown; allowed:" in got.stderr and ident in got.stderr and not got.stdout, got)
    with socket.socket(socket.AF_UNIX) as fake:
        path = os.path.join(s.here.dir, "fake.sock")
        fake.bind(path)
        fake.listen()
        os.chmod(path, 0o666)
        for answer in (b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"x" * 9000,
                       b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                       b'HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{"result":{"structuredContent":"\x1b[2J"}}'):
            with subprocess.Popen(s.here.mcpd("status", "--socket", path), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True) as child:
                peer = fake.accept()[0]
                peer.recv(65536)
                peer.sendall(answer)
                peer.close()
                out, err = child.communicate(timeout=30)
                t.check("mcpd status: a server that answers %r is none" % answer[:60], child.returncode in (2, 4) and err and
                        "\x1b" not in out + err, (child.returncode, out, err))
    got = product.run(s.here.mcpd("status", "--socket", "/nonexistent/mcpd.sock"), check=False)
    t.check("mcpd status: nobody listens: exit 3, which socket, what else helps", got.returncode == 3 and
            "/nonexistent/mcpd.sock" in got.stderr and "mcpd diagnose" in got.stderr, got)


# ---- who asks ---------------------------------------------------------------------------------------------------------

def check_callers(t, s):
    began = s.call("start_packet_capture", dict(WAIT, wait_s=0))["structuredContent"]
    ident = began["capture_id"]
    t.check("alice's capture runs on after its connection", [r["id"] for r in captures(s) if r["state"] == "running"] == [ident])
    t.check("bob does not see it", all(r["id"] != ident for r in captures(s, TOKENS["bob"])))
    for name in ("get_capture_status", "get_capture_report", "stop_packet_capture"):
        got = s.call(name, {"capture_id": ident}, token=TOKENS["bob"])
        t.check("bob: %s of it is unknown to him" % name, got["isError"] and "unknown" in got["content"][0]["text"], got)
    t.check("a token of root's uid sees it", any(r["id"] == ident for r in captures(s, TOKENS["root"])))
    t.check("so does root on the Unix socket", any(
        r["id"] == ident for r in s.call("list_captures", where=s.unix, token=None)["structuredContent"]["captures"]))
    got = s.call("stop_packet_capture", {"capture_id": ident})
    t.check("alice stops it", got["structuredContent"]["state"] == "finished", got)
    got = s.ask(post(legacy("ping"), token=None), s.unix)
    t.check("the Unix socket needs no token", got.status == 200, got)
    got = s.ask(post(legacy("ping"), token=None, host="mcpd"), s.unix)
    t.check("nor a Host of this machine", got.status == 200, got)
    got = s.ask(post(legacy("ping"), token=None, Origin="http://evil.example.com"), s.unix)
    t.check("but no page of elsewhere", got.status == 403, got)
    t.check("its socket is its owner's alone", os.stat(s.unix).st_mode & 0o777 == 0o600)
    limit = [s.call("start_packet_capture", dict(WAIT, wait_s=0)) for _ in range(5)]
    t.check("quotas are per caller: the fifth of alice is refused", not any(r.get("isError") for r in limit[:4]) and
            limit[4].get("isError"), limit[4])
    got = s.call("start_packet_capture", dict(WAIT, wait_s=0), token=TOKENS["bob"])
    t.check("... and bob's first is not", not got.get("isError"), got)
    stop_all(s)


# ---- start and end ----------------------------------------------------------------------------------------------------

def check_ends(t, here):
    with Serve(here) as s, Wire(s.tcp) as stream, Wire(s.tcp) as plain, Wire(s.tcp) as idle, Wire(s.tcp) as listen:
        listen.send(modern_post("subscriptions/listen", {"notifications": {"resourcesListChanged": True}}, "listen:0"))
        listen.head()
        listen.event()
        start(s, stream, 1, meta={"progressToken": 1})
        stream.head()
        start(s, plain, 2, accept="application/json", token=TOKENS["bob"])
        time.sleep(0.5)
        code, seconds = s.end()
        t.check("SIGTERM: a good end within 2 s", code == 0 and seconds < 2, (code, seconds))
        pieces = []
        while True:
            piece = stream.event()
            if not piece:
                break
            pieces.append(piece)
        t.check("a stream is told, and ended as streams are", piece == b"" and b"the server is ending" in pieces[-1], pieces)
        last = event_of(listen.event())
        t.check("a subscription gets its result", last["id"] == "listen:0" and "result" in last and listen.event() == b"", last)
        t.check("so is who waits for JSON", plain.answer().json["error"]["message"] == "the server is ending")
        t.check("idle connections are closed", not idle.more())
        t.check("no token in the log", not any(v.split(":")[0] in s.said() for v in TOKENS.values()), s.said())


def pass_sockets(here, sockets, *words):
    """A start as systemd does it: listening sockets from descriptor 3 on, a place to say READY."""
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(os.path.join(here.dir, "notify"))
    os.chmod(os.path.join(here.dir, "notify"), 0o666)
    notify.settimeout(5)
    fds = [sock.fileno() for sock in sockets]
    script = ("import fcntl, os, sys\nfds = %r\nfor i, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD, 60) for fd in fds]):\n    os.dup2(fd, 3 + i)\n"
              "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)), NOTIFY_SOCKET=%r, WATCHDOG_USEC='400000')\n"
              "os.execvp(sys.argv[1], sys.argv[1:])" % (fds, os.path.join(here.dir, "notify")))
    command = [sys.executable, "-c", script] + here.mcpd("serve", "--capd", here.sock, *words)
    return command, notify, {"pass_fds": fds}


def check_activation(t, here):
    tcp, unix = socket.socket(), socket.socket(socket.AF_UNIX)
    tcp.bind(("127.0.0.1", 0))
    path = os.path.join(here.dir, "passed.sock")
    unix.bind(path)
    os.chmod(path, 0o666)
    tcp.listen()
    unix.listen()
    command, notify, more = pass_sockets(here, (tcp, unix), "--config", os.path.join(here.dir, "serve", "mcpd.conf"))
    with Serve(here, command=command, **more) as s:
        t.check("systemd's sockets, TCP and Unix, instead of its own", s.port == tcp.getsockname()[1] and
                "unix:" + path in s.said() and not os.path.exists(s.unix), s.said())
        t.check("both serve", s.ask(post(legacy("ping"))).status == 200 and
                s.ask(post(legacy("ping"), token=None), path).status == 200)
        said = [notify.recv(200) for _ in range(3)]
        t.check("READY, then the watchdog is fed", said[0].startswith(b"READY=1") and said[1:] == [b"WATCHDOG=1\n"] * 2, said)
        s.process.send_signal(15)
        while b"STOPPING" not in said[-1]:
            said.append(notify.recv(200))
        t.check("STOPPING", b"STOPPING=1" in said[-1])
    notify.close()


def check_starts(t, here):
    os.unlink(os.path.join(here.dir, "serve", "tokens"))
    with Serve(here, tokens=False) as s:
        with open(s.tokens, encoding="ascii") as text:
            made = text.read().splitlines()[-1].split(":")[1]
        t.check("the first start makes a token file for its owner alone, says where, and not what is in it",
                os.stat(s.tokens).st_mode & 0o777 == 0o600 and len(made) == 64 and s.tokens in s.said() and
                made not in s.said(), s.said())
        t.check("that token is good", s.ask(post(legacy("ping"), token=made)).status == 200)
    os.unlink(s.tokens)
    with Serve(here, "--no-token") as s:
        t.check("--no-token: no token is asked for, and a warning is given",
                s.ask(post(legacy("ping"), token=None)).status == 200 and "WARNING" in s.said(), s.said())
        t.check("... but Host and Origin still count", s.ask(post(legacy("ping"), token=None, host="a.example")).status == 403)
    for what, options, config, mode, says in (
            ("--no-token beyond loopback", ("--no-token", "--listen", "0.0.0.0:0"), "", 0o600, "loopback"),
            ("a token file others can read", (), "", 0o640, "others may read"),
            ("an address in use", ("--listen", "127.0.0.1:%d" % occupied.getsockname()[1]), "", 0o600, "Address already in use"),
            ("a name to listen on", (), "listen = localhost:80", 0o600, "listen = localhost:80"),
            ("an origin with a path", (), "allowed_origins = https://a.example/x", 0o600, "allowed_origins")):
        try:
            with Serve(here, *options, config=config) as s:
                os.chmod(s.tokens, mode)
                if mode == 0o600:
                    raise AssertionError(s.said())
                s.end()
                again = product.run(s.process.args, check=False)
                t.check("refused: " + what, again.returncode != 0 and says in again.stderr, again.stderr)
        except product.LabError as why:
            t.check("refused: " + what, says in str(why), why)
        except AssertionError as why:
            t.check("refused: " + what, False, why)


occupied = socket.socket()
occupied.bind(("127.0.0.1", 0))
occupied.listen()

CONFIG = "allowed_origins = https://page.example.com\nallowed_hosts = capture.example.com\n"


def main():
    t = Checks()
    if os.getuid() != 0:
        t.skip("Streamable HTTP", "needs root (it starts capd with CAP_NET_RAW alone)")
        return t.end()
    product.enter_own_network()
    product.install_signal_handlers()
    with product.Product() as here:
        here.start_capd(config="service_users = %d\n" % product.PERSON_UID)
        with Serve(here, config=CONFIG) as s:
            slow = SlowReader(s)
            for check in (check_statuses, check_details, check_connections, check_streams, check_subscriptions,
                          check_callers, check_own_traffic, check_commands):
                check(t, s)
            got = slow.end()
            t.check("a large answer reaches one who reads it slowly, for over a minute",
                    isinstance(got, serve_client.Answer) and [one["id"] for one in got.json] == list(range(30)), got)
        check_ends(t, here)
        os.unlink(os.path.join(here.dir, "serve", "mcpd.sock"))
        check_activation(t, here)
        check_starts(t, here)
    return t.end()


if __name__ == "__main__":
    sys.exit(main())
