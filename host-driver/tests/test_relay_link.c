/* The relay's datagrams and numbers over bytes: against a card of its own making, over a network
 * that loses, doubles, delays and reorders, and against what makes no sense. Written from
 * docs/hostlink.md. */
#include <stdlib.h>

#include "../src/relay_cancels.h"
#include "../src/relay_link.h"
#include "check.h"

static uint64_t seed;

static uint64_t next_random(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static void put(uint8_t *bytes, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *bytes, size_t size) {
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

enum { HEAD = 40, MESSAGES = 300, FLIGHT = 64, ROUNDS = 200000 };

struct datagram {
    uint64_t due;
    size_t size;
    uint8_t bytes[HEAD + 512];
};

static struct datagram up[FLIGHT], down[FLIGHT];

/* Put a datagram on its way, or not, or twice. */
static void fly(struct datagram *way, uint64_t now, const uint8_t *bytes, size_t size) {
    for (uint64_t copies = next_random(4) == 0 ? next_random(3) : 1; copies > 0; copies--) {
        struct datagram *place = &way[next_random(FLIGHT)]; /* one that was there is lost */
        place->due = now + 1 + (next_random(5) == 0 ? next_random(60) : 0);
        place->size = size;
        memcpy(place->bytes, bytes, size);
    }
}

static struct datagram *arrived(struct datagram *way, uint64_t now) {
    const size_t first = next_random(FLIGHT);
    for (size_t i = 0; i < FLIGHT; i++) {
        struct datagram *one = &way[(first + i) % FLIGHT];
        if (one->size > 0 && one->due <= now)
            return one;
    }
    return NULL;
}

/* A card, as docs/hostlink.md has it. */
struct card {
    uint64_t owner, wanted;
    bool open, up, started;
    uint32_t last, number, taken, sent;
    uint64_t let_through;
};

static size_t head_of(const struct card *card, uint8_t kind, uint32_t request, uint16_t status,
                      uint32_t number, size_t length, uint8_t *bytes) {
    memset(bytes, 0, HEAD + 64);
    put(bytes, 0x5750, 2);
    bytes[2] = 1;
    bytes[3] = kind;
    put(bytes + 4, request, 4);
    put(bytes + 8, kind == 0xC1, 2);
    put(bytes + 10, status, 2);
    put(bytes + 12, kind == 0xC1 ? 0 : card->taken, 4);
    put(bytes + 16, card->owner, 8);
    put(bytes + 24, number, 4);
    put(bytes + 28, (uint64_t)card->open | (uint64_t)card->up << 1, 2);
    put(bytes + 30, length, 2);
    put(bytes + 32, card->wanted, 8);
    return HEAD + (length + 7) / 8 * 8;
}

/* Message n of either side: as long as n says, filled with n. */
static size_t message_of(uint64_t n, size_t most, uint8_t *bytes) {
    const size_t size = 4 + n * 7 % (most - 3);
    memset(bytes, (int)n, size);
    put(bytes, n, 4);
    return size;
}

static void card_hears(struct card *card, const uint8_t *bytes, uint64_t now) {
    const uint16_t flags = (uint16_t)get(bytes + 28, 2);
    const uint64_t token = get(bytes + 16, 8), sequence = get(bytes + 32, 8);
    const uint32_t request = (uint32_t)get(bytes + 4, 4), has = (uint32_t)get(bytes + 24, 4);
    const size_t length = (size_t)get(bytes + 30, 2);
    uint16_t status = 0;
    if ((flags & 1) != 0 && token > card->owner && (!card->open || (flags & 32) != 0)) {
        card->owner = token;
        card->open = true;
        card->up = card->started = false;
        card->sent = card->taken;
        card->last = request;
    } else if (!card->open || token != card->owner) {
        status = (flags & 1) != 0 && card->open ? 5 : 6;
    } else if ((int32_t)(request - card->last) <= 0) {
        return;
    } else {
        card->last = request;
        card->up = (flags & 2) != 0;
        if (has - card->taken <= card->number - card->taken) {
            card->taken = has;
            if ((flags & 4) != 0 || (int32_t)(has - card->sent) > 0)
                card->sent = has;
        }
        if ((flags & 8) != 0 && !card->started) {
            card->started = true;
            card->wanted = sequence;
        } else if (length > 0 && card->wanted != 0 && sequence == card->wanted) {
            uint8_t wanted[512];
            CHECK_EQUAL(length, message_of(sequence, 512, wanted));
            CHECK(memcmp(bytes + HEAD, wanted, length) == 0);
            card->wanted++;
            card->let_through++;
        }
    }
    uint8_t answer[HEAD + 64];
    fly(down, now, answer, head_of(card, 0x85, request, status, card->number, 0, answer));
}

static struct pw_relay_link *new_link(uint64_t token) {
    struct pw_relay_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        abort();
    pw_relay_begin(link, token);
    return link;
}

static void everything_comes_once_and_in_order(void) {
    for (uint64_t round = 1; round <= 3; round++) {
        seed = round * 0x9E3779B97F4A7C15u;
        memset(up, 0, sizeof up);
        memset(down, 0, sizeof down);
        struct card card = {0};
        uint64_t token = 1;
        struct pw_relay_link *link = new_link(token);
        uint32_t heard = 0; /* orders that some relay has had */
        bool adopted = false;
        uint64_t now = 0;
        for (; now < ROUNDS && (card.let_through < MESSAGES || card.taken < MESSAGES); now++) {
            uint8_t bytes[PW_RELAY_DATAGRAM_BYTES];
            size_t size;
            if (card.number < MESSAGES && card.number - card.taken < 32 && next_random(10) == 0)
                card.number++;
            if (card.open && card.sent != card.number) {
                const size_t length = message_of(card.sent, 64, bytes + HEAD);
                uint8_t datagram[HEAD + 64];
                size = head_of(&card, 0xC1, card.sent, 0, card.sent, length, datagram);
                memcpy(datagram + HEAD, bytes + HEAD, length);
                fly(down, now, datagram, size);
                card.sent++;
            }
            if (next_random(3000) == 0) { /* this relay dies, and another begins with nothing */
                free(link);
                link = new_link(token += 1 + next_random(3));
                adopted = false;
            }
            struct datagram *one;
            while ((one = arrived(up, now)) != NULL) {
                card_hears(&card, one->bytes, now);
                one->size = 0;
            }
            while ((one = arrived(down, now)) != NULL) {
                struct pw_relay_told told;
                uint8_t *exact = malloc(one->size);
                if (exact == NULL)
                    abort();
                memcpy(exact, one->bytes, one->size);
                if (pw_relay_hear(link, exact, one->size, &told) == PW_RELAY_MESSAGE) {
                    uint8_t wanted[64];
                    CHECK_EQUAL(told.size, message_of(told.number, 64, wanted));
                    CHECK(memcmp(told.message, wanted, told.size) == 0);
                    CHECK(told.number <= heard);
                    if (told.number == heard)
                        heard++;
                }
                free(exact);
                one->size = 0;
            }
            if (link->open && !adopted) {
                adopted = true;
                pw_relay_start(link, link->wanted);
            }
            if (link->open && link->wanted == 0 && link->end == 0)
                pw_relay_start(link, 1);
            while (link->end > 0 && link->end <= MESSAGES && next_random(3) > 0) {
                uint8_t message[512];
                CHECK(pw_relay_keep(link, message, message_of(link->end, 512, message)));
            }
            if (next_random(8) == 0) {
                if (next_random(4) == 0)
                    pw_relay_again(link);
                link->up = link->open;
                const uint16_t flags = (uint16_t)(!link->open ? PW_RELAY_OPEN | PW_RELAY_FORCE
                                                  : link->wanted == 0   ? PW_RELAY_START
                                                  : next_random(3) == 0 ? PW_RELAY_RESEND
                                                                        : 0);
                fly(up, now, bytes, pw_relay_say(link, flags, 1, bytes));
            }
            while ((size = pw_relay_say_message(link, bytes)) > 0)
                fly(up, now, bytes, size);
        }
        CHECK_EQUAL(card.let_through, MESSAGES);
        CHECK_EQUAL(card.wanted, MESSAGES + 1);
        CHECK_EQUAL(heard, MESSAGES);
        CHECK_EQUAL(card.taken, MESSAGES);
        free(link);
    }
}

/* A link whose card has answered its first request: owner 7, wants message 5, has sent 3. */
static struct pw_relay_link *opened(void) {
    struct pw_relay_link *link = new_link(7);
    uint8_t bytes[PW_RELAY_DATAGRAM_BYTES], request[PW_RELAY_DATAGRAM_BYTES];
    const struct card card = {.owner = 7, .open = true, .wanted = 5, .taken = 2};
    struct pw_relay_told told;
    CHECK_EQUAL(pw_relay_say(link, PW_RELAY_OPEN, 0, request), HEAD);
    CHECK_EQUAL(pw_relay_hear(link, bytes, head_of(&card, 0x85, 1, 0, 3, 0, bytes), &told),
                PW_RELAY_ANSWER);
    CHECK(link->open);
    CHECK_EQUAL(link->has, 2);
    CHECK_EQUAL(link->next, 3);
    CHECK_EQUAL(link->wanted, 5);
    pw_relay_start(link, 5);
    return link;
}

static void a_request_is_as_specified(void) {
    struct pw_relay_link *link = opened();
    uint8_t bytes[PW_RELAY_DATAGRAM_BYTES];
    static const uint8_t said[] =
        "PW\1\5\2\0\0\0\1\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\2\0\0\0\2\0\3\0\5\0"
        "\0\0\0\0\0\0abc\0\0\0\0\0";
    CHECK(pw_relay_keep(link, (const uint8_t *)"abc", 3));
    link->up = true;
    CHECK_EQUAL(pw_relay_say_message(link, bytes), sizeof said - 1);
    CHECK(memcmp(bytes, said, sizeof said - 1) == 0);
    CHECK_EQUAL(pw_relay_say_message(link, bytes), 0);
    pw_relay_again(link);
    CHECK_EQUAL(pw_relay_say_message(link, bytes), sizeof said - 1);
    CHECK_EQUAL(bytes[4], 3); /* under a number of its own: a copy is told from it */
    free(link);
}

static void what_makes_no_sense_is_left_out(void) {
    struct pw_relay_link *link = opened();
    const struct card card = {.owner = 7, .open = true, .wanted = 5};
    struct pw_relay_told told;
    uint8_t bytes[PW_RELAY_DATAGRAM_BYTES + 8], message[8] = {'O'};
    const size_t size = head_of(&card, 0xC1, 2, 0, 2, sizeof message, bytes);
    memcpy(bytes + HEAD, message, sizeof message);
    static const struct {
        size_t at;
        uint8_t byte;
    } wrong[] = {
        {0, 0},  {1, 0},  {2, 2},  {3, 0x85}, {3, 5},  {4, 9},   {8, 0},  {8, 2},
        {10, 1}, {16, 8}, {24, 3}, {30, 0},   {30, 9}, {30, 65}, {31, 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const uint8_t right = bytes[wrong[i].at];
        bytes[wrong[i].at] = wrong[i].byte;
        CHECK_EQUAL(pw_relay_hear(link, bytes, size, &told), PW_RELAY_NOTHING);
        CHECK_EQUAL(link->has, 2);
        bytes[wrong[i].at] = right;
    }
    for (size_t cut = 0; cut < size; cut++)
        CHECK_EQUAL(pw_relay_hear(link, bytes, cut, &told), PW_RELAY_NOTHING);
    CHECK_EQUAL(pw_relay_hear(link, bytes, size + 8, &told), PW_RELAY_NOTHING);
    CHECK_EQUAL(pw_relay_hear(link, bytes, PW_RELAY_DATAGRAM_BYTES + 8, &told), PW_RELAY_NOTHING);
    CHECK_EQUAL(pw_relay_hear(link, bytes, size, &told), PW_RELAY_MESSAGE);
    CHECK_EQUAL(pw_relay_hear(link, bytes, size, &told), PW_RELAY_NOTHING); /* twice */
    CHECK_EQUAL(link->has, 3);
    free(link);
}

static void an_answer_to_another_request_is_left_out(void) {
    struct pw_relay_link *link = opened();
    const struct card card = {.owner = 7, .open = true, .wanted = 6};
    const struct card taken = {.owner = 9, .open = true, .wanted = 6};
    struct pw_relay_told told;
    uint8_t bytes[PW_RELAY_DATAGRAM_BYTES], request[PW_RELAY_DATAGRAM_BYTES];
    CHECK(pw_relay_keep(link, (const uint8_t *)"a", 1));
    pw_relay_say(link, 0, 0, request);
    pw_relay_say(link, 0, 0, request);
    CHECK_EQUAL(pw_relay_hear(link, bytes, head_of(&card, 0x85, 4, 0, 3, 0, bytes), &told),
                PW_RELAY_NOTHING); /* not asked yet */
    CHECK_EQUAL(link->wanted, 5);
    CHECK_EQUAL(pw_relay_hear(link, bytes, head_of(&card, 0x85, 3, 0, 3, 0, bytes), &told),
                PW_RELAY_ANSWER);
    CHECK_EQUAL(link->wanted, 6);
    CHECK_EQUAL(link->first, 6);
    /* Of before, with another state. */
    CHECK_EQUAL(pw_relay_hear(link, bytes, head_of(&taken, 0x85, 2, 6, 3, 0, bytes), &told),
                PW_RELAY_NOTHING);
    CHECK(link->open);
    pw_relay_say(link, 0, 0, request);
    CHECK_EQUAL(pw_relay_hear(link, bytes, head_of(&taken, 0x85, 4, 6, 3, 0, bytes), &told),
                PW_RELAY_ANSWER);
    CHECK(!link->open);
    free(link);
}

static void a_number_that_the_card_cannot_have_is_not_believed(void) {
    struct pw_relay_link *link = opened();
    struct pw_relay_told told;
    uint8_t bytes[PW_RELAY_DATAGRAM_BYTES], request[PW_RELAY_DATAGRAM_BYTES];
    CHECK(pw_relay_keep(link, (const uint8_t *)"a", 1));
    for (uint32_t i = 0; i < 3; i++) {
        static const uint64_t numbers[] = {4, 7, UINT64_MAX};
        const struct card card = {.owner = 7, .open = true, .wanted = numbers[i]};
        pw_relay_say(link, 0, 0, request);
        (void)pw_relay_hear(link, bytes, head_of(&card, 0x85, 2 + i, 0, 3, 0, bytes), &told);
        CHECK_EQUAL(link->wanted, 5);
        CHECK_EQUAL(link->end, 6);
        CHECK_EQUAL(link->used, 3);
    }
    free(link);
}

static void no_more_is_said_than_the_card_can_answer(void) {
    struct pw_relay_link *link = opened();
    uint8_t bytes[PW_RELAY_DATAGRAM_BYTES], longest[PW_RELAY_EXCHANGE_BYTES + 1] = {'E'};
    CHECK(!pw_relay_keep(link, longest, sizeof longest));
    CHECK(!pw_relay_keep(link, longest, 0));
    size_t kept = 0;
    while (pw_relay_keep(link, longest, PW_RELAY_EXCHANGE_BYTES))
        kept++;
    CHECK_EQUAL(kept, PW_RELAY_RING_BYTES / (PW_RELAY_EXCHANGE_BYTES + 2));
    CHECK(pw_relay_room(link) < PW_RELAY_EXCHANGE_BYTES + 2);
    int said = 0;
    while (pw_relay_say_message(link, bytes) > 0)
        said++;
    CHECK_EQUAL(said, PW_RELAY_WINDOW);
    free(link);
}

static void cancels_are_kept_until_they_are_answered(void) {
    static struct pw_relay_cancels cancels;
    uint8_t cancel[9] = "X\0\0\0\0\0\0\0\0", modify[10] = "M\0\0\0\1S\0\0\0\1";
    const uint8_t *bytes;
    size_t size;
    CHECK(pw_relay_repeatable(cancel, sizeof cancel));
    CHECK(pw_relay_repeatable(modify, sizeof modify));
    CHECK(!pw_relay_repeatable(cancel, 8));
    CHECK(!pw_relay_repeatable((const uint8_t *)"O12345678", 9));
    for (int number = 1; number <= PW_RELAY_CANCELS + 4; number++) {
        cancel[3] = (uint8_t)(number >> 8);
        cancel[4] = (uint8_t)number;
        pw_relay_remember(&cancels, cancel, sizeof cancel);
        pw_relay_remember(&cancels, cancel, sizeof cancel); /* in place of the first */
    }
    CHECK_EQUAL(cancels.count, PW_RELAY_CANCELS);
    CHECK(pw_relay_remembered(&cancels, 0, &bytes, &size));
    CHECK_EQUAL(bytes[4], 5); /* the oldest were forgotten */
    pw_relay_answered(&cancels, (const uint8_t *)"C12345678\0\0\0\5\0\0\0\1U", 18);
    pw_relay_answered(&cancels, (const uint8_t *)"C12345678\0\0\0", 12); /* too short */
    CHECK_EQUAL(cancels.count, PW_RELAY_CANCELS - 1);
    CHECK(pw_relay_remembered(&cancels, 0, &bytes, &size));
    CHECK_EQUAL(bytes[4], 6);
    pw_relay_remember(&cancels, modify, sizeof modify);
    CHECK_EQUAL(cancels.count, PW_RELAY_CANCELS);
    pw_relay_answered(&cancels, (const uint8_t *)"M12345678\0\0\0\1S\0\0\0\1", 18);
    CHECK_EQUAL(cancels.count, PW_RELAY_CANCELS - 1);
    CHECK(!pw_relay_remembered(&cancels, cancels.count, &bytes, &size));
}

int main(void) {
    RUN(everything_comes_once_and_in_order);
    RUN(a_request_is_as_specified);
    RUN(what_makes_no_sense_is_left_out);
    RUN(an_answer_to_another_request_is_left_out);
    RUN(a_number_that_the_card_cannot_have_is_not_believed);
    RUN(no_more_is_said_than_the_card_can_answer);
    RUN(cancels_are_kept_until_they_are_answered);
    return RESULT;
}
