/* Registers by name: fields cut out and put in, writes read back. */
#include "card.h"
#include "error.h"

static uint64_t ones(unsigned width) {
    return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

static uint64_t extract(const struct pw_register_info *info, uint64_t raw) {
    const uint64_t value = (raw >> info->low) & ones(info->width);
    const bool negative = info->is_signed && (value >> (info->width - 1)) != 0;
    return negative ? value | ~ones(info->width) : value;
}

static uint64_t insert(const struct pw_register_info *info, uint64_t raw, uint64_t value) {
    const uint64_t mask = ones(info->width) << info->low;
    return (raw & ~mask) | ((value << info->low) & mask);
}

/* Refuse a value that would not come back: bits outside the writable fields, or a field too narrow.
 */
static int check_value(const struct pw_register_info *info, uint64_t value) {
    if (!info->writable)
        return pw_fail(PW_ERROR_NOT_WRITABLE, "%s is read-only", info->name);
    if (!info->is_field) {
        if ((value & ~info->accept) != 0)
            return pw_fail(PW_ERROR_ARGUMENT,
                           "value 0x%llx for %s has bits outside its writable fields (0x%llx)",
                           (unsigned long long)value, info->name, (unsigned long long)info->accept);
        return PW_OK;
    }
    if (extract(info, insert(info, 0, value)) == value)
        return PW_OK;
    if (info->is_signed)
        return pw_fail(PW_ERROR_ARGUMENT, "value %lld does not fit %s, which has %u signed bits",
                       (long long)value, info->name, info->width);
    return pw_fail(PW_ERROR_ARGUMENT, "value %llu does not fit %s, which has %u bits",
                   (unsigned long long)value, info->name, info->width);
}

int pw_read_address(struct pw_card *card, uint32_t address, uint64_t *value) {
    if (card == NULL || value == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_read_address: null pointer");
    struct pw_item item = {.address = address, .operation = PW_READ};
    const int status = pw_transfer(card, &item, 1);
    if (status == PW_OK)
        *value = item.value;
    return status;
}

int pw_write_address(struct pw_card *card, uint32_t address, uint64_t value) {
    struct pw_item item = {.address = address, .operation = PW_WRITE, .value = value};
    return pw_transfer(card, &item, 1);
}

int pw_read(struct pw_card *card, const char *name, uint64_t *value) {
    if (value == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_read: null pointer");
    struct pw_register_info info;
    int status = pw_register_find(card, name, &info);
    if (status != PW_OK)
        return status;
    if (!info.readable)
        return pw_fail(PW_ERROR_NOT_READABLE, "%s is write-only", info.name);
    uint64_t raw;
    status = pw_read_address(card, info.address, &raw);
    if (status == PW_OK)
        *value = extract(&info, raw);
    return status;
}

/* Find out what to write to the register whole. */
static int prepare_write(struct pw_card *card, const char *name, uint64_t value,
                         struct pw_item *item) {
    struct pw_register_info info;
    int status = pw_register_find(card, name, &info);
    if (status == PW_OK)
        status = check_value(&info, value);
    if (status != PW_OK)
        return status;
    uint64_t raw = 0;
    if (info.is_field && info.check != 0) {
        status = pw_read_address(card, info.address, &raw);
        if (status != PW_OK)
            return status;
        raw &= info.check;
    }
    *item = (struct pw_item){
        .address = info.address,
        .operation = PW_WRITE,
        .value = info.is_field ? insert(&info, raw, value) : value,
    };
    return PW_OK;
}

int pw_write(struct pw_card *card, const char *name, uint64_t value) {
    struct pw_item item;
    const int status = prepare_write(card, name, value, &item);
    return status == PW_OK ? pw_transfer(card, &item, 1) : status;
}

int pw_write_checked(struct pw_card *card, const char *name, uint64_t value) {
    struct pw_item item;
    const int status = prepare_write(card, name, value, &item);
    return status == PW_OK ? pw_transfer_checked(card, &item, 1) : status;
}

/* Read back the writes that were done, and compare with what was wanted. */
static int read_back(struct pw_card *card, struct pw_item *items, const uint64_t *wanted,
                     size_t count) {
    struct pw_item reads[PW_LINK_ITEMS];
    uint64_t check[PW_LINK_ITEMS];
    size_t source[PW_LINK_ITEMS]; /* of the read: which item it is about */
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        struct pw_register_info info;
        /* An address that the map does not have is the card's to judge, and cannot be compared. */
        if (items[i].status != PW_ITEM_OK ||
            pw_register_by_address(card, items[i].address, &info) != PW_OK || info.check == 0)
            continue;
        reads[number] = (struct pw_item){.address = info.address, .operation = PW_READ};
        check[number] = info.check;
        source[number++] = i;
    }
    int status = pw_transfer(card, reads, number);
    for (size_t i = 0; i < number; i++) {
        struct pw_item *item = &items[source[i]];
        item->status = reads[i].status;
        if (reads[i].status != PW_ITEM_OK)
            continue;
        item->value = reads[i].value;
        if (((item->value ^ wanted[source[i]]) & check[i]) == 0)
            continue;
        item->status = PW_ITEM_MISMATCH;
        char name[PW_NAME_SIZE];
        if (status == PW_OK)
            status =
                pw_fail(PW_ERROR_MISMATCH, "%s reads back 0x%llx where 0x%llx was written",
                        pw_register_name(card, item->address, name),
                        (unsigned long long)item->value, (unsigned long long)wanted[source[i]]);
    }
    return status;
}

/* True for the errors of one register; after any other the link itself cannot be relied on. */
static bool is_item_error(int status) {
    return status == PW_ERROR_NO_REGISTER || status == PW_ERROR_NOT_WRITABLE ||
           status == PW_ERROR_LOCKED || status == PW_ERROR_MISMATCH;
}

int pw_transfer_checked(struct pw_card *card, struct pw_item *items, size_t count) {
    if (card == NULL || (items == NULL && count > 0))
        return pw_fail(PW_ERROR_ARGUMENT, "pw_transfer_checked: null pointer");
    for (size_t i = 0; i < count; i++) {
        if (items[i].operation != PW_WRITE)
            return pw_fail(PW_ERROR_ARGUMENT, "pw_transfer_checked: item %zu is not a write", i);
        items[i].status = PW_ITEM_UNDONE;
    }
    int first_error = PW_OK;
    for (size_t first = 0; first < count; first += PW_LINK_ITEMS) {
        const size_t number = count - first < PW_LINK_ITEMS ? count - first : PW_LINK_ITEMS;
        /* The answer's values are the card's word; what was meant is kept apart from them. */
        uint64_t wanted[PW_LINK_ITEMS];
        for (size_t i = 0; i < number; i++)
            wanted[i] = items[first + i].value;
        int status = pw_transfer(card, items + first, number);
        if (status != PW_OK && !is_item_error(status))
            return status;
        if (first_error == PW_OK)
            first_error = status;
        status = read_back(card, items + first, wanted, number);
        if (status != PW_OK && !is_item_error(status))
            return status;
        if (first_error == PW_OK)
            first_error = status;
    }
    return first_error;
}
