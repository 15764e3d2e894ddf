/* An order session told what to do on standard input, and telling what happens on standard output:
 *   session_client HOST:PORT USER PASSWORD SESSION SEQUENCE
 * Commands, one a line: "send HEX", "logout", "quit". Lines out: "state N WHY", "message SEQUENCE
 * HEX", "debug HEX", "failed STATUS SENTENCE", and "end STATUS SENTENCE" as the last. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pennywire_session.h"

static void print_hex(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        printf("%02x", bytes[i]);
    putchar('\n');
}

static void on_message(void *context, uint64_t sequence, const uint8_t *bytes, size_t size) {
    (void)context;
    printf("message %llu ", (unsigned long long)sequence);
    print_hex(bytes, size);
}

static void on_state(void *context, enum pw_session_state state, const char *why) {
    (void)context;
    printf("state %d %s\n", (int)state, why);
}

static void on_debug(void *context, const uint8_t *bytes, size_t size) {
    (void)context;
    printf("debug ");
    print_hex(bytes, size);
}

static int do_command(struct pw_session *session, const char *line) {
    if (strncmp(line, "logout", 6) == 0)
        return pw_session_logout(session);
    uint8_t bytes[1024];
    size_t size = 0;
    unsigned value;
    for (const char *hex = line + 5; size < sizeof bytes && sscanf(hex, "%2x", &value) == 1;
         hex += 2)
        bytes[size++] = (uint8_t)value;
    return pw_session_send(session, bytes, size);
}

int main(int number, char **arguments) {
    if (number != 6)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const struct pw_session_options options = {
        .username = arguments[2],
        .password = arguments[3],
        .session = arguments[4],
        .sequence = strtoull(arguments[5], NULL, 10),
        .login_ms = 2000,
        .heartbeat_ms = 200,
        .silence_ms = 2000,
        .reconnect_ms = 20,
    };
    const struct pw_session_handlers handlers = {
        .message = on_message, .state = on_state, .debug = on_debug};
    struct pw_session *session;
    int status = pw_session_open(arguments[1], &options, &handlers, &session);
    char line[4096];
    for (size_t used = 0; status >= 0;) {
        struct pollfd ready[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                 {.fd = pw_session_fd(session), .events = POLLIN}};
        poll(ready, 2, 5);
        if (ready[0].revents != 0) {
            const ssize_t got = read(STDIN_FILENO, line + used, sizeof line - 1 - used);
            if (got <= 0)
                break;
            used += (size_t)got;
            line[used] = '\0';
            char *end;
            while ((end = strchr(line, '\n')) != NULL) {
                *end = '\0';
                if (strcmp(line, "quit") == 0)
                    goto done;
                const int result = do_command(session, line);
                if (result < 0)
                    printf("failed %d %s\n", result, pw_last_error());
                used -= (size_t)(end + 1 - line);
                memmove(line, end + 1, used + 1);
            }
        }
        status = pw_session_poll(session, 0);
    }
done:
    printf("end %d %s\n", status < 0 ? status : 0, status < 0 ? pw_last_error() : "");
    pw_session_close(session);
    return 0;
}
