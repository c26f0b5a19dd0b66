/* getifaddrs for names, addresses and counters, sysfs for the rest, /proc/net for default routes.
 * libpcap's own enumeration is avoided: it opens every device.
 * Runs in: parent.  Input trust: none (kernel). */
#include "capd/parent/interfaces.h"
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUTE_UP      0x1u
#define ROUTE_GATEWAY 0x2u

/* Text of /sys/class/net/NAME/LEAF, "" if it is not there. */
static const char *sysfs_text(const char *name, const char *leaf, char out[256]) {
    char path[96];
    out[0] = '\0';
    snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, leaf);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return out;
    ssize_t n = read(fd, out, 255);
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    return out;
}

static uint64_t sysfs_number(const char *name, const char *leaf) {
    char text[256];
    long long v = strtoll(sysfs_text(name, leaf, text), NULL, 10);
    return v > 0 && v <= UINT32_MAX ? (uint64_t)v : 0; /* speed is -1 when unknown */
}

static bool sysfs_has(const char *name, const char *leaf) {
    char path[96];
    snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, leaf);
    return access(path, F_OK) == 0;
}

static const char *kind_of(const struct msg_interface *i, unsigned hardware) {
    char text[256];
    const char *type = strstr(sysfs_text(i->name, "uevent", text), "DEVTYPE=");
    if (i->loopback) return "loopback";
    if (i->wireless) return "wifi";
    if (type && strncmp(type + 8, "bridge", 6) == 0) return "bridge";
    if (type && strncmp(type + 8, "vlan", 4) == 0) return "vlan";
    if (sysfs_has(i->name, "tun_flags") || hardware == ARPHRD_TUNNEL ||
        hardware == ARPHRD_TUNNEL6 || hardware == ARPHRD_SIT || hardware == ARPHRD_IPGRE ||
        hardware == ARPHRD_PPP || hardware == ARPHRD_NONE)
        return "tunnel";
    if (hardware != ARPHRD_ETHER) return "other";
    return sysfs_has(i->name, "device") ? "ethernet" : "virtual";
}

static void add_interface(struct interfaces *out, const struct ifaddrs *a) {
    const struct sockaddr_ll *ll = (const struct sockaddr_ll *)(const void *)a->ifa_addr;
    if (out->interfaces == LIM_INTERFACES || strlen(a->ifa_name) > LIM_IFNAME) return;
    struct msg_interface *i = &out->interface[out->interfaces++];
    snprintf(i->name, sizeof i->name, "%s", a->ifa_name);
    i->index = (uint64_t)ll->sll_ifindex;
    i->up = a->ifa_flags & IFF_UP;
    i->running = a->ifa_flags & IFF_RUNNING;
    i->loopback = a->ifa_flags & IFF_LOOPBACK;
    i->wireless = sysfs_has(i->name, "phy80211") || sysfs_has(i->name, "wireless");
    if (ll->sll_halen == 6) memcpy(i->mac, ll->sll_addr, 6);
    i->mtu = sysfs_number(i->name, "mtu");
    i->speed_mbps = sysfs_number(i->name, "speed");
    snprintf(i->kind, sizeof i->kind, "%s", kind_of(i, ll->sll_hatype));
    const struct rtnl_link_stats *stats = a->ifa_data;
    if (!stats) return;
    i->rx_packets = stats->rx_packets;
    i->tx_packets = stats->tx_packets;
}

static unsigned prefix_length(const uint8_t *mask, size_t bytes) {
    unsigned n = 0;
    for (size_t i = 0; i < bytes; i++) n += (unsigned)__builtin_popcount(mask[i]);
    return n;
}

static void add_address(struct interfaces *out, const struct ifaddrs *a) {
    bool v4 = a->ifa_addr->sa_family == AF_INET;
    const void *sa = a->ifa_addr, *mask = a->ifa_netmask;
    size_t bytes = v4 ? 4 : 16;
    if (out->addresses == LIM_IF_ADDRESSES) return;
    struct msg_if_address *row = &out->address[out->addresses++];
    row->index = if_nametoindex(a->ifa_name);
    row->address =
        addr_from_bytes(v4 ? (const uint8_t *)&((const struct sockaddr_in *)sa)->sin_addr
                           : (const uint8_t *)&((const struct sockaddr_in6 *)sa)->sin6_addr,
                        bytes);
    if (mask)
        row->prefix_len =
            prefix_length(v4 ? (const uint8_t *)&((const struct sockaddr_in *)mask)->sin_addr
                             : (const uint8_t *)&((const struct sockaddr_in6 *)mask)->sin6_addr,
                          bytes);
}

struct msg_interface *interfaces_find(struct interfaces *all, const char *name) {
    for (uint32_t i = 0; i < all->interfaces; i++)
        if (strcmp(all->interface[i].name, name) == 0) return &all->interface[i];
    return NULL;
}

static void add_route(struct interfaces *out, const char *name, const uint8_t *gateway,
                      size_t bytes) {
    struct msg_interface *i = interfaces_find(out, name);
    if (!i) return;
    *(bytes == 4 ? &i->default_v4 : &i->default_v6) = true;
    if (!gateway || out->gateways == LIM_ROUTES) return;
    out->gateway[out->gateways++] = (struct msg_route){i->index, addr_from_bytes(gateway, bytes)};
}

/* /proc/net/route: addresses are host-order hex of the network-order word. */
static void read_routes_v4(struct interfaces *out) {
    char line[256], name[LIM_IFNAME + 1];
    unsigned long destination, mask;
    unsigned flags;
    uint32_t gateway;
    FILE *f = fopen("/proc/net/route", "re");
    if (!f) return;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%15s %lx %x %x %*s %*s %*s %lx", name, &destination, &gateway, &flags,
                   &mask) == 5 &&
            destination == 0 && mask == 0 && (flags & ROUTE_UP))
            add_route(out, name, flags & ROUTE_GATEWAY ? (const uint8_t *)&gateway : NULL, 4);
    fclose(f);
}

static void read_routes_v6(struct interfaces *out) {
    char line[256], to[33], via[33], name[LIM_IFNAME + 1];
    unsigned prefix, flags, metric;
    FILE *f = fopen("/proc/net/ipv6_route", "re");
    if (!f) return;
    while (fgets(line, sizeof line, f)) {
        uint8_t gateway[16];
        unsigned byte;
        if (sscanf(line, "%32s %x %*s %*s %32s %x %*s %*s %x %15s", to, &prefix, via, &metric,
                   &flags, name) != 6 ||
            prefix != 0 || !(flags & ROUTE_UP) || metric == UINT32_MAX || strlen(via) != 32 ||
            strspn(to, "0") != 32)
            continue;
        for (size_t i = 0; i < 16; i++)
            gateway[i] = sscanf(via + 2 * i, "%2x", &byte) == 1 ? (uint8_t)byte : 0;
        add_route(out, name, flags & ROUTE_GATEWAY ? gateway : NULL, 16);
    }
    fclose(f);
}

int interfaces_read(struct interfaces *out) {
    struct ifaddrs *list;
    memset(out, 0, sizeof *out);
    if (getifaddrs(&list) != 0) return -errno;
    for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
        if (!a->ifa_addr) continue;
        if (a->ifa_addr->sa_family == AF_PACKET) add_interface(out, a);
        if (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6)
            add_address(out, a);
    }
    freeifaddrs(list);
    read_routes_v4(out);
    read_routes_v6(out);
    return 0;
}
