"""Who may ask the server, and for how much.

Every page in a browser can send requests to a local port, and a name of an attacker's can be made
to mean this machine. So what is asked must carry the token of the address that was printed, be
sent to a name of this machine, and come from the page itself; the page may load nothing from
elsewhere.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

LARGEST = 128 << 20  #: bytes of a file that the page sends
HEADER = "x-vitreous-token"  #: that carries the token
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {}"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class TooLarge(Exception):
    """More was sent than is taken, or announced; status 413."""

    def __str__(self) -> str:
        return f"this is larger than the {LARGEST >> 20} MB that are taken"


@dataclass(frozen=True)
class Guard:
    """ASGI middleware around ``app``.

    Fields:
        token: what requests to ``/api`` must carry. port: of the server. host: the address that it
        is bound to. framed_by: pages that may show this one in a frame, as a content security
        policy names them.
    """

    app: Any
    token: str
    port: int
    host: str = "127.0.0.1"
    framed_by: str = "'none'"

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self.refusal(scope)
        if refusal is not None:
            await self._answer(send, *refusal)
            return
        await self.app(scope, _counted(receive), self._marked(send))

    def refusal(self, scope: Message) -> tuple[int, str] | None:
        """Status and sentence for a request that is not answered."""
        headers = {name.decode("latin-1"): of.decode("latin-1") for name, of in scope["headers"]}
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._ours(host):
            return 403, f"'{host[:80]}' is no name of this server; use the address it printed"
        if origin is not None and origin != f"http://{host}":
            return 403, f"requests from '{origin[:80]}' are not answered"
        if not scope["path"].startswith("/api/"):
            return None
        if not secrets.compare_digest(headers.get(HEADER, "").encode(), self.token.encode()):
            return 401, "the token is missing or wrong; open the address that vitreous view printed"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LARGEST:
            return 413, str(TooLarge())
        return None

    def _ours(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        if name in ("127.0.0.1", "localhost", "[::1]") or name == self.host:
            return True
        return everywhere(self.host) and _address(name) is not None

    def _marked(self, send: Send) -> Send:
        more = {**_HEADERS, "content-security-policy": POLICY.format(self.framed_by)}

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.encode(), value.encode()) for name, value in more.items()]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        return marked

    async def _answer(self, send: Send, status: int, sentence: str) -> None:
        send = self._marked(send)
        plain = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": status, "headers": plain})
        await send({"type": "http.response.body", "body": sentence.encode()})


def everywhere(host: str) -> bool:
    """Whether a server bound to ``host`` is reached at every address of this machine."""
    address = _address(host)
    return address is not None and address.is_unspecified


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that ``name`` is; None for a name, which can be made to mean any machine."""
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None


def _counted(receive: Receive) -> Receive:
    """``receive`` that ends a request whose body, announced or not, is too large."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST:
            raise TooLarge
        return message

    return counted
