#ifndef COMMON_NETDEV_H
#define COMMON_NETDEV_H
#include <stdbool.h>
#include <stdint.h>

/* What the kernel says of an interface of this network namespace, netdevice(7).  sysfs is no
 * substitute: what is mounted there may belong to another namespace (nsenter --net). */

/* True if it is there and up (IFF_UP). */
bool netdev_is_up(const char *name);

/* In bytes; 0 if there is no interface of that name. */
uint32_t netdev_mtu(const char *name);

/* Six bytes of link-layer address; false: it has none of that kind, and `out` is zero. */
bool netdev_mac(const char *name, uint8_t out[6]);
#endif
