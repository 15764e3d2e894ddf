/* libFuzzer: datagrams of a card, as answers to a batch of reads and as events. */
#include <stdlib.h>

#include "../src/hostlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool condition) {
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct pw_link_header header;
    must(pw_link_read_header(bytes, size, &header) == (size >= PW_LINK_HEADER_BYTES));

    /* As many items as the datagram claims, asked of the addresses that it names, so that what is
     * behind those checks is reached too. */
    struct pw_item items[PW_LINK_ITEMS] = {0};
    size_t count = size >= PW_LINK_HEADER_BYTES ? header.count : 1;
    if (count > PW_LINK_ITEMS)
        count = PW_LINK_ITEMS;
    for (size_t i = 0; i < count; i++) {
        const size_t at = PW_LINK_HEADER_BYTES + i * PW_LINK_ITEM_BYTES;
        items[i].status = PW_ITEM_UNDONE;
        for (size_t j = 0; j < 4 && at + j < size; j++)
            items[i].address |= (uint32_t)bytes[at + j] << (8 * j);
    }
    const int status = pw_link_read_response(bytes, size, PW_LINK_READ, items, count);
    for (size_t i = 0; i < count; i++)
        must((status == PW_OK) == (items[i].status != PW_ITEM_UNDONE));

    const size_t records = pw_link_check_events(bytes, size);
    must(records <= PW_LINK_ITEMS);
    for (size_t i = 0; i < records; i++)
        pw_link_record_sequence(bytes + PW_LINK_HEADER_BYTES + i * PW_RECORD_BYTES);
    return 0;
}
