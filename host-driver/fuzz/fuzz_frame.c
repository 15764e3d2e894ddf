/* libFuzzer: frames of an AF_XDP ring, and what is written after a fashion read back. */
#include <stdlib.h>
#include <string.h>

#include "../src/xdp_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool condition) {
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    /* The ends that the frame itself names, so that what is behind those checks is reached too. */
    struct pw_frame_end from = {.ip = 0x0a000002, .port = 22352};
    struct pw_frame_end to = {.ip = 0x0a000001, .port = 40000};
    if (size >= PW_FRAME_HEADER_BYTES) {
        from.ip = (uint32_t)bytes[26] << 24 | (uint32_t)bytes[27] << 16 | (uint32_t)bytes[28] << 8 |
                  bytes[29];
        to.port = (uint16_t)(bytes[36] << 8 | bytes[37]);
    }
    const uint8_t *payload = NULL;
    size_t payload_size = 0;
    const enum pw_frame_verdict verdict =
        pw_frame_read(bytes, size, &from, &to, &payload, &payload_size);
    must(verdict < PW_FRAME_VERDICTS && pw_frame_words(verdict)[0] != '\0');
    must((verdict == PW_FRAME_GOOD) == (payload != NULL));
    if (payload != NULL)
        must(payload >= bytes && payload + payload_size <= bytes + size);

    uint8_t frame[PW_FRAME_HEADER_BYTES + PW_FRAME_PAYLOAD_MOST];
    const size_t kept = size < PW_FRAME_PAYLOAD_MOST ? size : PW_FRAME_PAYLOAD_MOST;
    const size_t length = pw_frame_write(frame, &from, &to, bytes, kept);
    must(pw_frame_read(frame, length, &from, &to, &payload, &payload_size) == PW_FRAME_GOOD);
    must(payload_size == kept && memcmp(payload, bytes, kept) == 0);
    return 0;
}
