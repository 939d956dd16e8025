"""Send one HTTP request to an address somebody else chose: resolved once, no redirects, bounded in time and bytes."""

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from compliance.services.public_addresses import (
    AddressRefused,
    is_public_address,
    resolve_public_address,
)

# Wall time of one attempt from connecting to the end of the answer, in seconds. Standard Webhooks suggests 15 to 30; a worker
# waits meanwhile, so ours is shorter.
ATTEMPT_TIMEOUT_S = 10.0
# How much of an answer is read; the rest is nobody's business. Unit: bytes.
MAX_ANSWER_BYTES = 4096
# How much of it is kept for the delivery log. Unit: characters.
KEPT_CHARACTERS = 500
# What may stand between https:// and the path: a name or an address, and perhaps a port.
HOST = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")
USER_AGENT = "Cleartone-Webhooks/1"


class InvalidWebhookUrl(Exception):
    """An address that nothing may be sent to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """What came of one request: a status code, or an error."""

    status_code: int | None
    text: str
    error: str
    duration_ms: int

    @property
    def is_success(self) -> bool:
        """Whether the receiver took the message: 2xx; a redirect is not followed and is no success."""
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked URL, in parts."""

    is_tls: bool
    host: str
    port: int
    path: str


def parse_webhook_url(url: str, *, allow_private: bool) -> Target:
    """Return the parts of a URL that messages may be sent to; a name's addresses are checked when it is connected to.

    Raises
    ------
    InvalidWebhookUrl : if it is not https, carries credentials or a fragment, or names an address that is not public
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidWebhookUrl(
            "The URL must be printable ASCII; write other names in their xn-- form."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidWebhookUrl(f"The URL cannot be read: {error}.") from error
    if parts.scheme not in ({"https", "http"} if allow_private else {"https"}):
        raise InvalidWebhookUrl(
            f"The URL must start with https://, got {parts.scheme or 'no scheme'}."
        )
    if (
        not parts.hostname
        or not HOST.fullmatch(parts.netloc)
        or "@" in parts.netloc
        or parts.fragment
        or "\\" in url
        or port == 0
    ):
        raise InvalidWebhookUrl("The URL needs a host, and neither credentials nor a fragment.")
    if not allow_private and _is_not_public(parts.hostname):
        raise InvalidWebhookUrl(f"{parts.hostname} is not a public address.")
    return Target(
        is_tls=parts.scheme == "https",
        host=parts.hostname,
        port=port or (443 if parts.scheme == "https" else 80),
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )


def _is_not_public(host: str) -> bool:
    try:
        return not is_public_address(host)
    except ValueError:  # a name
        return host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")


def post_message(
    *,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    allow_private: bool,
    timeout_s: float = ATTEMPT_TIMEOUT_S,
    tls: ssl.SSLContext | None = None,
) -> WebhookAnswer:
    """Send a message; whatever goes wrong out there is an answer, not an exception."""
    started = time.monotonic()
    status_code, text, error = None, "", ""
    try:
        target = parse_webhook_url(url, allow_private=allow_private)
        address = resolve_public_address(target.host, target.port, allow_private=allow_private)
        connection = _PinnedConnection(target, address=address, timeout_s=timeout_s, tls=tls)
        status_code, text = _exchange(connection, target, headers=headers, body=body)
    except (InvalidWebhookUrl, AddressRefused, OSError, http.client.HTTPException) as caught:
        error = f"{type(caught).__name__}: {caught}"
    duration_s = time.monotonic() - started
    if error and duration_s >= timeout_s:
        error = f"no complete answer within {timeout_s:g} s"
    return WebhookAnswer(
        status_code=status_code, text=text, error=error[:KEPT_CHARACTERS], duration_ms=round(duration_s * 1000)
    )  # fmt: skip


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to one address, whatever the name says by now; Host and TLS speak the name."""

    def __init__(
        self, target: Target, *, address: str, timeout_s: float, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self.address = address
        self.tls = (tls or ssl.create_default_context()) if target.is_tls else None
        # The Host header leaves the port out when it is the scheme's own.
        self.default_port = 443 if target.is_tls else 80
        self.timed_out = False
        # A socket's own timeout starts anew with every byte; the watchdog's does not.
        self.watchdog = threading.Timer(timeout_s, self._hang_up)
        self.watchdog.daemon = True

    def connect(self) -> None:
        """Connect to the one address."""
        self.watchdog.start()
        self.sock = socket.create_connection((self.address, self.port), timeout=self.timeout)
        if self.tls is not None:
            # The handshake comes after the assignment, so that the watchdog has something to hang up.
            self.sock = self.tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def close(self) -> None:
        """Close and let the watchdog go."""
        self.watchdog.cancel()
        super().close()

    def _hang_up(self) -> None:
        self.timed_out = True
        if self.sock is not None:
            # Not SSLSocket.shutdown: it would take the TLS state away under the thread that reads.
            with contextlib.suppress(OSError):  # it ended by itself
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def _exchange(
    connection: _PinnedConnection, target: Target, *, headers: Mapping[str, str], body: bytes
) -> tuple[int, str]:
    try:
        connection.request(
            "POST",
            target.path,
            body=body,
            headers={
                "Content-Type": "application/json",
                "User-Agent": USER_AGENT,
                "Connection": "close",
                **headers,
            },
        )
        response = connection.getresponse()
        text = response.read(MAX_ANSWER_BYTES).decode("utf-8", "replace")
        if connection.timed_out:  # what was cut off reads like an end
            raise TimeoutError("cut off")
        return response.status, text.replace("\x00", "")[:KEPT_CHARACTERS]
    finally:
        connection.close()
