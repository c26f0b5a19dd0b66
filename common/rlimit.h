#ifndef COMMON_RLIMIT_H
#define COMMON_RLIMIT_H
#include <sys/resource.h>

/* Lower a resource limit, hard and soft, to `to`, or to what it is already.  0 or -errno. */
int rlimit_lower(__rlimit_resource_t what, rlim_t to) __attribute__((warn_unused_result));
#endif
