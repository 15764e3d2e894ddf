"""Stands before every request of the page: only a browser that shows the page itself, at its own address, comes in.

* `Host` must be the page's own address: a foreign name that was made to point here (DNS rebinding) is refused.
* What changes something is a POST of JSON whose `Origin` is the page's own; a browser sends a form or a script of
  another page with another `Origin`. Other methods do not exist.
* `Sec-Fetch-Site`, where a browser sends it, must say that the page itself asks; only to look at the page one may come
  from anywhere.
* Answers carry a policy by which the browser runs no script and loads no resource but the page's own files, shows it
  in no frame, makes no text into markup (trusted types), and keeps nothing.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "MOST_BODY", "PageGuard", "addresses"]

#: Bytes of a request's body.
MOST_BODY = 8192
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
#: Of every answer.
HEADERS: Mapping[str, str] = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def addresses(port: int) -> frozenset[str]:
    """Give what a browser on this machine may call the page's host."""
    return frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})


class PageGuard:
    """The check before, and the headers after, an application.

    Parameters
    ----------
    app : ASGIApp
        What is guarded.
    hosts : frozenset of str
        ``Host`` headers that are the page's own; see :func:`addresses`.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    def _wrong(self, scope: Scope) -> tuple[int, str]:
        """Say why a request is refused; status 0 where it is not."""
        headers, method = Headers(scope=scope), scope["method"]
        host = headers.getlist("host")
        if len(host) != 1 or host[0] not in self._hosts:
            return 421, f"this page is served at {' and '.join(sorted(self._hosts))} only"
        site = headers.get("sec-fetch-site", "same-origin")
        looking = scope["path"] == "/" and headers.get("sec-fetch-mode") == "navigate"
        if site not in ("same-origin", "none") and not looking:
            return 403, "another page may not ask this one"
        if method == "GET":
            return 0, ""
        if method != "POST":
            return 405, "the page knows GET and POST"
        if headers.get("origin") != f"http://{host[0]}":
            return 403, "a write must come from the page itself: its Origin is another one, or none"
        if headers.get("content-type") != "application/json":
            return 415, "a write is JSON"
        length = headers.get("content-length", "")
        if not (length.isdecimal() and int(length) <= MOST_BODY):
            return 413, f"a write says its length and has at most {MOST_BODY} bytes"
        return 0, ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on; see the ASGI specification."""
        if scope["type"] != "http":
            return  # there are no other kinds: the server is told to take none

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        status, words = self._wrong(scope)
        if status:
            await PlainTextResponse(f"{words}\n", status)(scope, receive, finish)
        else:
            await self._app(scope, receive, finish)
