"""Runs about names: their resolvers, and their addresses of both families."""

import time

from lab import RESOLVER4, SERVER6, SERVERS4, SERVERS6
from runs import Run, gets, must, web

SILENT_RESOLVER = SERVERS4[2]  # an address of the server that nobody else uses
MANY = ("--host-record=many.lab.test,%s" % SERVERS4[2], "--host-record=many.lab.test,%s" % SERVERS4[3])


def resolvers(lab, *addresses):
    """The client asks these, in this order."""
    with open("/etc/netns/%s/resolv.conf" % lab.client, "w", encoding="ascii") as out:
        out.write("".join("nameserver %s\n" % a for a in addresses) + "options timeout:1 attempts:2\n")


def first_resolver_dead(lab):
    web(lab)
    lab.dnsmasq()
    lab.serve("dns", SILENT_RESOLVER, 53, "silent")
    resolvers(lab, SILENT_RESOLVER, RESOLVER4)


def ipv6_resolver_dead(lab):
    web(lab)
    lab.dnsmasq()
    lab.fault("ip6 daddr %s udp dport 53 drop" % SERVERS6[2])
    resolvers(lab, SERVERS6[2], RESOLVER4)


def asks_beside_tls(lab):
    """As a phone does: the resolver is asked in the clear, and tried for DNS over TLS, where nothing listens."""
    gets("http://www.lab.test/bytes/3000", 2, "-4")(lab)
    lab.curl("--connect-timeout", "2", "http://%s:853/" % RESOLVER4)
    gets("http://www.lab.test/bytes/3000", 2, "-4")(lab)


def two_resolvers(lab):
    web(lab)
    lab.dnsmasq()
    lab.serve("dns", SILENT_RESOLVER, 53, "slow")
    resolvers(lab, RESOLVER4, SILENT_RESOLVER)


def two_addresses(lab):
    lab.dnsmasq(*MANY)
    for address in SERVERS4[2:4]:
        lab.serve("http", address, 80)


def one_address_silent(lab):
    two_addresses(lab)
    lab.fault("ip daddr %s tcp dport 80 drop" % SERVERS4[3])


def one_address_refuses(lab):
    lab.dnsmasq(*MANY)
    lab.serve("http", SERVERS4[2], 80)


def both_addresses(healthy):
    """Each address in turn, as many clients together would do it; the name is looked up first."""
    def traffic(lab):
        must(lab.client_run("dns", RESOLVER4, 2, "many.lab.test"), "dns")
        for _ in range(3):
            for address in SERVERS4[2:4]:
                code = lab.curl("--connect-timeout", "4", "--resolve", "many.lab.test:80:" + address, "http://many.lab.test/bytes/3000")
                if healthy or address == SERVERS4[2]:
                    must(code, address)
    return traffic


def ipv6_silent(lab):
    web(lab)
    lab.serve("http", SERVER6, 80)
    lab.dnsmasq()
    lab.fault("ip6 daddr %s tcp dport 80 drop" % SERVERS6[0])


def ipv6_unreachable(lab):
    web(lab)
    lab.dnsmasq()
    lab.fault("ip6 daddr %s reject with icmpv6 type addr-unreachable" % SERVERS6[0])


def both_families(lab):
    web(lab)
    lab.serve("http", SERVER6, 80)
    lab.dnsmasq()


def settle(traffic):
    """The last attempt must be old enough to be called unanswered."""
    def run(lab):
        traffic(lab)
        time.sleep(2.5)
    return run


FAULTS = [
    Run("first-resolver-dead", gets("http://www.lab.test/bytes/3000", 3, "-4"), "dns_first_server_dead", "name_resolution",
        (SILENT_RESOLVER, SILENT_RESOLVER + ":53"), setup=first_resolver_dead, target="www.lab.test", duration=9),
    Run("first-resolver-dead-of-ipv6", gets("http://www.lab.test/bytes/3000", 3, "-4"), "dns_first_server_dead",
        "name_resolution", (SERVERS6[2], "[%s]:53" % SERVERS6[2]), setup=ipv6_resolver_dead, target="www.lab.test", duration=9),
    Run("one-address-silent", both_addresses(False), "tcp_partial_addresses", "network_or_server", SERVERS4[3] + ":80",
        setup=one_address_silent, target="many.lab.test", duration=18),
    Run("one-address-refuses", both_addresses(False), "tcp_partial_addresses", "server", SERVERS4[3] + ":80",
        setup=one_address_refuses, target="many.lab.test", duration=6),
    Run("ipv6-silent", settle(gets("http://www.lab.test/bytes/3000", 3)), "ipv6_broken_fallback", "network", "[%s]:80" % SERVER6,
        setup=ipv6_silent, target="www.lab.test", duration=8),
    Run("ipv6-unreachable", settle(gets("http://www.lab.test/bytes/3000", 3)), "ipv6_broken_fallback", "network",
        "[%s]:80" % SERVER6, setup=ipv6_unreachable, target="www.lab.test", duration=7),
]

HEALTHY = [
    Run("both-families", gets("http://www.lab.test/bytes/3000", 6), setup=both_families, target="www.lab.test"),
    Run("two-addresses", both_addresses(True), setup=two_addresses, target="many.lab.test", duration=6),
    Run("two-resolvers", gets("http://www.lab.test/bytes/3000", 4, "-4"), setup=two_resolvers, target="www.lab.test"),
    Run("no-dns-over-tls", asks_beside_tls, setup=both_families, target=None),
    Run("ipv4-only-name", gets("http://many.lab.test/bytes/3000", 4), setup=two_addresses, target="many.lab.test"),
]
