#!/usr/bin/env python3
"""Calls that are given up over Streamable HTTP: by leaving in the modern era, by a message in the older one.
# suite: timeout=120

A real `mcpd serve` and a real capd, each an ordinary user; captures are made on lo.
"""

import os
import sys
import time

from serve_client import TOKENS, Serve, Wire, legacy, modern_post, post, tool
import product
from stdio_client import Checks
from test_http import WAIT, captures, start, stop_all, wait_for


def check_cancels(t, s):
    for accept, what in ((None, "a stream"), ("application/json", "plain JSON")):
        before = s.files()
        with Wire(s.tcp) as wire:
            start(s, wire, 8, accept=accept)
            time.sleep(1.5 if accept is None else 0.5)
        t.check("modern: the client of %s goes, its connection is closed within two seconds" % what,
                wait_for(lambda: s.files() <= before, 2), (before, s.files()))
        t.check("... and the capture is stopped: nobody was told its id",
                wait_for(lambda: not [row for row in captures(s) if row["state"] == "running"], 3), captures(s))
    began = s.call("start_packet_capture", dict(WAIT, wait_s=0))["structuredContent"]
    with Wire(s.tcp) as wire:
        wire.send(tool("get_capture_status", {"capture_id": began["capture_id"], "wait_s": 50}))
        time.sleep(0.5)
    time.sleep(0.5)
    t.check("a capture whose id was told goes on when a client that waits for it goes",
            [row["state"] for row in captures(s) if row["id"] == began["capture_id"]] == ["running"], captures(s))
    stop_all(s)
    with Wire(s.tcp) as wire:
        start(s, wire, "gone", era="legacy", meta={"progressToken": 1})
        wire.head()
        wire.event()
    got = s.call("list_captures")["structuredContent"]["captures"]
    t.check("legacy: a client that goes cancels nothing", any(row["state"] == "running" for row in got), got)
    stop_all(s)


def take_back(s, ident, token="alice"):
    """The status of a legacy notifications/cancelled."""
    return s.ask(post(legacy("notifications/cancelled", {"requestId": ident}, None), token=TOKENS[token])).status


def runs(s):
    return any(row["state"] == "running" for row in captures(s))


def check_taken_back(t, s):
    for accept, want in ((None, (200, b"")), ("application/json", (202, b""))):
        with Wire(s.tcp) as wire:
            start(s, wire, 91, era="legacy", accept=accept)
            time.sleep(0.3)
            got = take_back(s, 91)
            answer = wire.answer()
            t.check("legacy: a cancellation of a call (Accept: %s) is received, the call is answered by nothing" % accept,
                    got == 202 and (answer.status, answer.body) == want, (got, answer))
            t.check("... and its capture is stopped", wait_for(lambda: not runs(s), 3), captures(s))
            wire.send(post(legacy("ping", ident=92)))
            t.check("... and the connection serves on", wire.answer().json["id"] == 92)
    with Wire(s.tcp) as wire:
        start(s, wire, "gone", era="legacy", meta={"progressToken": 1})
        wire.head()
        wire.event()
    got = take_back(s, "gone")
    t.check("legacy: a call whose client has gone can be cancelled too", got == 202 and wait_for(lambda: not runs(s), 3), captures(s))
    with Wire(s.tcp) as wire:
        start(s, wire, 93, era="legacy", wait=2)
        time.sleep(0.3)
        others = [take_back(s, 93, "bob"), take_back(s, 93, "root"), take_back(s, "93"), take_back(s, None),
                  s.ask(modern_post("notifications/cancelled", {"requestId": 93}, None)).status]
        answer = wire.answer()
        t.check("legacy: cancellations by others, of another id, of another era change nothing", others == [202] * 5 and
                answer.events[-1].get("id") == 93 and "result" in answer.events[-1], (others, answer))
    stop_all(s)
    with Wire(s.tcp) as one, Wire(s.tcp) as two:
        for wire in (one, two):
            start(s, wire, 94, era="legacy", wait=2)
        time.sleep(0.3)
        take_back(s, 94)
        answers = [wire.answer() for wire in (one, two)]
        t.check("legacy: where two calls have the id nobody can tell which is meant: none is cancelled",
                all("result" in answer.events[-1] for answer in answers), answers)
    stop_all(s)
    with Wire(s.tcp) as wire:
        start(s, wire, 95, wait=2)
        time.sleep(0.3)
        take_back(s, 95)
        answer = wire.answer()
        t.check("a legacy cancellation ends no call of the modern era", "result" in answer.events[-1], answer)
    stop_all(s)
    began = s.call("start_packet_capture", dict(WAIT, wait_s=0))["structuredContent"]
    wait = legacy("tools/call", {"name": "get_capture_status", "arguments": {"capture_id": began["capture_id"], "wait_s": 50}}, 96)
    with Wire(s.tcp) as wire:
        wire.send(post([legacy("ping", ident=97), wait], Accept="application/json"))
        time.sleep(0.3)
        take_back(s, 96)
        answer = wire.answer()
        t.check("legacy: of a batch the others are answered", [one["id"] for one in answer.json] == [97], answer)
    t.check("... and a capture whose id was told goes on", runs(s), captures(s))
    stop_all(s)


def main():
    t = Checks()
    if os.getuid() != 0:
        t.skip("cancelling over HTTP", "needs root (it starts capd with CAP_NET_RAW alone)")
        return t.end()
    product.enter_own_network()
    product.install_signal_handlers()
    with product.Product() as here:
        here.start_capd()
        with Serve(here) as s:
            s.call("start_packet_capture", dict(WAIT, duration=1, wait_s=5))  # what the first one opens stays open
            check_cancels(t, s)
            check_taken_back(t, s)
    return t.end()


if __name__ == "__main__":
    sys.exit(main())
