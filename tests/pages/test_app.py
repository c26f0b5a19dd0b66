#!/usr/bin/env python3
"""The MCP App under a host that speaks the ui protocol: what it shows, what it asks for, and that it stays in its frame.
# suite: timeout=300

The host page, host.html, holds the App in a sandboxed frame under the extension's default policy; results come from a
real `mcpd stdio`, and so do the answers to the App's own calls.  As root a capture runs while it is looked at.  Pictures
stay in build/pages.  Skipped where there is no Chromium (Debian package chromium).
"""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "cli"), os.path.join(TOP, "tests", "golden")]
sys.dont_write_bytecode = True
import browser  # noqa: E402
import make  # noqa: E402
import test_hostile_names  # noqa: E402
from test_cli import ROOT, Session, World  # noqa: E402
import stdio_client  # noqa: E402  (test_cli knows where it lies)
from test_pages import CONTRASTS, PICTURES, TOO_WIDE, UNNAMED  # noqa: E402

T = stdio_client.Checks()
URI = "ui://packet-capture/report.html"
CAN = {"serverTools": {}}
LIGHT = {"theme": "light", "displayMode": "inline", "availableDisplayModes": ["inline", "fullscreen"]}
DARK = dict(LIGHT, theme="dark", styles={"variables": {"--color-background-primary": "light-dark(#fff, #101820)"}})
# What can be read on a page, in order, but for what only the one or the other has.
SHOWN = """(() => {
  const texts = (s) => [...document.querySelectorAll(s)].map((e) => e.textContent.replace(/\\s+/g, " ").trim());
  return {h1: texts("h1"), blame: texts(".blame"), facts: texts(".facts div"), tiles: texts(".tiles li"), headings: texts("main h2"), chips: texts(".card .chip"),
    cards: texts(".card h3, .card p, .card dl div"), phases: texts("#phases tr"), outcomes: texts("#outcomes li, #outcomes dl div"), protocols: texts("#protocols tr"),
    cells: texts(".list td"), heads: texts(".list th"), captions: texts(".chart figcaption"), axis: texts(".axis span"), lanes: texts(".lanes li"),
    coverage: texts("#coverage summary"), rules: texts("#coverage code"), quality: texts("#quality dl div, #tcp dl div"), setup: texts("#setup dl div"), hints: texts(".hint"),
    paths: [...document.querySelectorAll(".plot path")].map((p) => p.getAttribute("d")), views: [...document.querySelectorAll(".plot svg")].map((p) => p.getAttribute("viewBox")),
    bars: [...document.querySelectorAll(".bar rect")].map((r) => [parseFloat(r.getAttribute("x")), parseFloat(r.getAttribute("width")), r.getAttribute("class")])};
})()"""


class App:
    """The App in the host page.  `session`: the mcpd that answers its calls."""

    def __init__(self, chrome, html, session, context=None, can=None, width=900):
        self.session, self.page = session, chrome.page(width=width, height=900)
        self.page.do("Runtime.addBinding", name="toServer")
        self.page.go(os.path.join(HERE, "host.html"))
        self.page.js("open_app(%s, %s, %s)" % (json.dumps(html), json.dumps(context or LIGHT), json.dumps(CAN if can is None else can)))
        self.wait("said.some((m) => m.method === 'ui/notifications/initialized')")
        tree = self.page.do("Page.getFrameTree")["frameTree"]
        self.frame = tree["childFrames"][0]["frame"]["id"]
        self.called = []

    def wait(self, condition, inside=False):
        """Until it is true; the App's calls are answered meanwhile."""
        def done():
            self.serve()
            return self.page.js(condition, self.frame if inside else None)
        self.page.wait(done, condition)

    def serve(self):
        while self.page.calls:
            message = json.loads(self.page.calls.popleft())
            self.called.append(message["params"])
            answer = self.session.answer(self.session.send("tools/call", message["params"]))
            self.say(dict(id=message["id"], **{k: v for k, v in answer.items() if k in ("result", "error")}))

    def say(self, message):
        self.page.js("say(%s)" % json.dumps(message))

    def show(self, name, result, arguments=None):
        """What a host does when the model has called a tool."""
        self.say({"method": "ui/notifications/tool-input", "params": {"arguments": arguments or {}}})
        self.say({"method": "ui/notifications/tool-result", "params": result})
        self.name = name

    def js(self, expression):
        return self.page.js(expression, self.frame)

    def settled(self):
        """Until it has fetched what it wants."""
        self.wait("document.getElementById('refresh') && !document.getElementById('refresh').disabled && document.querySelector('#coverage code') !== null", True)

    def click(self, expression):
        """A click; real ones go by coordinates, which the frame's are not."""
        self.js("(%s).click()" % expression)

    def shoot(self, name):
        return self.page.shoot(os.path.join(PICTURES, name + ".png"))


def analyze(session, path):
    return session.call("tools/call", {"name": "analyze_capture_file", "arguments": {"path": path}})


def long_capture(path):
    """Ten minutes and more, so that a step is 2 s; two names, an answer now and then."""
    c = make.Capture()
    web = make.Tcp(c, 40000, 80)
    web.open()
    for second in range(650):
        for _ in range(second * 7 % 5):
            web.ask("GET /%d HTTP/1.1\r\nHost: www.example.com\r\n\r\n" % second)
            c.wait(11)
            web.tell(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b"x" * 900)
        c.wait(1000)
    c.write(path)


def app_html(session):
    """The App as a host gets it: named by the tools that show reports, read as a resource."""
    tools = session.call("tools/list")["tools"]
    uris = {t["name"]: t.get("_meta", {}).get("ui", {}).get("resourceUri") for t in tools}
    T.check("the tools that give reports name the App", {uris[n] for n in ("start_packet_capture", "stop_packet_capture", "get_capture_report", "analyze_capture_file")}
            == {URI}, uris)
    content = session.call("resources/read", {"uri": URI})["contents"][0]
    T.check("it is a resource of the type that hosts look for", content["mimeType"] == "text/html;profile=mcp-app" and content["text"].startswith("<!DOCTYPE html>"),
            content["mimeType"])
    return content["text"]


def check_first(chrome, html, session, path):
    got = analyze(session, path)
    app = App(chrome, html, session)
    T.check("it waits for its result, saying so", app.js("document.body.innerText.trim()") != "", "")
    app.show("analyze", got, {"path": path})
    app.settled()
    app.wait("frame.clientHeight > 1000")
    tree = got["structuredContent"]
    app.shoot("app-light")
    T.check("the headline of the result is shown", app.js("document.querySelector('h1').innerText") == tree["verdict"]["headline"], app.js("document.body.innerText"))
    cards = app.js("document.querySelectorAll('#problems .card').length")
    T.check("a card for each problem: %d" % cards, cards == sum(p["severity"] != "info" for p in tree["problems_detected"]) > 1, cards)
    asked = {(c["name"], c["arguments"].get("section")) for c in app.called}
    T.check("it fetched by itself what the summary leaves out", {("get_capture_report", s) for s in ("summary", "timeline", "hosts", "coverage")} == asked, asked)
    T.check("charts over time can be seen", app.js("[...document.querySelectorAll('.plot svg')].filter((e) => e.getBoundingClientRect().height > 40).length") >= 2, "")
    sizes = app.page.js("said.filter((m) => m.method === 'ui/notifications/size-changed').map((m) => m.params)")
    T.check("it tells its size", sizes and sizes[-1]["height"] == app.js("Math.ceil(document.documentElement.getBoundingClientRect().height)") > 600, sizes)
    T.check("headings, names and labels for those who cannot see", not app.js(UNNAMED), app.js(UNNAMED))
    T.check("text is readable: contrast 4.5 and more", not app.js(CONTRASTS), app.js(CONTRASTS))
    T.check("no complaint of the browser, no policy violated", not app.page.complaints, app.page.complaints)
    return app


def check_protocol(app):
    app.say({"id": 77, "method": "ping"})
    app.say({"id": 78, "method": "ui/unheard-of", "params": {}})
    app.say({"method": "ui/notifications/unheard-of", "params": {}})
    app.wait("said.some((m) => m.id === 77 && m.result) && said.some((m) => m.id === 78)")
    T.check("ping is answered, unknown requests are refused", app.page.js("said.find((m) => m.id === 78).error.code") == -32601, "")
    first = app.page.js("said[0]")
    T.check("it introduced itself", first["method"] == "ui/initialize" and first["params"]["protocolVersion"] == "2026-01-26" and first["params"]["appInfo"]["name"], first)
    app.js("postMessage({jsonrpc: '2.0', method: 'ui/notifications/tool-cancelled', params: {reason: 'forged'}}, '*')")
    app.js("new Promise((done) => setTimeout(done, 100))")
    T.check("only its host is listened to", app.js("!document.body.innerText.includes('forged')"), "")
    app.click("document.getElementById('mode')")
    app.wait("document.getElementById('mode') && document.getElementById('mode').innerText === 'Smaller'", True)
    T.check("it asks for the full screen", app.page.js("said.some((m) => m.method === 'ui/request-display-mode' && m.params.mode === 'fullscreen')"), "")
    app.say({"method": "ui/notifications/host-context-changed", "params": DARK})
    app.wait("getComputedStyle(document.querySelector('.verdict')).backgroundColor === 'rgb(16, 24, 32)'", True)
    app.page.shoot(os.path.join(PICTURES, "app-dark.png"))
    T.check("it follows the host's theme and colours", not app.js(CONTRASTS), app.js(CONTRASTS))
    app.say({"id": 80, "method": "ui/resource-teardown", "params": {"reason": "over"}})
    app.wait("said.some((m) => m.id === 80 && m.result)")
    T.check("it takes its leave when told so", not app.page.complaints, app.page.complaints)
    app.page.close()


def check_same(chrome, html, session, world, name):
    """All that the App draws from sections is what stands on the page that the C code wrote."""
    path = os.path.join(world.files, name + ".pcap")
    app = App(chrome, html, session)
    app.show("analyze", analyze(session, path))
    app.settled()
    for section in app.js("[...document.querySelectorAll('[id^=more-]')].map((e) => e.id)"):
        app.click("document.getElementById('%s')" % section)
        app.settled()
    page_path = world.path(name + ".html")
    with open(page_path, "wb") as out:
        out.write(subprocess.run(world.command("analyze", path, "--format", "html"), capture_output=True, check=False).stdout)
    page = chrome.page(page_path, width=900)
    ours, theirs = app.js(SHOWN), page.js(SHOWN)
    for shown in (ours, theirs):  # why the mode was chosen is in the whole report only
        shown["setup"] = [s for s in shown["setup"] if not s.startswith("Mode")]
    for mine, other in zip(ours["bars"], theirs["bars"]):  # the two languages round a half to different sides
        if max(abs(mine[0] - other[0]), abs(mine[1] - other[1])) < 0.11:
            mine[:2] = other[:2]
    differing = {k: [ours[k], theirs[k]] for k in ours if ours[k] != theirs[k]}
    T.check("%s: the App shows what the page shows: %d texts, %d charts, %d bars" % (name, sum(map(len, theirs.values())), len(theirs["views"]), len(theirs["bars"])),
            not differing, json.dumps(differing)[:1400])
    app.page.close()
    page.close()


def check_lists(chrome, html, session, path):
    """Longer than the summary: fetched when asked for, sorted, filtered; hostile all the same."""
    app = App(chrome, html, session, width=375)
    app.show("analyze", analyze(session, path))
    app.settled()
    before = app.js("document.querySelectorAll('#dns_queries tbody tr').length")
    app.click("document.getElementById('more-dns')")
    app.wait("document.querySelectorAll('#dns_queries tbody tr').length > 100", True)
    app.settled()
    T.check("'Show all' fetches all pages: %d rows were %d" % (app.js("document.querySelectorAll('#dns_queries tbody tr').length"), before), before <= 5, before)
    app.click("document.querySelector('#dns_queries th button')")
    names = app.js("[...document.querySelectorAll('#dns_queries tbody tr')].map((r) => r.cells[0].textContent.toLowerCase())")
    texts = [n for n in names if n]
    app.click("document.getElementById('more-problems')")
    app.wait("document.getElementById('more-problems') === null", True)
    app.settled()
    pages, cards = (sum(c["arguments"].get("section") == "problems" for c in app.called), app.js("document.querySelectorAll('#problems .card').length"))
    T.check("a section of %d pages: all %d problems, each once" % (pages, cards), pages > 1 and app.js("document.querySelector('h1').innerText").endswith(
        "%d other problems were found." % (cards - 1)) and app.js("new Set([...document.querySelectorAll('#problems .card')].map((e) => e.textContent)).size") == cards, cards)
    T.check("its tables sort", texts == sorted(texts, key=lambda n: n.encode("utf-16-be")) and len(set(texts)) > 10, texts[:5])
    T.check("hostile names: text, nothing else", app.js("document.querySelectorAll('img, iframe, a, link, object, [onerror], .list script').length") == 0
            and app.js("document.body.textContent.includes('<script>h0st1le</script>')"), "")
    T.check("hostile names: nothing wider than a phone", app.js(TOO_WIDE) == 0, app.js(TOO_WIDE))
    T.check("hostile names: no complaint", not app.page.complaints, app.page.complaints)
    app.page.shoot(os.path.join(PICTURES, "app-phone.png"), whole=False)
    app.page.close()


def check_other_ends(chrome, html, session, path):
    app = App(chrome, html, session, can={})
    app.show("analyze", session.call("tools/call", {"name": "analyze_capture_file", "arguments": {"path": "/nowhere/x.pcap"}}))
    app.wait("document.body.innerText.includes('/nowhere/x.pcap')", True)
    T.check("an error is shown as what it is", app.js("document.querySelectorAll('h1').length") == 0, "")
    app.say({"method": "ui/notifications/tool-cancelled", "params": {"reason": "the user changed their mind"}})
    app.wait("document.body.innerText.includes('changed their mind')", True)
    app.show("analyze", analyze(session, path))
    app.wait("document.querySelectorAll('h1').length === 1", True)
    T.check("where the host lets it call no tools it shows what it was given, and offers nothing else",
            app.js("document.querySelectorAll('.action:not(#mode)').length") == 0 and not app.called, app.called)
    T.check("errors and cancelling: no complaint", not app.page.complaints, app.page.complaints)
    app.page.close()


def check_running(chrome, html, world):
    """A capture that runs while it is looked at, and ends."""
    session = stdio_client.Session(world.command("stdio", "--capd", "private"))
    started = session.call("tools/call", {"name": "start_packet_capture", "arguments": {"target": "127.0.0.1", "interface": "lo", "duration": 60}})
    app = App(chrome, html, session)
    app.show("start", started)
    app.wait("document.querySelector('.running') && document.querySelector('.running').innerText.includes('60 s')", True)
    app.shoot("app-running")
    T.check("a running capture: how far it is, and that nothing is decided", app.js("document.querySelector('.status').innerText.trim()") == "Still running"
            and app.js("document.querySelector('.running rect') !== null"), app.js("document.body.innerText"))
    subprocess.run(["ping", "-c", "3", "-i", "0.2", "127.0.0.1"], stdout=subprocess.DEVNULL, check=False)
    session.call("tools/call", {"name": "stop_packet_capture", "arguments": {}})
    app.click("document.getElementById('refresh')")
    app.wait("document.querySelector('.running') === null && document.querySelector('h1') !== null", True)
    app.settled()
    T.check("when it has ended the report stands there", app.js("document.querySelector('.facts').innerText.includes('finished')")
            and app.js("document.querySelectorAll('#protocols tbody tr').length") > 0 and not app.page.complaints, app.js("document.body.innerText"))
    app.page.close()
    session.process.stdin.close()
    session.process.wait(10)


def everything(world):
    os.makedirs(PICTURES, exist_ok=True)
    names = make.write_all(world.files)
    hostile = os.path.join(world.files, "hostile.pcap")
    test_hostile_names.capture(hostile)
    session = Session(world, "--config", world.conf, "--capd", "/nowhere")
    html = app_html(session)
    problems = os.path.join(world.files, "connection_outcomes.pcap")
    with browser.Browser() as chrome:
        check_protocol(check_first(chrome, html, session, problems))
        long_capture(os.path.join(world.files, "long.pcap"))
        for name in names + ["long"]:
            check_same(chrome, html, session, world, name)
        check_lists(chrome, html, session, hostile)
        check_other_ends(chrome, html, session, problems)
        if ROOT:
            check_running(chrome, html, world)
        else:
            T.skip("a running capture", "needs root (it captures on lo)")


def main():
    own = ["unshare", "--net"]
    if not browser.find():
        print("1..0 # SKIP no Chromium here: the Debian package chromium")
        return 0
    if ROOT and "--inside" not in sys.argv and subprocess.run(own + ["true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.execvp("unshare", own + [sys.executable, os.path.abspath(__file__), "--inside"])
    if "--inside" in sys.argv:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    world = World()
    try:
        everything(world)
    except RuntimeError as failure:  # waited in vain: the rest cannot be judged
        T.check("every step came to its end", False, failure)
    finally:
        shutil.rmtree(world.dir, ignore_errors=True)
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
