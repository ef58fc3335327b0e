"""Pictures for tests: real photographs of installed packages, files that lie, and a server that hands them out."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import struct
import zlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpcore
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from ssl import SSLContext

    Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

PUBLIC_ADDRESS = "93.184.216.34"


def photo(name: str) -> Image.Image:
    """A photograph that scikit-image, scikit-learn or matplotlib ships, such as chelsea.png, a cat."""
    folders = (("skimage", "data"), ("sklearn", "datasets/images"), ("matplotlib", "mpl-data/sample_data"))
    for package, folder in folders:
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        file = Path(spec.origin).parent / folder / name
        if file.is_file():
            with Image.open(file) as image:
                return image.convert("RGB")
    raise FileNotFoundError(name)


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise_picture(width_px: int = 320, height_px: int = 240) -> Image.Image:
    pixels = np.random.default_rng(7).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def png_bomb(edge_px: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that claims edge_px² pixels and holds one row of zeros."""
    header = struct.pack(">IIBBBBB", edge_px, edge_px, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 3 * edge_px))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def gif_bomb(edge_px: int = 60_000) -> bytes:
    """A GIF of a few bytes that claims edge_px² pixels."""
    screen = struct.pack("<HHBBB", edge_px, edge_px, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, edge_px, edge_px, 0) + b"\x02\x02\x44\x01\x00;"
    return b"GIF89a" + screen + frame


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def answer(
    body: bytes = b"", *, status: str = "200 OK", headers: Sequence[str] = (), has_length: bool = True
) -> Answer:
    """A whole answer; without its length it ends with the connection."""

    async def write(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
        if has_length:
            lines.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join((*lines, "", "")).encode() + body)
        await writer.drain()

    return write


@dataclass
class PictureServer:
    """A web server on loopback whose answers are set path by path; requests holds each request's lines."""

    port: int = 0
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[list[str]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, *answers: Answer) -> str:
        """Give these answers in turn, the last one again and again; returns the URL."""
        self.answers[path] = list(answers)
        return self.origin + path

    def paths(self) -> list[str]:
        return [lines[0].split(" ")[1] for lines in self.requests]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            self.requests.append(lines)
            waiting = self.answers.get(lines[0].split(" ")[1], [answer(status="404 Not Found")])
            await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has seen enough
        finally:
            writer.close()


@asynccontextmanager
async def picture_server(ssl: SSLContext | None = None) -> AsyncIterator[PictureServer]:
    served = PictureServer()
    server = await asyncio.start_server(served.handle, "127.0.0.1", 0, ssl=ssl)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()


class InternetStandIn(httpcore.AnyIOBackend):
    """Leads connections to public addresses to a server on loopback, and remembers which addresses were asked for."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.connected_to: list[str] = []

    async def connect_tcp(
        self,
        host,
        port,
        timeout=None,  # noqa: ASYNC109, the interface of httpcore
        local_address=None,
        socket_options=None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected_to.append(host)
        return await super().connect_tcp("127.0.0.1", self._port, timeout, local_address, socket_options)


def names(table: dict[str, list[str] | list[list[str]]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver with these names; where a name has lists of addresses, they are given in turn."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host not in table:
            raise OSError(f"no such name: {host}")
        found = table[host]
        return found.pop(0) if isinstance(found[0], list) else found

    return resolve
