#!/usr/bin/env python3
"""Capture files whose times are unusual: what is analysed is what happened, whenever that was."""

import json
import os
import shutil
import struct
import sys

from test_cli import T, World

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import make  # noqa: E402


def connection():
    """Frames (microseconds, bytes, length) of a connection: handshake 20 ms, 0.5 s in all."""
    c = make.Capture()
    t = make.Tcp(c)
    for from_client, flags, data in ((True, make.SYN, b""), (False, make.SYN | make.ACK, b""), (True, make.ACK, b""),
                                     (True, make.ACK | make.PSH, b"GET / HTTP/1.1\r\n\r\n"),
                                     (False, make.ACK | make.PSH, b"HTTP/1.1 204 No\r\n\r\n")):
        t.send(from_client, flags, data)
        c.wait(10 if flags != make.ACK | make.PSH else 470)
    return c.frames


def pcap(start_s):
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for us, frame, wire in connection():
        out += struct.pack("<IIII", start_s + us // 1000000, us % 1000000, len(frame), wire) + frame
    return out


def test_times(world):
    for what, start_s, year in (("at the epoch, as simulations write them", 0, None), ("now", 1700000000, "2023"),
                                ("across the end of signed seconds", 2 ** 31 - 1, "2038"),
                                ("after 2038", 4102444800, "2100")):
        got = world.run("analyze", world.write("files/times.pcap", pcap(start_s)), "--json")
        report = json.loads(got.stdout) if got.stdout else {}
        rtt = report.get("connection_analysis", {}).get("handshake_rtt_ms") or {}
        T.check("times %s: the handshake took 20 ms, the whole 0.5 s" % what,
                abs((rtt.get("p50") or 0) - 20) < 1 and abs(report.get("duration_s", 0) - 0.5) < 0.02,
                (rtt, report.get("duration_s")))
        if year:
            T.check("times %s: the year" % what, (report.get("started_at") or "").startswith(year), report.get("started_at"))


def main():
    world = World()
    try:
        test_times(world)
    finally:
        shutil.rmtree(world.dir, ignore_errors=True)
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
