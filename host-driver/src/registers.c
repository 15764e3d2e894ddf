/* Registers and fields by name and by address, from the generated table. The table has one row for
 * an array; this card's number of slots unrolls the rows that exist once a slot. */
#define PW_REGISTER_TABLES
#include "pennywire_registers.h"

#include <stdio.h>
#include <string.h>

#include "card.h"
#include "error.h"

static uint32_t row_count(const struct pw_card *card, const struct pw_register_row *row) {
    return (row->flags & PW_REG_PER_SLOT) != 0 ? card->identity.slots : row->count;
}

static uint64_t field_mask(const struct pw_field_row *field) {
    const uint64_t ones = field->width >= 64 ? UINT64_MAX : (UINT64_C(1) << field->width) - 1;
    return ones << field->low;
}

/* Write the row's name with its index: "slot[].bbo", 2 -> "slot[2].bbo". */
static void write_name(const struct pw_register_row *row, uint32_t index, char *name) {
    const char *bracket = strchr(row->name, '[');
    if (bracket == NULL)
        snprintf(name, PW_NAME_SIZE, "%s", row->name);
    else
        snprintf(name, PW_NAME_SIZE, "%.*s%u%s", (int)(bracket + 1 - row->name), row->name, index,
                 bracket + 1);
}

static void describe_register(const struct pw_register_row *row, uint32_t index,
                              struct pw_register_info *info) {
    *info = (struct pw_register_info){
        .address = row->address + row->stride * index,
        .width = 64,
        .readable = (row->flags & PW_REG_READ) != 0,
        .writable = (row->flags & PW_REG_WRITE) != 0,
        .locked = (row->flags & PW_REG_LOCKED) != 0,
        .counter = (row->flags & PW_REG_COUNTER) != 0,
        .reset = row->reset,
        .unit = row->field_count == 1 ? pw_field_rows[row->first_field].unit : "",
    };
    write_name(row, index, info->name);
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct pw_field_row *field = &pw_field_rows[row->first_field + i];
        if ((field->flags & PW_FIELD_WRITE) == 0)
            continue;
        info->accept |= field_mask(field);
        if ((field->flags & PW_FIELD_READ) != 0 && (field->flags & PW_FIELD_PULSE) == 0)
            info->check |= field_mask(field);
    }
}

/* Turn the description of a register into that of one of its fields. */
static void describe_field(const struct pw_field_row *field, struct pw_register_info *info) {
    const size_t length = strlen(info->name);
    snprintf(info->name + length, sizeof info->name - length, ".%s", field->name);
    info->low = (uint8_t)field->low;
    info->width = (uint8_t)field->width;
    info->is_field = true;
    info->readable = (field->flags & PW_FIELD_READ) != 0;
    info->writable = (field->flags & PW_FIELD_WRITE) != 0;
    info->is_signed = (field->flags & PW_FIELD_SIGNED) != 0;
    info->unit = field->unit;
}

/* Match a row's name at the beginning of a name given; returns what follows it, or NULL. *index is
 * the number in the brackets, of four digits at most. */
static const char *match_row(const struct pw_register_row *row, const char *name, uint32_t *index) {
    *index = 0;
    for (const char *pattern = row->name; *pattern != '\0'; pattern++) {
        if (*pattern != *name)
            return NULL;
        name++;
        if (*pattern != '[')
            continue;
        const char *digits = name;
        while (*name >= '0' && *name <= '9' && name - digits < 4)
            *index = *index * 10 + (uint32_t)(*name++ - '0');
        if (name == digits)
            return NULL;
    }
    return *name == '\0' || *name == '.' ? name : NULL;
}

/* The error for a field that the register has not: say which it has. */
static int no_such_field(const struct pw_register_row *row, const char *name, const char *field) {
    char fields[256] = "";
    for (uint32_t i = 0; i < row->field_count; i++) {
        const size_t used = strlen(fields);
        snprintf(fields + used, sizeof fields - used, "%s%s", i > 0 ? ", " : "",
                 pw_field_rows[row->first_field + i].name);
    }
    return pw_fail(PW_ERROR_NO_REGISTER, "register %s has no field '%s'; it has %s", name, field,
                   fields);
}

int pw_register_find(const struct pw_card *card, const char *name, struct pw_register_info *info) {
    if (card == NULL || name == NULL || info == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_register_find: null pointer");
    for (size_t i = 0; i < PW_REGISTER_ROWS; i++) {
        const struct pw_register_row *row = &pw_register_rows[i];
        uint32_t index;
        const char *rest = match_row(row, name, &index);
        if (rest == NULL)
            continue;
        if (index >= row_count(card, row))
            return pw_fail(PW_ERROR_NO_REGISTER,
                           "no register '%s': this card has %u of them, from 0", name,
                           row_count(card, row));
        describe_register(row, index, info);
        if (*rest == '\0')
            return PW_OK;
        for (uint32_t j = 0; j < row->field_count; j++) {
            const struct pw_field_row *field = &pw_field_rows[row->first_field + j];
            if (strcmp(field->name, rest + 1) != 0)
                continue;
            describe_field(field, info);
            return PW_OK;
        }
        return no_such_field(row, info->name, rest + 1);
    }
    return pw_fail(PW_ERROR_NO_REGISTER, "no register '%s'; `pennywire-ctl regs` lists them", name);
}

static const struct pw_register_row *row_by_address(const struct pw_card *card, uint32_t address,
                                                    uint32_t *index) {
    for (size_t i = 0; i < PW_REGISTER_ROWS; i++) {
        const struct pw_register_row *row = &pw_register_rows[i];
        const uint32_t count = row_count(card, row);
        if (address < row->address)
            continue;
        const uint32_t distance = address - row->address;
        *index = row->stride == 0 ? 0 : distance / row->stride;
        if (*index < count && distance == *index * row->stride)
            return row;
    }
    return NULL;
}

int pw_register_by_address(const struct pw_card *card, uint32_t address,
                           struct pw_register_info *info) {
    uint32_t index;
    const struct pw_register_row *row = row_by_address(card, address, &index);
    if (row == NULL)
        return pw_fail(PW_ERROR_NO_REGISTER, "no register at address 0x%x", address);
    describe_register(row, index, info);
    return PW_OK;
}

const char *pw_register_name(const struct pw_card *card, uint32_t address, char *name) {
    uint32_t index;
    const struct pw_register_row *row = row_by_address(card, address, &index);
    if (row == NULL)
        snprintf(name, PW_NAME_SIZE, "0x%x", address);
    else
        write_name(row, index, name);
    return name;
}

size_t pw_register_count(const struct pw_card *card) {
    size_t count = 0;
    for (size_t i = 0; i < PW_REGISTER_ROWS; i++)
        count += row_count(card, &pw_register_rows[i]);
    return count;
}

int pw_register_at(const struct pw_card *card, size_t number, struct pw_register_info *info) {
    if (card == NULL || info == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_register_at: null pointer");
    size_t left = number;
    for (size_t i = 0; i < PW_REGISTER_ROWS; i++) {
        const struct pw_register_row *row = &pw_register_rows[i];
        const uint32_t count = row_count(card, row);
        if (left < count) {
            describe_register(row, (uint32_t)left, info);
            return PW_OK;
        }
        left -= count;
    }
    return pw_fail(PW_ERROR_NO_REGISTER, "no register number %zu: this card has %zu", number,
                   pw_register_count(card));
}

int pw_field_at(const struct pw_card *card, uint32_t address, size_t number,
                struct pw_register_info *info) {
    if (card == NULL || info == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_field_at: null pointer");
    uint32_t index;
    const struct pw_register_row *row = row_by_address(card, address, &index);
    if (row == NULL)
        return pw_fail(PW_ERROR_NO_REGISTER, "no register at address 0x%x", address);
    if (number >= row->field_count)
        return pw_fail(PW_ERROR_NO_REGISTER, "%s has %u fields, no number %zu", row->name,
                       row->field_count, number);
    describe_register(row, index, info);
    describe_field(&pw_field_rows[row->first_field + number], info);
    return PW_OK;
}
