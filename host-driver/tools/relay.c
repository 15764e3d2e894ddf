#include "relay.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pennywire_relay.h"
#include "print.h"

/* Where the password is, unless a file has it: a command line can be read by every user. */
static const char password_variable[] = "PENNYWIRE_SESSION_PASSWORD";
enum { PASSWORD_SIZE = 64 };

static volatile sig_atomic_t stopping;

static void on_signal(int number) {
    (void)number;
    stopping = 1;
}

struct settings {
    const char *exchange, *password_file;
    struct pw_session_options session;
    struct pw_relay_options relay;
};

/* Read a number of milliseconds or of a message; false when it is none. */
static bool read_number(const char *text, uint64_t *number) {
    char *end;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static const char *read_settings(char **arguments, struct settings *settings,
                                 const char **argument) {
    *settings = (struct settings){0};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        const char *name = *argument = arguments[i];
        if (strcmp(name, "--take-over") == 0) {
            settings->relay.take_over = true;
            continue;
        }
        if (strcmp(name, "--fresh") == 0) {
            settings->relay.fresh = true;
            continue;
        }
        const char *value = arguments[i + 1];
        if (value == NULL)
            return "unknown or incomplete option: ";
        if (strcmp(name, "--exchange") == 0) {
            settings->exchange = value;
        } else if (strcmp(name, "--user") == 0) {
            settings->session.username = value;
        } else if (strcmp(name, "--password-file") == 0) {
            settings->password_file = value;
        } else if (strcmp(name, "--session") == 0) {
            settings->session.session = value;
        } else if (strcmp(name, "--from") == 0) {
            settings->relay.from_now = strcmp(value, "now") == 0;
            *argument = value;
            if (!settings->relay.from_now && (!read_number(value, &settings->session.sequence) ||
                                              settings->session.sequence == 0))
                return "--from takes the number of a message, from 1, or now: not ";
        } else if (strcmp(name, "--card-silence-ms") == 0) {
            uint64_t number;
            *argument = value;
            if (!read_number(value, &number) || number == 0 || number > UINT32_MAX)
                return "--card-silence-ms takes milliseconds from 1, not ";
            settings->relay.card_silence_ms = (uint32_t)number;
        } else {
            return "unknown or incomplete option: ";
        }
        i++;
    }
    *argument = "--exchange HOST:PORT and --user NAME";
    return settings->exchange == NULL || settings->session.username == NULL ? "relay needs " : NULL;
}

const char *check_relay(char **arguments, const char **argument) {
    struct settings settings;
    return read_settings(arguments, &settings, argument);
}

/* The password, from the file or the variable; false, with a sentence, when there is none. */
static bool read_password(const struct settings *settings, char *password) {
    const char *given = getenv(password_variable);
    if (settings->password_file != NULL) {
        FILE *file = fopen(settings->password_file, "r");
        if (file == NULL || fgets(password, PASSWORD_SIZE, file) == NULL) {
            fprintf(stderr, "pennywire-ctl: no password can be read from %s\n",
                    settings->password_file);
            if (file != NULL)
                fclose(file);
            return false;
        }
        fclose(file);
    } else if (given != NULL && strlen(given) < PASSWORD_SIZE) {
        memcpy(password, given, strlen(given) + 1);
    } else {
        fprintf(stderr, "pennywire-ctl: give --password-file FILE or set %s\n", password_variable);
        return false;
    }
    password[strcspn(password, "\r\n")] = '\0';
    return true;
}

static void on_state(void *context, enum pw_relay_state state, const char *why) {
    static const char *const names[] = {"opening", "connecting", "catching up", "up", "finished"};
    const bool *json = context;
    if (*json) {
        printf("{\"state\": \"%s\", \"why\": ", names[state]);
        print_json_string(why);
        puts("}");
    } else {
        printf("%s%s%s\n", names[state], why[0] != '\0' ? ": " : "", why);
    }
}

static void print_counts(const struct pw_relay *relay, bool json) {
    struct pw_relay_counts counts;
    pw_relay_counts(relay, &counts);
    printf(json ? "{\"sent\": %" PRIu64 ", \"dropped\": %" PRIu64 ", \"again\": %" PRIu64
                  ", \"received\": %" PRIu64 ", \"delivered\": %" PRIu64 ", \"ups\": %" PRIu64 "}\n"
                : "sent %" PRIu64 ", dropped %" PRIu64 ", again %" PRIu64 ", received %" PRIu64
                  ", delivered %" PRIu64 ", came up %" PRIu64 "\n",
           counts.sent, counts.dropped, counts.again, counts.received, counts.delivered,
           counts.ups);
}

bool run_relay(struct pw_card *card, char **arguments, bool json) {
    struct settings settings;
    const char *argument;
    char password[PASSWORD_SIZE];
    if (read_settings(arguments, &settings, &argument) != NULL ||
        !read_password(&settings, password))
        return false;
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    settings.session.password = password;
    const struct pw_relay_handlers handlers = {.context = &json, .state = on_state};
    struct pw_relay *relay;
    int status = pw_relay_open(card, settings.exchange, &settings.session, &settings.relay,
                               &handlers, &relay);
    memset(password, 0, sizeof password);
    while (status >= 0 && !stopping)
        status = pw_relay_poll(relay, 100);
    if (status < 0)
        fprintf(stderr, "pennywire-ctl: %s\n", pw_last_error());
    if (relay != NULL)
        print_counts(relay, json);
    const int closed = pw_relay_close(relay);
    if (closed < 0 && status >= 0)
        fprintf(stderr, "pennywire-ctl: %s\n", pw_last_error());
    return status >= 0 && closed >= 0;
}
