/* How pennywire-ctl shows values and records, for people and as JSON. */
#ifndef PENNYWIRE_PRINT_H
#define PENNYWIRE_PRINT_H

#include "pennywire.h"

/* A string in JSON's quotes. */
void print_json_string(const char *text);

/* A whole register's value: its one field as a number with its unit, or its fields by name. */
void print_register_value(const struct pw_card *card, const struct pw_register_info *info,
                          uint64_t raw);

/* A field's value, as pw_read() gives it, with its unit. */
void print_field_value(const struct pw_register_info *info, uint64_t value);

/* A record on one line. */
void print_record(const struct pw_card *card, const struct pw_record *record);
void print_record_json(const struct pw_record *record);

#endif
