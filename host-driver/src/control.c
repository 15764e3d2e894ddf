/* Arm, disarm, kill, release; the heartbeat lease; marks; time. */
#include "card.h"
#include "error.h"
#include "pennywire_registers.h"

/* Give a command and look at the state that follows it. */
static int command(struct pw_card *card, uint64_t pulse, uint64_t *state) {
    struct pw_item items[] = {
        {.address = PW_REG_CONTROL_COMMAND, .operation = PW_WRITE, .value = pulse},
        {.address = PW_REG_CONTROL_STATUS, .operation = PW_READ},
    };
    const int status = pw_transfer(card, items, 2);
    *state = items[1].value;
    return status;
}

static const char *kill_cause(uint64_t state) {
    switch ((state & PW_CONTROL_STATUS_KILL_CAUSE_MASK) >> PW_CONTROL_STATUS_KILL_CAUSE_SHIFT) {
    case 1:
        return "by the host";
    case 2:
        return "as the heartbeat lease ran out";
    case 3:
        return "by an impossible answer of the exchange";
    default:
        return "for an unknown cause";
    }
}

int pw_arm(struct pw_card *card) {
    uint64_t state;
    const int status = command(card, PW_CONTROL_COMMAND_ARM_MASK, &state);
    if (status != PW_OK || (state & PW_CONTROL_STATUS_ARMED_MASK) != 0)
        return status;
    if ((state & PW_CONTROL_STATUS_KILLED_MASK) != 0)
        return pw_fail(PW_ERROR_REFUSED, "not armed: the card is killed (%s); release it first",
                       kill_cause(state));
    if ((state & PW_CONTROL_STATUS_LEASE_ALIVE_MASK) == 0)
        return pw_fail(PW_ERROR_REFUSED,
                       "not armed: no heartbeat lease is running; send one first");
    if ((state & PW_CONTROL_STATUS_SESSION_UP_MASK) == 0)
        return pw_fail(PW_ERROR_REFUSED, "not armed: the order session is down (orders.session)");
    return pw_fail(PW_ERROR_REFUSED, "not armed, and control.status (0x%llx) does not say why",
                   (unsigned long long)state);
}

int pw_disarm(struct pw_card *card) {
    uint64_t state;
    const int status = command(card, PW_CONTROL_COMMAND_DISARM_MASK, &state);
    if (status != PW_OK || (state & PW_CONTROL_STATUS_ARMED_MASK) == 0)
        return status;
    return pw_fail(PW_ERROR_REFUSED, "still armed after a disarm: kill the card");
}

int pw_kill(struct pw_card *card) {
    uint64_t state;
    const int status = command(card, PW_CONTROL_COMMAND_KILL_MASK, &state);
    if (status != PW_OK || (state & PW_CONTROL_STATUS_KILLED_MASK) != 0)
        return status;
    return pw_fail(PW_ERROR_REFUSED, "not killed after a kill: cut the card's power or network");
}

int pw_release(struct pw_card *card) {
    uint64_t state;
    const int status = command(card, PW_CONTROL_COMMAND_RELEASE_MASK, &state);
    if (status != PW_OK || (state & PW_CONTROL_STATUS_KILLED_MASK) == 0)
        return status;
    return pw_fail(PW_ERROR_REFUSED, "still killed (%s) after a release", kill_cause(state));
}

int pw_heartbeat(struct pw_card *card, uint64_t until_cycles) {
    return pw_write_address(card, PW_REG_CONTROL_LEASE, until_cycles);
}

int pw_heartbeat_for(struct pw_card *card, uint64_t duration_ns) {
    uint64_t now;
    const int status = pw_card_time(card, &now);
    if (status != PW_OK)
        return status;
    const uint64_t cycles = pw_ns_to_cycles(card, duration_ns);
    return pw_heartbeat(card, now > UINT64_MAX - cycles ? UINT64_MAX : now + cycles);
}

int pw_mark(struct pw_card *card, uint32_t token) {
    if (token > INT32_MAX)
        return pw_fail(PW_ERROR_ARGUMENT,
                       "mark token 0x%x has bit 31 set: those are the card's own", token);
    return pw_write_address(card, PW_REG_CONTROL_MARK, token);
}

int pw_card_time(struct pw_card *card, uint64_t *cycles) {
    return pw_read_address(card, PW_REG_CONTROL_TIME, cycles);
}

int pw_card_time_ns(struct pw_card *card, uint64_t *ns) {
    if (ns == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_card_time_ns: null pointer");
    uint64_t cycles;
    const int status = pw_card_time(card, &cycles);
    if (status == PW_OK)
        *ns = pw_cycles_to_ns(card, cycles);
    return status;
}

/* a * b / c, rounded down or up, at most UINT64_MAX; b and c fit 32 bits, c is not 0. */
static uint64_t scale(uint64_t a, uint64_t b, uint64_t c, bool up) {
    const uint64_t whole = a / c;
    if (b != 0 && whole > UINT64_MAX / b)
        return UINT64_MAX;
    const uint64_t product = (a % c) * b;
    const uint64_t part = product / c + (up && product % c != 0 ? 1 : 0);
    return whole * b > UINT64_MAX - part ? UINT64_MAX : whole * b + part;
}

uint64_t pw_cycles_to_ns(const struct pw_card *card, uint64_t cycles) {
    return scale(cycles, card->identity.clock_period_ps, 1000, false);
}

uint64_t pw_ns_to_cycles(const struct pw_card *card, uint64_t ns) {
    return scale(ns, 1000, card->identity.clock_period_ps, true);
}
