/* The last error of a thread: set where it happens, with the value that was wrong. */
#ifndef PENNYWIRE_ERROR_H
#define PENNYWIRE_ERROR_H

#include "pennywire.h"

/* Keep a sentence for pw_last_error() and give back the status, so that errors are one line. */
int pw_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As pw_fail(PW_ERROR_SYSTEM), with the words of errno behind it. */
int pw_fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
