"""Bytes from strangers to pixels: formats are recognised by their content, and sizes are known before anything is decoded."""

from __future__ import annotations

import io
import struct
from enum import StrEnum

from PIL import Image, ImageCms, ImageOps

from cluster.errors import MediaRefused

EDGE_PX_MIN = 16  # less is a tracking pixel, not a picture
SNIFF_BYTES = 32
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_ISO_MEDIA_OFFSET = 4  # AVIF: a box length, then `ftyp` and the brand
_AVIF_BRANDS = (b"avif", b"avis", b"mif1")
_RESIZABLE_MODES = ("RGB", "RGBA", "L", "LA", "CMYK", "YCbCr")
_BACKGROUND = (255, 255, 255)  # behind transparent parts
# Pillow's own complaints; a broken file can raise any of them, even struct.error.
_DECODER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    ArithmeticError,
    struct.error,
)


class Refusal(StrEnum):
    """Why a picture is not kept: the stable words of MediaRefused.reason."""

    # the address
    BAD_URL = "bad_url"
    SCHEME_NOT_ALLOWED = "scheme_not_allowed"
    HOST_NOT_ALLOWED = "host_not_allowed"
    PRIVATE_ADDRESS = "private_address"
    UNRESOLVABLE = "unresolvable"
    # the answer
    EXPIRED = "expired"
    NOT_FOUND = "not_found"
    HTTP_ERROR = "http_error"
    BAD_REDIRECT = "bad_redirect"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    # the content
    NOT_AN_IMAGE = "not_an_image"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"


def is_image(head: bytes) -> bool:
    """Whether the first SNIFF_BYTES bytes begin a JPEG, PNG, GIF, WebP or AVIF file."""
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return True
    brand = head[_ISO_MEDIA_OFFSET + 4 : _ISO_MEDIA_OFFSET + 8]
    return head[_ISO_MEDIA_OFFSET : _ISO_MEDIA_OFFSET + 4] == b"ftyp" and brand in _AVIF_BRANDS


def decode_image(data: bytes, *, edge_px_max: int, pixels_max: int) -> Image.Image:
    """An upright sRGB picture without metadata, its longer edge at most edge_px_max; the first frame of an animation.

    Raises MediaRefused with the reason not_an_image, too_many_pixels, too_small or damaged.
    """
    if not is_image(data[:SNIFF_BYTES]):
        raise MediaRefused("This is not a JPEG, PNG, GIF, WebP or AVIF file", reason=Refusal.NOT_AN_IMAGE.value)
    try:
        _verify(data, pixels_max)
        return _pixels(data, edge_px_max)
    except MediaRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(str(error)) from error
    except (*_DECODER_ERRORS, MemoryError) as error:
        raise MediaRefused(f"The image file is damaged: {error}", reason=Refusal.DAMAGED.value) from error


def _verify(data: bytes, pixels_max: int) -> None:
    """Read the header and check checksums; nothing is decoded yet."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        width_px, height_px = image.size
        if width_px * height_px > pixels_max:
            raise _too_many_pixels(f"{width_px} × {height_px} pixels")
        if min(width_px, height_px) < EDGE_PX_MIN:
            raise MediaRefused(f"The image has only {width_px} × {height_px} pixels", reason=Refusal.TOO_SMALL.value)
        image.verify()


def _pixels(data: bytes, edge_px_max: int) -> Image.Image:
    edges = (edge_px_max, edge_px_max)
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        profile = image.info.get("icc_profile")
        image.draft("RGB", edges)  # a JPEG decodes at a fraction of its size, several times faster
        # Shrink first, so that at most one more full-size copy exists; palettes and deep greys do not resize smoothly.
        small = image if image.mode in _RESIZABLE_MODES else _with_8_bits(image)
        small.thumbnail(edges, Image.Resampling.LANCZOS)
        upright = ImageOps.exif_transpose(small)
    return _plain(_in_srgb(_without_alpha(upright), profile))


def _with_8_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bit grey, which a plain conversion would clip to white
        return image.point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _without_alpha(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    canvas = Image.new("RGBA", layer.size, (*_BACKGROUND, 255))
    canvas.alpha_composite(layer)
    return canvas.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert a wide-gamut picture; its profile is about to be dropped."""
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB":
            return image  # a CMYK or grey profile: Pillow's plain conversion has been done
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a broken profile costs a shade of colour, not the picture
    return converted or image


def _plain(image: Image.Image) -> Image.Image:
    """The pixels alone: EXIF tells where somebody lives."""
    plain = Image.new("RGB", image.size)
    plain.paste(image)
    return plain


def _too_many_pixels(what: str) -> MediaRefused:
    return MediaRefused(f"The image is too large to decode: {what}", reason=Refusal.TOO_MANY_PIXELS.value)
