"""The page's application: its files, its stream of updates, logging in, and what somebody logged in may do.

Everything that is served is a file of ``static`` or JSON; text never becomes markup on this side. The stream is
server-sent events, one way: a browser's reading side is flow-controlled by TCP, so one that does not read stops its own
stream and nothing else.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.refusal import words_of
from controlplane.web.feed import RATE, Cursor, PageFeed
from controlplane.web.guard import PageGuard, addresses
from controlplane.web.sessions import COOKIE, TOKEN_HEADER, Session, Sessions
from controlplane.web.writes import BadRequestError, NotAllowedError, PageWrites

__all__ = ["MOST_BROWSERS", "make_page"]

#: Streams at once.
MOST_BROWSERS = 32
#: Seconds after which a stream with nothing to say says so, so that a browser that went away is noticed.
_QUIET = 5.0
_STATIC = Path(__file__).with_name("static")


def _refused(words: str, status: int) -> JSONResponse:
    return JSONResponse({"words": words}, status)


class _Page:
    """The handlers; see `make_page` for the parameters."""

    def __init__(self, feed: PageFeed, writes: PageWrites, sessions: Sessions) -> None:
        self._feed = feed
        self._writes = writes
        self._sessions = sessions
        self._browsers = 0
        self._one_login = asyncio.Lock()
        self._log = structlog.get_logger()

    async def index(self, _request: Request) -> Response:
        return FileResponse(_STATIC / "index.html", media_type="text/html; charset=utf-8")

    async def stream(self, _request: Request) -> Response:
        if self._browsers >= MOST_BROWSERS:
            return _refused(f"{MOST_BROWSERS} browsers watch already: close one", 503)
        return StreamingResponse(self._updates(), media_type="text/event-stream")

    async def _updates(self) -> AsyncIterator[str]:
        """Give this browser's updates; while it does not take one, later ones are made of what is newest then."""
        self._browsers += 1
        cursor, loop = Cursor(), asyncio.get_running_loop()
        try:
            spoke = due = loop.time()
            while True:
                told = self._feed.update(cursor)
                now = loop.time()
                if told or now - spoke > _QUIET:
                    yield f"data: {told}\n\n" if told else ": nothing new\n\n"
                    spoke = now
                due += 1 / RATE
                late = loop.time() - due
                if late > 0:
                    passed = int(late * RATE) + 1
                    cursor.skipped += passed
                    due += passed / RATE
                await asyncio.sleep(due - loop.time())
        finally:
            self._browsers -= 1

    async def audit(self, request: Request) -> Response:
        before = request.query_params.get("before", "")
        if not (before.isascii() and before.isdecimal() and len(before) < 16):
            return _refused("before must be the number of an audit row", 400)
        try:
            return JSONResponse({"rows": await self._feed.older_audit(int(before))})
        except grpc.aio.AioRpcError as error:
            return _refused(words_of(error), 503)

    def _session(self, request: Request) -> Session | None:
        return self._sessions.find(request.cookies.get(COOKIE, ""), request.headers.get(TOKEN_HEADER, ""))

    async def who(self, request: Request) -> Response:
        session = self._session(request)
        return JSONResponse(self._who(session) if session else {"role": ""})

    def _who(self, session: Session) -> dict[str, Any]:
        role = pb.Role.Name(session.role).removeprefix("ROLE_").lower()
        return {"role": role, "name": session.name, "seconds": round(self._sessions.seconds_left(session))}

    @staticmethod
    async def _body(request: Request) -> dict[str, Any]:
        try:
            body = json.loads(await request.body())
        except (ValueError, RecursionError) as error:
            raise BadRequestError(f"this is no JSON: {error}") from error
        if not isinstance(body, dict):
            raise BadRequestError("a JSON object is wanted")
        return body

    async def login(self, request: Request) -> Response:
        """Take a code; tries are made one after the other, half a second apart at least."""
        async with self._one_login:
            try:
                code = (await self._body(request)).get("code")
                if not isinstance(code, str) or len(code) > 64:
                    return _refused("give a code, as `pennywire web login` prints it", 400)
                found = await self._writes.redeem(code)
            except BadRequestError as error:
                return _refused(str(error), 400)
            except NotAllowedError as error:
                return _refused(str(error), 403)
            except grpc.aio.AioRpcError as error:
                await asyncio.sleep(0.5)
                return _refused(words_of(error), 403)
        cookie, token, seconds = self._sessions.begin(found.name, found.role)
        session = self._sessions.find(cookie, token)
        assert session is not None  # it began a moment ago
        self._log.info("logged_in", name=found.name, role=pb.Role.Name(found.role))
        answer = JSONResponse(self._who(session) | {"token": token})
        answer.set_cookie(COOKIE, cookie, max_age=int(seconds), path="/", httponly=True, samesite="strict")
        return answer

    async def logout(self, request: Request) -> Response:
        self._sessions.end(request.cookies.get(COOKIE, ""), request.headers.get(TOKEN_HEADER, ""))
        answer = JSONResponse({"role": ""})
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    async def write(self, request: Request) -> Response:
        """Carry out what somebody logged in asks for."""
        session = self._session(request)
        if session is None:
            return _refused("log in first: `pennywire web login` prints a code; `pennywire kill` needs none", 401)
        act = self._writes.known.get(request.path_params["what"])
        if act is None:
            return _refused(f"there are {', '.join(self._writes.known)}", 404)
        try:
            return JSONResponse(await act(session, await self._body(request)))
        except BadRequestError as error:
            return _refused(str(error), 400)
        except NotAllowedError as error:
            return _refused(str(error), 403)
        except grpc.aio.AioRpcError as error:
            return _refused(words_of(error), 503 if error.code() == grpc.StatusCode.UNAVAILABLE else 409)


def make_page(feed: PageFeed, writes: PageWrites, port: int, sessions: Sessions | None = None) -> ASGIApp:
    """Make the application.

    Parameters
    ----------
    feed : PageFeed
        What is shown; it is run elsewhere.
    writes : PageWrites
        What may be done.
    port : int
        The port at which browsers reach it: other addresses are refused.
    sessions : Sessions, optional
        Who is logged in.
    """
    page = _Page(feed, writes, sessions or Sessions())
    routes = [
        Route("/", page.index),
        Route("/stream", page.stream),
        Route("/audit", page.audit),
        Route("/session", page.who),
        Route("/login", page.login, methods=["POST"]),
        Route("/logout", page.logout, methods=["POST"]),
        Route("/write/{what}", page.write, methods=["POST"]),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
    return PageGuard(Starlette(routes=routes), addresses(port))
