/* pennywire-ctl as a user has it: its words on both outputs and its exit code. */
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "check.h"
#include "fake_card.h"
#include "made_snapshot.h"
#include "pennywire_registers.h"

static const char *directory;
static const char *tool;
static struct fake_card *fake;
static char output[65536];

/* Run the tool with these arguments; its standard output and error are in output after it. */
static int ctl(const char *arguments) {
    char command[1024];
    snprintf(command, sizeof command, "PENNYWIRE_DEVICE=%s '%s' %s 2>&1 </dev/null",
             fake_card_url(fake), tool, arguments);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL)
        return -1;
    const size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = '\0';
    const int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void usage(void) {
    CHECK_EQUAL(ctl("--help"), 0);
    CHECK_TEXT(output, "usage: pennywire-ctl");
    CHECK_EQUAL(ctl(""), 2);
    CHECK_TEXT(output, "usage: pennywire-ctl");
    CHECK_EQUAL(ctl("frobnicate"), 2);
    CHECK_TEXT(output, "unknown command: frobnicate");
    CHECK_EQUAL(ctl("--frobnicate info"), 2);
    CHECK_EQUAL(ctl("--device"), 2);
    CHECK_EQUAL(ctl("get"), 2);
    CHECK_EQUAL(ctl("set control.lease"), 2);
    CHECK_TEXT(output, "no value given for control.lease");
    CHECK_EQUAL(ctl("set control.lease twelve"), 2);
    CHECK_EQUAL(ctl("set control.lease 99999999999999999999"), 2);
    CHECK_EQUAL(ctl("set control.lease -1"), 2);
    CHECK_TEXT(output, "not signed");
    CHECK_EQUAL(ctl("events --count"), 2);
    CHECK_EQUAL(ctl("events --count x"), 2);
    CHECK_EQUAL(ctl("info now"), 2);
    CHECK_EQUAL(ctl("--version"), 0);
    CHECK_EQUAL(ctl("--device '' info"), 2);
    CHECK_TEXT(output, "PENNYWIRE_DEVICE");
}

static void failures(void) {
    CHECK_EQUAL(ctl("--device unix:/nowhere info"), 1);
    CHECK_TEXT(output, "No such file or directory");
    CHECK_EQUAL(ctl("--device pci:0 info"), 1);
    CHECK_TEXT(output, "supported: unix:PATH");
    CHECK_EQUAL(ctl("get control.nothing"), 1);
    CHECK_TEXT(output, "no register 'control.nothing'");
    CHECK_EQUAL(ctl("set slot[0].position 1"), 1);
    CHECK_TEXT(output, "slot[0].position is read-only");
    fake_card_access(fake, 0x1020, 3);
    CHECK_EQUAL(ctl("set slot[0].tick 1"), 1);
    CHECK_TEXT(output, "locked while the card is armed");
}

static void info(void) {
    CHECK_EQUAL(ctl("info"), 0);
    CHECK_TEXT(output, "configuration  fake\n");
    CHECK_TEXT(output, "clock          6400 ps\n");
    CHECK_TEXT(output, fake_card_xdp()
                           ? "link           xdp: AF_XDP, copy, XDP in the network driver"
                       : fake_card_udp() ? "link           udp: a socket\n"
                                         : "link           unix: a socket\n");
    CHECK_EQUAL(ctl("--json info"), 0);
    char identity[64];
    snprintf(identity, sizeof identity, "\"config_name\": \"fake\", \"abi_version\": %u",
             PW_ABI_VERSION);
    CHECK_TEXT(output, identity);
}

static void get_and_set(void) {
    CHECK_EQUAL(ctl("set slot[1].taker_ticks.stop 7 slot[1].max_inventory 0x64"), 0);
    CHECK_EQUAL(fake_card_get(fake, 0x1258), 7 << 8);
    CHECK_EQUAL(fake_card_get(fake, 0x1280), 100);
    CHECK_EQUAL(ctl("set risk.fee_add.value -20"), 0);
    CHECK_EQUAL(fake_card_get(fake, 0x508), 0xffffffec);
    CHECK_EQUAL(ctl("get slot[1].taker_ticks risk.fee_add.value slot[1].max_inventory"), 0);
    CHECK_TEXT(output, "slot[1].taker_ticks = 0x700 take_profit=0 ticks stop=7 ticks");
    CHECK_TEXT(output, "risk.fee_add.value = -20 1/1,000,000 dollar per share\n");
    CHECK_TEXT(output, "slot[1].max_inventory = 100 shares\n");
    CHECK_EQUAL(ctl("--json get risk.fee_add.value risk.fee_add"), 0);
    CHECK(strcmp(output, "{\"risk.fee_add.value\": -20, \"risk.fee_add\": 4294967276}\n") == 0);
}

static void listings(void) {
    fake_card_set(fake, 0x260, 42);
    CHECK_EQUAL(ctl("regs"), 0);
    CHECK_TEXT(output, "0x0100 -w  control.command");
    CHECK_TEXT(output, "0x1020 rwl slot[0].tick");
    CHECK_TEXT(output, "slot[3].position");
    CHECK_EQUAL(ctl("stats"), 0);
    CHECK_TEXT(output, "feed.wrong_sizes             42\n");
    CHECK(strstr(output, "slot[0].tick") == NULL);
    CHECK_EQUAL(ctl("--json stats"), 0);
    CHECK_TEXT(output, "\"feed.wrong_sizes\": 42");
}

static void kill_switch(void) {
    fake_card_set(fake, 0x108, 2);
    CHECK_EQUAL(ctl("kill"), 0);
    CHECK_EQUAL(fake_card_get(fake, 0x100), 4);
    fake_card_set(fake, 0x108, 0);
    CHECK_EQUAL(ctl("kill"), 1);
    CHECK_TEXT(output, "not killed");
}

/* A card without orders is not given a session that it could do nothing with. */
static void no_relay_without_orders(void) {
    char command[1024];
    snprintf(command, sizeof command, "%s/password", directory);
    FILE *file = fopen(command, "w");
    CHECK(file != NULL && fputs("word\n", file) >= 0);
    if (file != NULL)
        fclose(file);
    snprintf(command, sizeof command,
             "relay --exchange 127.0.0.1:1 --user a --password-file '%s/password'", directory);
    fake_card_set(fake, 0x38, 0);
    CHECK_EQUAL(ctl(command), 1);
    CHECK_TEXT(output, "a card of configuration fake sends no orders");
    CHECK_EQUAL(ctl("info"), 0);
    CHECK_TEXT(output, "orders         cannot be sent");
    fake_card_set(fake, 0x38, 8); /* identity.flags.trades */
    CHECK_EQUAL(ctl("info"), 0);
    CHECK_TEXT(output, "orders         can be sent");
}

static void snapshots(void) {
    static struct made_snapshot made;
    char command[1024];
    CHECK_EQUAL(ctl("load-snapshot"), 2);
    CHECK_EQUAL(ctl("load-snapshot file"), 2);
    CHECK_TEXT(output, "which symbol");
    CHECK_EQUAL(ctl("load-snapshot file --symbol"), 2);
    CHECK_EQUAL(ctl("load-snapshot file --symbol ABCDEFGHI"), 2);
    CHECK_EQUAL(ctl("load-snapshot file --symbol AAPL --slot x"), 2);
    CHECK_EQUAL(ctl("load-snapshot file more --symbol AAPL"), 2);
    CHECK_EQUAL(ctl("begin-snapshot --symbol AAPL --opened"), 2);
    CHECK_EQUAL(ctl("abort-snapshot now"), 2);
    CHECK_EQUAL(ctl("load-snapshot file --symbol AAPL"), 1);
    CHECK_TEXT(output, "no slot follows AAPL");
    fake_card_set(fake, 0x1600, made_symbol("AAPL"));
    fake_card_set(fake, 0x1618, 13 << 16 | 3);
    fake_card_set(fake, 0xe38, 41);
    CHECK_EQUAL(ctl("begin-snapshot --symbol AAPL --slot 2"), 1);
    CHECK_TEXT(output, "slot 2 does not follow AAPL");
    CHECK_EQUAL(ctl("begin-snapshot --symbol AAPL --slot 9"), 1);
    CHECK_TEXT(output, "no slot 9: this card has 4");
    CHECK_EQUAL(ctl("begin-snapshot --symbol AAPL"), 0);
    CHECK_TEXT(output, "slot 3: events are kept from sequence 41 on");
    made_start(&made);
    made_state(&made, 'H', 13, "AAPL", 'T');
    made_order(&made, 13, "AAPL", 1, 'B', 1, 1);
    made_end(&made, "                  42");
    snprintf(command, sizeof command, "%s/snapshot.itch50", directory);
    FILE *file = fopen(command, "wb");
    CHECK(file != NULL && fwrite(made.bytes, 1, made.size, file) == made.size);
    if (file != NULL)
        fclose(file);
    snprintf(command, sizeof command, "load-snapshot '%s/snapshot.itch50' --symbol AAPL --slot 3",
             directory);
    CHECK_EQUAL(ctl(command), 0);
    CHECK_TEXT(output, "slot 3: whole again, 1 orders as of sequence 42, trading\n");
    CHECK_EQUAL(ctl("--json abort-snapshot"), 0);
    CHECK_TEXT(output, "{\"aborted\": true}");
    CHECK_EQUAL(ctl("load-snapshot - --symbol AAPL"), 1); /* nothing on standard input */
    CHECK_TEXT(output, "/dev/stdin ends at byte 0 without an End of Snapshot");
}

static void events(void) {
    char command[1024];
    snprintf(command, sizeof command, "'%s' --device %s --json events --count 3", tool,
             fake_card_url(fake));
    const unsigned before = fake_card_requests(fake);
    FILE *pipe = popen(command, "r");
    CHECK(pipe != NULL);
    if (pipe == NULL)
        return;
    /* On UDP a hello; two requests for the identity; then the subscription. */
    while (fake_card_requests(fake) < before + (fake_card_udp() ? 4 : 3))
        sched_yield();
    fake_card_send_records(fake, 7, 3);
    const size_t size = fread(output, 1, sizeof output - 1, pipe);
    output[size] = '\0';
    CHECK_EQUAL(pclose(pipe), 0);
    CHECK_TEXT(output, "{\"sequence\": 9, \"type\": 1, \"name\": \"ORDER_SENT\"");
    CHECK_TEXT(output, "\"price\": 1500000, \"shares\": 0, \"latency_cycles\": 0");
}

int main(int number, char **arguments) {
    if (number < 3) {
        fputs("usage: test_ctl DIRECTORY PENNYWIRE_CTL\n", stderr);
        return 2;
    }
    directory = arguments[1];
    tool = arguments[2];
    fake = fake_card_start(directory);
    RUN(usage);
    RUN(failures);
    RUN(info);
    RUN(get_and_set);
    RUN(listings);
    RUN(kill_switch);
    RUN(no_relay_without_orders);
    RUN(snapshots);
    RUN(events);
    fake_card_stop(fake);
    return RESULT;
}
