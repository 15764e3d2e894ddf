/* pennywire-ctl relay: the process that relays the order session. */
#ifndef PENNYWIRE_TOOLS_RELAY_H
#define PENNYWIRE_TOOLS_RELAY_H

#include "pennywire.h"

/* Why the arguments make no sense, with the argument behind it in *argument; NULL when they do. */
const char *check_relay(char **arguments, const char **argument);

/* Relay until SIGINT or SIGTERM, telling every change of state on standard output; false, with
 * pw_last_error() or a sentence of its own on standard error, when it is over before. */
bool run_relay(struct pw_card *card, char **arguments, bool json);

#endif
