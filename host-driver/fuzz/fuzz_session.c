/* libFuzzer: what an exchange sends on an order session. The first byte says how it is cut. */
#include <stdlib.h>
#include <string.h>

#include "../src/soup.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct pw_soup soup;
static uint64_t messages, last;

static void on_message(void *context, uint64_t sequence, const uint8_t *bytes, size_t size) {
    (void)context;
    for (size_t i = 0; i < size; i++) /* every byte is there to be read */
        last = sequence + 0 * bytes[i];
    last = sequence;
    messages++;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    /* Field by field: the buffers need no clearing, and are most of the struct. */
    soup.handlers = (struct pw_session_handlers){.message = on_message};
    soup.counts = (struct pw_session_counts){0};
    soup.login_ms = soup.heartbeat_ms = soup.silence_ms = 1000;
    soup.next = messages = 0;
    soup.session[0] = '\0';
    soup.finished = false;
    pw_soup_start(&soup, 0);
    const size_t part = size > 0 && bytes[0] > 0 ? bytes[0] : 1;
    int status = PW_OK;
    for (size_t at = 1; at < size && status == PW_OK; at += part)
        status = pw_soup_receive(&soup, bytes + at, size - at < part ? size - at : part, 0);
    if (messages != soup.counts.received || (messages > 0 && (!soup.up || soup.next != last + 1)))
        abort();
    return 0;
}
