"""A URL becomes a small, clean, stored picture, or a reason."""

from __future__ import annotations

import asyncio
import hashlib
import io

import pytest
from PIL import Image

from cluster.errors import MediaRefused
from cluster.media import FolderStore, MediaUnavailable
from cluster.settings import MediaSettings
from cluster.thumbnails import Thumbnailer
from tests.pictures import answer, encoded, noise_picture, photo, picture_server, png_bomb

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server():
    async with picture_server() as running:
        yield running


@pytest.fixture
def settings(server) -> MediaSettings:
    return MediaSettings(
        _env_file=None, allow_origin=server.origin, fetch_timeout_s=3, fetch_attempts_max=1, fetches_max=4
    )


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(tmp_path / "media")


@pytest.fixture
async def thumbnailer(store, settings):
    async with Thumbnailer(store, settings) as running:
        yield running


async def test_a_photograph_becomes_a_small_webp_under_its_hash(server, store, thumbnailer):
    url = server.on("/cat.jpg", answer(encoded(photo("chelsea.png").resize((1350, 900)))))

    made = await thumbnailer.make(url)

    assert (made.width_px, made.height_px) == (640, 427)
    assert made.content_hash == hashlib.sha256(made.data).hexdigest()
    assert made.key == f"{made.content_hash[:2]}/{made.content_hash}.webp"
    assert made.url == f"/media/{made.key}"
    assert made.size_bytes == len(made.data) < 60_000
    assert await store.get(made.key) == made.data
    with Image.open(io.BytesIO(made.data)) as image:
        assert (image.format, image.size, image.mode) == ("WEBP", (640, 427), "RGB")


async def test_where_the_picture_was_taken_is_not_kept(server, thumbnailer):
    exif = Image.Exif()
    exif[0x010E] = "my home"
    exif.get_ifd(0x8825)[1] = "N"
    url = server.on("/home.jpg", answer(encoded(photo("coffee.png"), exif=exif)))

    made = await thumbnailer.make(url)

    with Image.open(io.BytesIO(made.data)) as image:
        assert not image.getexif()
        assert "icc_profile" not in image.info
    assert b"my home" not in made.data


async def test_the_same_picture_twice_is_stored_once(server, tmp_path, thumbnailer):
    picture = encoded(photo("rocket.jpg"))
    urls = [server.on(f"/{number}.jpg", answer(picture)) for number in range(6)]

    made = await asyncio.gather(*(thumbnailer.make(url) for url in urls))

    assert len({thumbnail.key for thumbnail in made}) == 1
    assert len([file for file in (tmp_path / "media").rglob("*") if file.is_file()]) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!doctype html><html>Log in to continue</html>" + b" " * 64, "not_an_image"),
        (encoded(noise_picture())[:2_000], "damaged"),
        (png_bomb(), "too_many_pixels"),
        (encoded(noise_picture(1, 1), "PNG"), "too_small"),
    ],
)
async def test_what_is_no_picture_is_refused_and_not_stored(server, tmp_path, thumbnailer, body, reason):
    url = server.on("/x.jpg", answer(body))

    with pytest.raises(MediaRefused) as refused:
        await thumbnailer.make(url)

    assert refused.value.reason == reason
    assert list((tmp_path / "media").rglob("*")) == []


async def test_downloads_are_bounded_in_number(server, store, settings):
    running, most = 0, 0
    picture = encoded(noise_picture(64, 64))

    async def slow(writer):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        await answer(picture)(writer)
        running -= 1

    urls = [server.on(f"/{number}.jpg", slow) for number in range(12)]
    async with Thumbnailer(store, settings) as thumbnailer:
        await asyncio.gather(*(thumbnailer.make(url) for url in urls))

    assert most == settings.fetches_max


async def test_a_refused_picture_does_not_hold_up_the_others(server, thumbnailer):
    good = server.on("/good.jpg", answer(encoded(photo("coffee.png"))))
    urls = [server.on(f"/gone{number}.jpg", answer(status="410 Gone")) for number in range(8)]

    made = await asyncio.gather(*(thumbnailer.make(url) for url in [*urls, good]), return_exceptions=True)

    assert [type(outcome).__name__ for outcome in made] == ["MediaRefused"] * 8 + ["Thumbnail"]


async def test_a_store_that_fails_is_unavailable(server, tmp_path, thumbnailer):
    (tmp_path / "media").rmdir()
    url = server.on("/cat.jpg", answer(encoded(photo("chelsea.png"))))

    with pytest.raises(MediaUnavailable):
        await thumbnailer.make(url)
