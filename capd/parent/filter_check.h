#ifndef CAPD_PARENT_FILTER_CHECK_H
#define CAPD_PARENT_FILTER_CHECK_H
#include "common/err.h"
#include <stdbool.h>

/* May a caller's pcap-filter expression be handed to pcap_compile?  Printable ASCII, at most
 * LIM_FILTER bytes, known words, numbers and literal addresses only (no names to look up), and
 * accessors with constant places inside the fixed headers: with computed places and a counter the
 * payload could be read bit by bit.  Grammar is left to libpcap.  False: `fail` names the place. */
bool filter_check(const char *text, struct fail *fail);
#endif
