#!/usr/bin/env python3
"""Capture files with unusual times, of several link types, interfaces and sections, cut off and damaged: what is analysed is what happened."""

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


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))


def mixed_pcapng(order):
    """The connection, its frames in turn from an Ethernet, a raw IP and an unknown interface, each with its own unit of time."""
    out = block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))
    for linktype, resolution in ((1, 9), (101, 6), (147, 6)):
        out += block(order, 1, struct.pack(order + "HHIHHB3xHH", linktype, 0, 0, 9, 1, resolution, 0, 0))
    for n, (us, frame, wire) in enumerate(connection()):
        data, ticks = (frame[14:], us + 17 * 10 ** 14) if n % 2 else (frame, us * 1000 + 17 * 10 ** 17)
        out += block(order, 6, struct.pack(order + "IIIII", n % 2, ticks >> 32, ticks & 0xffffffff, len(data), len(data)) + data)
        out += block(order, 0x0bad, b"what nobody knows")
    return out + block(order, 6, struct.pack(order + "IIIII", 2, 17 * 10 ** 14 >> 32, 17 * 10 ** 14 & 0xffffffff, 4, 4) + b"????")


def test_mixed(world):
    for what, order in (("little", "<"), ("big", ">")):
        good = mixed_pcapng(order)
        for target in ((), ("192.0.2.1:80",)):
            got = world.run("analyze", world.write("files/mixed.pcapng", good), *target, "--json")
            report = json.loads(got.stdout) if got.stdout else {}
            rtt = report.get("connection_analysis", {}).get("handshake_rtt_ms") or {}
            T.check("several link types in one file, %s endian, target %s: all is put together" % (what, target),
                    abs((rtt.get("p50") or 0) - 20) < 1 and report.get("total_packets", 0) >= 5 and len(report["http_requests"]["rows"]) == 1
                    and "file_error" not in report["capture_quality"], got)
        got = world.run("analyze", world.write("files/mixed.pcapng", good[:-30]), "--json")
        report = json.loads(got.stdout) if got.stdout else {}
        T.check("several link types, %s endian, cut off: said" % what, report.get("total_packets") == 5 and
                "ends within a packet or block" in report["capture_quality"].get("file_error", ""), got)
    for end in range(8, len(good), 7):  # wherever it ends and whatever is wrong: no crash
        world.write("files/mixed.pcapng", good[:end])
        T.bad += world.run("analyze", world.path("files/mixed.pcapng"), "--json").returncode not in (0, 1, 2)
    T.check("several link types, cut anywhere", not T.bad)


def section(order):
    return block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))


def interface(order, linktype, snap):
    return block(order, 1, struct.pack(order + "HHI", linktype, 0, snap))


def packet(order, number, n, linktype=1, snap=262144):
    """The n-th frame of the connection, from an interface of microseconds."""
    us, frame, _ = connection()[n]
    frame, ticks = frame[14:] if linktype == 101 else frame, us + 17 * 10 ** 14
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xffffffff, min(snap, len(frame)), len(frame))
    return block(order, 6, head + frame[:snap])


def test_sections(world):
    """What libpcap refuses, or ends in."""
    def packets(order, number, which, linktype=1):
        return b"".join(packet(order, number, n, linktype) for n in which)

    start = section("<") + interface("<", 1, 262144)
    first, last = range(2), range(2, 5)
    files = (
        ("interfaces of different snap lengths", start + interface("<", 1, 65535) + packets("<", 0, first) + packets("<", 1, last)),
        ("an interface of another link type in mid-file",
         start + packets("<", 0, first) + interface("<", 101, 262144) + packets("<", 1, last, 101)),
        ("a section of another snap length",
         start + packets("<", 0, first) + section("<") + interface("<", 1, 65535) + packets("<", 0, last)),
        ("a section of another link type",
         start + packets("<", 0, first) + section("<") + interface("<", 101, 262144) + packets("<", 0, last, 101)),
        ("a section of the other order of bytes",
         start + packets("<", 0, first) + section(">") + interface(">", 1, 262144) + packets(">", 0, last)))
    for what, data in files:
        path = world.write("files/sections.pcapng", data)
        for target in ((), ("80",), ("443",)):
            got = world.run("analyze", path, *target, "--json")
            report = json.loads(got.stdout) if got.stdout else {}
            T.check("%s, target %s: all is read" % (what, target),
                    "file_error" not in report.get("capture_quality", {"file_error": 1}) and
                    report["total_packets"] + report["other_packets"] == 5 and
                    (target == ("443",) or len(report["http_requests"]["rows"]) == 1), got)


def test_drops(world):
    """What the capture itself lost, as its file says (isb_ifrecv, isb_ifdrop), also where the file holds a part of it."""
    def counts(received, dropped):
        return block("<", 5, struct.pack("<IIIHHQHHQ", 0, 0, 0, 4, 8, received, 5, 8, dropped))

    whole = section("<") + interface("<", 1, 0) + b"".join(packet("<", 0, n) for n in range(5))
    for what, said, percent in (("all", counts(45, 40), 88.89), ("a part", counts(2000, 40), 2), ("few", counts(10 ** 6, 40), None),
                                ("none known", counts(5, 2 ** 64 - 1), None)):
        got = world.run("analyze", world.write("files/drops.pcapng", whole + said), "--json")
        report = json.loads(got.stdout) if got.stdout else {"problems_detected": []}
        found = [p for p in report["problems_detected"] if p["id"] == "capture_drops"]
        evidence = found[0]["evidence"] if found else {}
        T.check("packets dropped by the capture, %s" % what, evidence.get("missed_percent") == percent and
                (percent is None or evidence["missed_interface"] == 40 and report["verdict"]["status"] == "inconclusive"), got)


def test_snap_length(world):
    """Of packets cut to their headers nobody can say that what they carry was well; of those with a byte less than all one can."""
    for snap, status, code in ((262144, "healthy", 0), (72, "healthy", 0), (66, "inconclusive", 1), (54, "inconclusive", 1)):
        data = section("<") + interface("<", 1, snap) + b"".join(packet("<", 0, n, snap=snap) for n in range(5))
        got = world.run("analyze", world.write("files/snap.pcapng", data), "--json")
        report = json.loads(got.stdout) if got.stdout else {"verdict": {}, "capture_quality": {}}
        T.check("frames cut at %d bytes: %s" % (snap, status),
                got.returncode == code and report["verdict"].get("status") == status and (report["capture_quality"].get("truncated", 0) > 0) == (code == 1) and
                ("snap length" in report["verdict"]["headline"]) == (code == 1) and
                ("cut too short to be read (snap length)" in got.stdout) == (code == 1), got)


def test_cut_and_damaged(world):
    """Only the last packet lacking is no harm; a part that was not analysed may hold anything."""
    whole = {"pcap": pcap(1700000000), "pcapng": section("<") + interface("<", 1, 0) + b"".join(packet("<", 0, n) for n in range(5))}
    for kind, data in whole.items():
        at = data.index(b"GET")  # of the fourth packet; the head of the fifth's record or block follows the text
        broken = data[:at + 20] + b"\xff" * 16 + data[at + 36:]
        for what, content, status, code in (("whole", data, "healthy", 0), ("cut off within the last packet", data[:-15], "healthy", 0),
                                            ("damaged in the middle", broken, "inconclusive", 1)):
            got = world.run("analyze", world.write("files/half." + kind, content), "--json")
            report = json.loads(got.stdout) if got.stdout else {"verdict": {}, "capture_quality": {}}
            T.check("a %s file %s is %s" % (kind, what, status),
                    got.returncode == code and report["verdict"].get("status") == status and
                    ("file_error" in report["capture_quality"]) == (what != "whole") and
                    (report["capture_quality"].get("grade") == "poor") == (code == 1), got)


def main():
    world = World()
    try:
        test_times(world)
        test_mixed(world)
        test_sections(world)
        test_drops(world)
        test_snap_length(world)
        test_cut_and_damaged(world)
    finally:
        shutil.rmtree(world.dir, ignore_errors=True)
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
