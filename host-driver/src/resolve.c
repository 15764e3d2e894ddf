#include "resolve.h"

#include <netdb.h>
#include <string.h>

#include "error.h"

enum { HOST_SIZE = 256, PORT_SIZE = 6 };

/* Cut the text in two; false when it is not of the form. */
static bool split(const char *text, const char *default_port, char *host, char *port) {
    const char *end = strchr(text, ':');
    const char *begin = text;
    if (text[0] == '[') {
        begin = text + 1;
        end = strchr(begin, ']');
        if (end == NULL || (end[1] != ':' && end[1] != '\0'))
            return false;
    }
    const size_t length = end == NULL ? strlen(begin) : (size_t)(end - begin);
    if (length == 0 || length >= HOST_SIZE)
        return false;
    memcpy(host, begin, length);
    host[length] = '\0';
    const char *rest = begin + length + (text[0] == '[' ? 1 : 0);
    const char *digits = rest[0] == ':' ? rest + 1 : default_port;
    if (digits == NULL || strlen(digits) >= PORT_SIZE)
        return false;
    unsigned number = 0;
    for (size_t i = 0; digits[i] != '\0'; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        number = number * 10 + (unsigned)(digits[i] - '0');
    }
    memcpy(port, digits, strlen(digits) + 1);
    return number >= 1 && number <= 65535;
}

int pw_resolve(const char *text, const char *default_port, int type, struct pw_peer *peers) {
    char host[HOST_SIZE], port[PORT_SIZE];
    memset(peers, 0, PW_PEERS * sizeof *peers);
    if (!split(text, default_port, host, port))
        return pw_fail(PW_ERROR_ARGUMENT, "'%s' is no address; write HOST%s or [IPV6]%s", text,
                       default_port == NULL ? ":PORT" : "[:PORT]",
                       default_port == NULL ? ":PORT" : "[:PORT]");
    const struct addrinfo hints = {
        .ai_family = text[0] == '[' ? AF_INET6 : AF_UNSPEC,
        .ai_socktype = type,
        .ai_flags = AI_NUMERICSERV,
    };
    struct addrinfo *found;
    const int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        return pw_fail(PW_ERROR_SYSTEM, "looking up host '%s': %s", host, gai_strerror(error));
    size_t number = 0;
    /* IPv4 first: a card speaks nothing else, and "localhost" often names ::1 before it. */
    for (int pass = 0; pass < 2; pass++) {
        for (const struct addrinfo *one = found; one != NULL && number < PW_PEERS;
             one = one->ai_next) {
            if ((one->ai_family == AF_INET) != (pass == 0) ||
                one->ai_addrlen > sizeof peers[number].address)
                continue;
            memcpy(&peers[number].address, one->ai_addr, one->ai_addrlen);
            peers[number++].size = one->ai_addrlen;
        }
    }
    freeaddrinfo(found);
    return number > 0 ? PW_OK : pw_fail(PW_ERROR_SYSTEM, "host '%s' has no address", host);
}
