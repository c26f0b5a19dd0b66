#ifndef CAPD_CHECK_CHECK_H
#define CAPD_CHECK_CHECK_H
#include "capd/parent/config.h"
#include "capd/parent/priv.h"

/* `capd --check`: say what the configuration means, what this kernel offers, and what will hold the
 * parent and a worker: this process locks itself up as the parent does, a child as a worker, and
 * both are read from /proc.  Returns the exit status; 1: it could not be locked up. */
int check_run(const struct config *c, struct priv_options *o);
#endif
