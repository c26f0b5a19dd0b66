"""The lab's runs on the local link: who has an address, storms and loops, DHCP."""

import time

import lan
from lab import CLIENT4, LabError, ROUTER4, SERVER4
from product import run
from runs import Run, WEB, fails, must, web

SHARED, MOVED = "192.0.2.20", "192.0.2.30"
BEHIND = ["192.0.2.%d" % n for n in range(41, 47)]
LINK = "eth0"


def on_lan(*steps):
    """The client's link as a switch, then these steps."""
    def setup(lab):
        lan.switch(lab)
        for step in steps:
            step(lab)
    return setup


def wait(seconds):
    return lambda lab: time.sleep(seconds)


def ping(lab, address, count=1):
    return lab.in_ns(lab.client, ["ping", "-n", "-q", "-c", str(count), "-i", "0.2", "-W", "1", address], check=False)


# ---- addresses -----------------------------------------------------------------------------------

def two_with_one_address(lab):
    """Somebody gave two hosts the same address."""
    lan.neighbour(lab, SHARED)
    lan.neighbour(lab, SHARED)


def asked_again_and_again(lab):
    for _ in range(4):
        lan.forget(lab, lab.client, SHARED)
        ping(lab, SHARED, 2)
        time.sleep(0.3)


def taker(lab):
    """A third host that passes on what it takes, so that nobody notices."""
    web(lab)
    lab.taker = lan.neighbour(lab, "192.0.2.66")
    lab.in_ns(lab.taker, ["ip", "route", "add", "default", "via", ROUTER4])
    lab.sysctl(lab.taker, **{"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.send_redirects": 0,
                             "net.ipv4.conf.eth0.send_redirects": 0, "net.ipv4.conf.all.rp_filter": 0})


def gateway_taken_over(lab):
    """All is well for a while; then the client is told, unasked, that its gateway is somewhere else."""
    must(lab.curl("http://%s/bytes/2000" % WEB), "before")
    time.sleep(1)
    lan.frames(lab, lab.taker, "take", ROUTER4, CLIENT4, lan.mac_of(lab, lab.client, "eth0"))
    time.sleep(1.5)
    if lan.mac_of(lab, lab.taker, "eth0") not in lab.in_ns(lab.client, ["ip", "neigh", "show", ROUTER4]).stdout:
        raise LabError("the client did not believe it")
    for _ in range(6):
        must(lab.curl("http://%s/bytes/2000" % WEB), "through the taker")
        time.sleep(0.4)


def failover_pair(lab):
    lab.first = lan.neighbour(lab, "192.0.2.31", MOVED)
    lab.second = lan.neighbour(lab, "192.0.2.32")


def failover(lab):
    """The first host dies, the second takes its address and announces it, as cluster software does."""
    must(ping(lab, MOVED, 3), "the first host")
    lab.in_ns(lab.first, ["ip", "link", "set", "eth0", "down"])
    time.sleep(0.5)
    lan.add(lab, lab.second, MOVED)
    for how in ("-U", "-A"):
        must(lab.in_ns(lab.second, ["busybox", "arping", how, "-c", "2", "-I", "eth0", "-w", "2", MOVED], check=False), "arping")
    must(ping(lab, MOVED, 3), "the second host")
    lan.forget(lab, lab.client, MOVED)
    must(ping(lab, MOVED, 3), "the second host, asked for")


def new_card(lab):
    """A neighbour's card is exchanged: its address comes with another link-layer address."""
    must(ping(lab, MOVED, 2), "the old card")
    lab.in_ns(lab.first, ["ip", "link", "set", "eth0", "address", "02:12:34:56:78:9a"])  # the kernel announces it: arp_notify
    time.sleep(0.5)
    must(ping(lab, MOVED, 3), "the new card")


def proxy(lab):
    """Hosts behind one that answers for them all, as wireless extenders and some routers do."""
    gate = lan.neighbour(lab, "192.0.2.40")
    behind = lan.neighbour(lab, up=False)
    lab.in_ns(behind, ["ip", "link", "del", "eth0"])
    run(["ip", "-n", gate, "link", "add", "inside", "type", "veth", "peer", "name", "eth0", "netns", behind])
    for namespace, dev in ((gate, "inside"), (behind, "eth0")):
        lab.in_ns(namespace, ["ip", "link", "set", dev, "up"])
    for address in BEHIND:
        lab.in_ns(gate, ["ip", "route", "add", address + "/32", "dev", "inside"])
        lan.add(lab, behind, address)
    for namespace, dev in ((gate, "eth0"), (gate, "inside"), (gate, "all")):
        lab.sysctl(namespace, **{"net.ipv4.ip_forward": 1, "net.ipv4.conf.%s.proxy_arp" % dev: 1,
                                 "net.ipv4.conf.%s.send_redirects" % dev: 0, "net.ipv4.neigh.%s.proxy_delay" % dev: 0})


def asked_of_the_proxy(lab):
    for _ in range(3):
        for address in BEHIND:
            lan.forget(lab, lab.client, address)
            must(ping(lab, address), address)


# ---- storms and loops ----------------------------------------------------------------------------

def sweeper(lab):
    """A worm: one address after the other, none of them there, and the kernel asks for each."""
    lab.worm = lan.neighbour(lab)
    lab.in_ns(lab.worm, ["ip", "addr", "add", "192.0.2.66/19", "dev", "eth0"])


def sweeping(lab):
    lan.frames(lab, lab.worm, "sweep", "192.0.0.0/20", 50)
    time.sleep(9)


def crowded(lab):
    """150 hosts ask 120 times a second together, each less than once."""
    lan.frames(lab, lan.neighbour(lab), "crowd", "192.0.2.90", 150, 120)


def monitored(lab):
    """A monitor looks at its forty hosts every two seconds."""
    addresses = ["192.0.2.%d" % n for n in range(90, 130)]
    lan.neighbour(lab, *addresses)
    lan.frames(lab, lan.neighbour(lab, "192.0.2.80"), "poll", 161, *addresses)


def joined_twice(stp):
    """Two switches and two cables between them.  The cables are slow, so that the loop stays bounded."""
    def setup(lab):
        lines = ["link add other type bridge stp_state %d forward_delay 200 mcast_snooping 0" % stp, "link set other up",
                 "link set toc type bridge stp_state %d forward_delay 200" % stp]
        lab.sysctl(lab.router, **{"net.ipv6.conf.default.disable_ipv6": 1})
        for n in (1, 2):
            lines += ["link add a%d type veth peer name b%d" % (n, n), "link set a%d master toc" % n,
                      "link set b%d master other" % n]
        lab._batch(lab.router, lines)  # pylint: disable=protected-access
        for n in (1, 2):
            for dev in ("a%d" % n, "b%d" % n):
                lab.in_ns(lab.router, ["tc", "qdisc", "add", "dev", dev, "root", "tbf", "rate", "300kbit", "burst", "2kb", "limit", "6kb"])
                lab.in_ns(lab.router, ["ip", "link", "set", dev, "up"])
        if stp:
            time.sleep(6)  # listening and learning
            must(ping(lab, SERVER4, 2), "through the tree")
    return setup


def question_in_the_loop(lab):
    ping(lab, "192.0.2.99")
    time.sleep(3)


def broken_device(lab):
    lab.loud = lan.neighbour(lab, "192.0.2.70")


def shouts(per_second, *how, address="192.0.2.255", port=6454):
    def traffic(lab):
        lan.frames(lab, lab.loud, "shout", address, port, per_second, *how)
        for _ in range(10):
            must(lab.curl("http://%s/bytes/30000" % WEB), "beside it")
            time.sleep(0.4)
    return traffic


def television(lab):
    broken_device(lab)
    web(lab)
    lab.in_ns(lab.loud, ["ip", "route", "add", "239.0.0.0/8", "dev", "eth0"])


# ---- IPv6 neighbours -----------------------------------------------------------------------------

NOBODY6, PHONE4, PHONE6 = "2001:db8:1::77", "192.0.2.50", "2001:db8:1::50"


def new_addresses(lab):
    """Hosts come and see first that nobody has their address (RFC 4862)."""
    for dev_of in (lab.client, lab.guest):
        lab.sysctl(dev_of, **{"net.ipv6.conf.eth0.accept_dad": 1, "net.ipv6.conf.all.accept_dad": 1})
    for n in range(5):
        for namespace, group in ((lab.client, "a"), (lab.guest, "b")):
            lab.in_ns(namespace, ["ip", "addr", "add", "2001:db8:1::%s%d/64" % (group, n), "dev", "eth0"])
        time.sleep(0.6)
    time.sleep(1.5)
    must(lab.in_ns(lab.client, ["ping", "-6", "-n", "-q", "-c", "3", "-i", "0.2", "2001:db8:1::b4"], check=False), "the guest")


def guest(lab):
    lab.guest = lan.neighbour(lab, "192.0.2.60", "2001:db8:1::60")


def phone(lab):
    lab.phone = lan.neighbour(lab, PHONE4, PHONE6)
    web(lab)


def phone_asleep(lab):
    """Something on this host talks to the phone; it falls asleep, and wakes up again."""
    for address in (PHONE4, PHONE6):
        must(ping(lab, address, 2), "the phone")
    lab.in_ns(lab.phone, ["ip", "link", "set", "eth0", "down"])
    lan.forget(lab, lab.client, PHONE4, PHONE6)
    for address in (PHONE4, PHONE6):
        ping(lab, address, 4)
        must(lab.curl("http://%s/bytes/3000" % WEB), "the rest of the network")
        time.sleep(2.5)
    lab.in_ns(lab.phone, ["ip", "link", "set", "eth0", "up"])
    time.sleep(0.3)
    must(ping(lab, PHONE4, 2), "the phone, awake")


# ---- DHCP ----------------------------------------------------------------------------------------

def dhcp(*more, first="192.0.2.150", last="192.0.2.160"):
    def setup(lab):
        lab.dhcp = lan.dhcp_server(lab, lab.router, "toc", ROUTER4, first, last, *more)
    return setup


def unheard(option):
    """DHCP messages of this type never come out of the server: lost between it and the link."""
    def setup(lab):
        lab.nft(lab.router, "add table inet dhcp", "add chain inet dhcp out { type filter hook output priority 0 ; }",
                "add rule inet dhcp out udp sport 67 @th,1984,24 0x3501%02x drop" % option)
    return setup


def asks_for_address(*words, healthy=False, then=0.0):
    def traffic(lab):
        done = lan.dhcp_client(lab, "-q", *words)
        if healthy != (done.returncode == 0):
            raise LabError("udhcpc: exit %d: %s" % (done.returncode, done.stderr[-200:]))
        time.sleep(then)
    return traffic


def used_address(lab):
    """The server's first address is in use already: a host that was given it by hand."""
    lan.neighbour(lab, "192.0.2.150")
    dhcp("--no-ping", "--dhcp-sequential-ip")(lab)


def second_server(lab):
    dhcp("--no-ping")(lab)
    stranger = lan.neighbour(lab, "192.0.2.7")
    lan.dhcp_server(lab, stranger, "eth0", "192.0.2.7", "192.0.2.200", "192.0.2.210", "--no-ping")


def changed_range(*more, first, last=None):
    """A client has an address; the server's range changes meanwhile; the client wants to keep what it has."""
    def traffic(lab):
        asking = lan.dhcp_client(lab, "-t", "3", "-T", "2", "-A", "2", wait=False)
        time.sleep(1)
        if "192.0.2.15" not in open("%s/leases-%s" % (lab.dir, ROUTER4), encoding="ascii").read():
            raise LabError("the client got no address")
        lab.stop(lab.dhcp)
        with open("%s/leases-%s" % (lab.dir, ROUTER4), "w", encoding="ascii"):
            pass
        dhcp("--no-ping", "--dhcp-authoritative", *more, first=first, last=last or first)(lab)
        lab.in_ns(lab.client, ["pkill", "-USR1", "-g", str(asking.pid), "udhcpc"])
        time.sleep(8)
        lab.stop(asking)
    return traffic


def leases(lab):
    """Two hosts get their addresses, one renews its own; the server looks first whether they are free."""
    def confirmed(count):
        for _ in range(150):
            with open("%s/leases-%s.log" % (lab.dir, ROUTER4), encoding="utf-8") as log:
                text = log.read()
            if text.count("DHCPACK") >= count:
                return
            time.sleep(0.1)
        raise LabError("not what was meant: " + text[-600:])

    clients = []
    for name in (lab.client, lab.guest):
        clients.append(lan.dhcp_client(lab, wait=False, namespace=name))
        confirmed(len(clients))
    lab.in_ns(lab.client, ["pkill", "-USR1", "-g", str(clients[0].pid), "udhcpc"])
    confirmed(3)
    for one in clients:
        lab.stop(one)


FAULTS = [
    Run("one-address-two-hosts", asked_again_and_again, "arp_duplicate_address", "local_link", SHARED, setup=on_lan(two_with_one_address),
        target=SHARED, severity="critical"),
    Run("two-hosts-whole-network", asked_again_and_again, "arp_duplicate_address", "local_link", SHARED,
        setup=on_lan(two_with_one_address), target=None, severity="critical"),
    Run("gateway-taken-over", gateway_taken_over, "arp_spoofing_suspected", "local_link", ROUTER4, setup=on_lan(taker), target=SERVER4,
        duration=7, severity="critical", absent=("arp_duplicate_address",)),
    Run("arp-sweep", sweeping, "arp_storm", "local_link", LINK, setup=on_lan(sweeper), target=None, duration=11, severity="warning"),
    Run("switch-loop", question_in_the_loop, "l2_loop", "local_link", LINK, setup=on_lan(joined_twice(0)), target=None, duration=6,
        severity="critical", absent=("arp_storm", "broadcast_storm"), alone=True),
    Run("loud-device", shouts(900), "broadcast_storm", "local_link", LINK, setup=on_lan(web, broken_device), target=None, duration=7,
        severity="warning", alone=True),
    Run("nobody-there-v6", fails("http://[%s]/" % NOBODY6, timeout=4), "nd_unanswered", "local_link", NOBODY6,
        target="[%s]:80" % NOBODY6, duration=7, severity="warning"),
    Run("dhcp-no-server", asks_for_address("-n", "-t", "3", "-T", "2"), "dhcp_no_offer", "local_link", LINK, target=None, duration=9,
        severity="critical"),
    Run("dhcp-offers-lost", asks_for_address("-n", "-t", "3", "-T", "2"), "dhcp_no_offer", "local_link", LINK,
        setup=on_lan(dhcp("--no-ping"), unheard(2)), target=None, duration=9, severity="critical"),
    Run("dhcp-never-confirmed", asks_for_address("-n", "-t", "3", "-T", "2"), "dhcp_incomplete", "local_link", LINK,
        setup=on_lan(dhcp("--no-ping"), unheard(5)), target=None, duration=10, severity="critical"),
    Run("dhcp-refused", changed_range(first="192.0.2.0", last="static"), "dhcp_nak", "server", ROUTER4, setup=on_lan(dhcp("--no-ping")),
        target=None, duration=11, severity="warning", also=("dhcp_no_offer",)),  # the range has no address left
    Run("dhcp-address-in-use", asks_for_address("-a", "-t", "4", "-T", "2", "-A", "1", healthy=True), "dhcp_nak", "server", ROUTER4,
        setup=on_lan(used_address), target=None, duration=9, severity="warning"),
    Run("dhcp-two-servers", asks_for_address("-t", "3", healthy=True, then=0.5), "dhcp_multiple_servers", "local_link", LINK,
        setup=on_lan(second_server), target=None, severity="warning"),
]

HEALTHY = [
    Run("address-moves", failover, setup=on_lan(failover_pair), target=None, duration=7),
    Run("new-card", new_card, setup=on_lan(failover_pair), target=MOVED),
    Run("proxy-arp", asked_of_the_proxy, setup=on_lan(proxy), target=None, duration=8),
    Run("many-hosts-ask", wait(6), setup=on_lan(crowded), target=None, duration=7),
    Run("monitor-polls", wait(6), setup=on_lan(monitored), target=None, duration=7),
    Run("spanning-tree", lambda lab: must(ping(lab, SERVER4, 10), "ping"), setup=on_lan(joined_twice(1)), target=None),
    Run("light-control", shouts(44, "same"), setup=on_lan(web, broken_device), target=None, duration=7),
    Run("television", shouts(700, address="239.1.1.1", port=5000), setup=on_lan(television), target=None, duration=7, alone=True),
    Run("new-addresses", new_addresses, setup=on_lan(guest), target=None, duration=8),
    Run("phone-asleep", phone_asleep, setup=on_lan(phone), target=None, duration=16),
    Run("dhcp-leases", leases, setup=on_lan(guest, dhcp()), target=None, duration=14),
    Run("dhcp-from-elsewhere", changed_range(first="192.0.2.170", last="192.0.2.180"), setup=on_lan(dhcp("--no-ping")), target=None,
        duration=11),
]
