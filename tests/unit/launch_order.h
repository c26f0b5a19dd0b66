#ifndef TESTS_UNIT_LAUNCH_ORDER_H
#define TESTS_UNIT_LAUNCH_ORDER_H
#include <string.h>
#include <sys/socket.h>

/* In the launcher's place: take the child's end of the socket out of the order that waits at `fd`.
 * -1: there is none. */
static inline int launch_order_take(int fd) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char order;
    struct iovec iov = {&order, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    int child = -1;
    if (recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1 || !CMSG_FIRSTHDR(&msg)) return -1;
    memcpy(&child, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof child);
    return child;
}
#endif
