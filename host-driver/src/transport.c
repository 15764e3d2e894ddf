#include "transport.h"

#include <stdio.h>
#include <string.h>

#include "error.h"

static const struct pw_transport_ops *const transports[] = {&pw_transport_unix, &pw_transport_udp,
                                                            &pw_transport_xdp};
enum { TRANSPORTS = sizeof transports / sizeof transports[0] };

int pw_transport_choose(const char *url, struct pw_transport *transport, const char **address) {
    const char *colon = strchr(url, ':');
    for (size_t i = 0; colon != NULL && i < TRANSPORTS; i++) {
        const struct pw_transport_ops *ops = transports[i];
        const size_t length = strlen(ops->scheme);
        if ((size_t)(colon - url) != length || strncmp(url, ops->scheme, length) != 0)
            continue;
        if (colon[1] == '\0')
            return pw_fail(PW_ERROR_ARGUMENT, "card URL '%s' has nothing after the colon; write %s",
                           url, ops->example);
        *transport = (struct pw_transport){.ops = ops};
        for (int channel = 0; channel < PW_CHANNELS; channel++)
            transport->descriptor[channel] = -1;
        *address = colon + 1;
        return PW_OK;
    }
    char supported[128] = "";
    for (size_t i = 0; i < TRANSPORTS; i++) {
        const size_t used = strlen(supported);
        snprintf(supported + used, sizeof supported - used, "%s%s", i > 0 ? ", " : "",
                 transports[i]->example);
    }
    return pw_fail(PW_ERROR_ARGUMENT, "card URL '%s' is of no known kind; supported: %s", url,
                   supported);
}

void pw_transport_describe(const struct pw_transport *transport, struct pw_transport_info *info) {
    *info = (struct pw_transport_info){.mode = "a socket"};
    snprintf(info->scheme, sizeof info->scheme, "%s", transport->ops->scheme);
    if (transport->ops->describe != NULL)
        transport->ops->describe(transport, info);
}
