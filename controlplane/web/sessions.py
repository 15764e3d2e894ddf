"""Who is logged in at the page: sessions in memory, each held by two secrets that one browser tab has.

The cookie is HttpOnly, so that no script reads it, and SameSite=Strict. A browser sends it to every port of the same
host all the same; so a write needs the session's token as well, which the page keeps in the storage of its own origin,
port included, and sends in a header (decision 0026).
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb

__all__ = ["COOKIE", "LENGTHS", "TOKEN_HEADER", "Session", "Sessions"]

COOKIE = "pennywire"
TOKEN_HEADER = "x-pennywire-token"
#: Seconds that a session of a role lasts: a viewer can do no more than kill.
LENGTHS: dict[int, float] = {pb.ROLE_OPERATOR: 3600.0, pb.ROLE_VIEWER: 12 * 3600.0}
#: Sessions at once; when more log in the oldest ends.
_MOST = 64


@dataclass(frozen=True, slots=True)
class Session:
    """Who it is, the number of the role, and the monotonic second at which it ends."""

    name: str
    role: int
    until: float


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class Sessions:
    """The sessions of one page process; none outlives it.

    Parameters
    ----------
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Digests only: what is kept here logs nobody in.
        self._sessions: dict[tuple[bytes, bytes], Session] = {}

    def begin(self, name: str, role: int) -> tuple[str, str, float]:
        """Log somebody in; give the cookie's value, the token, and for how many seconds they are good."""
        while len(self._sessions) >= _MOST:
            del self._sessions[next(iter(self._sessions))]
        cookie, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._sessions[_digest(cookie), _digest(token)] = Session(name, role, self._clock() + LENGTHS[role])
        return cookie, token, LENGTHS[role]

    def find(self, cookie: str, token: str) -> Session | None:
        """Give the live session that both secrets are of."""
        key = _digest(cookie), _digest(token)
        session = self._sessions.get(key)
        if session is not None and self._clock() >= session.until:
            del self._sessions[key]
            return None
        return session

    def seconds_left(self, session: Session) -> float:
        """Give for how long a session is still good."""
        return max(0.0, session.until - self._clock())

    def end(self, cookie: str, token: str) -> None:
        """Log out; one that is not there is out already."""
        self._sessions.pop((_digest(cookie), _digest(token)), None)
