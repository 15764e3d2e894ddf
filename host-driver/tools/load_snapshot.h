/* The commands of pennywire-ctl that load a snapshot. */
#ifndef PENNYWIRE_LOAD_SNAPSHOT_H
#define PENNYWIRE_LOAD_SNAPSHOT_H

#include <stdbool.h>

#include "pennywire.h"

/* True for begin-snapshot, load-snapshot and abort-snapshot. */
bool is_snapshot_command(const char *command);

/* Look at the arguments before the card is touched; false, with a sentence on standard error, when
 * they make no sense. */
bool check_snapshot_command(const char *command, char **arguments);

/* Carry it out. Returns the exit code. */
int run_snapshot_command(struct pw_card *card, const char *command, char **arguments, bool json);

#endif
