/* A card at the other end of a wire (scripts/veth_wire.py), which can be pulled: over udp: and over
 * xdp:, and what the kernel itself says of the XDP program. Needs root. */
#define _DEFAULT_SOURCE /* syscall() */
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fake_card.h"
#include "pennywire.h"
#include "xdp_port.h"

enum { TIME = 0x118, WAIT_MS = 5000 };

static const char *tool;
static struct fake_card *fake;

/* Run a shell's command. */
static void shell(const char *format, const char *one, const char *other) {
    char command[400];
    snprintf(command, sizeof command, format, one, other);
    CHECK_EQUAL(system(command), 0);
}

static void host_end(const char *state) {
    shell("ip link set %s %s", getenv("PENNYWIRE_TEST_INTERFACE"), state);
}

static void card_end(const char *state) {
    char inside[300];
    snprintf(inside, sizeof inside, "nsenter --net=%s ip link set %s %s",
             getenv("PENNYWIRE_TEST_NETNS"), "%s", "%s");
    shell(inside, getenv("PENNYWIRE_TEST_CARD_END"), state);
}

static struct pw_card *open_card(const char *url) {
    const struct pw_options options = {.timeout_ms = 50, .attempts = 2};
    struct pw_card *card;
    const int status = pw_open(url, &options, &card);
    CHECK_EQUAL(status, PW_OK);
    if (status != PW_OK) {
        fprintf(stderr, "%s: %s\n", url, pw_last_error());
        abort();
    }
    return card;
}

/* The link has come up again when a request is answered. */
static void until_answered(struct pw_card *card) {
    uint64_t value = 0;
    for (int i = 0; i < 50 && pw_read(card, "control.time", &value) != PW_OK; i++)
        sched_yield();
    CHECK_EQUAL(value, 4321);
}

static void a_pulled_link_is_said(void) {
    struct pw_card *card = open_card(fake_card_url(fake));
    uint64_t value = 99;
    fake_card_set(fake, TIME, 4321);
    card_end("down");
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_ERROR_TIMEOUT);
    CHECK_EQUAL(value, 99);
    if (fake_card_xdp())
        CHECK_TEXT(pw_last_error(), "the link is down");
    card_end("up");
    until_answered(card);
    host_end("down");
    CHECK(pw_read(card, "control.time", &value) != PW_OK);
    host_end("up");
    until_answered(card);
    pw_close(card);
}

/* Records that went into the pulled wire are counted when the next one comes. */
static void what_a_pulled_link_lost_is_counted(void) {
    static struct pw_record records[64];
    struct pw_card *card = open_card(fake_card_url(fake));
    CHECK_EQUAL(pw_events_subscribe(card), PW_OK);
    fake_card_send_records(fake, 1, 3);
    CHECK_EQUAL(pw_events_poll(card, records, 64, WAIT_MS), 3);
    host_end("down");
    fake_card_send_records(fake, 4, 5);
    CHECK_EQUAL(pw_events_poll(card, records, 64, 20), 0);
    host_end("up");
    until_answered(card);
    fake_card_send_records(fake, 9, 1);
    CHECK_EQUAL(pw_events_poll(card, records, 64, WAIT_MS), 1);
    CHECK_EQUAL(records[0].sequence, 9);
    CHECK_EQUAL(pw_events_lost(card), 5);
    pw_close(card);
}

/* A write that could not be sent, and was said not to be, must not go out with the next request. */
static void what_was_not_sent_stays_unsent(void) {
    struct pw_card *card = open_card(fake_card_url(fake));
    fake_card_set(fake, TIME, 4321);
    fake_card_set(fake, 0x110, 1);
    host_end("down");
    CHECK_EQUAL(pw_write(card, "control.lease", 2), PW_ERROR_SYSTEM);
    host_end("up");
    until_answered(card);
    CHECK_EQUAL(fake_card_get(fake, 0x110), 1);
    pw_close(card);
}

/* Run the tool until it hears events, then kill it; whatever it held is free at once. */
static void a_killed_host_leaves_nothing_behind(void) {
    const unsigned before = fake_card_requests(fake);
    const pid_t child = fork();
    if (child == 0) {
        execl(tool, tool, "--device", fake_card_url(fake), "events", (char *)NULL);
        _exit(99);
    }
    while (fake_card_requests(fake) < before + 4) /* hello, two for the identity, subscribe */
        sched_yield();
    kill(child, SIGKILL);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    pw_close(open_card(fake_card_url(fake)));
}

static void the_mode_is_said(void) {
    struct pw_transport_info info;
    char url[200];
    struct pw_card *card = open_card(fake_card_url(fake));
    pw_transport_info(card, &info);
    CHECK(strcmp(info.scheme, "xdp") == 0);
    CHECK(strcmp(info.mode, "AF_XDP, copy, XDP in the network driver") == 0); /* a veth end */
    CHECK_EQUAL(info.frames, 3); /* hello, and two for the identity */
    CHECK_EQUAL(info.bad_frames + info.passed, 0);
    pw_close(card);
    snprintf(url, sizeof url, "%s&mode=skb&spin=0", fake_card_url(fake));
    card = open_card(url);
    pw_transport_info(card, &info);
    CHECK(strcmp(info.mode, "AF_XDP, copy, generic XDP (skb)") == 0);
    CHECK_EQUAL(pw_events_subscribe(card), PW_OK);
    pw_close(card);
    snprintf(url, sizeof url, "--device '%s' info | grep -q 'AF_XDP, copy'", fake_card_url(fake));
    shell("%s %s", tool, url);
}

/* Beside an open handle the kernel's own traffic goes on, and a second handle is told why not. */
static void others_are_left_alone(void) {
    struct pw_card *card = open_card(fake_card_url(fake)), *second;
    char url[200];
    snprintf(url, sizeof url, "udp:%s", strstr(fake_card_url(fake), "peer=") + 5);
    uint64_t value = 0;
    fake_card_set(fake, TIME, 7);
    struct pw_card *plain = open_card(url);
    CHECK_EQUAL(pw_read(plain, "control.time", &value), PW_OK);
    CHECK_EQUAL(value, 7);
    pw_close(plain);
    CHECK_EQUAL(pw_open(fake_card_url(fake), NULL, &second), PW_ERROR_SYSTEM);
    CHECK_TEXT(pw_last_error(), "a queue serves one handle");
    snprintf(url, sizeof url, "xdp:%s/7?peer=%s", getenv("PENNYWIRE_TEST_INTERFACE"),
             strstr(fake_card_url(fake), "peer=") + 5);
    CHECK_EQUAL(pw_open(url, NULL, &second), PW_ERROR_SYSTEM);
    CHECK_TEXT(pw_last_error(), "taking queue 7");
    pw_close(card);
}

static void peers_are_found(void) {
    struct pw_xdp_port *port;
    struct pw_card *card;
    char url[200];
    CHECK_EQUAL(pw_xdp_port_open(strchr(fake_card_url(fake), ':') + 1, &port), PW_OK);
    const uint8_t *mac = port->route.card.mac;
    snprintf(url, sizeof url, "%s&mac=%02x:%02x:%02x:%02x:%02x:%02x", fake_card_url(fake), mac[0],
             mac[1], mac[2], mac[3], mac[4], mac[5]);
    pw_xdp_port_close(port);
    pw_close(open_card(url));
    char *last = url + strlen(url) - 1;
    *last = *last == '0' ? '1' : '0'; /* another station's: the card's interface drops the frames */
    const struct pw_options options = {.timeout_ms = 20, .attempts = 2};
    CHECK_EQUAL(pw_open(url, &options, &card), PW_ERROR_TIMEOUT);
    const char *interface = getenv("PENNYWIRE_TEST_INTERFACE");
    snprintf(url, sizeof url, "xdp:%s?peer=10.77.0.99", interface);
    CHECK_EQUAL(pw_open(url, NULL, &card), PW_ERROR_SYSTEM);
    CHECK_TEXT(pw_last_error(), "answers ARP for the card (10.77.0.99)");
    shell("ip link add %s type veth peer name %s", "pwbare", "pwbare2");
    CHECK_EQUAL(pw_open("xdp:pwbare?peer=10.77.0.2", NULL, &card), PW_ERROR_SYSTEM);
    CHECK_TEXT(pw_last_error(), "interface pwbare has no IPv4 address");
    shell("ip link delete %s%s", "pwbare", "");
    CHECK_EQUAL(pw_open("xdp:nosuch0?peer=10.77.0.2", NULL, &card), PW_ERROR_SYSTEM);
    CHECK_EQUAL(pw_open("xdp:lo?peer=127.0.0.1", NULL, &card), PW_ERROR_ARGUMENT);
    CHECK_TEXT(pw_last_error(), "lo is no Ethernet interface");
}

/* What the program as loaded does with a frame, by the kernel's own account. */
static uint32_t verdict(const struct pw_xdp_port *port, const uint8_t *frame, size_t size) {
    uint8_t output[2048];
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.test.prog_fd = (uint32_t)port->program.program;
    attributes.test.data_in = (uint64_t)(uintptr_t)frame;
    attributes.test.data_size_in = (uint32_t)size;
    attributes.test.data_out = (uint64_t)(uintptr_t)output;
    attributes.test.data_size_out = sizeof output;
    CHECK_EQUAL(syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attributes, sizeof attributes), 0);
    return attributes.test.retval;
}

static void the_program_takes_the_links_frames_only(void) {
    struct pw_xdp_port *port;
    uint8_t frame[PW_FRAME_HEADER_BYTES + PW_FRAME_PAYLOAD_MOST], payload[PW_FRAME_PAYLOAD_MOST];
    memset(payload, 0x5a, sizeof payload);
    CHECK_EQUAL(pw_xdp_port_open(strchr(fake_card_url(fake), ':') + 1, &port), PW_OK);
    for (int i = 0; i < PW_CHANNELS; i++) {
        const struct pw_frame_end *host = &port->channels[i].host;
        for (size_t size = 0; size <= PW_FRAME_PAYLOAD_MOST; size += 64) {
            const size_t length = pw_frame_write(frame, &port->route.card, host, payload, size);
            CHECK_EQUAL(verdict(port, frame, length), XDP_REDIRECT);
        }
        const size_t length = pw_frame_write(frame, &port->route.card, host, payload, 100);
        /* Each byte that the program looks at, one at a time. */
        static const uint8_t looked_at[] = {12, 13, 14, 20, 21, 23, 26, 27, 28,
                                            29, 30, 31, 32, 33, 34, 35, 36};
        for (size_t j = 0; j < 2 * sizeof looked_at; j++) {
            const uint8_t flip = j % 2 == 0 ? 0x20 : 0x01; /* byte 20: more fragments; an offset */
            frame[looked_at[j / 2]] ^= flip;
            CHECK_EQUAL(verdict(port, frame, length), XDP_PASS);
            frame[looked_at[j / 2]] ^= flip;
        }
        CHECK_EQUAL(verdict(port, frame, length), XDP_REDIRECT);
        CHECK_EQUAL(verdict(port, frame, PW_FRAME_HEADER_BYTES - 1), XDP_PASS);
        frame[15] ^= 0xff; /* nobody minds the type of service */
        CHECK_EQUAL(verdict(port, frame, length), XDP_REDIRECT);
    }
    pw_xdp_port_close(port);
}

int main(int number, char **arguments) {
    if (number < 3 || getenv("PENNYWIRE_TEST_NETNS") == NULL) {
        fputs("usage: scripts/veth_wire.py test_wire DIRECTORY PENNYWIRE_CTL\n", stderr);
        return 2;
    }
    tool = arguments[2];
    fake = fake_card_start(arguments[1]);
    RUN(a_pulled_link_is_said);
    RUN(what_a_pulled_link_lost_is_counted);
    RUN(what_was_not_sent_stays_unsent);
    RUN(a_killed_host_leaves_nothing_behind);
    if (fake_card_xdp()) {
        RUN(the_mode_is_said);
        RUN(others_are_left_alone);
        RUN(peers_are_found);
        RUN(the_program_takes_the_links_frames_only);
    }
    fake_card_stop(fake);
    return RESULT;
}
