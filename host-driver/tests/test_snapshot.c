/* Loading a snapshot: what goes to the card, in which order, and what becomes of a load that fails.
 */
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "fake_card.h"
#include "made_snapshot.h"
#include "pennywire.h"

enum { SLOT = 2, ORDERS = 75, LOCATE = 13 };

static struct fake_card *fake;
static struct pw_card *card;
static char path[512];
static struct made_snapshot made;
static struct fake_snapshot loader;

/* A snapshot of the slot's symbol, and of another one. */
static void make(void) {
    made_start(&made);
    made_system(&made, 'Q');
    made_directory(&made, LOCATE, "AAPL");
    made_state(&made, 'H', LOCATE, "AAPL", 'T');
    made_state(&made, 'Y', LOCATE, "AAPL", '0');
    for (unsigned i = 0; i < ORDERS; i++) {
        made_order(&made, LOCATE, "AAPL", 1000 + 4 * i, i % 3 == 0 ? 'S' : 'B', i + 1, 10000 + i);
        made_order(&made, 7, "MSFT", 5000 + i, 'B', 1, 1);
    }
    made_end(&made, "               54321");
}

static void save(void) {
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    if (file == NULL)
        return;
    CHECK_EQUAL(fwrite(made.bytes, 1, made.size, file), made.size);
    fclose(file);
}

/* Forget what was written; behave in this way from now on. */
static void behave(struct fake_snapshot how) {
    fake_card_set(fake, 0xe30, 0);
    fake_card_set(fake, 0xe38, 54000);
    fake_card_snapshot(fake, &how, NULL);
}

static void a_load(void) {
    struct pw_snapshot snapshot;
    make();
    save();
    behave((struct fake_snapshot){.stays = 3});
    CHECK_EQUAL(pw_snapshot_load(card, SLOT, path, true, &snapshot), PW_OK);
    CHECK(snapshot.orders == ORDERS && snapshot.sequence == 54321);
    CHECK(snapshot.first_sequence == 54000 && snapshot.trading && snapshot.unrestricted);
    CHECK(snapshot.market_known && snapshot.market_open);
    fake_card_snapshot(fake, NULL, &loader);
    CHECK(loader.begun == 1 && loader.ended == 1 && loader.aborted == 0);
    CHECK_EQUAL(loader.orders, ORDERS);
    for (unsigned i = 0; i < ORDERS; i++) {
        CHECK_EQUAL(loader.order[i].reference, 1000 + 4 * i);
        CHECK_EQUAL(loader.order[i].price, 10000 + i);
        CHECK_EQUAL(loader.order[i].shares, i + 1);
        CHECK(loader.order[i].sells == (i % 3 == 0));
    }
    CHECK_EQUAL(loader.sequence, 54321);
    CHECK_EQUAL(loader.commit, UINT64_C(0x3f) << 32 | ORDERS);
    /* Not opened, halted, restricted, and the market unknown. */
    made_start(&made);
    made_order(&made, LOCATE, "AAPL", 1, 'B', 1, 1);
    made_end(&made, "               54322");
    save();
    CHECK_EQUAL(pw_snapshot_load(card, SLOT, path, false, NULL), PW_OK);
    fake_card_snapshot(fake, NULL, &loader);
    CHECK_EQUAL(loader.commit, UINT64_C(2) << 32 | 1);
}

static void begun_before(void) {
    make();
    save();
    behave((struct fake_snapshot){.stays = 2});
    CHECK_EQUAL(pw_snapshot_begin(card, SLOT), PW_OK);
    CHECK_EQUAL(pw_snapshot_load(card, SLOT, path, false, NULL), PW_OK);
    fake_card_snapshot(fake, NULL, &loader);
    CHECK(loader.begun == 1 && loader.ended == 1);
    CHECK_EQUAL(pw_snapshot_begin(card, SLOT), PW_OK);
    CHECK_EQUAL(pw_snapshot_begin(card, SLOT), PW_ERROR_REFUSED);
    CHECK_TEXT(pw_last_error(), "slot 2 is being loaded");
    CHECK_EQUAL(pw_snapshot_load(card, SLOT + 1, path, false, NULL), PW_ERROR_REFUSED);
    CHECK_EQUAL(pw_snapshot_abort(card), PW_OK);
    fake_card_snapshot(fake, NULL, &loader);
    CHECK_EQUAL(loader.aborted, 1);
}

static void the_card_refuses(void) {
    make();
    save();
    behave((struct fake_snapshot){.fail_begin = 14});
    CHECK_EQUAL(pw_snapshot_load(card, SLOT, path, false, NULL), PW_ERROR_REFUSED);
    CHECK_TEXT(pw_last_error(), "not bound today");
    fake_card_snapshot(fake, NULL, &loader);
    CHECK(loader.orders == 0 && loader.ended == 0);
    for (unsigned failure = 1; failure < 16; failure++) {
        behave((struct fake_snapshot){.fail_end = failure});
        CHECK_EQUAL(pw_snapshot_load(card, SLOT, path, false, NULL), PW_ERROR_REFUSED);
        CHECK_TEXT(pw_last_error(), "snapshot of slot 2 not loaded (");
    }
    behave((struct fake_snapshot){.fail_end = 11});
    CHECK_EQUAL(pw_snapshot_load(card, SLOT, path, false, NULL), PW_ERROR_REFUSED);
    CHECK_TEXT(pw_last_error(), "begin, then take one");
}

/* Whatever is wrong with the file, no load is left running, and the first reason is given. */
static void a_bad_file(void) {
    static const struct {
        int status;
        const char *words;
    } wanted[] = {
        {PW_ERROR_PROTOCOL, "without an End of Snapshot message"},
        {PW_ERROR_PROTOCOL, "neither B nor S"},
        {PW_ERROR_PROTOCOL, "at locate 14, the card at 13: is it of today?"},
        {PW_ERROR_PROTOCOL, "says nothing of symbol 'AAPL    '"},
        {PW_ERROR_PROTOCOL, "without an End of Snapshot message"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        make();
        if (i == 0) {
            made.size -= 23;
        } else if (i == 1) {
            made.size -= 23;
            made_order(&made, LOCATE, "AAPL", 1, 'Q', 1, 1);
        } else if (i == 2) {
            made_start(&made);
            made_order(&made, LOCATE + 1, "AAPL", 1, 'B', 1, 1);
            made_end(&made, "                   9");
        } else if (i == 3) {
            made_start(&made);
            made_order(&made, LOCATE, "MSFT", 1, 'B', 1, 1);
            made_end(&made, "                   9");
        } else {
            made.size = 0;
        }
        save();
        behave((struct fake_snapshot){0});
        CHECK_EQUAL(pw_snapshot_load(card, SLOT, path, false, NULL), wanted[i].status);
        CHECK_TEXT(pw_last_error(), wanted[i].words);
        fake_card_snapshot(fake, NULL, &loader);
        CHECK(loader.begun == 1 && loader.aborted == 1 && loader.ended == 0);
    }
    behave((struct fake_snapshot){0});
    unlink(path);
    CHECK_EQUAL(pw_snapshot_load(card, SLOT, path, false, NULL), PW_ERROR_SYSTEM);
    CHECK_TEXT(pw_last_error(), "No such file");
    fake_card_snapshot(fake, NULL, &loader);
    CHECK_EQUAL(loader.aborted, 1);
}

static void arguments(void) {
    CHECK_EQUAL(pw_snapshot_begin(card, 4), PW_ERROR_ARGUMENT);
    CHECK_TEXT(pw_last_error(), "no slot 4: this card has 4");
    CHECK_EQUAL(pw_snapshot_begin(NULL, 0), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_snapshot_load(NULL, 0, path, false, NULL), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_snapshot_load(card, 0, NULL, false, NULL), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_snapshot_abort(NULL), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_snapshot_load(card, 4, path, false, NULL), PW_ERROR_ARGUMENT);
}

int main(int number, char **arguments_given) {
    if (number < 2) {
        fputs("usage: test_snapshot DIRECTORY\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/snapshot.itch50", arguments_given[1]);
    fake = fake_card_start(arguments_given[1]);
    if (pw_open(fake_card_url(fake), NULL, &card) != PW_OK) {
        fprintf(stderr, "%s\n", pw_last_error());
        return 2;
    }
    fake_card_set(fake, 0x1000 + SLOT * 0x200, made_symbol("AAPL"));
    fake_card_set(fake, 0x1018 + SLOT * 0x200, LOCATE << 16 | 3);
    RUN(a_load);
    RUN(begun_before);
    RUN(the_card_refuses);
    RUN(a_bad_file);
    RUN(arguments);
    pw_close(card);
    fake_card_stop(fake);
    return RESULT;
}
