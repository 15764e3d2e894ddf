"""A disk that takes as long as a test wants: ``os.pwrite`` waits at a gate, and writes then."""

import os
import threading

PATIENCE = 30.0
_pwrite = os.pwrite


class SlowDisk:
    """Stands in for ``os.pwrite``; open until shut."""

    def __init__(self):
        self._news = threading.Condition()
        self._through = None
        self._error = None
        #: Calls that have begun.
        self.begun = 0

    def __call__(self, file, data, offset):
        with self._news:
            self.begun += 1
            number = self.begun
            self._news.notify_all()
            through = self._news.wait_for(lambda: self._through is None or number <= self._through, PATIENCE)
            assert through, "the test left the disk shut"
            if self._error:
                raise self._error
        return _pwrite(file, data, offset)

    def shut(self, after=0):
        """Let no more through than so many from now on."""
        with self._news:
            self._through = (self.begun if self._through is None else self._through) + after
            self._news.notify_all()

    def open(self, error=None):
        """Let all go on; with an error, let them fail with it from now on."""
        with self._news:
            self._through, self._error = None, error
            self._news.notify_all()

    def await_begun(self, number):
        """Wait until so many calls have begun in all."""
        with self._news:
            assert self._news.wait_for(lambda: self.begun >= number, PATIENCE), f"{self.begun} of {number} began"
