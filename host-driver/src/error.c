#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A thread's own, so that the events thread never overwrites what the requests thread is about to
 * read, and so that an open that failed, which has no handle, can still say why. */
static _Thread_local char last_error[512];

int pw_fail(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    return status;
}

int pw_fail_errno(const char *format, ...) {
    const int error = errno;
    char reason[128];
    /* The POSIX strerror_r: strerror() is not safe between threads. */
    if (strerror_r(error, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", error);
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof last_error)
        snprintf(last_error + length, sizeof last_error - (size_t)length, ": %s", reason);
    return PW_ERROR_SYSTEM;
}

const char *pw_last_error(void) {
    return last_error;
}

const char *pw_strerror(int status) {
    switch (status) {
    case PW_OK:
        return "ok";
    case PW_ERROR_ARGUMENT:
        return "argument makes no sense";
    case PW_ERROR_SYSTEM:
        return "operating system error";
    case PW_ERROR_TIMEOUT:
        return "no answer in time";
    case PW_ERROR_CLOSED:
        return "connection closed by the card";
    case PW_ERROR_PROTOCOL:
        return "answer makes no sense";
    case PW_ERROR_UNKNOWN_CARD:
        return "not a card this library knows";
    case PW_ERROR_NO_REGISTER:
        return "no such register";
    case PW_ERROR_NOT_WRITABLE:
        return "register is read-only";
    case PW_ERROR_LOCKED:
        return "locked while the card is armed";
    case PW_ERROR_NOT_READABLE:
        return "register is write-only";
    case PW_ERROR_MISMATCH:
        return "read back differently";
    case PW_ERROR_REFUSED:
        return "refused by the card";
    case PW_ERROR_NOT_SUBSCRIBED:
        return "not subscribed to events";
    case PW_ERROR_CARD_RESET:
        return "card was reset";
    case PW_ERROR_SESSION_DOWN:
        return "order session is down";
    case PW_ERROR_LOGIN_REJECTED:
        return "login rejected by the exchange";
    case PW_ERROR_SESSION_ENDED:
        return "order session has ended";
    default:
        return status > 0 ? "ok" : "unknown error";
    }
}
