"""libpennywire loaded by cffi in ABI mode: its declarations, where it is looked for, its errors.

No compiler is needed, only the library (``make driver``).
"""

import os
from pathlib import Path
from typing import Any

from cffi import FFI

from controlplane.card.event_table import RECORD_BYTES

__all__ = ["CDEF", "DeviceError", "check", "ffi", "find_library", "load_library"]

#: The declarations of host-driver/include/pennywire.h between its cffi marks; a test holds the two together.
CDEF = """
enum pw_status {
    PW_OK = 0, PW_ERROR_ARGUMENT = -1, PW_ERROR_SYSTEM = -2, PW_ERROR_TIMEOUT = -3, PW_ERROR_CLOSED = -4,
    PW_ERROR_PROTOCOL = -5, PW_ERROR_UNKNOWN_CARD = -6, PW_ERROR_NO_REGISTER = -7, PW_ERROR_NOT_WRITABLE = -8,
    PW_ERROR_LOCKED = -9, PW_ERROR_NOT_READABLE = -10, PW_ERROR_MISMATCH = -11, PW_ERROR_REFUSED = -12,
    PW_ERROR_NOT_SUBSCRIBED = -13, PW_ERROR_CARD_RESET = -14,
    PW_ERROR_SESSION_DOWN = -15, PW_ERROR_LOGIN_REJECTED = -16, PW_ERROR_SESSION_ENDED = -17,
};
enum pw_operation { PW_READ = 1, PW_WRITE = 2, };
enum pw_item_status {
    PW_ITEM_OK = 0, PW_ITEM_NO_REGISTER = 1, PW_ITEM_NOT_WRITABLE = 2, PW_ITEM_LOCKED = 3,
    PW_ITEM_MISMATCH = 100, PW_ITEM_UNDONE = 101,
};

#define PW_NAME_SIZE 64

struct pw_card;
struct pw_record;
struct pw_options { uint32_t timeout_ms; uint32_t attempts; };
struct pw_identity {
    uint64_t magic; uint64_t git_hash; uint32_t abi_version; uint32_t clock_period_ps; uint32_t slots;
    uint32_t width; uint32_t row_levels; uint32_t own_orders; uint32_t table_orders; bool soft;
    bool market_maker; bool trades;
    char config_name[17];
};
struct pw_register_info {
    char name[PW_NAME_SIZE]; uint32_t address; uint8_t low; uint8_t width; bool is_field; bool readable;
    bool writable; bool locked; bool counter; bool is_signed; uint64_t check; uint64_t accept; uint64_t reset;
    const char *unit;
};
struct pw_item { uint32_t address; uint16_t operation; uint16_t status; uint64_t value; };
struct pw_event_counts { uint64_t received; uint64_t lost; uint64_t duplicates; uint64_t malformed; };
struct pw_transport_info { char scheme[8]; char mode[56]; uint64_t frames; uint64_t bad_frames; uint64_t passed; };
struct pw_snapshot {
    uint64_t sequence; uint64_t first_sequence; uint32_t orders; bool trading; bool unrestricted;
    bool market_known; bool market_open;
};
struct pw_time_map { uint64_t card_cycles; int64_t host_ns; uint64_t error_ns; };

const char *pw_last_error(void);
const char *pw_strerror(int status);
const char *pw_version(void);
int pw_open(const char *url, const struct pw_options *options, struct pw_card **card);
void pw_close(struct pw_card *card);
void pw_transport_info(const struct pw_card *card, struct pw_transport_info *info);
const struct pw_identity *pw_identity(const struct pw_card *card);
int pw_register_find(const struct pw_card *card, const char *name, struct pw_register_info *info);
size_t pw_register_count(const struct pw_card *card);
int pw_register_at(const struct pw_card *card, size_t number, struct pw_register_info *info);
int pw_field_at(const struct pw_card *card, uint32_t address, size_t number, struct pw_register_info *info);
int pw_read(struct pw_card *card, const char *name, uint64_t *value);
int pw_write(struct pw_card *card, const char *name, uint64_t value);
int pw_write_checked(struct pw_card *card, const char *name, uint64_t value);
int pw_read_address(struct pw_card *card, uint32_t address, uint64_t *value);
int pw_write_address(struct pw_card *card, uint32_t address, uint64_t value);
int pw_transfer(struct pw_card *card, struct pw_item *items, size_t count);
int pw_transfer_checked(struct pw_card *card, struct pw_item *items, size_t count);
int pw_snapshot_begin(struct pw_card *card, uint32_t slot);
int pw_snapshot_load(struct pw_card *card, uint32_t slot, const char *path, bool opened, struct pw_snapshot *snapshot);
int pw_snapshot_abort(struct pw_card *card);
int pw_heartbeat(struct pw_card *card, uint64_t until_cycles);
int pw_heartbeat_for(struct pw_card *card, uint64_t duration_ns);
int pw_mark(struct pw_card *card, uint32_t token);
int pw_arm(struct pw_card *card);
int pw_disarm(struct pw_card *card);
int pw_kill(struct pw_card *card);
int pw_release(struct pw_card *card);
int pw_card_time(struct pw_card *card, uint64_t *cycles);
int pw_card_time_ns(struct pw_card *card, uint64_t *ns);
int pw_time_map(struct pw_card *card, unsigned tries, struct pw_time_map *map);
int pw_time_to_host(const struct pw_card *card, const struct pw_time_map *map,
    uint64_t cycles, int64_t *host_ns, uint64_t *error_ns);
uint64_t pw_cycles_to_ns(const struct pw_card *card, uint64_t cycles);
uint64_t pw_ns_to_cycles(const struct pw_card *card, uint64_t ns);
int pw_events_subscribe(struct pw_card *card);
int pw_events_poll(struct pw_card *card, struct pw_record *records, size_t max, int timeout_ms);
int pw_events_fd(const struct pw_card *card);
uint64_t pw_events_lost(const struct pw_card *card);
void pw_events_counts(const struct pw_card *card, struct pw_event_counts *counts);
"""

_LIBRARY = "libpennywire.so.0"
#: The library's versions whose structs are those above.
_VERSION = "0.1."

ffi = FFI()
# The library's users see a record's fields; here it is so many bytes, taken apart by the standard library's struct.
ffi.cdef(CDEF + f"struct pw_record {{ uint64_t bytes[{RECORD_BYTES // 8}]; }};")


class DeviceError(Exception):
    """The card, or the way to it, failed; the message is the driver's own sentence.

    Attributes
    ----------
    status : str
        Name of the driver's status, e.g. ``PW_ERROR_TIMEOUT``; ``PW_ERROR_ARGUMENT`` for what is wrong on this side.
    """

    def __init__(self, message: str, status: str = "PW_ERROR_ARGUMENT") -> None:
        super().__init__(message)
        self.status = status


def find_library() -> str:
    """Give what to load: ``PENNYWIRE_LIB``, else the one built in this clone, else the system's by its name."""
    named = os.environ.get("PENNYWIRE_LIB")
    if named:
        return named
    built = Path(__file__).resolve().parents[2] / "build" / "host-driver" / _LIBRARY
    return str(built) if built.exists() else _LIBRARY


def load_library() -> Any:
    """Load the library.

    Raises
    ------
    DeviceError
        There is none, or one of another version.
    """
    path = find_library()
    try:
        library = ffi.dlopen(path)
    except OSError as error:
        raise DeviceError(
            f"libpennywire cannot be loaded ({error}): run `make driver`, or set PENNYWIRE_LIB to the library"
        ) from error
    version = ffi.string(library.pw_version()).decode()
    if not version.startswith(_VERSION):
        raise DeviceError(f"{path} is version {version}, this program needs {_VERSION}x: run `make driver`")
    return library


def check(library: Any, status: int) -> None:
    """Turn a negative status of the call just made in this thread into an error with the driver's words.

    Raises
    ------
    DeviceError
        The status is negative.
    """
    if status < 0:
        name = ffi.typeof("enum pw_status").elements.get(status, str(status))
        raise DeviceError(ffi.string(library.pw_last_error()).decode(errors="replace"), name)
