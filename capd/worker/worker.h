#ifndef CAPD_WORKER_WORKER_H
#define CAPD_WORKER_WORKER_H
#include "common/schema.h"
#include <sys/types.h>

/* What one capture is to do.  Made by the parent after it has checked the request, handed over by
 * fork: nothing is parsed on the way.  Pointers stay valid because the child has its own copy. */
struct worker_job {
    int ipc_fd;          /* non-blocking stream socket to the parent; the worker's only voice */
    int file_fd;         /* capture file opened for reading, or -1 for a live capture */
    pid_t parent_pid;    /* the worker does not outlive it */
    uint32_t stream;     /* request id of the `start`; written into every frame header */
    uint32_t snaplen;    /* bytes per packet, live only */
    uint32_t ring_bytes; /* kernel ring, live only */
    uint32_t flows;      /* capacity of the flow table, a power of two */
    bool names;          /* false: names leave as stable hashes */
    bool promiscuous;    /* live only */
    bool sandbox_off;    /* test builds only: ignored by a release build */
    char capture_id[LIM_CAPTURE_ID + 1];
    const struct msg_start *start;
    const struct addr *local; /* this host's addresses */
    uint32_t locals;
};

/* Become the worker of this capture: lock up, then count packets until the end.  Call in a freshly
 * forked child.  Everything it has to say, errors too, goes as frames to ipc_fd; the last one
 * carries WIRE_FINAL.  Never returns. */
_Noreturn void worker_run(const struct worker_job *job);

/* Lock up as a worker does, without a capture, and write one line to ipc_fd: what holds this
 * process now, or why it could not be done.  Call in a freshly forked child of `parent_pid`.  Never
 * returns; the exit status is 0 when all walls stand. */
_Noreturn void worker_check(int ipc_fd, pid_t parent_pid);
#endif
