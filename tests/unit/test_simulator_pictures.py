"""The simulator's pictures: real photographs, different for each post, made quickly."""

from __future__ import annotations

import io
import statistics
import time
from datetime import UTC, datetime
from itertools import combinations

import imagehash
import numpy as np
import pytest
from PIL import Image

from cluster.embedded.simulator.creators import creator_of
from cluster.embedded.simulator.pictures import bomb, post_picture, profile_picture
from cluster.embedded.simulator.scenes import FACES, SCENES
from cluster.embedded.simulator.topics import topics

TODAY = datetime(2026, 5, 14, tzinfo=UTC)
NEAR_DUPLICATE_BITS = 10  # of 64: nearer perceptual hashes mean the same picture


def pictures_of(username: str) -> list[bytes]:
    posts = creator_of(username, TODAY).posts
    return [post_picture(post.owner, post.index, post.scene, post.width_px, post.height_px) for post in posts]


@pytest.mark.parametrize("username", ["emma.cooks", "luca.moto", "rich_anna", "person1", "person2", "person3"])
def test_a_creators_pictures_differ_by_perceptual_hash(username):
    hashes = [imagehash.phash(Image.open(io.BytesIO(data))) for data in pictures_of(username)]
    assert len(hashes) == 12
    assert min(left - right for left, right in combinations(hashes, 2)) > NEAR_DUPLICATE_BITS


def test_two_creators_with_the_same_scene_have_different_pictures():
    one, two = (post_picture(owner, 0, "coffee", 1080, 1080) for owner in ("anna", "bert"))
    assert imagehash.phash(Image.open(io.BytesIO(one))) != imagehash.phash(Image.open(io.BytesIO(two)))


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_every_scene_is_a_photograph_and_no_flat_colour(scene):
    picture = Image.open(io.BytesIO(post_picture("anna", 0, scene, 1080, 1350)))
    assert (picture.format, picture.size) == ("JPEG", (640, 800))
    assert np.asarray(picture.convert("L"), dtype=float).std() > 4


def test_pictures_are_the_same_again():
    first = pictures_of("emma.cooks")
    post_picture.cache_clear()
    assert pictures_of("emma.cooks") == first


def test_profile_pictures_are_small_photographs():
    picture = Image.open(io.BytesIO(profile_picture("emma.cooks")))
    assert picture.size == (320, 320)


def test_a_picture_takes_a_few_milliseconds_of_one_core():
    pictures_of("emma.cooks")  # loads the photographs
    spent = []
    for number in range(40):
        start = time.thread_time()
        post_picture(f"timing{number}", 0, "temple", 1080, 1350)
        spent.append(time.thread_time() - start)
    assert statistics.median(spent) < 0.025


def test_the_bomb_is_small_and_unpacks_to_far_too_many_pixels():
    data = bomb()
    assert len(data) < 200_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data))


def test_categories_name_scenes_that_exist():
    assert set(FACES) <= set(SCENES)
    assert all(set(topic.scenes) <= set(SCENES) for topic in topics().values())
