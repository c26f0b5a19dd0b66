/* Interfaces by ioctl.  Runs in: parent, worker (before its sandbox).  Input trust: none (kernel).
 */
#include "common/netdev.h"
#include <net/if_arp.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool ask(const char *name, unsigned long request, struct ifreq *out) {
    size_t len = strlen(name);
    memset(out, 0, sizeof *out);
    if (len >= sizeof out->ifr_name) return false;
    memcpy(out->ifr_name, name, len);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool ok = ioctl(fd, request, out) == 0;
    close(fd);
    return ok;
}

bool netdev_is_up(const char *name) {
    struct ifreq r;
    return ask(name, SIOCGIFFLAGS, &r) && r.ifr_flags & IFF_UP;
}

uint32_t netdev_mtu(const char *name) {
    struct ifreq r;
    return ask(name, SIOCGIFMTU, &r) && r.ifr_mtu > 0 ? (uint32_t)r.ifr_mtu : 0;
}

bool netdev_mac(const char *name, uint8_t out[6]) {
    struct ifreq r;
    memset(out, 0, 6);
    if (!ask(name, SIOCGIFHWADDR, &r)) return false;
    switch (r.ifr_hwaddr.sa_family) {
    case ARPHRD_ETHER:
    case ARPHRD_IEEE80211:
    case ARPHRD_IEEE80211_PRISM:
    case ARPHRD_IEEE80211_RADIOTAP: memcpy(out, r.ifr_hwaddr.sa_data, 6); return true;
    default: return false;
    }
}
