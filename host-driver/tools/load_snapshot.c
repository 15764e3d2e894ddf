#include "load_snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"

static const char begin_command[] = "begin-snapshot";
static const char load_command[] = "load-snapshot";
static const char abort_command[] = "abort-snapshot";

struct wanted {
    const char *file, *symbol, *slot;
    bool opened;
};

bool is_snapshot_command(const char *command) {
    return strcmp(command, begin_command) == 0 || strcmp(command, load_command) == 0 ||
           strcmp(command, abort_command) == 0;
}

static bool misused(const char *what, const char *argument) {
    fprintf(stderr, "pennywire-ctl: %s%s; `pennywire-ctl --help` says how\n", what, argument);
    return false;
}

static int failed(void) {
    fprintf(stderr, "pennywire-ctl: %s\n", pw_last_error());
    return 1;
}

static bool parse(const char *command, char **arguments, struct wanted *wanted) {
    const bool loads = strcmp(command, load_command) == 0;
    *wanted = (struct wanted){0};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--opened") == 0 && loads) {
            wanted->opened = true;
        } else if (strcmp(argument, "--symbol") == 0 || strcmp(argument, "--slot") == 0) {
            if (arguments[i + 1] == NULL)
                return misused("nothing given after ", argument);
            *(argument[3] == 'y' ? &wanted->symbol : &wanted->slot) = arguments[++i];
        } else if (loads && wanted->file == NULL && (argument[0] != '-' || argument[1] == '\0')) {
            wanted->file = argument;
        } else {
            return misused("unexpected argument: ", argument);
        }
    }
    if (strcmp(command, abort_command) == 0)
        return arguments[0] == NULL || misused("too many arguments: ", arguments[0]);
    if (loads && wanted->file == NULL)
        return misused("no file named after ", command);
    if (wanted->symbol == NULL || wanted->symbol[0] == '\0' || strlen(wanted->symbol) > 8)
        return misused("which symbol, of at most 8 letters? give ", "--symbol SYM");
    if (wanted->slot != NULL && strspn(wanted->slot, "0123456789") != strlen(wanted->slot))
        return misused("not a slot number: ", wanted->slot);
    return true;
}

bool check_snapshot_command(const char *command, char **arguments) {
    struct wanted wanted;
    return parse(command, arguments, &wanted);
}

/* The slot that follows the symbol, and is the one named if one was. */
static bool find_slot(struct pw_card *card, const struct wanted *wanted, uint32_t *slot) {
    uint64_t symbol = 0;
    for (unsigned i = 0, length = (unsigned)strlen(wanted->symbol); i < 8; i++)
        symbol |= (uint64_t)(uint8_t)(i < length ? wanted->symbol[i] : ' ') << (8 * i);
    const uint32_t slots = pw_identity(card)->slots;
    const unsigned long named = wanted->slot == NULL ? slots : strtoul(wanted->slot, NULL, 10);
    if (wanted->slot != NULL && named >= slots) {
        fprintf(stderr, "pennywire-ctl: no slot %s: this card has %u\n", wanted->slot, slots);
        return false;
    }
    for (*slot = 0; *slot < slots; ++*slot) {
        char name[PW_NAME_SIZE];
        uint64_t followed;
        snprintf(name, sizeof name, "slot[%u].symbol", *slot);
        if (wanted->slot != NULL && *slot != named)
            continue;
        if (pw_read(card, name, &followed) != PW_OK) {
            failed();
            return false;
        }
        if (followed == symbol)
            return true;
    }
    if (wanted->slot != NULL)
        fprintf(stderr, "pennywire-ctl: slot %s does not follow %s\n", wanted->slot,
                wanted->symbol);
    else
        fprintf(stderr,
                "pennywire-ctl: no slot follows %s; `pennywire-ctl regs` shows slot[].symbol\n",
                wanted->symbol);
    return false;
}

int run_snapshot_command(struct pw_card *card, const char *command, char **arguments, bool json) {
    struct wanted wanted;
    struct pw_snapshot snapshot;
    uint32_t slot;
    if (!parse(command, arguments, &wanted))
        return 2;
    if (strcmp(command, abort_command) == 0) {
        if (pw_snapshot_abort(card) != PW_OK)
            return failed();
        puts(json ? "{\"aborted\": true}" : "aborted");
        return 0;
    }
    if (!find_slot(card, &wanted, &slot))
        return 1;
    if (strcmp(command, begin_command) == 0) {
        uint64_t first;
        if (pw_snapshot_begin(card, slot) != PW_OK ||
            pw_read(card, "snapshot.first_sequence", &first) != PW_OK)
            return failed();
        printf(json ? "{\"slot\": %u, \"first_sequence\": %" PRIu64 "}\n"
                    : "slot %u: events are kept from sequence %" PRIu64 " on\n",
               slot, first);
        return 0;
    }
    const char *path = strcmp(wanted.file, "-") == 0 ? "/dev/stdin" : wanted.file;
    if (pw_snapshot_load(card, slot, path, wanted.opened, &snapshot) != PW_OK)
        return failed();
    if (json)
        printf("{\"slot\": %u, \"orders\": %u, \"sequence\": %" PRIu64 ", \"trading\": %s}\n", slot,
               snapshot.orders, snapshot.sequence, snapshot.trading ? "true" : "false");
    else
        printf("slot %u: whole again, %u orders as of sequence %" PRIu64 ", %s\n", slot,
               snapshot.orders, snapshot.sequence, snapshot.trading ? "trading" : "halted");
    return 0;
}
