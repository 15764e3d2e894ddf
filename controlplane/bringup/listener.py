"""Hears the card's events beside the requests, each with the host's time of its arrival."""

import threading
import time

from controlplane.card.device import Device, EventRecord
from controlplane.card.library import DeviceError

__all__ = ["Listener"]

_POLL_MS = 50


class Listener:
    """A thread that takes event records until it is closed; a context manager.

    Parameters
    ----------
    device : Device
        Open; its requests stay free for others.

    Raises
    ------
    DeviceError
        The card does not take the subscription.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._heard: list[tuple[int, EventRecord]] = []
        self._news = threading.Condition()
        self._stop = False
        self._error: DeviceError | None = None
        device.subscribe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *error: object) -> None:
        self._stop = True
        self._thread.join()

    def _run(self) -> None:
        while not self._stop:
            try:
                records = self._device.poll_events(timeout_ms=_POLL_MS)
            except DeviceError as error:
                with self._news:
                    self._error = error
                    self._news.notify_all()
                return
            now = time.perf_counter_ns()
            with self._news:
                self._heard += [(now, record) for record in records]
                self._news.notify_all()

    def heard(self, name: str) -> list[tuple[int, EventRecord]]:
        """Give the records of a type so far, with the host's time in ns (of ``perf_counter``) of each.

        Raises
        ------
        DeviceError
            The card took the subscription away.
        """
        with self._news:
            if self._error is not None:
                raise self._error
            return [(at, record) for at, record in self._heard if record.name == name]

    def wait_for_mark(self, token: int, seconds: float) -> bool:
        """Wait for the record of a mark; false where it does not come in time."""

        def there() -> bool:
            return self._error is not None or any(
                record.name == "HEARTBEAT" and record.word("token") == token for _, record in self._heard
            )

        with self._news:
            found = self._news.wait_for(there, seconds)
            if self._error is not None:
                raise self._error
            return found
