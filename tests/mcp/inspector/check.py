#!/usr/bin/env python3
"""check.py NODE LAUNCHER: the Inspector's command line against mcpd; prints TAP.

Each command is a client of its own.  Over stdio each starts its own mcpd, so that a capture from start to report is
one waiting call; over HTTP it is several commands.  The traffic is a web server on loopback, asked all the time.
"""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from serve_client import TOKENS, Serve  # noqa: E402
import product  # noqa: E402
from stdio_client import Checks  # noqa: E402

APP = {"resourceUri": "ui://packet-capture/report.html", "resourceMimeType": "text/html;profile=mcp-app"}
APP_TOOLS = ["start_packet_capture", "stop_packet_capture", "get_capture_report", "analyze_capture_file"]


class Quiet(http.server.BaseHTTPRequestHandler):
    """Answers every request alike."""

    def do_GET(self):  # noqa: N802 (the library's name)
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, *_args):
        pass


class Traffic:
    """A web server on loopback and a client that asks it ten times a second."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
        self.target = "127.0.0.1:%d" % self.server.server_port
        self.going = True
        self.threads = [threading.Thread(target=self.server.serve_forever), threading.Thread(target=self._ask)]
        for thread in self.threads:
            thread.start()
        return self

    def _ask(self):
        while self.going:
            urllib.request.urlopen("http://%s/" % self.target, timeout=5).read()
            time.sleep(0.1)

    def __exit__(self, *_exc):
        self.going = False
        self.threads[1].join()
        self.server.shutdown()
        self.threads[0].join()
        self.server.server_close()


class Inspector:
    """One place and era to ask."""

    def __init__(self, launcher, era, command=None, url=None):
        self.before = launcher + ["--cli", "-q", "--protocol-era", era]
        if url:
            self.before += [url, "--transport", "http", "--header", "Authorization: Bearer " + TOKENS["alice"]]
        self.after = command or []

    def run(self, method, *more, expect=0):
        """Standard output; ValueError when it ends otherwise than expected."""
        done = subprocess.run(self.before + ["--method", method] + list(more) + ["--format", "json"] + self.after,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=90,
                              env=dict(os.environ, MCP_INSPECTOR_SECRET_STORE="memory"), check=False)
        if done.returncode != expect:
            raise ValueError("%s: exit %d: %s %s" % (method, done.returncode, done.stdout[-300:], done.stderr[-600:]))
        return done.stdout

    def ask(self, method, *more):
        return json.loads(self.run(method, *more))["result"]

    def tool(self, name, arguments):
        return self.ask("tools/call", "--tool-name", name, "--tool-args-json", json.dumps(arguments))["structuredContent"]


def check_lists(i, version):
    got = i.ask("initialize")
    assert got["serverInfo"]["name"] == "packet_capture" and got["protocolVersion"] == version, got
    listed = json.loads(i.run("tools/list", "--strict"))
    assert len(listed["result"]["tools"]) == 7, listed
    rows = [json.loads(line) for line in i.run("tools/list", "--app-info").splitlines()]
    assert [row["toolName"] for row in rows if row["hasApp"]] == APP_TOOLS, rows
    assert all(row.items() >= APP.items() for row in rows if row["hasApp"]), rows
    page = i.ask("resources/read", "--uri", APP["resourceUri"])["contents"][0]["text"]
    assert page.lower().startswith("<!doctype html>"), page[:80]
    assert len(i.ask("resources/templates/list")["resourceTemplates"]) == 5
    prompt = i.ask("prompts/get", "--prompt-name", "diagnose_slow_site", "--prompt-args", "target=example.com")
    assert "example.com" in prompt["messages"][0]["content"]["text"], prompt


def check_wrong(i):
    said = i.run("tools/call", "--tool-name", "get_capture_report", "--tool-args-json", '{"capture_id":"nothing"}', expect=5)
    assert "list_captures" in said, said


def check_report(report, target):
    assert report["state"] == "finished" and report["target"] == target, report
    assert report["total_packets"] > 0 and report["connection_analysis"]["established"] > 0, report


def check_waiting(i, target):
    check_report(i.tool("start_packet_capture", {"target": target, "interface": "lo", "duration": 2, "wait_s": 20}), target)


def check_steps(i, target):
    ident = i.tool("start_packet_capture", {"target": target, "interface": "lo", "duration": 60})["capture_id"]
    status = i.tool("get_capture_status", {"capture_id": ident})
    assert status["state"] == "running", status
    stopped = i.tool("stop_packet_capture", {"capture_id": ident})
    check_report(stopped, target)
    assert i.tool("get_capture_report", {"capture_id": ident}) == stopped
    uri = "capture://%s/report.json" % ident
    assert uri in [r["uri"] for r in i.ask("resources/list")["resources"]]
    check_report(json.loads(i.ask("resources/read", "--uri", uri)["contents"][0]["text"]), target)


def attempt(t, name, check, *arguments):
    """One check that complains by an exception."""
    try:
        check(*arguments)
        t.check(name, True)
    except (AssertionError, ValueError, KeyError, IndexError) as why:
        t.check(name, False, repr(why)[:900])


def main():
    product.install_signal_handlers()
    launcher, t = sys.argv[1:3], Checks()
    with product.Product() as here, Traffic() as traffic:
        here.start_capd()
        with Serve(here) as serve:
            places = {"stdio": {"command": here.mcpd("stdio", "--capd", here.sock)},
                      "http": {"url": "http://127.0.0.1:%d/mcp" % serve.port}}
            for place, how in places.items():
                for era, version in (("legacy", "2025-11-25"), ("modern", "2026-07-28")):
                    i, name = Inspector(launcher, era, **how), "%s, %s: " % (place, era)
                    attempt(t, name + "initialize, strict lists, the app, a prompt", check_lists, i, version)
                    attempt(t, name + "an unknown capture is an error of the tool", check_wrong, i)
                    check = check_steps if place == "http" else check_waiting
                    attempt(t, name + "a capture from start to report", check, i, traffic.target)
    return t.end()


if __name__ == "__main__":
    sys.exit(main())
