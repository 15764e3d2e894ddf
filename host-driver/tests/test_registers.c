/* Registers by name, by address and in batches, against a card that behaves. */
#include "check.h"
#include "fake_card.h"
#include "pennywire.h"

static struct fake_card *fake;
static struct pw_card *card;

static void identity(void) {
    const struct pw_identity *known = pw_identity(card);
    CHECK(strcmp(known->config_name, "fake") == 0);
    CHECK_EQUAL(known->slots, 4);
    CHECK_EQUAL(known->width, 8);
    CHECK_EQUAL(known->row_levels, 32);
    CHECK_EQUAL(known->own_orders, 16);
    CHECK_EQUAL(known->table_orders, 4096);
    CHECK_EQUAL(known->clock_period_ps, 6400);
    CHECK(!known->soft && !known->market_maker && known->trades);
}

/* Addresses and bits as card.rdl has them, by hand. */
static void names(void) {
    struct pw_register_info info;
    CHECK_EQUAL(pw_register_find(card, "control.status", &info), PW_OK);
    CHECK_EQUAL(info.address, 0x108);
    CHECK(!info.is_field && info.readable && !info.writable && info.check == 0);
    CHECK_EQUAL(pw_register_find(card, "control.status.kill_cause", &info), PW_OK);
    CHECK(info.is_field && info.low == 8 && info.width == 8);
    CHECK_EQUAL(pw_register_find(card, "slot[3].position", &info), PW_OK);
    CHECK_EQUAL(info.address, 0x1000 + 3 * 0x200 + 0xC0);
    CHECK(strcmp(info.name, "slot[3].position") == 0);
    CHECK_EQUAL(pw_register_find(card, "slot[2].join.bind", &info), PW_OK);
    CHECK(strcmp(info.name, "slot[2].join.bind") == 0 && info.low == 16 && !info.readable);
    CHECK_EQUAL(pw_register_find(card, "slot[0].tick", &info), PW_OK);
    CHECK(info.locked && info.writable && info.accept == 0xffffffff && info.check == 0xffffffff);
    CHECK(strcmp(info.unit, "1/10,000 dollar") == 0);
    CHECK_EQUAL(pw_register_find(card, "risk.refused[15].count", &info), PW_OK);
    CHECK_EQUAL(info.address, 0x580 + 15 * 8);
    CHECK_EQUAL(pw_register_find(card, "slot[1].join", &info), PW_OK);
    CHECK(info.accept == 0xfffff && info.check == 0);
}

static void names_that_are_not_there(void) {
    static const char *const wrong[] = {
        "",
        "slot",
        "slot[",
        "slot[]",
        "slot[].tick",
        "slot[4].tick",
        "slot[0]",
        "slot[0]tick",
        "slot[0].tick.",
        "slot[0].tick.x",
        "slot[00000].tick",
        "slot[-1].tick",
        "control",
        "control.status.",
        "control.statusx",
        "control.status.armed.x",
        "risk.refused[16]",
        "risk.refused",
        "risk.refused[1",
        "risk.refused[99999999999999999999]",
    };
    struct pw_register_info info;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_EQUAL(pw_register_find(card, wrong[i], &info), PW_ERROR_NO_REGISTER);
        CHECK_TEXT(pw_last_error(), "no ");
    }
    CHECK_EQUAL(pw_register_find(card, NULL, &info), PW_ERROR_ARGUMENT);
}

static void the_list_is_whole(void) {
    const size_t count = pw_register_count(card);
    struct pw_register_info info, again;
    for (size_t i = 0; i < count; i++) {
        CHECK_EQUAL(pw_register_at(card, i, &info), PW_OK);
        CHECK_EQUAL(pw_register_find(card, info.name, &again), PW_OK);
        CHECK_EQUAL(again.address, info.address);
        for (size_t j = 0; pw_field_at(card, info.address, j, &info) == PW_OK; j++) {
            CHECK_EQUAL(pw_register_find(card, info.name, &again), PW_OK);
            CHECK(again.is_field && again.low == info.low && again.width == info.width);
        }
    }
    CHECK_EQUAL(pw_register_at(card, count, &info), PW_ERROR_NO_REGISTER);
    CHECK_EQUAL(pw_field_at(card, 0x7777, 0, &info), PW_ERROR_NO_REGISTER);
}

static void fields(void) {
    uint64_t value;
    fake_card_set(fake, 0x10C0, 0xdeadbeefffffff9c); /* slot[0].position: -100 in 32 bits */
    CHECK_EQUAL(pw_read(card, "slot[0].position", &value), PW_OK);
    CHECK_EQUAL(value, (int64_t)0xdeadbeefffffff9c);
    CHECK_EQUAL(pw_read(card, "slot[0].position.shares", &value), PW_OK);
    CHECK_EQUAL(value, -100);
    fake_card_set(fake, 0x10C8, UINT64_MAX - 6); /* slot[0].cash: -7 in 64 bits */
    CHECK_EQUAL(pw_read(card, "slot[0].cash.value", &value), PW_OK);
    CHECK_EQUAL(value, -7);
    fake_card_set(fake, 0x1058, 0x080102000203);
    CHECK_EQUAL(pw_write_checked(card, "slot[0].taker_ticks.stop_slip", 9), PW_OK);
    CHECK_EQUAL(fake_card_get(fake, 0x1058), 0x080109000203);
    CHECK_EQUAL(pw_write_checked(card, "risk.fee_add.value", (uint64_t)-2000), PW_OK);
    CHECK_EQUAL(fake_card_get(fake, 0x508), 0xfffff830);
    fake_card_set(fake, 0x1010, 0xffff); /* write-only: what it holds is not carried over */
    CHECK_EQUAL(pw_write(card, "slot[0].join.stale", 1), PW_OK);
    CHECK_EQUAL(fake_card_get(fake, 0x1010), 1 << 19);
}

static void what_may_not_be_done_is_not_sent(void) {
    const unsigned before = fake_card_requests(fake);
    uint64_t value;
    CHECK_EQUAL(pw_write(card, "slot[0].position", 1), PW_ERROR_NOT_WRITABLE);
    CHECK_EQUAL(pw_read(card, "control.command", &value), PW_ERROR_NOT_READABLE);
    CHECK_EQUAL(pw_write(card, "slot[0].taker_ratio.ratio", 0x10000), PW_ERROR_ARGUMENT);
    CHECK_TEXT(pw_last_error(), "65536 does not fit slot[0].taker_ratio.ratio, which has 16 bits");
    CHECK_EQUAL(pw_write(card, "slot[0].taker_ratio", 0x10000), PW_ERROR_ARGUMENT);
    CHECK_TEXT(pw_last_error(), "outside its writable fields");
    CHECK_EQUAL(pw_write(card, "risk.fee_add.value", UINT64_C(1) << 31), PW_ERROR_ARGUMENT);
    CHECK_TEXT(pw_last_error(), "32 signed bits");
    CHECK_EQUAL(fake_card_requests(fake), before);
}

static void item_errors(void) {
    fake_card_access(fake, 0x1020, 3);
    CHECK_EQUAL(pw_write_checked(card, "slot[0].tick", 100), PW_ERROR_LOCKED);
    CHECK_TEXT(pw_last_error(), "slot[0].tick is locked while the card is armed");
    struct pw_item items[] = {
        {.address = 0x1040, .operation = PW_WRITE, .value = 0x280},
        {.address = 0x1020, .operation = PW_WRITE, .value = 7},
        {.address = 0xfff0, .operation = PW_WRITE, .value = 7},
        {.address = 0x1048, .operation = PW_WRITE, .value = 500},
    };
    CHECK_EQUAL(pw_transfer_checked(card, items, 4), PW_ERROR_LOCKED);
    CHECK_EQUAL(items[0].status, PW_ITEM_OK);
    CHECK_EQUAL(items[1].status, PW_ITEM_LOCKED);
    CHECK_EQUAL(items[2].status, PW_ITEM_NO_REGISTER);
    CHECK_EQUAL(items[3].status, PW_ITEM_OK);
    CHECK_EQUAL(fake_card_get(fake, 0x1048), 500);
    fake_card_writable_bits(fake, 0x1040, 0xff); /* the upper half of the ratio sticks */
    CHECK_EQUAL(pw_write_checked(card, "slot[0].taker_ratio", 0x345), PW_ERROR_MISMATCH);
    CHECK_TEXT(pw_last_error(), "slot[0].taker_ratio reads back 0x245 where 0x345 was written");
    uint64_t value;
    CHECK_EQUAL(pw_read_address(card, 0xfff0, &value), PW_ERROR_NO_REGISTER);
    CHECK_TEXT(pw_last_error(), "no register at 0xfff0");
    CHECK_EQUAL(pw_write_address(card, 0x1020, 1), PW_ERROR_LOCKED);
    fake_card_access(fake, 0x108, 2);
    CHECK_EQUAL(pw_write_address(card, 0x108, 1), PW_ERROR_NOT_WRITABLE);
}

static void large_batches(void) {
    enum { ITEMS = 200 };
    struct pw_item items[ITEMS];
    for (uint32_t i = 0; i < ITEMS; i++)
        items[i] = (struct pw_item){.address = 8 * i + 0x1000, .operation = PW_READ};
    for (uint32_t i = 0; i < ITEMS; i++)
        fake_card_set(fake, items[i].address, i * 3);
    const unsigned before = fake_card_requests(fake);
    CHECK_EQUAL(pw_transfer(card, items, ITEMS), PW_OK);
    for (uint32_t i = 0; i < ITEMS; i++)
        CHECK_EQUAL(items[i].value, i * 3);
    CHECK_EQUAL(fake_card_requests(fake) - before, 4); /* 64, 64, 64, 8 */
    CHECK_EQUAL(pw_transfer(card, NULL, 0), PW_OK);
    items[3].operation = 7;
    CHECK_EQUAL(pw_transfer(card, items, ITEMS), PW_ERROR_ARGUMENT);
    items[3].operation = PW_READ;
    CHECK_EQUAL(pw_transfer_checked(card, items, ITEMS), PW_ERROR_ARGUMENT);
}

static void commands(void) {
    /* The state that follows a command is the card's to give; here it is set by hand. */
    fake_card_set(fake, 0x108, 0);
    CHECK_EQUAL(pw_arm(card), PW_ERROR_REFUSED);
    CHECK_TEXT(pw_last_error(), "no heartbeat lease");
    CHECK_EQUAL(fake_card_get(fake, 0x100), 1);
    fake_card_set(fake, 0x108, 4);
    CHECK_EQUAL(pw_arm(card), PW_ERROR_REFUSED);
    CHECK_TEXT(pw_last_error(), "order session is down");
    fake_card_set(fake, 0x108, 2 | 2 << 8);
    CHECK_EQUAL(pw_arm(card), PW_ERROR_REFUSED);
    CHECK_TEXT(pw_last_error(), "killed (as the heartbeat lease ran out)");
    CHECK_EQUAL(pw_kill(card), PW_OK);
    CHECK_EQUAL(fake_card_get(fake, 0x100), 4);
    CHECK_EQUAL(pw_release(card), PW_ERROR_REFUSED);
    CHECK_EQUAL(fake_card_get(fake, 0x100), 8);
    fake_card_set(fake, 0x108, 1 | 4 | 8);
    CHECK_EQUAL(pw_arm(card), PW_OK);
    CHECK_EQUAL(pw_kill(card), PW_ERROR_REFUSED);
    CHECK_EQUAL(pw_disarm(card), PW_ERROR_REFUSED);
    CHECK_EQUAL(fake_card_get(fake, 0x100), 2);
    CHECK_EQUAL(pw_mark(card, 0x7fffffff), PW_OK);
    CHECK_EQUAL(fake_card_get(fake, 0x120), 0x7fffffff);
    CHECK_EQUAL(pw_mark(card, 0x80000000), PW_ERROR_ARGUMENT);
}

static void card_time(void) {
    uint64_t value;
    fake_card_set(fake, 0x118, 1001);
    CHECK_EQUAL(pw_card_time(card, &value), PW_OK);
    CHECK_EQUAL(value, 1001);
    CHECK_EQUAL(pw_card_time_ns(card, &value), PW_OK);
    CHECK_EQUAL(value, 6406); /* 6406.4 */
    CHECK_EQUAL(pw_heartbeat(card, 5), PW_OK);
    CHECK_EQUAL(fake_card_get(fake, 0x110), 5);
    CHECK_EQUAL(pw_heartbeat_for(card, 64), PW_OK);
    CHECK_EQUAL(fake_card_get(fake, 0x110), 1011);
    CHECK_EQUAL(pw_heartbeat_for(card, UINT64_MAX), PW_OK);
    /* ceil((2^64 - 1) * 1000 / 6400) = 2882303761517117440 */
    CHECK_EQUAL(fake_card_get(fake, 0x110), INT64_C(2882303761517117440) + 1001);
    CHECK_EQUAL(pw_cycles_to_ns(card, UINT64_MAX), -1);
    /* floor(2000000000000000001 * 6.4) does not fit signed 64 bits, and fits unsigned. */
    CHECK(pw_cycles_to_ns(card, UINT64_C(2000000000000000001)) == UINT64_C(12800000000000000006));
    CHECK_EQUAL(pw_ns_to_cycles(card, 1), 1);
    CHECK_EQUAL(pw_ns_to_cycles(card, 0), 0);
}

int main(int number, char **arguments) {
    fake = fake_card_start(number > 1 ? arguments[1] : ".");
    if (pw_open(fake_card_url(fake), NULL, &card) != PW_OK) {
        fputs(pw_last_error(), stderr);
        return 1;
    }
    RUN(identity);
    RUN(names);
    RUN(names_that_are_not_there);
    RUN(the_list_is_whole);
    RUN(fields);
    RUN(what_may_not_be_done_is_not_sent);
    RUN(item_errors);
    RUN(large_batches);
    RUN(commands);
    RUN(card_time);
    pw_close(card);
    fake_card_stop(fake);
    return RESULT;
}
