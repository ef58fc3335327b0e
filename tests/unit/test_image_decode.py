"""What becomes of files from strangers."""

from __future__ import annotations

import io
import warnings
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from cluster.errors import MediaRefused
from cluster.image_decode import Refusal, decode_image, is_image
from tests.pictures import encoded, gif_bomb, noise_picture, photo, png_bomb

LIMITS = {"edge_px_max": 640, "pixels_max": 40_000_000}


def refusal_of(data: bytes, **limits: int) -> Refusal:
    with pytest.raises(MediaRefused) as refused:
        decode_image(data, **(LIMITS | limits))
    return Refusal(refused.value.reason)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_each_allowed_format_is_read_as_rgb(kind):
    assert features.check("avif")

    image = decode_image(encoded(photo("chelsea.png"), kind), **LIMITS)

    assert (image.mode, image.size) == ("RGB", (451, 300))


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "PDF"])
def test_other_formats_are_no_images_to_us(kind):
    assert refusal_of(encoded(noise_picture(64, 64), kind)) == Refusal.NOT_AN_IMAGE


@pytest.mark.parametrize("data", [b"", b"<!doctype html><html>", b"\xff\xd8", b"RIFF1234WAVE", b"%PDF-1.7"])
def test_what_does_not_begin_like_an_image_is_refused(data):
    assert not is_image(data)
    assert refusal_of(data) == Refusal.NOT_AN_IMAGE


def test_a_large_picture_is_shrunk_and_keeps_its_shape():
    image = decode_image(encoded(photo("china.jpg").resize((3200, 2000))), **LIMITS)

    assert image.size == (640, 400)


def test_a_small_picture_is_never_enlarged():
    assert decode_image(encoded(noise_picture(100, 50), "PNG"), **LIMITS).size == (100, 50)


def test_bombs_are_refused_before_they_are_decoded():
    assert len(png_bomb()) < 2_000
    assert refusal_of(png_bomb()) == Refusal.TOO_MANY_PIXELS
    assert refusal_of(gif_bomb()) == Refusal.TOO_MANY_PIXELS


def test_a_picture_past_the_pixel_limit_is_refused_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refusal_of(png_bomb(12_000)) == Refusal.TOO_MANY_PIXELS  # where Pillow would only warn
    assert refusal_of(encoded(noise_picture(200, 100)), pixels_max=19_999) == Refusal.TOO_MANY_PIXELS


def test_a_tracking_pixel_is_no_picture():
    assert refusal_of(encoded(noise_picture(1, 1), "GIF")) == Refusal.TOO_SMALL


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("kept", [40, 0.3, 0.9])
def test_a_truncated_file_is_damaged(kind, kept):
    whole = encoded(noise_picture(), kind)
    length = kept if isinstance(kept, int) else int(len(whole) * kept)

    assert refusal_of(whole[:length]) == Refusal.DAMAGED


def test_flipped_bytes_are_refused_or_read_but_never_crash():
    rng = np.random.default_rng(3)
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        whole = bytearray(encoded(noise_picture(64, 64), kind))
        for _ in range(60):
            broken = bytearray(whole)
            for position in rng.integers(4, len(broken), 5):
                broken[position] = rng.integers(256)
            with suppress(MediaRefused):
                assert decode_image(bytes(broken), **LIMITS).mode == "RGB"


def test_the_picture_is_turned_upright_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90°
    lying = Image.new("RGB", (200, 100), "black")
    lying.paste("white", (0, 0, 100, 100))

    upright = decode_image(encoded(lying, exif=exif), **LIMITS)

    assert upright.size == (100, 200)
    assert upright.getpixel((50, 20)) > (200, 200, 200)
    assert upright.getpixel((50, 180)) < (50, 50, 50)


def test_metadata_does_not_survive():
    exif = Image.Exif()
    exif[0x010E] = "at home"
    exif.get_ifd(0x8825)[1] = "N"

    image = decode_image(encoded(photo("chelsea.png"), exif=exif, comment=b"secret"), **LIMITS)

    assert image.info == {}
    assert b"at home" not in encoded(image, "WEBP")
    assert "exif" not in Image.open(io.BytesIO(encoded(image, "WEBP"))).info


def test_transparent_parts_become_white():
    glass = Image.new("RGBA", (64, 64), (255, 0, 0, 0))

    assert decode_image(encoded(glass, "PNG"), **LIMITS).getpixel((32, 32)) == (255, 255, 255)


def test_a_palette_with_a_transparent_colour_becomes_white():
    image = Image.new("P", (64, 64), 0)
    image.putpalette([10, 20, 30] + [0] * 765)

    assert decode_image(encoded(image, "GIF", transparency=0), **LIMITS).getpixel((32, 32)) == (255, 255, 255)


def test_deep_greys_are_scaled_and_not_clipped():
    ramp = np.linspace(0, 65_535, 64 * 64).reshape(64, 64).astype(np.uint16)

    pixels = np.asarray(decode_image(encoded(Image.fromarray(ramp), "PNG"), **LIMITS))

    assert abs(float(pixels.mean()) - 127.5) < 1


def test_cmyk_is_converted():
    red = Image.new("RGB", (64, 64), (220, 20, 30)).convert("CMYK")

    assert decode_image(encoded(red), **LIMITS).getpixel((32, 32))[0] > 180


def test_a_broken_colour_profile_costs_no_picture():
    image = decode_image(encoded(photo("chelsea.png"), icc_profile=b"nonsense"), **LIMITS)

    assert image.mode == "RGB"


def test_a_colour_profile_is_applied_before_it_is_dropped():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = Image.new("RGB", (64, 64), (120, 130, 140))

    red, green, blue = decode_image(encoded(grey, "PNG", icc_profile=profile), **LIMITS).getpixel((5, 5))

    assert max(abs(red - 120), abs(green - 130), abs(blue - 140)) <= 1


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert decode_image(data, **LIMITS).getpixel((5, 5)) == (255, 0, 0)
