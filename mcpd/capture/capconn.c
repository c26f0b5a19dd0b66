/* The stream to a capd.  Non-blocking in both directions: input is collected until a frame is
 * whole, output waits in a bounded queue.  A frame header that breaks a rule ends the connection at
 * once: after it nobody knows where the next frame begins.
 * Runs in: mcpd.  Input trust: local (capd; its frames are checked all the same). */
#include "mcpd/capture/capconn.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define IN_MAX          (LIM_FRAME_FROM_CAPD + WIRE_HEADER_BYTES + WIRE_EXT_BYTES)
#define IN_FIRST        (16u * 1024u)
#define OUT_MAX         (16u * (LIM_FRAME_TO_CAPD + WIRE_HEADER_BYTES))
#define USUAL_GROUP     "capd-clients"
#define READS_PER_ROUND 64 /* then others get their turn */

/* ---- connecting ------------------------------------------------------------------------------ */

/* Names of people and groups, looked up while mcpd still may read them. */
static struct names {
    bool settled;
    char me[33];       /* "": this uid has no name */
    gid_t gid[2];      /* of the socket (or its directory), and of the usual one */
    char group[2][33]; /* "": no name */
    bool listed[2];    /* we are in it, by what the system says now */
} names;

static gid_t group_of(const char *path) {
    struct stat st;
    char dir[256];
    const char *slash = strrchr(path, '/');
    if (stat(path, &st) == 0) return st.st_gid;
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    return stat(dir, &st) == 0 ? st.st_gid : 0;
}

/* In the group by what the system says now, though perhaps not in this session? */
static bool is_listed(const struct passwd *me, gid_t gid) {
    gid_t groups[256];
    int n = 256;
    if (!me || getgrouplist(me->pw_name, me->pw_gid, groups, &n) < 0) return false;
    for (int i = 0; i < n; i++)
        if (groups[i] == gid) return true;
    return false;
}

static void learn_names(const char *path) {
    const struct group *usual = getgrnam(USUAL_GROUP);
    gid_t gid[2] = {group_of(path), usual ? usual->gr_gid : 0};
    memset(&names, 0, sizeof names);
    const struct passwd *me = getpwuid(getuid());
    if (me) snprintf(names.me, sizeof names.me, "%s", me->pw_name);
    for (int i = 0; i < 2; i++) {
        const struct group *group = getgrgid(gid[i]);
        names.gid[i] = gid[i];
        if (group) snprintf(names.group[i], sizeof names.group[i], "%s", group->gr_name);
        names.listed[i] = is_listed(me, gid[i]);
    }
}

void capconn_prepare(const char *path) {
    if (path[0] == '/') learn_names(path);
    names.settled = true;
}

/* Whom the mode of the socket keeps out the kernel turns away, so only we can say why. */
static void explain_permission(const char *path, struct fail *fail) {
    char why[280];
    gid_t gid = group_of(path);
    if (!names.settled) learn_names(path);
    int i = names.gid[0] == gid ? 0 : 1;
    bool named = names.gid[i] == gid && names.group[i][0];
    if (gid == 0)
        snprintf(why, sizeof why,
                 "the socket belongs to root: run this as root, or use --capd private");
    else if (!named)
        snprintf(why, sizeof why, "members of group number %u may, which has no name here", gid);
    else if (names.listed[i])
        snprintf(why, sizeof why,
                 "members of group %s may, and %s is one by now, but this session is older: "
                 "log in again (or try it in a shell of `newgrp %s`)",
                 names.group[i], names.me, names.group[i]);
    else
        snprintf(why, sizeof why,
                 "members of group %s may. Run `sudo usermod -aG %s %s`, then log in again",
                 names.group[i], names.group[i], names.me[0] ? names.me : "YOU");
    fail_set(fail, FAIL_PERMISSION, "capd", "you may not connect to capd at %.108s: %s; %s", path,
             strerror(EACCES), why);
}

static void explain(const char *path, int err, struct fail *fail) {
    if (err == EACCES || err == EPERM) {
        explain_permission(path, fail);
        return;
    }
    const char *advice = "use another --capd PATH, or --capd private";
    if (err == ENOENT || err == ECONNREFUSED)
        advice = "capd is not running there: start it with `systemctl start capd`, name another "
                 "socket with --capd PATH, or use --capd private";
    else if (err == EAGAIN)
        advice = "capd is busy: try again";
    fail_set(fail, FAIL_ENVIRONMENT, "capd", "cannot connect to capd at %.108s: %s; %s", path,
             strerror(err), advice);
}

int capconn_dial(const char *path, struct fail *fail) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof sa.sun_path) {
        explain(path, ENAMETOOLONG, fail);
        return -1;
    }
    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof sa) == 0) return fd;
    explain(path, errno, fail);
    if (fd >= 0) close(fd);
    return -1;
}

/* ---- state ----------------------------------------------------------------------------------- */

void capconn_init(struct capconn *c, struct loop *loop, const struct capconn_ops *ops, void *ctx) {
    *c = (struct capconn){.loop = loop, .ops = ops, .ctx = ctx, .fd = -1};
}

void capconn_close(struct capconn *c) {
    if (c->fd < 0) return;
    loop_fd_remove(c->loop, c->fd);
    close(c->fd);
    free(c->in);
    free(c->out);
    capconn_init(c, c->loop, c->ops, c->ctx);
}

static void lose(struct capconn *c, const struct fail *why) {
    if (c->fd < 0) return;
    capconn_close(c);
    c->ops->lost(c->ctx, why);
}

static void lose_errno(struct capconn *c, int err) {
    struct fail why;
    if (err)
        fail_set(&why, FAIL_ENVIRONMENT, "", "the connection to capd broke: %s", strerror(err));
    else
        fail_set(&why, FAIL_ENVIRONMENT, "", "capd closed the connection");
    lose(c, &why);
}

/* ---- output ---------------------------------------------------------------------------------- */

static void flush(struct capconn *c) {
    while (c->out_used) {
        ssize_t n = send(c->fd, c->out, c->out_used, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0) break; /* the reading side reports what is wrong, after capd's last words */
        memmove(c->out, c->out + n, c->out_used - (size_t)n);
        c->out_used -= (size_t)n;
    }
    loop_fd_interest(c->loop, c->fd, LOOP_READ | (c->out_used ? (unsigned)LOOP_WRITE : 0u));
}

bool capconn_send(struct capconn *c, unsigned type, uint32_t stream, const struct schema *schema,
                  const void *msg, struct fail *fail) {
    if (c->fd < 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "capd", "there is no connection to capd");
    size_t room = WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD;
    if (c->out_cap - c->out_used < room)
        return fail_set(fail, FAIL_ENVIRONMENT, "capd", "capd does not read its requests");
    uint8_t *frame = c->out + c->out_used, header[WIRE_HEADER_BYTES + WIRE_EXT_BYTES];
    size_t body = schema_encode(schema, msg, frame + WIRE_HEADER_BYTES, LIM_FRAME_TO_CAPD);
    if (body == 0)
        return fail_set(fail, FAIL_LIMIT, "", "the request is larger than %u bytes",
                        LIM_FRAME_TO_CAPD);
    struct wire_header h = {.type = (uint8_t)type, .stream = stream, .length = (uint32_t)body};
    memcpy(frame, header, wire_put_header(header, &h));
    c->out_used += WIRE_HEADER_BYTES + body;
    flush(c);
    return true;
}

/* ---- input ----------------------------------------------------------------------------------- */

/* Hand out every whole frame.  False: the connection is gone. */
static bool take_frames(struct capconn *c) {
    size_t at = 0;
    while (c->in_used > at) {
        struct wire_header h;
        struct fail why;
        enum wire_result r =
            wire_get_header(c->in + at, c->in_used - at, LIM_FRAME_FROM_CAPD, &h, &why);
        if (r == WIRE_BAD) {
            lose(c, &why);
            return false;
        }
        if (r == WIRE_NEED_MORE) break;
        size_t head = wire_header_bytes(h.flags);
        if (c->in_used - at < head + h.length) break;
        c->ops->frame(c->ctx, &h, c->in + at + head);
        if (c->fd < 0) return false;
        at += head + h.length;
    }
    memmove(c->in, c->in + at, c->in_used - at);
    c->in_used -= at;
    return true;
}

static bool make_room(struct capconn *c) {
    if (c->in_used < c->in_cap) return true;
    size_t cap = c->in_cap * 4 < IN_MAX ? c->in_cap * 4 : IN_MAX;
    uint8_t *more = cap > c->in_cap ? realloc(c->in, cap) : NULL;
    if (!more) return false; /* a frame always fits IN_MAX: only memory can be short */
    c->in = more;
    c->in_cap = cap;
    return true;
}

static void on_ready(void *ctx, int fd, unsigned ready) {
    struct capconn *c = ctx;
    if (ready & LOOP_WRITE) flush(c);
    for (int i = 0; i < READS_PER_ROUND; i++) {
        if (!make_room(c)) {
            lose_errno(c, ENOMEM);
            return;
        }
        ssize_t n = recv(fd, c->in + c->in_used, c->in_cap - c->in_used, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            lose_errno(c, n < 0 ? errno : 0);
            return;
        }
        c->in_used += (size_t)n;
        if (!take_frames(c)) return;
    }
}

bool capconn_open(struct capconn *c, int fd, struct fail *fail) {
    c->in = malloc(IN_FIRST);
    c->out = malloc(OUT_MAX);
    c->in_cap = IN_FIRST;
    c->out_cap = OUT_MAX;
    c->fd = fd;
    int flags = fcntl(fd, F_GETFL);
    int rc = flags < 0 ? -errno : 0;
    if (!c->in || !c->out) rc = -ENOMEM;
    if (rc == 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) rc = -errno;
    if (rc == 0) rc = loop_fd_add(c->loop, fd, LOOP_READ, on_ready, c);
    if (rc == 0) return true;
    capconn_close(c);
    return fail_set(fail, FAIL_ENVIRONMENT, "capd", "cannot open the connection to capd: %s",
                    strerror(-rc));
}
