"""Pictures from addresses that strangers chose, without becoming their way into our network.

Every connection, also a redirect's, goes through GuardedNetwork: the name is resolved here, all its addresses must be public,
and the socket opens to the address that was checked. TLS and the Host header still use the name. Proxies of the environment
are not used, since they would resolve the name again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import quote, urljoin, urlsplit

import httpcore

from cluster.errors import MediaRefused
from cluster.image_decode import SNIFF_BYTES, Refusal, is_image
from cluster.resilience import Policy
from cluster.settings import PolicySettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from cluster.settings import MediaSettings

    IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
    Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

URL_LENGTH_MAX = 4_096  # Instagram's signed URLs have about 500
ADDRESSES_MAX = 4  # of one name, tried in turn
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXPIRED = frozenset({403, 410})  # how Instagram's CDN answers a signature past its time
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_HEADERS = ((b"accept", b"image/*"), (b"accept-encoding", b"identity"), (b"user-agent", b"following/0.1"))
_RETRY_WAIT_S_INITIAL = 0.2
_RETRY_WAIT_S_MAX = 2.0
_IDLE_S_MAX = 5.0  # then a kept connection is closed
# Global by Python's table, but they carry an IPv4 address that a gateway may unwrap: NAT64, 6to4, Teredo, IPv4-compatible.
_TUNNELS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


class MediaUnreachable(MediaRefused):
    """The image could not be fetched just now."""

    code = "media_unreachable"
    transient: ClassVar[bool] = True


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, from the system's resolver; raises OSError when it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class ImageFetcher:
    """Fetches pictures from the allowed hosts and their subdomains. Close it, or use it as an async context manager."""

    def __init__(
        self,
        settings: MediaSettings,
        *,
        resolver: Resolver = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Resolver and network (what opens sockets to checked addresses) are replaced in tests."""
        self._settings = settings
        self._own = _origin_of(settings.allow_origin)
        own_address = (self._own.host, self._own.port) if self._own else None
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=settings.fetches_max,
            max_keepalive_connections=settings.fetches_max,
            keepalive_expiry=_IDLE_S_MAX,
            network_backend=GuardedNetwork(resolver, network or httpcore.AnyIOBackend(), own_address),
        )
        figures = PolicySettings(
            attempts_max=settings.fetch_attempts_max, wait_s_max=_RETRY_WAIT_S_MAX, failures_max=1, cooldown_s=1
        )
        self._policy = Policy("image", figures, wait_s_initial=_RETRY_WAIT_S_INITIAL, growth=2, jitter_s=0.2)

    async def fetch(self, url: str) -> bytes:
        """The bytes of an image file of at most settings.bytes_max; only its first bytes have been looked at.

        Tries settings.fetch_attempts_max times, settings.fetch_timeout_s each, redirects included. Raises MediaUnreachable
        when they are used up, MediaRefused for what no retry mends; both carry a Refusal as `reason`.
        """
        return await self._policy.retry_on((MediaUnreachable,), self._fetch_once, url)

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _fetch_once(self, url: str) -> bytes:
        target = self._checked(url)
        try:
            async with asyncio.timeout(self._settings.fetch_timeout_s):  # the whole body: a slow drip ends here
                return await self._follow(target)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise _unreachable("The image did not arrive in time", Refusal.TIMEOUT, target) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.PoolTimeout) as error:
            raise _unreachable(f"The connection failed: {error}", Refusal.UNREACHABLE, target) from error

    async def _follow(self, target: _Target) -> bytes:
        for _ in range(self._settings.redirects_max + 1):
            answer = await self._get(target)
            if isinstance(answer, bytes):
                return answer
            target = self._checked(urljoin(target.url, answer.location))
        raise _refused("The image is redirected too often", Refusal.TOO_MANY_REDIRECTS, target)

    async def _get(self, target: _Target) -> bytes | _Redirect:
        """One request: the body, or where to go instead."""
        url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        timeout_s = self._settings.fetch_timeout_s
        timeouts = {"connect": timeout_s, "read": timeout_s, "write": timeout_s, "pool": timeout_s}
        async with self._pool.stream("GET", url, headers=_HEADERS, extensions={"timeout": timeouts}) as response:
            headers = {name.lower(): value for name, value in response.headers}
            if response.status in _REDIRECTS:
                return _Redirect(_location(headers, target))
            _require_success(response.status, target)
            return await self._read(response, headers, target)

    async def _read(self, response: httpcore.Response, headers: dict[bytes, bytes], target: _Target) -> bytes:
        """The body, given up as soon as it is too long or its beginning is no image's."""
        bytes_max = self._settings.bytes_max
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > bytes_max:
            raise _refused(f"The image has {int(declared)} bytes, over {bytes_max}", Refusal.TOO_LARGE, target)
        body = bytearray()
        is_sniffed = False
        async with aclosing(response.aiter_stream()) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                body += chunk
                if len(body) > bytes_max:
                    raise _refused(f"The image has more than {bytes_max} bytes", Refusal.TOO_LARGE, target)
                if not is_sniffed and len(body) >= SNIFF_BYTES:
                    _require_image(body, target)
                    is_sniffed = True
        if not is_sniffed:
            _require_image(body, target)
        return bytes(body)

    def _checked(self, url: str) -> _Target:
        """Parse once, and use nothing but the parsed parts from then on; raises MediaRefused."""
        target = _parse(url)
        if target.origin == self._own:
            return target
        hosts = self._settings.hosts
        if not any(target.host == host or target.host.endswith(f".{host}") for host in hosts):
            raise _refused(f"Images come from {', '.join(hosts)} only", Refusal.HOST_NOT_ALLOWED, target)
        if target.port != _PORTS[target.scheme]:
            raise _refused(f"Port {target.port} is not allowed", Refusal.HOST_NOT_ALLOWED, target)
        return target


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens sockets to public addresses only; own_address (host, port) is the one exception."""

    def __init__(
        self, resolver: Resolver, network: httpcore.AsyncNetworkBackend, own_address: tuple[str, int] | None
    ) -> None:
        self._resolve = resolver
        self._network = network
        self._own_address = own_address

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109, the interface of httpcore
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = (await self._resolve(host, port))[:ADDRESSES_MAX]
        except OSError as error:
            message = f"The name of the image's host cannot be resolved: {error}"
            raise MediaUnreachable(message, reason=Refusal.UNRESOLVABLE.value, host=host) from error
        if (host, port) != self._own_address:
            require_public(host, addresses)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def require_public(host: str, addresses: Sequence[str]) -> None:
    """Raise MediaRefused (private_address) unless every address is public: one private among them is an attack."""
    for text in addresses:
        if not is_public(text):
            message = "The image's host has an address that is not public"
            raise MediaRefused(message, reason=Refusal.PRIVATE_ADDRESS.value, host=host, address=text)


def is_public(text: str) -> bool:
    """Whether a textual IP address is plain global unicast: not private, local, multicast, mapped or tunnelled."""
    try:
        address: IPAddress = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        is_tunnel = address.ipv4_mapped is not None or any(address in tunnel for tunnel in _TUNNELS)
        return address.is_global and address in _GLOBAL_UNICAST and address.scope_id is None and not is_tunnel
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True, slots=True)
class _Origin:
    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Target:
    """A parsed URL. host is lower-case ASCII without a final dot; path includes the query."""

    scheme: str
    host: str
    port: int
    path: str
    url: str

    @property
    def origin(self) -> _Origin:
        return _Origin(self.scheme, self.host, self.port)


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


def _parse(url: str) -> _Target:
    # Control characters, spaces and backslashes are what parsers disagree about.
    if len(url) > URL_LENGTH_MAX or any(character <= " " or character in "\\\x7f" for character in url):
        raise MediaRefused(
            "The image's URL is too long or has characters that no URL has", reason=Refusal.BAD_URL.value
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise MediaRefused(f"The image's URL cannot be read: {error}", reason=Refusal.BAD_URL.value) from error
    if parts.scheme not in _PORTS:
        message = "Images are fetched by http and https only"
        raise MediaRefused(message, reason=Refusal.SCHEME_NOT_ALLOWED.value, scheme=parts.scheme[:20])
    host = (parts.hostname or "").removesuffix(".")
    if not host or not host.isascii() or "%" in host or "@" in parts.netloc or port == 0:
        raise MediaRefused(
            "The image's URL needs a plain host, without user and password", reason=Refusal.BAD_URL.value
        )
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    target = f"{path}?{query}" if query else path
    return _Target(parts.scheme, host, port or _PORTS[parts.scheme], target, url)


def _origin_of(url: str | None) -> _Origin | None:
    return _parse(url).origin if url else None


def _location(headers: dict[bytes, bytes], target: _Target) -> str:
    location = headers.get(b"location", b"").decode("latin-1")
    if not location:
        raise _refused("The redirect names no place", Refusal.BAD_REDIRECT, target)
    return location


def _require_success(status: int, target: _Target) -> None:
    if status == 200:
        return
    if status in _TRANSIENT:
        raise _unreachable(f"The image's host answers {status}", Refusal.HTTP_ERROR, target)
    if status in _EXPIRED:
        raise _refused(f"The image's URL has expired (status {status})", Refusal.EXPIRED, target)
    reason = Refusal.NOT_FOUND if status == 404 else Refusal.HTTP_ERROR
    raise _refused(f"The image's host answers {status}", reason, target)


def _require_image(body: bytearray, target: _Target) -> None:
    if not is_image(bytes(body[:SNIFF_BYTES])):
        raise _refused("This is not a JPEG, PNG, GIF, WebP or AVIF file", Refusal.NOT_AN_IMAGE, target)


# Only the host is told: the rest of a signed URL is a key.
def _refused(message: str, reason: Refusal, target: _Target) -> MediaRefused:
    return MediaRefused(message, reason=reason.value, host=target.host)


def _unreachable(message: str, reason: Refusal, target: _Target) -> MediaUnreachable:
    return MediaUnreachable(message, reason=reason.value, host=target.host)
