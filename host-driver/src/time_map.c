/* Card time and the host's: one register read whose round trip is known. */
#include "card.h"
#include "error.h"
#include "pennywire_registers.h"

/* How far the two clocks may run apart, in millionths: an Ethernet card's by 100 (IEEE 802.3), the
 * host's by the 500 that the kernel may be told to correct it by. */
enum { DRIFT_PPM = 100 + 500 };

int pw_time_map(struct pw_card *card, unsigned tries, struct pw_time_map *map) {
    if (card == NULL || map == NULL || tries == 0)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_time_map: null pointer, or no try");
    if (card->identity.soft)
        return pw_fail(PW_ERROR_REFUSED,
                       "a soft card's time is granted by whoever plays it, and has no host time");
    struct pw_time_map best = {.error_ns = UINT64_MAX};
    for (unsigned i = 0; i < tries; i++) {
        uint64_t cycles;
        const int64_t asked = pw_monotonic_ns();
        const int status = pw_read_address(card, PW_REG_CONTROL_TIME, &cycles);
        const int64_t answered = pw_monotonic_ns();
        if (status != PW_OK)
            return status;
        /* The card read its clock somewhere between; where is not known, so half of it is the
         * error. A cycle more, for the card's clock counts whole ones. */
        const uint64_t half = (uint64_t)(answered - asked) / 2 + 1;
        const uint64_t error = half + pw_cycles_to_ns(card, 1) + 1;
        if (error < best.error_ns)
            best = (struct pw_time_map){.card_cycles = cycles,
                                        .host_ns = asked + (answered - asked) / 2,
                                        .error_ns = error};
    }
    *map = best;
    return PW_OK;
}

int pw_time_to_host(const struct pw_card *card, const struct pw_time_map *map, uint64_t cycles,
                    int64_t *host_ns, uint64_t *error_ns) {
    if (card == NULL || map == NULL || host_ns == NULL || error_ns == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_time_to_host: null pointer");
    const bool later = cycles >= map->card_cycles;
    const uint64_t apart =
        pw_cycles_to_ns(card, later ? cycles - map->card_cycles : map->card_cycles - cycles);
    if (apart > INT64_MAX / 2)
        return pw_fail(PW_ERROR_ARGUMENT, "card time %llu lies centuries from the map's",
                       (unsigned long long)cycles);
    *host_ns = later ? map->host_ns + (int64_t)apart : map->host_ns - (int64_t)apart;
    *error_ns = map->error_ns + apart / 1000000 * DRIFT_PPM + DRIFT_PPM;
    return PW_OK;
}
