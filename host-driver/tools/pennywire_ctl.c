/* pennywire-ctl: look at a card and set its registers from a shell. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_snapshot.h"
#include "pennywire.h"
#include "print.h"
#include "relay.h"

/* Exit codes. */
enum { DONE = 0, FAILED = 1, USAGE = 2 };

static bool json;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static const char usage[] =
    "usage: pennywire-ctl [--device URL] [--json] COMMAND\n"
    "\n"
    "  info                      what the card is\n"
    "  regs                      every register: address, access, value\n"
    "  get NAME...               read registers or fields, e.g. slot[0].position "
    "control.status.armed\n"
    "  set NAME VALUE [...]      write registers or fields, in order, and read them back\n"
    "  events [--count N]        event records as they come; without N until interrupted\n"
    "  stats                     every counter\n"
    "  load-snapshot FILE --symbol SYM [--slot N] [--opened]\n"
    "                            fill a stale symbol's book again, from a GLIMPSE file or pipe\n"
    "  begin-snapshot --symbol SYM [--slot N]\n"
    "                            keep the symbol's events from now on, for load-snapshot\n"
    "  abort-snapshot            give up the load that is running\n"
    "  relay --exchange HOST:PORT --user NAME [...]\n"
    "                            carry the order session to an exchange; pennywire-ctl(1)\n"
    "  kill                      kill switch: no new order, every open order cancelled\n"
    "\n"
    "  --device URL              the card, e.g. unix:/run/pennywire/link.sock;\n"
    "                            the variable PENNYWIRE_DEVICE if this is not given\n"
    "  --json                    JSON on standard output; events: one object a line\n"
    "\n"
    "VALUE is decimal, negative for a signed field, or 0x and hexadecimal.\n"
    "Exit code: 0 done, 1 the card or the way to it failed, 2 wrong usage.\n";

/* Report the library's last error. */
static int failed(void) {
    fprintf(stderr, "pennywire-ctl: %s\n", pw_last_error());
    return FAILED;
}

static int misused(const char *what, const char *argument) {
    fprintf(stderr, "pennywire-ctl: %s%s; `pennywire-ctl --help` says how\n", what, argument);
    return USAGE;
}

static int run_info(struct pw_card *card) {
    const struct pw_identity *identity = pw_identity(card);
    struct pw_transport_info link;
    pw_transport_info(card, &link);
    if (json) {
        printf("{\"config_name\": ");
        print_json_string(identity->config_name);
        printf(", \"abi_version\": %u, \"git_hash\": \"%016" PRIx64 "\", \"slots\": %u",
               identity->abi_version, identity->git_hash, identity->slots);
        printf(", \"width\": %u, \"row_levels\": %u, \"own_orders\": %u, \"table_orders\": %u",
               identity->width, identity->row_levels, identity->own_orders, identity->table_orders);
        printf(", \"clock_period_ps\": %u, \"soft\": %s, \"market_maker\": %s, \"trades\": %s",
               identity->clock_period_ps, identity->soft ? "true" : "false",
               identity->market_maker ? "true" : "false", identity->trades ? "true" : "false");
        printf(", \"driver\": \"%s\"", pw_version());
        printf(", \"link\": \"%s\", \"link_mode\": \"%s\"}\n", link.scheme, link.mode);
        return DONE;
    }
    printf("configuration  %s%s\n", identity->config_name, identity->soft ? " (soft card)" : "");
    printf("ABI version    %u\n", identity->abi_version);
    printf("gateware       %016" PRIx64 "\n", identity->git_hash);
    printf("clock          %u ps\n", identity->clock_period_ps);
    printf("slots          %u\n", identity->slots);
    printf("feed beat      %u bytes\n", identity->width);
    printf("row levels     %u\n", identity->row_levels);
    printf("own orders     %u\n", identity->own_orders);
    printf("table orders   %u\n", identity->table_orders);
    printf("market maker   %s\n", identity->market_maker ? "built" : "not built");
    printf("orders         %s\n", identity->trades ? "can be sent" : "cannot be sent");
    printf("driver         %s\n", pw_version());
    printf("link           %s: %s\n", link.scheme, link.mode);
    return DONE;
}

/* Read every register that can be read, or only the counters, a batch at a time, and print them. */
static int run_registers(struct pw_card *card, bool counters_only) {
    enum { BATCH = 64 };
    struct pw_register_info infos[BATCH];
    const size_t total = pw_register_count(card);
    bool first = true;
    for (size_t number = 0; number < total;) {
        struct pw_item reads[BATCH];
        size_t taken = 0, readable = 0;
        for (; number < total && taken < BATCH; number++) {
            if (pw_register_at(card, number, &infos[taken]) != PW_OK)
                return failed();
            if (counters_only && !infos[taken].counter)
                continue;
            if (infos[taken].readable)
                reads[readable++] =
                    (struct pw_item){.address = infos[taken].address, .operation = PW_READ};
            taken++;
        }
        if (pw_transfer(card, reads, readable) != PW_OK)
            return failed();
        for (size_t i = 0, next = 0; i < taken; i++) {
            const struct pw_register_info *info = &infos[i];
            const uint64_t value = info->readable ? reads[next++].value : 0;
            if (json) {
                if (info->readable)
                    printf("%s\"%s\": %" PRIu64, first ? "{" : ", ", info->name, value);
                first = first && !info->readable;
                continue;
            }
            if (!counters_only)
                printf("0x%04x %c%c%c ", info->address, info->readable ? 'r' : '-',
                       info->writable ? 'w' : '-', info->locked ? 'l' : ' ');
            printf("%-28s ", info->name);
            if (info->readable)
                print_register_value(card, info, value);
            putchar('\n');
        }
    }
    if (json)
        puts(first ? "{}" : "}");
    return DONE;
}

static int run_get(struct pw_card *card, char **names) {
    for (size_t i = 0; names[i] != NULL; i++) {
        struct pw_register_info info;
        uint64_t value;
        if (pw_register_find(card, names[i], &info) != PW_OK ||
            pw_read(card, names[i], &value) != PW_OK) {
            if (json && i > 0)
                puts("}");
            return failed();
        }
        if (json) {
            printf("%s\"%s\": ", i == 0 ? "{" : ", ", info.name);
            if (info.is_signed)
                printf("%" PRId64, (int64_t)value);
            else
                printf("%" PRIu64, value);
            continue;
        }
        printf("%s = ", info.name);
        if (info.is_field)
            print_field_value(&info, value);
        else
            print_register_value(card, &info, value);
        putchar('\n');
    }
    if (json)
        puts("}");
    return DONE;
}

/* Read a number; false when it is none or does not fit 64 bits. */
static bool parse_value(const char *text, uint64_t *value) {
    const bool negative = text[0] == '-';
    const char *digits = text + (negative ? 1 : 0);
    const bool hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    if (digits[0] < '0' || digits[0] > '9')
        return false;
    char *end;
    errno = 0;
    const unsigned long long number = strtoull(digits, &end, hexadecimal ? 16 : 10);
    if (errno != 0 || *end != '\0' || (negative && number > (UINT64_C(1) << 63)))
        return false;
    *value = negative ? UINT64_C(0) - number : number;
    return true;
}

static int run_set(struct pw_card *card, char **arguments) {
    for (size_t i = 0; arguments[i] != NULL; i += 2) {
        uint64_t value;
        if (arguments[i + 1] == NULL)
            return misused("no value given for ", arguments[i]);
        if (!parse_value(arguments[i + 1], &value))
            return misused("not a number of 64 bits: ", arguments[i + 1]);
        struct pw_register_info info;
        /* In 64 bits a negative number looks like a large one, so its sign is judged here. */
        if (pw_register_find(card, arguments[i], &info) != PW_OK)
            return failed();
        if (arguments[i + 1][0] == '-' && !info.is_signed)
            return misused("negative, and the register or field is not signed: ", arguments[i + 1]);
        if (pw_write_checked(card, arguments[i], value) != PW_OK)
            return failed();
    }
    if (json)
        puts("{}");
    return DONE;
}

static int run_events(struct pw_card *card, uint64_t count) {
    struct pw_record records[256];
    uint64_t lost = 0;
    /* An interrupt ends it in an orderly way, with every line whole. */
    const struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    if (pw_events_subscribe(card) != PW_OK)
        return failed();
    for (uint64_t seen = 0; seen < count && !interrupted;) {
        const uint64_t left = count - seen;
        const size_t room = sizeof records / sizeof records[0];
        const int got = pw_events_poll(card, records, left < room ? (size_t)left : room, 200);
        if (got < 0)
            return failed();
        for (int i = 0; i < got; i++) {
            if (json)
                print_record_json(&records[i]);
            else
                print_record(card, &records[i]);
        }
        fflush(stdout);
        seen += (uint64_t)got;
        if (pw_events_lost(card) != lost) {
            lost = pw_events_lost(card);
            fprintf(stderr, "pennywire-ctl: %" PRIu64 " records lost so far\n", lost);
        }
    }
    return DONE;
}

static int run_kill(struct pw_card *card) {
    if (pw_kill(card) != PW_OK)
        return failed();
    puts(json ? "{\"killed\": true}" : "killed");
    return DONE;
}

static int run(struct pw_card *card, const char *command, char **arguments, uint64_t count) {
    if (strcmp(command, "info") == 0)
        return run_info(card);
    if (strcmp(command, "regs") == 0)
        return run_registers(card, false);
    if (strcmp(command, "stats") == 0)
        return run_registers(card, true);
    if (strcmp(command, "get") == 0)
        return run_get(card, arguments);
    if (strcmp(command, "set") == 0)
        return run_set(card, arguments);
    if (strcmp(command, "events") == 0)
        return run_events(card, count);
    if (is_snapshot_command(command))
        return run_snapshot_command(card, command, arguments, json);
    if (strcmp(command, "relay") == 0)
        return run_relay(card, arguments, json) ? DONE : FAILED;
    return run_kill(card);
}

/* Check the command and its arguments before the card is touched. */
static int check_command(const char *command, char **arguments, uint64_t *count) {
    if (is_snapshot_command(command))
        return check_snapshot_command(command, arguments) ? DONE : USAGE;
    static const char *const plain[] = {"info", "regs", "stats", "kill"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (strcmp(command, plain[i]) == 0)
            return arguments[0] == NULL ? DONE : misused("too many arguments: ", arguments[0]);
    if (strcmp(command, "get") == 0 || strcmp(command, "set") == 0)
        return arguments[0] != NULL ? DONE : misused("no register named after ", command);
    if (strcmp(command, "relay") == 0) {
        const char *argument;
        const char *wrong = check_relay(arguments, &argument);
        return wrong == NULL ? DONE : misused(wrong, argument);
    }
    if (strcmp(command, "events") != 0)
        return misused("unknown command: ", command);
    if (arguments[0] == NULL)
        return DONE;
    if (strcmp(arguments[0], "--count") != 0 || arguments[1] == NULL || arguments[2] != NULL)
        return misused("events takes --count N only, not ", arguments[0]);
    if (arguments[1][0] == '-' || !parse_value(arguments[1], count))
        return misused("not a count: ", arguments[1]);
    return DONE;
}

int main(int number, char **arguments) {
    const char *device = getenv("PENNYWIRE_DEVICE");
    int next = 1;
    for (; next < number && arguments[next][0] == '-'; next++) {
        if (strcmp(arguments[next], "--json") == 0) {
            json = true;
        } else if (strcmp(arguments[next], "--help") == 0 || strcmp(arguments[next], "-h") == 0) {
            fputs(usage, stdout);
            return DONE;
        } else if (strcmp(arguments[next], "--version") == 0) {
            puts(pw_version());
            return DONE;
        } else if (strcmp(arguments[next], "--device") == 0 && next + 1 < number) {
            device = arguments[++next];
        } else {
            return misused("unknown or incomplete option: ", arguments[next]);
        }
    }
    if (next == number) {
        fputs(usage, stderr);
        return USAGE;
    }
    const char *command = arguments[next];
    uint64_t count = UINT64_MAX;
    int code = check_command(command, arguments + next + 1, &count);
    if (code != DONE)
        return code;
    if (device == NULL || device[0] == '\0')
        return misused("which card? give --device URL or set ", "PENNYWIRE_DEVICE");

    struct pw_card *card;
    if (pw_open(device, NULL, &card) != PW_OK)
        return failed();
    code = run(card, command, arguments + next + 1, count);
    pw_close(card);
    return code;
}
