"""Pictures: real photographs from installed packages, varied so that no two posts show the same picture.

A picture is a function of its owner and number: a part of a photograph (scenes.py), cropped, flipped, turned a little,
with its colours, brightness and contrast changed, at times with a line of text, as JPEG.
"""

from __future__ import annotations

import io
import math
import zlib
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

from cluster.embedded.simulator.scenes import FACES, SCENES
from cluster.embedded.simulator.shortcodes import stable_number

PICTURES_KEPT_MAX = 256
EDGE_PX = 640  # the shorter edge of a served picture
PROFILE_PX = 320
BOMB_EDGE_PX = 20_000
_BASE_EDGE_PX_MAX = 900
_JPEG_QUALITY = 82
_CROP_LEAST = 0.74  # of a scene's edges that stays
_TURN_DEGREES_MAX = 6.0
_TURN_MARGIN = 0.09  # that is cut off so that no empty corners show
_TEXTS = (
    "NEW",
    "Part 2",
    "SALE -20%",
    "3 tips",
    "link in bio",
    "watch till the end",
    "Q&A",
    "day 1",
    "must try",
    "before / after",
)


@lru_cache(maxsize=PICTURES_KEPT_MAX)
def post_picture(owner: str, index: int, scene: str, width_px: int, height_px: int) -> bytes:
    """A post's picture as JPEG in the post's aspect ratio, its shorter edge EDGE_PX."""
    rng = Random(stable_number("picture", owner, index))
    scale = EDGE_PX / min(width_px, height_px)
    size = (round(width_px * scale), round(height_px * scale))
    picture = _varied(scene, size, rng)
    if rng.random() < 0.15:
        _write(picture, rng.choice(_TEXTS), rng)
    return _jpeg(picture)


@lru_cache(maxsize=PICTURES_KEPT_MAX)
def profile_picture(username: str) -> bytes:
    """A profile picture as JPEG: often a face, else any scene."""
    rng = Random(stable_number("profile picture", username))
    scene = rng.choice(FACES) if rng.random() < 0.6 else rng.choice(sorted(SCENES))
    return _jpeg(_varied(scene, (PROFILE_PX, PROFILE_PX), rng))


@cache
def bomb() -> bytes:
    """A PNG of some kilobytes that unpacks to BOMB_EDGE_PX² pixels."""
    row = b"\x00" + b"\x55" * (BOMB_EDGE_PX // 8)
    packer = zlib.compressobj(6)
    data = b"".join(packer.compress(row * 100) for _ in range(BOMB_EDGE_PX // 100)) + packer.flush()
    size = BOMB_EDGE_PX.to_bytes(4, "big")
    header = size + size + bytes((1, 0, 0, 0, 0))  # one bit a pixel, greyscale
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


@cache
def _photograph(file: str) -> Image.Image:
    """One installed photograph in RGB, loaded once. Raises FileNotFoundError when its package lacks it."""
    package, _, rest = file.partition("/")
    spec = find_spec(package)  # finds the folder without the seconds that importing would take
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package {package} is not installed; the simulator's pictures come from it")
    path = Path(spec.submodule_search_locations[0]) / rest
    with Image.open(path) as opened:
        rgba = opened.convert("RGBA")
    picture = Image.new("RGB", rgba.size, (236, 231, 222))  # behind cut-out figures
    picture.paste(rgba, mask=rgba.getchannel("A"))
    picture.thumbnail((_BASE_EDGE_PX_MAX, _BASE_EDGE_PX_MAX))
    return picture


def _varied(scene: str, size: tuple[int, int], rng: Random) -> Image.Image:
    """A scene's part in the wanted size. It is changed while it is small, and enlarged last: that costs a third."""
    photograph = _photograph(SCENES[scene].file)
    left, top, right, bottom = _crop(photograph.size, SCENES[scene].box, size[0] / size[1], rng)
    part = photograph.crop((int(left), int(top), math.ceil(right), math.ceil(bottom)))
    part = part.convert("RGB", _colour_matrix(rng))
    margin = 0.0
    if rng.random() < 0.3:
        part = part.rotate(rng.uniform(-_TURN_DEGREES_MAX, _TURN_DEGREES_MAX), Image.Resampling.BILINEAR)
        margin = _TURN_MARGIN
    width, height = part.size
    box = (width * margin, height * margin, width * (1 - margin), height * (1 - margin))
    picture = part.resize(size, Image.Resampling.BICUBIC, box=box)
    mirrored = rng.random() < 0.5 and "text" not in SCENES[scene].objects
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else picture


def _crop(
    size: tuple[int, int], part: tuple[float, float, float, float], aspect: float, rng: Random
) -> tuple[float, float, float, float]:
    """A random box of the wanted aspect (width / height) inside a part of a photograph, in pixels."""
    left, top, right, bottom = part[0] * size[0], part[1] * size[1], part[2] * size[0], part[3] * size[1]
    width, height = right - left, bottom - top
    width, height = min(width, height * aspect), min(height, width / aspect)
    keep = rng.uniform(_CROP_LEAST, 1.0)
    width, height = width * keep, height * keep
    x, y = rng.uniform(left, right - width), rng.uniform(top, bottom - height)
    return x, y, x + width, y + height


def _colour_matrix(rng: Random) -> tuple[float, ...]:
    """Saturation, contrast, brightness and tint in one linear step (rows R, G, B; last column is the offset)."""
    saturation, contrast = rng.uniform(0.55, 1.35), rng.uniform(0.82, 1.18)
    brightness = rng.uniform(-16, 16) + 128 * (1 - contrast)
    if rng.random() < 0.06:
        saturation = 0.0  # black and white
    luma = (0.299, 0.587, 0.114)
    rows: list[float] = []
    for channel in range(3):
        tint = rng.uniform(0.9, 1.1) * contrast
        rows += [
            tint * ((1 - saturation) * luma[other] + (saturation if other == channel else 0)) for other in range(3)
        ]
        rows.append(brightness)
    return tuple(rows)


def _write(picture: Image.Image, text: str, rng: Random) -> None:
    pen = ImageDraw.Draw(picture)
    font = _font(rng.randrange(44, 72, 4))
    width, height = picture.size
    length = pen.textlength(text, font=font)
    x, y = max(10.0, (width - length) / 2), rng.choice((0.08, 0.42, 0.8)) * height
    pen.rectangle((x - 14, y - 8, x + length + 14, y + font.size * 1.25), fill=(20, 20, 20))
    pen.text((x, y), text, fill=(250, 250, 245), font=font)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow lacks FreeType"
    return font


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue()
