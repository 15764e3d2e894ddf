/* The order session's protocol over bytes: what is sent is as specified, what is heard is not
 * trusted. The bytes are written by hand from SoupBinTCP 3.00. */
#include <stdlib.h>

#include "../src/soup.h"
#include "check.h"

static struct pw_soup soup;
static unsigned messages, debugs;
static uint64_t last_sequence;
static uint8_t last[16];
static size_t last_size;

static void on_message(void *context, uint64_t sequence, const uint8_t *bytes, size_t size) {
    (void)context;
    messages++;
    last_sequence = sequence;
    last_size = size;
    memcpy(last, bytes, size < sizeof last ? size : sizeof last);
}

static void on_debug(void *context, const uint8_t *bytes, size_t size) {
    (void)context;
    (void)bytes;
    debugs += size == 5;
}

static void begin(const char *session, uint64_t next) {
    memset(&soup, 0, sizeof soup);
    soup.handlers = (struct pw_session_handlers){.message = on_message, .debug = on_debug};
    strcpy(soup.username, "user1");
    strcpy(soup.password, "secret");
    strcpy(soup.session, session);
    soup.next = next;
    soup.login_ms = 10000;
    soup.heartbeat_ms = 1000;
    soup.silence_ms = 15000;
    messages = debugs = 0;
    pw_soup_start(&soup, 1000);
}

/* Hear bytes given as text, all at once. */
static int hear(const char *bytes, size_t size) {
    return pw_soup_receive(&soup, (const uint8_t *)bytes, size, 1000);
}

#define HEAR(text) hear(text, sizeof(text) - 1)
#define ACCEPT_7                                                                                   \
    "\0\37A"                                                                                       \
    "     SESS1"                                                                                   \
    "                   7"

static void up(void) {
    begin("", 0);
    CHECK_EQUAL(HEAR(ACCEPT_7), PW_OK);
    soup.out_size = 0;
}

static void the_login_is_as_specified(void) {
    begin("SESS1", 42);
    static const char wanted[] = "\0\57L"
                                 "user1 "
                                 "secret    "
                                 "     SESS1"
                                 "                  42";
    CHECK_EQUAL(soup.out_size, sizeof wanted - 1);
    CHECK_EQUAL(sizeof wanted - 1, 49);
    CHECK(memcmp(soup.out, wanted, sizeof wanted - 1) == 0);
    begin("", 0);
    static const char any[] = "\0\57L"
                              "user1 "
                              "secret    "
                              "          "
                              "                   0";
    CHECK(memcmp(soup.out, any, sizeof any - 1) == 0);
}

static void both_paddings_are_accepted(void) {
    up();
    CHECK(soup.up && soup.next == 7 && strcmp(soup.session, "SESS1") == 0);
    begin("SESS1", 7);
    CHECK_EQUAL(HEAR("\0\37A"
                     "SESS1     "
                     "7                   "),
                PW_OK);
    CHECK(soup.up && soup.next == 7 && strcmp(soup.session, "SESS1") == 0);
    begin("0000000001", 0);
    CHECK_EQUAL(HEAR("\0\37A"
                     "0000000001"
                     "18446744073709551615"),
                PW_OK);
    CHECK(soup.next == UINT64_MAX);
}

static void refuse(const char *text, size_t size, int status, bool finished, const char *words) {
    CHECK_EQUAL(hear(text, size), status);
    CHECK_EQUAL(soup.finished, finished);
    CHECK_TEXT(pw_last_error(), words);
    CHECK_EQUAL(messages, 0);
}

#define REFUSE(text, ...) refuse(text, sizeof(text) - 1, __VA_ARGS__)

static void logins_that_go_wrong(void) {
    begin("", 0);
    REFUSE("\0\2JA", PW_ERROR_LOGIN_REJECTED, true, "user name or password");
    begin("", 0);
    REFUSE("\0\2JS", PW_ERROR_LOGIN_REJECTED, true, "no such session");
    begin("OTHER", 7);
    REFUSE(ACCEPT_7, PW_ERROR_PROTOCOL, true, "session 'SESS1', not 'OTHER'");
    begin("SESS1", 5);
    REFUSE(ACCEPT_7, PW_ERROR_PROTOCOL, true, "at message 7 where 5 was asked for");
    begin("SESS1", 8);
    REFUSE(ACCEPT_7, PW_ERROR_PROTOCOL, true, "at message 7 where 8 was asked for");
    begin("", 0);
    REFUSE("\0\1S", PW_ERROR_PROTOCOL, false, "before the login");
    begin("", 0);
    REFUSE("\0\1Z", PW_ERROR_PROTOCOL, false, "before the login");
    begin("", 0);
    REFUSE("\0\1J", PW_ERROR_PROTOCOL, false, "makes no sense");
    static const char *const wrong[] = {
        "          "
        "                   7",
        "     SESS1"
        "                    ",
        "     SESS1"
        "                   0",
        "     SESS1"
        "                 7 1",
        "     SESS1"
        "                  7x",
        "     SE S1"
        "                   7",
        "     SESS1"
        "18446744073709551616",
        "     SESS1"
        "99999999999999999999",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char packet[33] = "\0\37A";
        memcpy(packet + 3, wrong[i], 30);
        begin("", 0);
        refuse(packet, sizeof packet, PW_ERROR_PROTOCOL, false, "makes no sense");
        CHECK(!soup.up);
    }
    up();
    REFUSE(ACCEPT_7, PW_ERROR_PROTOCOL, false, "makes no sense");
    up();
    REFUSE("\0\0", PW_ERROR_PROTOCOL, false, "packet of no type");
}

static void messages_come_in_order_however_they_are_cut(void) {
    static const char stream[] = "\0\4Sabc"
                                 "\0\1H"
                                 "\0\1S"
                                 "\0\6+hello"
                                 "\0\3?xy"
                                 "\0\2Sd";
    for (size_t part = 1; part < sizeof stream; part++) {
        up();
        for (size_t at = 0; at < sizeof stream - 1; at += part)
            CHECK_EQUAL(
                hear(stream + at, at + part < sizeof stream ? part : sizeof stream - 1 - at),
                PW_OK);
        CHECK_EQUAL(messages, 3);
        CHECK_EQUAL(last_sequence, 9); /* 7, 8 (empty), 9 */
        CHECK(last_size == 1 && last[0] == 'd');
        CHECK_EQUAL(soup.next, 10);
        CHECK_EQUAL(debugs, 1);
        CHECK_EQUAL(soup.counts.ignored, 1);
        CHECK_EQUAL(soup.in_size, 0);
    }
}

static void the_longest_packet_fits(void) {
    enum { PACKETS = 3, PACKET = 2 + 65535, PART = 50000 };
    static uint8_t stream[PACKETS * PACKET];
    for (size_t i = 0; i < PACKETS; i++) {
        memset(stream + i * PACKET, 'a' + (int)i, PACKET);
        memcpy(stream + i * PACKET, "\xff\xffS", 3);
    }
    up();
    memset(soup.out, 0xee, sizeof soup.out); /* what lies behind in: no sanitizer guards that */
    for (size_t at = 0; at < sizeof stream; at += PART) {
        const size_t left = sizeof stream - at;
        CHECK_EQUAL(pw_soup_receive(&soup, stream + at, left < PART ? left : PART, 1000), PW_OK);
        for (size_t i = 0; i < sizeof soup.out; i++)
            CHECK(soup.out[i] == 0xee);
    }
    CHECK_EQUAL(messages, PACKETS);
    CHECK_EQUAL(last_size, 65534);
    CHECK_EQUAL(last[0], 'c');
}

static void a_session_resumes(void) {
    up();
    CHECK_EQUAL(HEAR("\0\2Sa"
                     "\0\2Sb"
                     "\0\3S"),
                PW_OK); /* the third is cut off */
    pw_soup_start(&soup, 5000);
    static const char wanted[] = "     SESS1"
                                 "                   9";
    CHECK(memcmp(soup.out + 19, wanted, sizeof wanted - 1) == 0);
    CHECK_EQUAL(HEAR("\0\37A"
                     "     SESS1"
                     "                   9"
                     "\0\3Scd"),
                PW_OK);
    CHECK_EQUAL(last_sequence, 9);
    CHECK_EQUAL(soup.counts.logins, 2);
}

static void heartbeats(void) {
    up();
    CHECK_EQUAL(pw_soup_deadline(&soup), 2000);
    CHECK_EQUAL(pw_soup_tick(&soup, 1999), PW_OK);
    CHECK_EQUAL(soup.out_size, 0);
    CHECK_EQUAL(pw_soup_tick(&soup, 2000), PW_OK);
    CHECK(soup.out_size == 3 && memcmp(soup.out, "\0\1R", 3) == 0);
    CHECK_EQUAL(pw_soup_deadline(&soup), 3000);
    CHECK_EQUAL(pw_soup_receive(&soup, (const uint8_t *)"\0\1H", 3, 10000), PW_OK);
    CHECK_EQUAL(pw_soup_tick(&soup, 24999), PW_OK);
    CHECK_EQUAL(pw_soup_tick(&soup, 25000), PW_ERROR_TIMEOUT);
    CHECK_TEXT(pw_last_error(), "silent for 15000 ms");
    CHECK(!soup.finished);
    begin("", 0);
    soup.out_size = 0;
    CHECK_EQUAL(pw_soup_tick(&soup, 10999), PW_OK);
    CHECK_EQUAL(soup.out_size, 0); /* no heartbeat before the login */
    CHECK_EQUAL(pw_soup_tick(&soup, 11000), PW_ERROR_TIMEOUT);
}

static void sending(void) {
    begin("", 0);
    CHECK_EQUAL(pw_soup_send(&soup, "x", 1, 1000), PW_ERROR_SESSION_DOWN);
    up();
    CHECK_EQUAL(pw_soup_send(&soup, "xyz", 3, 1500), PW_OK);
    CHECK(soup.out_size == 6 && memcmp(soup.out, "\0\4Uxyz", 6) == 0);
    pw_soup_sent(&soup, 4);
    CHECK(soup.out_size == 2 && memcmp(soup.out, "yz", 2) == 0);
    CHECK_EQUAL(pw_soup_deadline(&soup), 2500);
    static uint8_t big[65535];
    CHECK_EQUAL(pw_soup_send(&soup, big, 65535, 1500), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_soup_send(&soup, big, 65534, 1500), PW_OK);
    CHECK_EQUAL(pw_soup_send(&soup, big, 65534, 1500), PW_ERROR_TIMEOUT);
    CHECK_EQUAL(soup.out_size, 2 + 65537);
    CHECK_EQUAL(soup.counts.sent, 2);
}

static void the_end(void) {
    up();
    CHECK_EQUAL(HEAR("\0\1Z"), PW_ERROR_SESSION_ENDED);
    CHECK(soup.finished);
    up();
    CHECK_EQUAL(pw_soup_logout(&soup, 1000), PW_OK);
    CHECK(soup.out_size == 3 && memcmp(soup.out, "\0\1O", 3) == 0);
    CHECK_EQUAL(pw_soup_send(&soup, "x", 1, 1000), PW_ERROR_SESSION_DOWN);
    CHECK_EQUAL(HEAR("\0\2Sa"), PW_OK); /* what is on its way is still handed out */
    CHECK_EQUAL(messages, 1);
    CHECK_EQUAL(pw_soup_tick(&soup, 10999), PW_OK);
    CHECK_EQUAL(pw_soup_tick(&soup, 11000), PW_ERROR_SESSION_ENDED);
    CHECK(soup.finished);
}

static uint64_t seed = 20200130;

static uint64_t next_random(void) {
    seed ^= seed << 13; /* xorshift64: the same bytes on every machine */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* A right stream with some bytes changed, cut anywhere: the sequence counts what was handed out. */
static void spoiled_streams(void) {
    enum { ROUNDS = 50000 };
    static const char right[] = ACCEPT_7 "\0\4Sabc"
                                         "\0\1H"
                                         "\0\6+hello"
                                         "\0\2Sd"
                                         "\0\1Z";
    unsigned whole = 0;
    for (int round = 0; round < ROUNDS; round++) {
        /* memset of the whole state would be most of the work. */
        soup.up = soup.finished = false;
        soup.next = 0;
        soup.session[0] = '\0';
        soup.counts = (struct pw_session_counts){0};
        messages = 0;
        pw_soup_start(&soup, 1000);
        const size_t size = sizeof right - 1;
        uint8_t stream[sizeof right];
        memcpy(stream, right, sizeof right);
        for (uint64_t changes = next_random() % 3; changes > 0; changes--)
            stream[next_random() % size] = (uint8_t)next_random();
        int status = PW_OK;
        for (size_t at = 0, part; at < size && status == PW_OK; at += part) {
            part = 1 + next_random() % 20;
            if (part > size - at)
                part = size - at;
            uint8_t *bytes = malloc(part); /* of its own size, for the address sanitizer */
            if (bytes == NULL)
                abort();
            memcpy(bytes, stream + at, part);
            status = pw_soup_receive(&soup, bytes, part, 1000);
            free(bytes);
        }
        CHECK(soup.up || messages == 0);
        CHECK_EQUAL(soup.counts.received, messages);
        CHECK(messages == 0 || soup.next == last_sequence + 1);
        whole += status == PW_ERROR_SESSION_ENDED && messages == 2;
    }
    CHECK(whole > ROUNDS / 10 && whole < ROUNDS);
}

int main(void) {
    RUN(the_login_is_as_specified);
    RUN(both_paddings_are_accepted);
    RUN(logins_that_go_wrong);
    RUN(messages_come_in_order_however_they_are_cut);
    RUN(the_longest_packet_fits);
    RUN(a_session_resumes);
    RUN(heartbeats);
    RUN(sending);
    RUN(the_end);
    RUN(spoiled_streams);
    return RESULT;
}
