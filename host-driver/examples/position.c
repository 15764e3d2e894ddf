/* The position of slot 0, and the orders sent after that. Once the library is installed:
 *
 *     cc position.c $(pkg-config --cflags --libs pennywire) -o position
 *     ./position unix:/run/pennywire/link.sock
 */
#include <inttypes.h>
#include <pennywire.h>
#include <stdio.h>

static int failed(struct pw_card *card) {
    fprintf(stderr, "position: %s\n", pw_last_error());
    pw_close(card);
    return 1;
}

int main(int number, char **arguments) {
    struct pw_card *card = NULL;
    uint64_t shares;
    if (number != 2) {
        fputs("usage: position URL\n", stderr);
        return 2;
    }
    if (pw_open(arguments[1], NULL, &card) != PW_OK || pw_events_subscribe(card) != PW_OK ||
        pw_read(card, "slot[0].position.shares", &shares) != PW_OK)
        return failed(card);
    printf("position %" PRId64 " shares\n", (int64_t)shares);
    for (;;) {
        struct pw_record records[64];
        const int got = pw_events_poll(card, records, 64, -1);
        if (got < 0)
            return failed(card);
        for (int i = 0; i < got; i++)
            if (records[i].type == PW_RECORD_ORDER_SENT)
                printf("%" PRIu64 " ns: order %" PRIu32 ", %" PRIu32 " shares\n",
                       pw_cycles_to_ns(card, records[i].card_time), records[i].order,
                       records[i].words[PW_WORD_ORDER_SENT_SHARES]);
    }
}
