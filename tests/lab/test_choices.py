#!/usr/bin/env python3
"""What a capture decides before it starts: the interface in every case, names that come late or never, the probe
and the admin's switches for both.
# suite: timeout=300 show

Through a real `mcpd stdio` and `mcpd diagnose` on the lab's network.
"""

import json
import os
import subprocess
import sys
import time

import lab as lab_module
from lab import CLIENT4, RESOLVER4, SERVER4, SERVER6, Lab
from stdio_client import Checks, lab_session

T = Checks()


def start(session, target="auto", **more):
    """(answer, error) of one capture that is stopped again at once, and how long the answer took."""
    began = time.monotonic()
    answer, error = session.ask("start_packet_capture", target=target, duration=more.pop("duration", 2), **more)
    took = time.monotonic() - began
    if answer:
        session.ask("stop_packet_capture", capture_id=answer["capture_id"])
    time.sleep(0.15)
    return answer, error, took


def chosen(session, what, target, name, why, **more):
    """The interface and its reason are these."""
    answer, error, _ = start(session, target, **more)
    got = (answer["interface"], answer["interface_why"]) if answer else error
    T.check("interface: %s -> %s, %s" % (what, name, why), answer and got[0] == name and why in got[1], got)


def refused(session, what, words, **more):
    """The capture is refused and the error says these words."""
    answer, error, _ = start(session, **more)
    T.check("interface: %s is refused" % what, answer is None and all(word in error for word in words), answer or error)


def extra_interfaces(lab):
    """Besides eth0 and lo: another uplink, one that is down, one that capd may not use."""
    lab._batch(lab.client, [
        "link add up1 type veth peer name far1", "link set up1 up", "link set far1 up",
        "addr add 203.0.113.2/24 dev up1", "addr add 2001:db8:9::2/64 dev up1 nodad",
        "link add down1 type veth peer name far2", "link add closed1 type veth peer name far3", "link set closed1 up",
        "addr add 203.0.113.130/25 dev closed1", "-6 neigh add 2001:db8:9::1 lladdr 02:00:00:00:00:09 dev up1"])


def test_interfaces():
    with Lab() as lab:
        extra_interfaces(lab)
        lab.serve("http", SERVER4, 80)
        lab.start_capd(config="interfaces = lo, eth0, up1, down1\n")
        session = lab_session(lab)
        chosen(session, "given", "auto", "up1", "as asked", interface="up1")
        names = ("lo", "eth0", "up1", "down1 (down)")
        refused(session, "an unknown one", ("nosuch0",) + names, interface="nosuch0")
        refused(session, "one that is down", ("\"down1\" is down",) + names, interface="down1")
        refused(session, "one that is not allowed", ("capd's configuration", "closed1") + names, interface="closed1")
        chosen(session, "an address, by its route", SERVER4, "eth0", "route to the target leaves from " + CLIENT4)
        chosen(session, "an IPv6 address, by its route", SERVER6, "eth0", "route to the target leaves from 2001:db8:1::2")
        chosen(session, "an address of another network", "203.0.113.77", "up1", "route to the target leaves from 203.0.113.2")
        chosen(session, "a prefix, by its route", "203.0.113.64/26", "up1", "route to the target leaves from 203.0.113.2")
        chosen(session, "no target", "auto", "eth0", "IPv4 default route")
        chosen(session, "a port", "443", "eth0", "IPv4 default route")
        chosen(session, "all there is", "0.0.0.0/0", "eth0", "IPv4 default route")
        for target in ("127.0.0.1", "::1", "localhost", "127.0.0.1:8080", CLIENT4, "2001:db8:1::2", "203.0.113.2:22"):
            chosen(session, "%s is this host" % target, target, "lo", "this host itself")
        chosen(session, "a route over one that is not allowed", "203.0.113.200", "eth0", "IPv4 default route")
        lab._batch(lab.client, ["route del default", "-6 route del default", "-6 route add default via 2001:db8:9::1"])
        chosen(session, "no IPv4 default route", "auto", "up1", "IPv6 default route")
        lab._batch(lab.client, ["-6 route del default"])
        lab.in_ns(lab.client, ["ip", "route", "add", "198.51.100.0/24", "via", "192.0.2.1"])
        lab.curl("http://%s/bytes/2000000" % SERVER4)
        chosen(session, "no default route at all", "auto", "eth0", "busiest")
        chosen(session, "a target without a route", "100.64.0.1", "eth0", "busiest")
        listed, _ = session.ask("list_network_interfaces")
        T.check("the list shows the same choice, and what may not be used",
                listed["default_interface"] == "eth0" and "busiest" in listed["default_interface_why"]
                and {i["name"]: i["allowed"] for i in listed["interfaces"]}["closed1"] is False, listed)
        T.check("an interface has its speed, with the unit",
                {i["name"]: i.get("speed") for i in listed["interfaces"]}["eth0"] == "10000 Mbit/s", listed)
        session.end()


def test_many_interfaces():
    """A node with 300 containers: their interfaces are older than the one that leads out, and more than a list holds."""
    with Lab() as lab:
        lab._batch(lab.client, ["route del default", "-6 route del default"])
        lab._batch(lab.client, ["link add cali%d up type bridge" % n for n in range(300)])
        lab._batch(lab.client, ["addr add 10.1.%d.1/24 dev cali%d" % (n - 280, n) for n in range(280, 300)])
        lab._batch(lab.client, ["link add svc0 type bridge"] +
                   ["addr add 10.%d.%d.1/32 dev svc0" % (100 + n // 250, n % 250) for n in range(700)] +
                   ["link add zz0 type veth peer name far1", "link set zz0 up", "link set far1 up",
                    "addr add 203.0.113.2/24 dev zz0", "route add default via 203.0.113.1"])
        lab.start_capd()
        session = lab_session(lab)
        listed, error = session.ask("list_network_interfaces")
        names = [i["name"] for i in listed["interfaces"]] if listed else []
        in_kernel, addresses = (len(lab.in_ns(lab.client, ["ip", "-o", what]).stdout.splitlines()) for what in ("link", "addr"))
        T.check("many interfaces: the list says how many of all it shows", "%d of %d shown" % (len(names), in_kernel)
                in str(listed.get("lists", "")) and len(names) > 10, (len(names), in_kernel, listed.get("lists"), error))
        T.check("and how many addresses", "512 of %d shown" % addresses in str(listed.get("lists", "")), (addresses, listed.get("lists")))
        T.check("the one of the default route comes first, those with addresses next", names[:1] == ["zz0"]
                and all(i["addresses"] for i in listed["interfaces"])
                and listed["network"]["gateways"] == ["203.0.113.1"], (names[:30], listed["network"]))
        chosen(session, "no target, among many", "auto", "zz0", "IPv4 default route")
        chosen(session, "a neighbour, among many", "203.0.113.9", "zz0", "route to the target leaves from 203.0.113.2")
        chosen(session, "a container, among many", "10.1.19.7", "cali299", "route to the target leaves from 10.1.19.1")
        chosen(session, "the lab's server, among many", "192.0.2.1", "eth0", "route to the target leaves from " + CLIENT4)
        hidden = sorted({"cali%d" % n for n in range(280)} - set(names))
        chosen(session, "given, and not in the list", "auto", hidden[0], "as asked", interface=hidden[0])
        refused(session, "an unknown one, among many", ("nosuch0", "zz0"), interface="nosuch0")
        lab.in_ns(lab.client, ["ip", "link", "set", hidden[1], "down"])
        refused(session, "one that is down, and not in the list", (hidden[1], "is down"), interface=hidden[1])
        lab.in_ns(lab.client, ["ip", "link", "set", hidden[1], "up"])
        calls = [session.send("completion/complete", {"ref": {"type": "ref/prompt", "name": "watch_network"},
                                                      "argument": {"name": "interface", "value": "zz"}}) for _ in range(24)]
        answers = [session.answer(call) for call in calls]
        T.check("24 questions for the list at once: all are answered", all(
            a.get("result", {}).get("completion", {}).get("values") == ["zz0"] for a in answers), answers)
        lab._batch(lab.client, ["addr add 10.2%d.%d.1/30 dev cali%d" % (n // 250, n % 250, n) for n in range(280)])
        shown = {i["name"] for i in session.ask("list_network_interfaces")[0]["interfaces"]}
        number = min(n for n in range(300) if "cali%d" % n not in shown)
        source = "10.2%d.%d." % (number // 250, number % 250)
        chosen(session, "more with addresses than are listed: the route's all the same", source + "2", "cali%d" % number,
               "route to the target leaves from %s1" % source)
        session.end()


def resolver_at(lab, address, options="timeout:5 attempts:1"):
    """Which resolver programs in the client's namespace ask."""
    with open("/etc/netns/%s/resolv.conf" % lab.client, "w", encoding="ascii") as out:
        out.write("nameserver %s\noptions %s\n" % (address, options))


def test_late_names():
    """The resolver is on the client's loopback: the capture on eth0 cannot learn the address from the wire."""
    with Lab() as lab:
        lab.serve("http", SERVER4, 80)
        lab.serve("dns", "127.0.0.1", 53, "late", namespace=lab.client)
        resolver_at(lab, "127.0.0.1")
        lab.start_capd()
        session = lab_session(lab)
        began = time.monotonic()
        answer, error = session.ask("start_packet_capture", target="www.lab.test", duration=6)
        took = time.monotonic() - began
        T.check("a name that takes 2.5 s: the capture runs before, and says so",
                answer and took < 2.4 and "has not been resolved yet" in answer.get("name_lookup", "")
                and answer["interface"] == "eth0", (took, answer, error))
        time.sleep(2.5)
        lab.curl("http://%s/bytes/3000" % SERVER4)
        lab.curl("http://%s/bytes/3000" % SERVER4)
        report, error = session.ask("get_capture_status", capture_id=answer["capture_id"], wait_s=10)
        report, error = session.ask("get_capture_report", capture_id=answer["capture_id"])
        T.check("its addresses join the capture: the traffic after them is the target's",
                report and report["total_packets"] > 10 and report["connection_analysis"]["established"] == 2
                and "name_lookup" not in report, report or error)
        session.end()
    with Lab() as lab:
        lab.serve("http", SERVER4, 80)
        lab.serve("dns", RESOLVER4, 53, "silent")
        resolver_at(lab, RESOLVER4, "timeout:1 attempts:2")
        lab.start_capd()
        session = lab_session(lab)
        answer, error, took = start(session, "www.lab.test", duration=6)
        T.check("a name that never resolves: the capture starts all the same", answer and took < 2.4
                and "has not been resolved" in answer.get("name_lookup", ""), (took, answer, error))
        report, error = session.ask("start_packet_capture", target="www.lab.test", duration=6, wait_s=12)
        T.check("and the report says what the resolver said", report and report["state"] == "finished"
                and "www.lab.test could not be resolved" in report.get("name_lookup", ""), report or error)
        session.end()


def probe_report(session, target, **more):
    """The whole report of a short capture with a probe."""
    report, error = session.ask("start_packet_capture", target=target, duration=more.pop("duration", 2), probe=True,
                                wait_s=15, **more)
    time.sleep(0.15)
    return report or {}, error


def test_probe():
    with Lab() as lab:
        lab.dnsmasq()
        lab.serve("http", SERVER4, 80)
        lab.openssl_server(SERVER4, 443)
        lab.serve("http", SERVER4, 5000)
        lab.start_capd()
        session = lab_session(lab)
        for target, asked, status in (("http://www.lab.test/private", "HEAD http://www.lab.test:80/", 200),
                                      (SERVER4 + ":5000", "connect to %s:5000" % SERVER4, None)):
            report, error = probe_report(session, target)
            probe = report.get("probe", {})
            T.check("probe of %s: %s" % (target, asked), probe.get("asked") == asked and probe.get("result") == "ok"
                    and probe.get("status") == status and probe.get("peer") == SERVER4
                    and report["connection_analysis"]["established"] >= 1, report or error)
            text = session.tool("get_capture_report", capture_id=report["capture_id"])["content"][0]["text"]
            T.check("and the text says whose traffic it was", "mcpd's own traffic" in text, text)
        report, error = probe_report(session, "https://www.lab.test/")
        probe = report.get("probe", {})
        shakes, _ = session.ask("get_capture_report", capture_id=report.get("capture_id"), section="tls")
        T.check("probe of https: a certificate nobody vouches for is a result, said shortly", probe.get("result") == "failed"
                and "certificate" in probe.get("why", "") and len(probe["why"]) < 120
                and shakes["tls_handshakes"]["rows"], (report or error, shakes))
        verdict = report.get("verdict", {})
        T.check("and where mcpd's own connection is the client, no client is blamed", verdict.get("blame") == "ambiguous"
                and "mcpd's own probe" in verdict["headline"], verdict)
        report, error = probe_report(session, "www.lab.test:81")
        probe = report.get("probe", {})
        T.check("probe of a closed port: refused, said shortly", probe.get("result") == "failed"
                and "refused" in probe.get("why", "") and len(probe["why"]) < 80
                and [p["id"] for p in report["problems_detected"]][:1] == ["tcp_refused"], report or error)
        for target, words in (("auto", "needs one host"), ("198.51.100.0/24", "needs one host"), ("443", "needs one host"),
                              ("ntp", "needs one host"), (SERVER4, "needs a port"), ("www.lab.test:123", "does not use TCP"),
                              ("www.lab.test:53", "does not use TCP")):
            answer, error = session.ask("start_packet_capture", target=target, duration=1, probe=True)
            T.check("probe of %s is not made: %s" % (target, words), answer and words in answer.get("probe", "")
                    and "sends nothing by itself" in answer["advice"], answer or error)
            report, error = session.ask("stop_packet_capture", capture_id=answer["capture_id"])
            T.check("and the report says so", report and report["probe"]["result"] == "not made"
                    and words in report["probe"]["why"], report or error)
            time.sleep(0.15)
        session.end()


def quiet(report):
    """Neither a question for the name nor a connection was seen."""
    return (report["verdict"]["status"] == "no_traffic" and report["lists"]["dns_queries"] == "none seen"
            and report["connection_analysis"]["attempted"] == 0)


def diagnose(lab, *arguments):
    """`mcpd diagnose --json` as an ordinary user: (exit code, report, stderr)."""
    done = subprocess.run(["ip", "netns", "exec", lab.client] + lab.mcpd("diagnose", *arguments, "--json", "--capd", lab.sock),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=40, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def test_switches():
    with Lab() as lab:
        lab.dnsmasq()
        lab.serve("http", SERVER4, 80)
        lab.start_capd()
        conf = os.path.join(lab.dir, "mcpd.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write("probe = off\nresolve = off\n")
        os.chmod(conf, 0o644)
        session = lab_session(lab, "--config", conf)
        answer, error, _ = start(session, "http://www.lab.test/", probe=True)
        T.check("probe = off: asking for a probe is refused, naming the switch", answer is None
                and "probe = off in mcpd.conf" in error, answer or error)
        answer, error = session.ask("start_packet_capture", target="www.lab.test", duration=2)
        T.check("resolve = off: the name is not asked for, and the choice falls to the default route",
                answer and answer["interface_why"] == "it carries the IPv4 default route", answer or error)
        report, error = session.ask("stop_packet_capture", capture_id=answer["capture_id"])
        T.check("resolve = off: no question went out", report and quiet(report), report or error)
        session.end()
        code, report, err = diagnose(lab, "http://www.lab.test/", "--duration", "2", "--config", conf)
        T.check("probe = off for `mcpd diagnose`: nothing is sent, and the report says that it is switched off",
                code == 1 and quiet(report) and "switched off in mcpd.conf" in report.get("probe", {}).get("why", ""), (code, report, err))
        code, report, err = diagnose(lab, "http://www.lab.test/", "--duration", "2", "--no-probe")
        T.check("--no-probe: no probe and none promised", code == 1 and "probe" not in report,
                (code, err, report.get("verdict"), report.get("probe"), report.get("protocols")))


def main():
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - choices # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    lab_module.install_signal_handlers()
    for test in (test_interfaces, test_many_interfaces, test_late_names, test_probe, test_switches):
        if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
            test()
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
