/* Names and routes.  Names go through the C library, as every other program on this machine does
 * it: a diagnosis of "my program cannot find the host" must see what that program sees.
 * Runs in: network child.  Input trust: packets (through the C library's resolver). */
#include "common/addr.h"
#include "common/limits.h"
#include "mcpd/net/net.h"
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESOLV_CONF "/etc/resolv.conf"

/* A list of addresses as text, each once. */
struct list {
    struct addr seen[NET_ADDRESSES];
    unsigned n;
    char text[NET_MESSAGE_MAX - 64];
    size_t used;
};

static void list_add(struct list *l, const struct addr *a) {
    char text[ADDR_TEXT_BYTES];
    if (a->len == 0 || l->n == NET_ADDRESSES) return;
    for (unsigned i = 0; i < l->n; i++)
        if (addr_equal(&l->seen[i], a)) return;
    l->seen[l->n++] = *a;
    l->used +=
        (size_t)snprintf(l->text + l->used, sizeof l->text - l->used, " %s", addr_format(a, text));
}

void net_resolve(const char *id, const char *name) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
    struct list list = {.n = 0};
    int rc = getaddrinfo(name, NULL, &hints, &found);
    if (rc) {
        net_answer_error(id, rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
        return;
    }
    for (struct addrinfo *i = found; i; i = i->ai_next) {
        struct addr a = addr_from_sockaddr(i->ai_addr);
        list_add(&list, &a);
    }
    freeaddrinfo(found);
    net_answer(id, "ok%s", list.text);
}

/* The interface that has this address, "" if there is none. */
static void find_interface(const struct addr *address, char out[LIM_IFNAME + 1]) {
    struct ifaddrs *list;
    out[0] = 0;
    if (getifaddrs(&list) != 0) return;
    for (const struct ifaddrs *i = list; i && !out[0]; i = i->ifa_next) {
        struct addr a = addr_from_sockaddr(i->ifa_addr);
        if (a.len && addr_equal(&a, address))
            snprintf(out, LIM_IFNAME + 1, "%.*s", (int)strcspn(i->ifa_name, ":"), i->ifa_name);
    }
    freeifaddrs(list);
}

/* Which of our addresses would be the source: connecting a UDP socket asks the routing table and
 * sends nothing. */
void net_route(const char *id, const char *address) {
    struct sockaddr_storage to = {0}, from = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    socklen_t len = sizeof from;
    struct addr a;
    if (!addr_parse(address, &a)) {
        net_answer_error(id, "no address");
        return;
    }
    memcpy(&in.sin_addr, a.b, sizeof in.sin_addr);
    memcpy(in6.sin6_addr.s6_addr, a.b, 16);
    size_t to_len = a.len == 4 ? sizeof in : sizeof in6;
    memcpy(&to, a.len == 4 ? (const void *)&in : (const void *)&in6, to_len);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, (socklen_t)to_len) < 0 ||
        getsockname(fd, (struct sockaddr *)&from, &len) < 0) {
        net_answer_error(id, strerror(errno));
    } else {
        char text[ADDR_TEXT_BYTES], name[LIM_IFNAME + 1];
        a = addr_from_sockaddr((const struct sockaddr *)&from);
        find_interface(&a, name);
        net_answer(id, "ok %s %s", addr_format(&a, text), name);
    }
    if (fd >= 0) close(fd);
}

void net_resolvers(const char *id) {
    char line[256], text[64];
    struct list list = {.n = 0};
    struct addr a;
    FILE *file = fopen(RESOLV_CONF, "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "nameserver %63s", text) == 1) {
            text[strcspn(text, "%")] = 0; /* a zone */
            if (addr_parse(text, &a)) list_add(&list, &a);
        }
    if (file) fclose(file);
    net_answer(id, "ok%s", list.text);
}
