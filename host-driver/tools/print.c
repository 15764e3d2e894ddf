#define PW_EVENT_TABLES
#include "print.h"

#include <inttypes.h>
#include <stdio.h>

enum { NO_SLOT = 255, NO_SIDE = 255 };

void print_json_string(const char *text) {
    putchar('"');
    for (; *text != '\0'; text++) {
        const unsigned char letter = (unsigned char)*text;
        if (letter == '"' || letter == '\\')
            printf("\\%c", letter);
        else if (letter < ' ')
            printf("\\u%04x", letter);
        else
            putchar(letter);
    }
    putchar('"');
}

void print_field_value(const struct pw_register_info *info, uint64_t value) {
    if (info->is_signed)
        printf("%" PRId64, (int64_t)value);
    else
        printf("%" PRIu64, value);
    if (info->unit[0] != '\0')
        printf(" %s", info->unit);
}

/* The field's bits of a register's value, sign-extended. */
static uint64_t cut(const struct pw_register_info *field, uint64_t raw) {
    const unsigned unused = 64U - field->width;
    const uint64_t top = raw << (unused - field->low);
    if (field->is_signed && (top >> 63) != 0)
        return ~(~top >> unused);
    return top >> unused;
}

void print_register_value(const struct pw_card *card, const struct pw_register_info *info,
                          uint64_t raw) {
    struct pw_register_info field;
    if (pw_field_at(card, info->address, 1, &field) != PW_OK) {
        if (pw_field_at(card, info->address, 0, &field) == PW_OK)
            print_field_value(&field, cut(&field, raw));
        return;
    }
    printf("0x%" PRIx64, raw);
    for (size_t i = 0; pw_field_at(card, info->address, i, &field) == PW_OK; i++) {
        /* The field's own name is what follows the register's and a dot. */
        size_t prefix = 0;
        while (info->name[prefix] != '\0')
            prefix++;
        printf(" %s=", field.name + prefix + 1);
        print_field_value(&field, cut(&field, raw));
    }
}

static const struct pw_record_row *row_of(uint8_t type) {
    for (size_t i = 0; i < PW_RECORD_ROWS; i++)
        if (pw_record_rows[i].type == type)
            return &pw_record_rows[i];
    return NULL;
}

void print_record(const struct pw_card *card, const struct pw_record *record) {
    const struct pw_record_row *row = row_of(record->type);
    printf("%10" PRIu32 " %16" PRIu64 " ns  ", record->sequence,
           pw_cycles_to_ns(card, record->card_time));
    if (row == NULL)
        printf("type %u", record->type);
    else
        printf("%-14s", row->name);
    if (record->slot != NO_SLOT)
        printf(" slot=%u", record->slot);
    if (record->side != NO_SIDE)
        printf(" side=%s", record->side == 0 ? "buy" : "sell");
    if (record->detail > ' ' && record->detail < 0x7f)
        printf(" detail=%u'%c'", record->detail, record->detail);
    else
        printf(" detail=%u", record->detail);
    if (record->order != 0)
        printf(" order=%" PRIu32 " chain=%" PRIu32, record->order, record->chain);
    for (size_t i = 0; i < PW_RECORD_WORDS; i++)
        if (row != NULL && row->words[i] != NULL)
            printf(" %s=%" PRIu32, row->words[i], record->words[i]);
    putchar('\n');
}

void print_record_json(const struct pw_record *record) {
    const struct pw_record_row *row = row_of(record->type);
    printf("{\"sequence\": %" PRIu32 ", \"type\": %u, \"name\": \"%s\"", record->sequence,
           record->type, row == NULL ? "" : row->name);
    printf(", \"slot\": %u, \"side\": %u, \"detail\": %u", record->slot, record->side,
           record->detail);
    printf(", \"card_time\": %" PRIu64 ", \"exchange_time\": %" PRIu64, record->card_time,
           record->exchange_time);
    printf(", \"order\": %" PRIu32 ", \"chain\": %" PRIu32 ", \"cause\": %" PRIu64
           ", \"epoch\": %" PRIu32,
           record->order, record->chain, record->cause, record->epoch);
    for (size_t i = 0; i < PW_RECORD_WORDS; i++)
        if (row != NULL && row->words[i] != NULL)
            printf(", \"%s\": %" PRIu32, row->words[i], record->words[i]);
    puts("}");
}
