/* Opening and closing a card, and knowing what it is. */
#include "card.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "pennywire_registers.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "event records are handed out as they come: this host must be little-endian");

enum { MAX_SLOTS = 64, CONFIG_NAME_BYTES = 16 };

const char *pw_version(void) {
    return PENNYWIRE_VERSION;
}

static void take_config_name(struct pw_identity *identity, uint64_t low, uint64_t high) {
    for (int i = 0; i < CONFIG_NAME_BYTES; i++) {
        const uint64_t half = i < 8 ? low : high;
        const char letter = (char)((half >> (8 * (i % 8))) & 0xff);
        /* The name is printed: what is no printable character ends it. */
        if (letter < ' ' || letter > '~')
            break;
        identity->config_name[i] = letter;
    }
}

static int read_identity(struct pw_card *card) {
    struct pw_item items[] = {
        {.address = PW_REG_IDENTITY_MAGIC},          {.address = PW_REG_IDENTITY_ABI},
        {.address = PW_REG_IDENTITY_CONFIG_NAME_LO}, {.address = PW_REG_IDENTITY_CONFIG_NAME_HI},
        {.address = PW_REG_IDENTITY_GIT_HASH},       {.address = PW_REG_IDENTITY_SIZES},
        {.address = PW_REG_IDENTITY_CLOCK},          {.address = PW_REG_IDENTITY_FLAGS},
    };
    enum { MAGIC, ABI, NAME_LO, NAME_HI, GIT_HASH, SIZES, CLOCK, FLAGS, ITEMS };
    for (int i = 0; i < ITEMS; i++)
        items[i].operation = PW_READ;
    /* Magic and version alone first: a card of another version may have other registers. */
    int status = pw_transfer(card, items, 2);
    if (status != PW_OK)
        return status;
    if (items[MAGIC].value != PW_MAGIC)
        return pw_fail(PW_ERROR_UNKNOWN_CARD,
                       "this is no Pennywire card: its magic is 0x%016llx, not 0x%016llx",
                       (unsigned long long)items[MAGIC].value, (unsigned long long)PW_MAGIC);
    if (items[ABI].value != PW_ABI_VERSION)
        return pw_fail(PW_ERROR_UNKNOWN_CARD,
                       "the card has ABI version %llu, this library knows version %u; build both "
                       "from the same commit",
                       (unsigned long long)items[ABI].value, (unsigned)PW_ABI_VERSION);
    status = pw_transfer(card, items + 2, ITEMS - 2);
    if (status != PW_OK)
        return status;
    const uint64_t sizes = items[SIZES].value;
    struct pw_identity *identity = &card->identity;
    *identity = (struct pw_identity){
        .magic = items[MAGIC].value,
        .abi_version = (uint32_t)items[ABI].value,
        .git_hash = items[GIT_HASH].value,
        .clock_period_ps = (uint32_t)items[CLOCK].value,
        .slots = sizes & 0xff,
        .width = (sizes >> PW_IDENTITY_SIZES_WIDTH_SHIFT) & 0xff,
        .row_levels = (sizes >> PW_IDENTITY_SIZES_ROW_LEVELS_SHIFT) & 0xffff,
        .own_orders = (sizes >> PW_IDENTITY_SIZES_OWN_ORDERS_SHIFT) & 0xff,
        .table_orders = (uint32_t)(sizes >> PW_IDENTITY_SIZES_TABLE_ORDERS_SHIFT),
        .soft = (items[FLAGS].value & PW_IDENTITY_FLAGS_SOFT_MASK) != 0,
        .market_maker = (items[FLAGS].value & PW_IDENTITY_FLAGS_MARKET_MAKER_MASK) != 0,
        .trades = (items[FLAGS].value & PW_IDENTITY_FLAGS_TRADES_MASK) != 0,
    };
    take_config_name(identity, items[NAME_LO].value, items[NAME_HI].value);
    if (identity->slots < 1 || identity->slots > MAX_SLOTS || identity->clock_period_ps == 0)
        return pw_fail(PW_ERROR_UNKNOWN_CARD,
                       "the card says it has %u slots (1 to %d make sense) and a clock of %u ps",
                       identity->slots, MAX_SLOTS, identity->clock_period_ps);
    return PW_OK;
}

int pw_open(const char *url, const struct pw_options *options, struct pw_card **result) {
    if (result != NULL)
        *result = NULL;
    if (url == NULL || result == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_open: null pointer");
    struct pw_transport transport;
    const char *address;
    int status = pw_transport_choose(url, &transport, &address);
    if (status != PW_OK)
        return status;

    struct pw_card *card = calloc(1, sizeof *card);
    if (card == NULL)
        return pw_fail_errno("opening %s", url);
    card->transport = transport;
    const bool timeout_given = options != NULL && options->timeout_ms != 0;
    const bool attempts_given = options != NULL && options->attempts != 0;
    card->timeout_ms = timeout_given ? options->timeout_ms : transport.ops->default_timeout_ms;
    card->attempts = attempts_given ? options->attempts : transport.ops->default_attempts;
    pthread_mutex_init(&card->requests_lock, NULL); /* cannot fail with default attributes */
    pthread_mutex_init(&card->events_lock, NULL);

    if (strlen(address) >= sizeof card->address) {
        status = pw_fail(PW_ERROR_ARGUMENT, "card URL '%s' is longer than %zu characters", url,
                         sizeof card->address - 1);
    } else {
        memcpy(card->address, address, strlen(address) + 1);
        status = transport.ops->connect(&card->transport, PW_CHANNEL_REQUESTS, card->address);
    }
    if (status == PW_OK && transport.ops->lossy)
        status = pw_greet(card);
    if (status == PW_OK)
        status = read_identity(card);
    if (status != PW_OK) {
        pw_close(card);
        return status;
    }
    *result = card;
    return PW_OK;
}

void pw_close(struct pw_card *card) {
    if (card == NULL)
        return;
    for (int channel = 0; channel < PW_CHANNELS; channel++)
        card->transport.ops->disconnect(&card->transport, (enum pw_channel)channel);
    pthread_mutex_destroy(&card->requests_lock);
    pthread_mutex_destroy(&card->events_lock);
    free(card);
}

void pw_transport_info(const struct pw_card *card, struct pw_transport_info *info) {
    pw_transport_describe(&card->transport, info);
}

const struct pw_identity *pw_identity(const struct pw_card *card) {
    return &card->identity;
}
