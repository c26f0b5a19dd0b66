/* getifaddrs for names, addresses and counters, ioctl and sysfs for the rest, /proc/self/net for
 * default routes. libpcap's own enumeration is avoided: it opens every device. Runs in: parent.
 * Input trust: none (kernel). */
#include "capd/parent/interfaces.h"
#include "common/clock.h"
#include "common/netdev.h"
#include "common/routes.h"
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static bool is_link(const struct ifaddrs *a) {
    return a->ifa_addr && a->ifa_addr->sa_family == AF_PACKET;
}

static uint64_t index_of(const struct ifaddrs *link) {
    return (uint64_t)((const struct sockaddr_ll *)(const void *)link->ifa_addr)->sll_ifindex;
}

static struct msg_interface *add_interface(struct interfaces *out, const struct ifaddrs *a) {
    const struct sockaddr_ll *ll = (const struct sockaddr_ll *)(const void *)a->ifa_addr;
    const struct rtnl_link_stats *stats = a->ifa_data;
    struct msg_interface *i = &out->interface[out->interfaces++];
    snprintf(i->name, sizeof i->name, "%s", a->ifa_name);
    i->index = index_of(a);
    i->up = a->ifa_flags & IFF_UP;
    i->running = a->ifa_flags & IFF_RUNNING;
    i->loopback = a->ifa_flags & IFF_LOOPBACK;
    if (ll->sll_halen == 6) memcpy(i->mac, ll->sll_addr, 6);
    i->mtu = netdev_mtu(i->name);
    i->speed_mbps = sysfs_number(i->name, "speed");
    snprintf(i->kind, sizeof i->kind, "%s", kind_of(i, ll->sll_hatype, a->ifa_flags));
    i->wireless = strcmp(i->kind, "wifi") == 0;
    i->rx_packets = stats ? stats->rx_packets : 0;
    i->tx_packets = stats ? stats->tx_packets : 0;
    return i;
}

/* The row of an interface, made if there is room for it.  NULL: there is none. */
static struct msg_interface *row_of(struct interfaces *out, const struct ifaddrs *list,
                                    uint64_t index) {
    for (uint32_t i = 0; i < out->interfaces; i++)
        if (out->interface[i].index == index) return &out->interface[i];
    for (const struct ifaddrs *a = list; a && out->interfaces < LIM_INTERFACES; a = a->ifa_next)
        if (is_link(a) && index_of(a) == index) return add_interface(out, a);
    return NULL;
}

static void add_address(struct interfaces *out, const struct ifaddrs *a,
                        const struct msg_interface *of) {
    if (!of || out->addresses == LIM_IF_ADDRESSES) return;
    struct addr address = addr_from_sockaddr(a->ifa_addr),
                mask = addr_from_sockaddr(a->ifa_netmask);
    out->address[out->addresses++] =
        (struct msg_if_address){of->index, address, addr_count_bits(&mask)};
}

struct msg_interface *interfaces_find(struct interfaces *all, const char *name) {
    for (uint32_t i = 0; i < all->interfaces; i++)
        if (strcmp(all->interface[i].name, name) == 0) return &all->interface[i];
    return NULL;
}

static void read_routes(struct interfaces *out, const struct ifaddrs *list, const char *path,
                        bool (*parse)(const char *line, struct default_route *route)) {
    char line[256];
    struct default_route route;
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        if (!parse(line, &route)) continue;
        struct msg_interface *i = row_of(out, list, if_nametoindex(route.interface));
        if (!i) continue;
        *(route.v6 ? &i->default_v6 : &i->default_v4) = true;
        if (route.gateway.len && out->gateways < LIM_ROUTES)
            out->gateway[out->gateways++] = (struct msg_route){i->index, route.gateway};
    }
    if (f) fclose(f);
}

/* How early this entry comes: addresses of the default routes' interfaces, then those that lead
 * somewhere, devices, other addresses (a node's service addresses are on one that is down), the
 * rest of the interfaces. */
enum rank { RANK_DEFAULT, RANK_ADDRESS, RANK_DEVICE, RANK_OTHER_ADDRESS, RANK_REST, RANKS };

static enum rank rank_of(const struct interfaces *out, const struct ifaddrs *a, uint64_t index) {
    struct addr address = addr_from_sockaddr(a->ifa_addr);
    for (uint32_t i = 0; i < out->interfaces; i++)
        if (out->interface[i].index == index &&
            (out->interface[i].default_v4 || out->interface[i].default_v6))
            return RANK_DEFAULT;
    return a->ifa_flags & IFF_UP && !addr_is_link_local(&address) ? RANK_ADDRESS
                                                                  : RANK_OTHER_ADDRESS;
}

/* The kernel is asked once for each interface, not for each of its addresses, which follow each
 * other: a node may have thousands. */
static void add_ranked(struct interfaces *out, const struct ifaddrs *list, enum rank rank) {
    const char *name = "";
    char text[256];
    uint64_t index = 0;
    for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
        if (is_link(a)) {
            if (rank == 0) out->interfaces_all++;
            if (rank == RANK_REST ||
                (rank == RANK_DEVICE && *sysfs_text(a->ifa_name, "device/uevent", text)))
                (void)row_of(out, list, index_of(a));
        } else if (addr_from_sockaddr(a->ifa_addr).len != 0) {
            if (rank == 0) out->addresses_all++;
            if (strcmp(name, a->ifa_name) != 0) index = if_nametoindex(name = a->ifa_name);
            if (rank_of(out, a, index) == rank) add_address(out, a, row_of(out, list, index));
        }
    }
}

int interfaces_read(struct interfaces *out, const char *wanted) {
    struct ifaddrs *list;
    uint64_t began = clock_mono_ms();
    memset(out, 0, sizeof *out);
    if (getifaddrs(&list) != 0) return -errno;
    row_of(out, list, if_nametoindex(wanted));
    read_routes(out, list, "/proc/self/net/route", routes_parse_v4);
    read_routes(out, list, "/proc/self/net/ipv6_route", routes_parse_v6);
    for (enum rank rank = 0; rank < RANKS; rank++) add_ranked(out, list, rank);
    freeifaddrs(list);
    uint64_t now = clock_mono_ms(), fresh_ms = 20 * (now - began);
    out->fresh_until_ms = now + (fresh_ms < 1000 ? fresh_ms : 1000);
    return 0;
}
