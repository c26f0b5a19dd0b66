#!/usr/bin/env python3
"""`mcpd diagnose TARGET` as a person runs it, probe and all, on seven networks: what it prints, its exit code, and
how long the answer took.
# suite: timeout=300 show

Nobody else makes traffic: what is seen is what mcpd's own probe did.  Time is shown, never judged.
"""

import subprocess
import sys
import time

import lab as lab_module
from lab import SERVER4, SERVER6, Lab
from session import Checks

T = Checks()


def site(lab, delay_ms=0):
    """A site with a name and both families."""
    lab.dnsmasq()
    for address in (SERVER4, SERVER6):
        lab.serve("http", address, 80, delay_ms)


def silent_port(lab):
    site(lab)
    lab.fault("tcp dport 80 drop")


def dead_resolver(lab):
    site(lab)
    lab.fault("udp dport 53 drop")


def slow_site(lab):
    site(lab, 800)


def broken_v6(lab):
    site(lab)
    lab.fault("ip6 daddr %s drop" % SERVER6)


# name, set-up, target, exit code, words that must stand in the report, words that must not, does it end early?
CASES = [
    ("healthy site", site, "http://www.lab.test/", 0,
     ("healthy", "HEAD http://www.lab.test:80/: ok, HTTP status 200"), ("problems", "blame:", "critical", "warning"), False),
    ("refused port", site, "www.lab.test:81", 1,
     ("problems", "critical tcp_refused", "blame: server", "the connection was refused; tried"), ("tcp_syn_timeout",), True),
    ("silent port", silent_port, "http://www.lab.test/", 1,
     ("problems", "critical tcp_syn_timeout", "blame: network_or_server", "failed: no connection within 8 s"),
     ("tcp_refused",), False),
    ("unknown name", site, "http://nosuch.lab.test/", 1,
     ("problems", "dns_nxdomain", "blame: name_resolution", "failed: the name could not be resolved"),
     ("dns_no_answer", "tcp_"), True),
    ("dead resolver", dead_resolver, "http://www.lab.test/", 1,
     ("problems", "critical dns_no_answer", "blame: name_resolution", "failed: the name could not be resolved"),
     ("dns_nxdomain", "tcp_"), True),
    ("slow server", slow_site, "http://www.lab.test/", 1,
     ("problems", "slow_server", "blame: server", "HTTP status 200"), ("tcp_retransmissions", "path_latency"), False),
    ("broken IPv6, IPv4 works", broken_v6, "http://www.lab.test/", (0, 1),
     ("HTTP status 200", "before that no answer in time from %s" % SERVER6), ("tcp_refused", "critical"), False),
]


def diagnose(lab, target):
    """(exit code, standard output, standard error, seconds)."""
    began = time.monotonic()
    done = subprocess.run(["ip", "netns", "exec", lab.client] + lab.mcpd("diagnose", target, "--capd", lab.sock),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr, time.monotonic() - began


def main():
    gone = lab_module.missing_tools()
    if gone:
        print("1..1\nok 1 - diagnose by people # SKIP the lab needs %s" % ", ".join(gone))
        return 0
    lab_module.install_signal_handlers()
    table = ["%-24s %4s %8s  %s" % ("case", "exit", "seconds", "ended")]
    for name, setup, target, wanted, words, never, early in CASES:
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        with Lab() as lab:
            setup(lab)
            lab.start_capd()
            code, out, err, seconds = diagnose(lab, target)
        ended = "before its time" in out
        flat = " ".join(out.split())
        allowed = wanted if isinstance(wanted, tuple) else (wanted,)
        T.check("%s: exit code %s" % (name, " or ".join(str(c) for c in allowed)), code in allowed, (code, err))
        missing = [word for word in words if word not in flat]
        T.check("%s: the report says %s" % (name, ", ".join(words)), not missing, "missing: %s\n%s" % (missing, out))
        extra = [word for word in never if word in flat]
        T.check("%s: and nothing of %s" % (name, ", ".join(never)), not extra, "%s\n%s" % (extra, out))
        T.check("%s: it ends %s" % (name, "early, and says so" if early else "with its time"), ended == early, out)
        T.check("%s: 80 columns at most, nothing on standard error" % name,
                not err and max(len(line) for line in out.split("\n")) <= 80, err or out)
        table.append("%-24s %4d %8.1f  %s" % (name, code, seconds, "early" if ended else "in time"))
        print("\n".join("# " + line for line in ["---- %s: mcpd diagnose %s" % (name, target)] + out.rstrip().split("\n")))
    print("\n".join("# " + line for line in table))
    return T.end()


if __name__ == "__main__":
    sys.exit(main())
