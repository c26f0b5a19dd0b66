"""Headless Chromium over its debugging pipe: JSON messages that end with NUL on descriptors 3 and 4, so that neither a
port nor a library is needed.  The browser reaches no network: names do not resolve, and root takes it to a network
namespace of its own."""

import base64
import collections
import json
import os
import select
import shutil
import struct
import subprocess
import tempfile
import time
import zlib

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--force-color-profile=srgb",
         "--disable-features=IsolateSandboxedIframes,Translate,MediaRouter", "--remote-debugging-pipe"]
PATIENCE_S = 30


def find():
    """The program, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pixel(png, x, y):
    """(red, green, blue) of one pixel of a PNG of 8 bits without interlace, as Chromium makes them."""
    width, _, _, kind = struct.unpack(">IIBB", png[16:26])
    step, at, packed = {2: 3, 6: 4}[kind], 8, b""
    while at < len(png):
        size, name = struct.unpack(">I4s", png[at:at + 8])
        packed += png[at + 8:at + 8 + size] if name == b"IDAT" else b""
        at += size + 12
    raw, line, before = zlib.decompress(packed), width * step, bytes(width * step)
    for row in range(y + 1):
        filter_type, now = raw[row * (line + 1)], bytearray(raw[row * (line + 1) + 1:(row + 1) * (line + 1)])
        for i in range(line):
            a, b, c = now[i - step] if i >= step else 0, before[i], before[i - step] if i >= step else 0
            near = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            now[i] = (now[i] + (0, a, b, (a + b) // 2, near)[filter_type]) & 255
        before = bytes(now)
    return tuple(before[x * step:x * step + 3])


class Browser:
    """One Chromium; use it in a with statement."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="pcm-pages-")
        to_it, self.out = os.pipe()
        self.back, from_it = os.pipe()
        environment = dict(os.environ, HOME=self.home, XDG_CONFIG_HOME=self.home, XDG_CACHE_HOME=self.home)

        def descriptors():  # 3 and 4 may be among the pipes' own numbers
            reader, writer = os.dup2(to_it, 60), os.dup2(from_it, 61)
            os.dup2(reader, 3)
            os.dup2(writer, 4)
        self.process = subprocess.Popen([find()] + FLAGS + ["--user-data-dir=" + self.home], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=descriptors,
                                        start_new_session=True)
        os.close(to_it)
        os.close(from_it)
        self.last_id, self.rest, self.answers, self.pages = 0, b"", {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.command("Browser.close")
            self.process.wait(10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def read(self, until):
        """One more message, dispatched; False when the time is over."""
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                return False
            piece = os.read(self.back, 1 << 20)
            if not piece:
                raise RuntimeError("the browser ended")
            self.rest += piece
        line, self.rest = self.rest.split(b"\0", 1)
        message = json.loads(line)
        if "id" in message:
            self.answers[message["id"]] = message
        elif message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].event(message["method"], message["params"])
        return True

    def command(self, method, params=None, session=None):
        """A command and its result."""
        self.last_id += 1
        mine = self.last_id
        message = {"id": mine, "method": method, "params": params or {}, **({"sessionId": session} if session else {})}
        os.write(self.out, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE_S
        while mine not in self.answers:
            if not self.read(until):
                raise RuntimeError("no answer to " + method)
        answer = self.answers.pop(mine)
        if "error" in answer:
            raise RuntimeError("%s: %s" % (method, answer["error"]))
        return answer["result"]

    def page(self, path=None, **looks):
        """A new page; `path`: a file to show.  looks: see Page.look()."""
        target = self.command("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.command("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session, target)
        self.pages[session] = page
        for domain in ("Page", "Runtime", "Log", "Security"):
            page.do(domain + ".enable")
        page.look(**looks)
        if path:
            page.go(path)
        return page


class Page:
    """One tab.  `complaints`: console messages, exceptions, violations of the policy, dialogs."""

    def __init__(self, browser, session, target):
        self.browser, self.session, self.target = browser, session, target
        self.complaints, self.loaded, self.calls, self.frames = [], 0, collections.deque(), {}

    def do(self, method, **params):
        return self.browser.command(method, params, self.session)

    def event(self, method, params):
        if method == "Page.loadEventFired":
            self.loaded += 1
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append("console: " + " ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append("exception: " + details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded":
            self.complaints.append("log: " + params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append("dialog: " + params["message"])
        elif method == "Runtime.bindingCalled":
            self.calls.append(params["payload"])
        elif method == "Runtime.executionContextCreated":
            context = params["context"]
            self.frames[context["auxData"]["frameId"]] = context["id"]

    def look(self, width=1200, height=900, dark=False, media="", scripts=True):
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.do("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.do("Emulation.setScriptExecutionDisabled", value=not scripts)

    def go(self, path):
        before = self.loaded
        self.do("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait(lambda: self.loaded > before, "the page to load")

    def wait(self, done, what):
        until = time.monotonic() + PATIENCE_S
        while not done():
            if not self.browser.read(min(until, time.monotonic() + 0.2)) and time.monotonic() > until:
                raise RuntimeError("waited in vain for " + what)

    def js(self, expression, frame=None):
        """Value of an expression, in the page or in one of its frames."""
        where = {"contextId": self.frames[frame]} if frame else {}
        got = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, **where)
        if "exceptionDetails" in got:
            raise RuntimeError("%s: %s" % (expression[:80], got["exceptionDetails"].get("exception", {}).get("description")))
        return got["result"].get("value")

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click_on(self, expression):
        """A real click into the middle of the element that the expression finds."""
        x, y = self.js("(() => { const e = %s; e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
                       " return [b.x + b.width / 2, b.y + b.height / 2]; })()" % expression)
        self.click(x, y)

    def type(self, text):
        self.do("Input.insertText", text=text)

    def key(self, name, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.do("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **({"text": text} if text else {}))

    def shoot(self, path, whole=True):
        """A screenshot, of the whole page unless told otherwise."""
        png = base64.b64decode(self.do("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])
        with open(path, "wb") as out:
            out.write(png)
        return png

    def pdf(self):
        return base64.b64decode(self.do("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)["data"])

    def close(self):
        self.browser.command("Target.closeTarget", {"targetId": self.target})
