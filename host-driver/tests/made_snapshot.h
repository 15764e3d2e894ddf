/* Snapshots made byte by byte, from the tables of ITCH 5.0 and GLIMPSE 5.0. */
#ifndef PENNYWIRE_MADE_SNAPSHOT_H
#define PENNYWIRE_MADE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct made_snapshot {
    uint8_t bytes[65536];
    size_t size;
};

static inline void made_start(struct made_snapshot *made) {
    made->size = 0;
}

/* A message of a length; content NULL: all 'z'. */
static inline uint8_t *made_raw(struct made_snapshot *made, const char *content, uint16_t length) {
    uint8_t *message = made->bytes + made->size + 2;
    message[-2] = (uint8_t)(length >> 8);
    message[-1] = (uint8_t)length;
    if (content == NULL)
        memset(message, 'z', length);
    else
        memcpy(message, content, length);
    made->size += 2U + length;
    return message;
}

static inline void made_number(uint8_t *bytes, uint64_t value, int size) {
    for (int i = size - 1; i >= 0; i--, value >>= 8)
        bytes[i] = (uint8_t)value;
}

static inline uint8_t *made_message(struct made_snapshot *made, char type, uint16_t locate,
                                    uint8_t length) {
    uint8_t *message = made_raw(made, NULL, length);
    message[0] = (uint8_t)type;
    made_number(message + 1, locate, 2);
    return message;
}

static inline void made_text(uint8_t *bytes, const char *text) {
    memset(bytes, ' ', 8);
    memcpy(bytes, text, strlen(text));
}

static inline uint64_t made_symbol(const char *text) {
    uint8_t bytes[8];
    uint64_t symbol = 0;
    made_text(bytes, text);
    for (int i = 7; i >= 0; i--)
        symbol = symbol << 8 | bytes[i];
    return symbol;
}

static inline void made_system(struct made_snapshot *made, char code) {
    made_message(made, 'S', 0, 12)[11] = (uint8_t)code;
}

static inline void made_directory(struct made_snapshot *made, uint16_t locate, const char *stock) {
    made_text(made_message(made, 'R', locate, 39) + 11, stock);
}

/* H or Y. */
static inline void made_state(struct made_snapshot *made, char type, uint16_t locate,
                              const char *stock, char code) {
    uint8_t *message = made_message(made, type, locate, type == 'H' ? 25 : 20);
    made_text(message + 11, stock);
    message[19] = (uint8_t)code;
}

static inline void made_operational(struct made_snapshot *made, uint16_t locate, const char *stock,
                                    char market, char action) {
    uint8_t *message = made_message(made, 'h', locate, 21);
    made_text(message + 11, stock);
    message[19] = (uint8_t)market;
    message[20] = (uint8_t)action;
}

static inline void made_order(struct made_snapshot *made, uint16_t locate, const char *stock,
                              uint64_t reference, char side, uint32_t shares, uint32_t price) {
    uint8_t *message = made_message(made, 'A', locate, 36);
    made_number(message + 11, reference, 8);
    message[19] = (uint8_t)side;
    made_number(message + 20, shares, 4);
    made_text(message + 24, stock);
    made_number(message + 32, price, 4);
}

static inline void made_end(struct made_snapshot *made, const char *sequence) {
    memcpy(made_message(made, 'G', 0, 21) + 1, sequence, 20);
}

#endif
