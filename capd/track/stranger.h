#ifndef CAPD_TRACK_STRANGER_H
#define CAPD_TRACK_STRANGER_H
#include "capd/track/state.h"

/* What comes from the open internet to every public host, day and night: clients that nobody serves
 * try one port or another and go.  A stranger has a public address that is not this host's, and no
 * connection that it opened came up in this capture, nor did a server answer it over UDP. */

/* Something worked for this client. */
void stranger_worked(struct engine *e, const struct addr *client);

/* A connection is tried: and has been by this client before? */
bool stranger_tries_again(struct engine *e, const struct flow *f);

/* As far as is known now.  Of very many clients some are taken for known ones by chance. */
bool stranger_is(const struct engine *e, const struct addr *client);
#endif
