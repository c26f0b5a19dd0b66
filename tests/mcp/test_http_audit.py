#!/usr/bin/env python3
"""What `mcpd serve` says in its log of who asked for what, and that nobody can fill the log or forge its lines.
# suite: timeout=60
"""

import os
import re
import sys
import time

from serve_client import Serve, legacy, post, tool
import product
from stdio_client import Checks

LINE = re.compile(r'mcpd: audit: (request from="[^"]*" refused: "[^"]*", and \d+ more before|'
                  r'(start caller="[^"]*" client_claimed="[^"]*" target="[^"]*" interface="[^"]*" filter="[^"]*"( probe=on)?|'
                  r'(?!start)\w+ caller="[^"]*" client_claimed="[^"]*" \w+="[^"]*") '
                  r'(granted capture=[0-9a-f]{32}|refused: "[^"]*")(, and \d+ more before)?)$')


def has(s, *words):
    """Is there one line with all of these?"""
    end = time.monotonic() + 3
    while time.monotonic() < end:
        if any(all(w in line for w in words) for line in s.said().split("\n")):
            return True
        time.sleep(0.05)
    return False


def check_decisions(t, s):
    """Who started, stopped, analysed and was refused."""
    started = s.call("start_packet_capture", {"target": "http://user:SECRET@127.0.0.1/SECRET?SECRET", "interface": "lo", "duration": 30})
    capture = started["structuredContent"]["capture_id"]
    t.check("a start: who, what, which capture", has(s, 'audit: start caller="token alice"', 'target="', "granted capture=" + capture), s.said())
    s.call("start_packet_capture", {"target": "SECRET SECRET", "interface": "lo"})
    t.check("a target that is none", has(s, "audit: start", 'target=""', 'refused: "'), s.said())
    s.call("start_packet_capture", {"target": "127.0.0.1", "interface": "nosuch0", "probe": True})
    t.check("a start that is refused", has(s, "audit: start", 'target="127.0.0.1" interface="nosuch0" filter="" probe=on refused: "', "nosuch0"), s.said())
    s.call("start_packet_capture", {"target": "127.0.0.1", "interface": "lo", "filter": 'tcp"\naudit: end zzz'})
    t.check("one refused for its filter, which is in the line", has(s, "audit: start", 'interface="lo" filter="tcp?', 'refused: "'), s.said())
    s.call("stop_packet_capture", {"capture_id": "0" * 32})
    t.check("a stop of no capture of one's own", has(s, "audit: use", "0" * 32, 'refused: "'), s.said())
    s.ask(post(legacy("resources/read", {"uri": "capture://%s/report" % ("2" * 32)})))
    t.check("a resource of no capture of one's own", has(s, 'audit: use caller="token alice"', "2" * 32, 'refused: "'), s.said())
    s.call("stop_packet_capture", {"capture_id": capture})
    t.check("a stop", has(s, 'audit: stop caller="token alice"', "granted capture=" + capture), s.said())
    s.call("analyze_capture_file", {"path": '/etc/pass"wd\nmcpd: audit: forged'})
    t.check("a file that is outside", has(s, "audit: analyze", 'path="/etc/pass?wd?mcpd: audit: forged"', 'refused: "'), s.said())
    t.check("no secret of a URL", "SECRET" not in s.said(), s.said())


def check_floods(t, s):
    """Lines are bounded, and what is left out is counted."""
    for _ in range(60):
        s.ask(post(legacy("ping"), token="wrong-wrong-wrong-1"))
    lines = [line for line in s.said().split("\n") if "audit: request" in line]
    t.check("60 requests with a wrong token: some lines", 10 <= len(lines) < 30 and '"401: ' in lines[0], lines)
    time.sleep(1.1)
    s.ask(post(legacy("ping"), token=None, host="evil.example.com"))
    t.check("and how many had none", has(s, "audit: request", '"403: ') and re.search(r"and [1-9]\d* more before", s.said()), s.said()[-300:])
    time.sleep(1)  # a caller has 50 lines, and 5 more each second: all of them again
    for _ in range(150):
        s.call("stop_packet_capture", {"capture_id": "1" * 32})
    stops = s.said().count("1" * 32)
    t.check("150 refused calls of one caller: fewer lines", 50 <= stops < 140, stops)
    bad = [line for line in s.said().split("\n") if "audit:" in line and not LINE.match(line)]
    t.check("every line has its shape", not bad, bad)


def main():
    t = Checks()
    if os.getuid() != 0:
        t.skip("the log of mcpd serve", "needs root (it starts capd with CAP_NET_RAW alone)")
        return t.end()
    product.enter_own_network()
    product.install_signal_handlers()
    with product.Product() as here:
        here.start_capd()
        with Serve(here) as s:
            check_decisions(t, s)
            check_floods(t, s)
            code, seconds = s.end()
            t.check("and it ends well", code == 0 and seconds < 2, (code, seconds))
    return t.end()


if __name__ == "__main__":
    sys.exit(main())
