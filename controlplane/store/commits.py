"""One thread that carries work out on a SQLite file, in the order in which it came; what waits is committed together.

Whoever hands work in gets a future and never waits for a disk by that; the future is done when the work is on it.
"""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["Commits"]

_Result = TypeVar("_Result")
_Work = Callable[[], Any]


class Commits(threading.Thread):
    """The thread; any thread may hand work in.

    Parameters
    ----------
    connection : sqlite3.Connection
        The file, open for any thread. It is this thread's alone from now on, and is closed by it.
    after : callable
        Called after each commit, before anybody hears of it.
    alone : callable
        True while each piece of work needs a commit of its own.
    failed : callable
        Called with what SQLite or the disk said when a commit did not come about: whoever waited may have gone away.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        after: Callable[[], None],
        alone: Callable[[], bool],
        failed: Callable[[Exception], Exception],
    ) -> None:
        super().__init__(name="commits", daemon=True)
        self._connection = connection
        self._after = after
        self._alone = alone
        self._failed = failed
        self._waiting: list[tuple[_Work, Future[Any]]] = []
        self._news = threading.Condition()
        self._closing = False

    def put(self, work: Callable[[], _Result]) -> "Future[_Result]":
        """Hand in work on the connection.

        Parameters
        ----------
        work : callable
            Called in the thread, within a transaction.

        Returns
        -------
        Future
            What the work gave, once it is on the disk; or the error of the disk, as ``failed`` words it. It cannot be
            called off: who waits no longer changes nothing.

        Raises
        ------
        RuntimeError
            The thread was closed.
        """
        future: Future[_Result] = Future()
        future.set_running_or_notify_cancel()
        with self._news:
            if self._closing:
                raise RuntimeError("the file is closed: nothing more can be written to it")
            self._waiting.append((work, future))
            self._news.notify()
        return future

    def close(self) -> None:
        """Carry out what waits, close the file, and end the thread; blocks meanwhile."""
        with self._news:
            self._closing = True
            self._news.notify()
        self.join()

    def run(self) -> None:
        """Commit until closed and nothing waits."""
        while batch := self._next():
            self._commit(batch)
        self._connection.close()

    def _next(self) -> list[tuple[_Work, Future[Any]]]:
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closing)
            most = 1 if self._alone() else len(self._waiting)
            batch, self._waiting = self._waiting[:most], self._waiting[most:]
        return batch

    def _commit(self, batch: list[tuple[_Work, Future[Any]]]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            with self._connection:
                for work, future in batch:
                    try:
                        done.append((future, work()))
                    except (OverflowError, UnicodeError) as error:
                        # This one cannot be stored, and changed nothing: the others can.
                        future.set_exception(error)
            self._after()
        except Exception as error:
            # Whatever it was: the thread goes on, and all who wait hear of it.
            worded = self._failed(error)
            for _work, future in batch:
                if not future.done():
                    future.set_exception(worded)
        else:
            for future, found in done:
                future.set_result(found)
