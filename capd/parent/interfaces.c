/* getifaddrs for names, addresses and counters, sysfs for the rest, /proc/self/net for default
 * routes. libpcap's own enumeration is avoided: it opens every device. Runs in: parent.  Input
 * trust: none (kernel). */
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

/* What the driver says it is, else by the hardware type. */
static const char *kind_of(const struct msg_interface *i, unsigned hardware, unsigned flags) {
    static const char *const types[][2] = {
        {"wlan", "wifi"}, {"bridge", "bridge"}, {"vlan", "vlan"}, {"ppp", "tunnel"}};
    char text[256];
    const char *type = strstr(sysfs_text(i->name, "uevent", text), "DEVTYPE=");
    if (i->loopback) return "loopback";
    for (size_t k = 0; type && k < sizeof types / sizeof types[0]; k++)
        if (strncmp(type + 8, types[k][0], strlen(types[k][0])) == 0) return types[k][1];
    if (flags & IFF_POINTOPOINT || *sysfs_text(i->name, "tun_flags", text)) return "tunnel";
    if (hardware != ARPHRD_ETHER) return "other";
    return *sysfs_text(i->name, "device/uevent", text) ? "ethernet" : "virtual";
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
    if (ll->sll_halen == 6) memcpy(i->mac, ll->sll_addr, 6);
    i->mtu = sysfs_number(i->name, "mtu");
    i->speed_mbps = sysfs_number(i->name, "speed");
    snprintf(i->kind, sizeof i->kind, "%s", kind_of(i, ll->sll_hatype, a->ifa_flags));
    i->wireless = strcmp(i->kind, "wifi") == 0;
    const struct rtnl_link_stats *stats = a->ifa_data;
    if (!stats) return;
    i->rx_packets = stats->rx_packets;
    i->tx_packets = stats->tx_packets;
}

static const uint8_t *address_bytes(const struct sockaddr *sa) {
    const void *p = sa;
    return sa->sa_family == AF_INET ? (const uint8_t *)&((const struct sockaddr_in *)p)->sin_addr
                                    : (const uint8_t *)&((const struct sockaddr_in6 *)p)->sin6_addr;
}

static void add_address(struct interfaces *out, const struct ifaddrs *a) {
    size_t bytes = a->ifa_addr->sa_family == AF_INET ? 4 : 16;
    if (out->addresses == LIM_IF_ADDRESSES) return;
    struct msg_if_address *row = &out->address[out->addresses++];
    row->index = if_nametoindex(a->ifa_name);
    row->address = addr_from_bytes(address_bytes(a->ifa_addr), bytes);
    for (size_t i = 0; a->ifa_netmask && i < bytes; i++)
        row->prefix_len += (unsigned)__builtin_popcount(address_bytes(a->ifa_netmask)[i]);
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
static void route_v4(struct interfaces *out, const char *line) {
    char name[LIM_IFNAME + 1];
    unsigned long destination, mask;
    unsigned flags;
    uint32_t gateway;
    if (sscanf(line, "%15s %lx %x %x %*s %*s %*s %lx", name, &destination, &gateway, &flags,
               &mask) == 5 &&
        destination == 0 && mask == 0 && (flags & ROUTE_UP))
        add_route(out, name, flags & ROUTE_GATEWAY ? (const uint8_t *)&gateway : NULL, 4);
}

/* /proc/net/ipv6_route; a metric of all ones marks the unreachable default. */
static void route_v6(struct interfaces *out, const char *line) {
    char to[33], via[33], name[LIM_IFNAME + 1];
    unsigned prefix, flags, metric, byte;
    uint8_t gateway[16];
    if (sscanf(line, "%32s %x %*s %*s %32s %x %*s %*s %x %15s", to, &prefix, via, &metric, &flags,
               name) != 6 ||
        prefix != 0 || !(flags & ROUTE_UP) || metric == UINT32_MAX)
        return;
    for (size_t i = 0; i < 16; i++)
        gateway[i] = sscanf(via + 2 * i, "%2x", &byte) == 1 ? (uint8_t)byte : 0;
    add_route(out, name, flags & ROUTE_GATEWAY ? gateway : NULL, 16);
}

static void read_routes(struct interfaces *out, const char *path,
                        void (*route)(struct interfaces *out, const char *line)) {
    char line[256];
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) route(out, line);
    if (f) fclose(f);
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
    read_routes(out, "/proc/self/net/route", route_v4);
    read_routes(out, "/proc/self/net/ipv6_route", route_v6);
    return 0;
}
