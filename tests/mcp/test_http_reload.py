#!/usr/bin/env python3
"""SIGHUP has `mcpd serve` read its token file again: who may ask changes at once, captures and others' connections do not.
# suite: timeout=90
"""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time

from serve_client import TOKENS, Serve, Wire, legacy, modern_post, post
import product
from stdio_client import Checks

PING = legacy("ping")
NEW = "carol-carol-carol-3"
LINE = re.compile(r'mcpd: audit: reload token_file="[^"]+" '
                  r'(granted tokens=\d+ added="[\w,.-]*" removed="[\w,.-]*" ended=\d+|'
                  r'refused: "[^"]+"; the \d+ tokens read before stay in force)$')


def lines(s):
    return [line for line in s.said().split("\n") if "audit: reload" in line]


def wait_for(good, seconds=10):
    end = time.monotonic() + seconds
    while not good() and time.monotonic() < end:
        time.sleep(0.02)
    return good()


def reload(s):
    """SIGHUP; the line it leaves in the log."""
    before = len(lines(s))
    s.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(lines(s)) > before or s.process.poll() is not None)
    return lines(s)[-1] if len(lines(s)) > before else s.said()[-500:]


def status(s, token):
    return s.ask(post(PING, token=token)).status


def start(s, name):
    got = s.call("start_packet_capture", {"target": "127.0.0.1", "interface": "lo", "duration": 60}, token=TOKENS[name])
    return got["structuredContent"]["capture_id"]


def states(s, token):
    return {c["id"]: c["state"] for c in s.call("list_captures", token=token)["structuredContent"]["captures"]}


def listen(s, wire, token):
    """A stream that stays open."""
    wire.send(modern_post("subscriptions/listen", {"notifications": {"resourcesListChanged": True}}, "listen:0", token=token))
    return wire.head()[0] == 200 and b"acknowledged" in wire.event()


def rest(wire):
    """What comes until the stream ends."""
    seen = b""
    while True:
        piece = wire.event()
        if not piece:
            return seen, piece == b""
        seen += piece


def check_exchange(t, s):
    """Bob goes, carol comes; alice and what runs stay."""
    hers, his = start(s, "alice"), start(s, "bob")
    with Wire(s.tcp) as kept, Wire(s.tcp) as his_kept, Wire(s.tcp) as stream, Wire(s.tcp) as his_stream, Wire(s.tcp) as waiting:
        for wire, name in ((kept, "alice"), (his_kept, "bob")):
            wire.send(post(PING, token=TOKENS[name]))
            wire.answer()
        t.check("two streams are open", listen(s, stream, TOKENS["alice"]) and listen(s, his_stream, TOKENS["bob"]))
        waiting.send(modern_post("tools/call", {"name": "get_capture_status", "arguments": {"capture_id": his, "wait_s": 50}},
                                 token=TOKENS["bob"], Accept="application/json"))
        time.sleep(0.3)
        s.put_tokens({"alice": TOKENS["alice"], "carol": NEW, "root": TOKENS["root"]})
        said = reload(s)
        t.check("one line: who came, who went, what was ended", len(lines(s)) == 1 and LINE.match(said) and
                'tokens=3 added="carol" removed="bob" ended=2' in said, lines(s))
        t.check("a new token works", status(s, NEW) == 200)
        t.check("one that was taken away gets 401", status(s, TOKENS["bob"]) == 401)
        his_kept.send(post(PING, token=TOKENS["bob"]))
        t.check("on a connection it has used before as well", his_kept.answer().status == 401)
        kept.send(post(PING))
        t.check("another caller's connection is still there", kept.answer().status == 200)
        seen, ended = rest(his_stream)
        t.check("his stream is told and ends", ended and b"is not in the token file any more" in seen, seen)
        t.check("his call that waits gets 401", waiting.answer().status == 401)
        mine = states(s, TOKENS["alice"])
        t.check("her capture goes on and is hers", mine == {hers: "running"}, mine)
        t.check("carol sees none of them", states(s, NEW) == {}, states(s, NEW))
        everybody = states(s, TOKENS["root"])
        t.check("his runs to its end, for who may see all", everybody == {hers: "running", his: "running"}, everybody)
        t.check("her report is made", "content" in s.call("stop_packet_capture", {"capture_id": hers}) and
                states(s, TOKENS["alice"]) == {hers: "finished"})
        t.check("her stream is open, and told of that report", b"resources/list_changed" in stream.event())
    s.put_tokens(TOKENS)
    reload(s)
    t.check("the name comes back, and its capture is its own", states(s, TOKENS["bob"]) == {his: "running"})
    t.check("and the new token is gone", status(s, NEW) == 401)


def check_another_token(t, s):
    """The same name with another token: the old one may be in wrong hands, the captures are still the caller's."""
    capture = start(s, "alice")
    with Wire(s.tcp) as stream:
        listen(s, stream, TOKENS["alice"])
        s.put_tokens(dict(TOKENS, alice=NEW))
        said = reload(s)
        t.check("another token for a name: told as both", 'added="alice" removed="alice" ended=1' in said, said)
        t.check("the stream of the old one ends", rest(stream)[1])
    t.check("the old one gets 401, the new one sees the capture", status(s, TOKENS["alice"]) == 401 and
            states(s, NEW).get(capture) == "running")
    s.put_tokens(dict(TOKENS, alice=NEW, bob=TOKENS["bob"] + ":%d" % product.PERSON_UID))
    said = reload(s)
    t.check("the same token for another user is another caller", 'added="bob" removed="bob"' in said, said)
    s.put_tokens(TOKENS)
    reload(s)


def check_bad_files(t, s):
    """A file that is refused changes nothing."""
    with Wire(s.tcp) as stream:
        listen(s, stream, TOKENS["alice"])
        for what, text, says in (("a bad line", "alice:%s\ncarol %s\n" % (NEW, NEW), (":2: there is no ':'", "allowed: name:token")),
                                 ("an empty file", "", ("holds no token", "allowed: name:token"))):
            s.put_tokens(text)
            said = reload(s)
            t.check("%s: the line names file, line and what is allowed" % what, LINE.match(said) and s.tokens in said and
                    all(w in said for w in says) and "the 3 tokens read before stay in force" in said, said)
            t.check("%s: the old tokens stay, and no new one counts" % what, status(s, TOKENS["alice"]) == 200 and
                    status(s, TOKENS["bob"]) == 200 and status(s, NEW) == 401)
        s.put_tokens(TOKENS)
        os.chmod(s.tokens, 0o644)
        said = reload(s)
        t.check("a file others can read", "others may read or write it" in said, said)
        os.chown(s.tokens, 0, 0)
        os.chmod(s.tokens, 0o600)
        said = reload(s)
        t.check("a file of root: whose it must be", "it must belong to uid %d" % product.PERSON_UID in said, said)
        os.unlink(s.tokens)
        said = reload(s)
        t.check("no file", "No such file" in said and status(s, TOKENS["alice"]) == 200, said)
        s.put_tokens(TOKENS)
        reload(s)
        s.call("stop_packet_capture", {"capture_id": start(s, "alice")})
        t.check("streams outlive all that", b"list_changed" in stream.event())
    t.check("no token in the log", not any(v.split(":")[0] in s.said() for v in list(TOKENS.values()) + [NEW]), s.said())


def check_folder(t, here):
    """Where more than tokens is in the folder, nothing else of it can be read: so a new file cannot either."""
    with Serve(here) as s:
        s.put_tokens(dict(TOKENS, carol=NEW), in_place=True)
        said = reload(s)
        t.check("more in its folder: changed in place", "granted" in said and status(s, NEW) == 200, said)
        landlock = subprocess.run(here.mcpd("check"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
        s.put_tokens(TOKENS)
        said = reload(s)
        if b"ok       Landlock" in landlock.stdout:
            t.check("replaced: refused, saying what to do", "another file has taken its place" in said and
                    "a folder of its own" in said and status(s, NEW) == 200, said)
        else:
            t.skip("replaced: refused, saying what to do", "this kernel has no Landlock")


def check_terminal(t, here):
    ours, its = pty.openpty()
    with Serve(here, stdin=its) as s:
        os.close(its)
        s.process.send_signal(signal.SIGHUP)
        t.check("from a terminal SIGHUP ends it, as ever", wait_for(lambda: s.process.poll() is not None) and
                s.process.returncode == 0 and not lines(s), (s.process.returncode, s.said()))
    os.close(ours)
    with Serve(here, "--no-token") as s:
        s.process.send_signal(signal.SIGHUP)
        t.check("without tokens there is nothing to read", wait_for(lambda: "no tokens to read again" in s.said()) and
                status(s, None) == 200, s.said())


def check_manager(t, here):
    """What the service manager is told."""
    path = os.path.join(here.dir, "manager")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        os.chmod(path, 0o666)
        manager.settimeout(10)
        with Serve(here, apart=True, env=dict(os.environ, NOTIFY_SOCKET=path)) as s:
            manager.recv(500)
            reload(s)
            told = [manager.recv(500), manager.recv(500)]
            t.check("the service manager: reloading, then ready", told == [b"RELOADING=1\n", b"READY=1\n"], told)


def main():
    t = Checks()
    if os.getuid() != 0:
        t.skip("reading the tokens again", "needs root (it starts capd with CAP_NET_RAW alone)")
        return t.end()
    product.enter_own_network()
    product.install_signal_handlers()
    with product.Product() as here:
        here.start_capd()
        with Serve(here, apart=True) as s:
            check_exchange(t, s)
            check_another_token(t, s)
            check_bad_files(t, s)
            code, _ = s.end()
            t.check("and it ends well", code == 0, code)
        check_folder(t, here)
        check_terminal(t, here)
        check_manager(t, here)
    return t.end()


if __name__ == "__main__":
    sys.exit(main())
