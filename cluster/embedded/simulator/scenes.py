"""The photographs behind the pictures: which installed file, which part of it, and what is to be seen there."""

from __future__ import annotations

from dataclasses import dataclass

_SKIMAGE, _SKLEARN, _MATPLOTLIB = "skimage/data", "sklearn/datasets/images", "matplotlib/mpl-data/sample_data"


@dataclass(frozen=True, slots=True)
class Scene:
    """A part of a photograph. box holds left, top, right, bottom as shares of its width and height."""

    file: str  # package/path, as installed
    box: tuple[float, float, float, float]
    objects: tuple[str, ...]  # as Instagram's own alternative texts name them


def _of(folder: str, file: str, **parts: tuple[tuple[float, float, float, float], str]) -> dict[str, Scene]:
    return {name: Scene(f"{folder}/{file}", box, tuple(objects.split(", "))) for name, (box, objects) in parts.items()}


_ALL = (0.0, 0.0, 1.0, 1.0)
SCENES: dict[str, Scene] = {
    **_of(
        _SKIMAGE,
        "astronaut.png",
        portrait=((0.1, 0.0, 0.75, 0.6), "1 person, smiling"),
        suit_front=(_ALL, "1 person, helmet, flag"),
        patches=((0.2, 0.45, 0.7, 1.0), "spacesuit"),
        shuttle=((0.6, 0.0, 1.0, 0.5), "rocket, outdoors"),
        helmet=((0.5, 0.55, 1.0, 1.0), "helmet"),
        suit_back=((0.0, 0.1, 0.6, 0.9), "1 person, flag"),
    ),
    **_of(
        _SKIMAGE,
        "motorcycle_left.png",
        motorbike=(_ALL, "motorcycle, garage"),
        engine=((0.35, 0.3, 0.75, 0.85), "engine"),
        wheel=((0.6, 0.35, 1.0, 1.0), "motorcycle, wheel"),
        tank=((0.2, 0.2, 0.6, 0.7), "motorcycle"),
    ),
    **_of(_SKIMAGE, "motorcycle_right.png", motorbike_right=((0.05, 0.1, 0.6, 1.0), "motorcycle, workshop")),
    **_of(
        _SKIMAGE,
        "hubble_deep_field.jpg",
        galaxy_a=((0.0, 0.0, 0.55, 0.6), "galaxy, night, sky"),
        galaxy_b=((0.45, 0.0, 1.0, 0.55), "stars, night"),
        galaxy_c=((0.2, 0.4, 0.9, 1.0), "galaxy, space"),
    ),
    **_of(
        _SKIMAGE,
        "coffee.png",
        coffee=(_ALL, "coffee, cup, table"),
        coffee_cup=((0.2, 0.0, 0.75, 0.75), "espresso, cup"),
        coffee_spoon=((0.45, 0.35, 1.0, 1.0), "spoon, saucer"),
        wood=((0.0, 0.45, 0.5, 1.0), "table, wood"),
    ),
    **_of(
        _SKIMAGE,
        "chelsea.png",
        cat=(_ALL, "cat"),
        cat_eye=((0.2, 0.2, 0.65, 0.75), "cat, indoors"),
        cat_nose=((0.4, 0.4, 1.0, 1.0), "cat, whiskers"),
        cat_fur=((0.0, 0.0, 0.4, 0.6), "cat, fur"),
    ),
    **_of(
        _SKIMAGE,
        "rocket.jpg",
        rocket=((0.2, 0.0, 0.85, 1.0), "rocket, launch pad"),
        rocket_dusk=(_ALL, "dusk, tower, lights"),
        flame=((0.2, 0.55, 0.8, 1.0), "lights, night"),
    ),
    **_of(
        _SKLEARN,
        "china.jpg",
        temple=(_ALL, "temple, trees, sky"),
        temple_roof=((0.1, 0.05, 0.6, 0.6), "architecture, roof"),
        lake=((0.5, 0.1, 1.0, 0.8), "lake, trees, fog"),
        garden=((0.0, 0.5, 0.75, 1.0), "garden, trees, building"),
    ),
    **_of(
        _SKLEARN,
        "flower.jpg",
        flower=(_ALL, "flower"),
        petals=((0.3, 0.15, 0.75, 0.75), "dahlia, petals"),
    ),
    **_of(
        _SKIMAGE,
        "camera.png",
        photographer=(_ALL, "1 person, camera, tripod"),
        camera_hands=((0.25, 0.1, 0.8, 0.6), "1 person, camera"),
    ),
    **_of(_MATPLOTLIB, "grace_hopper.jpg", navy_portrait=((0.0, 0.0, 1.0, 0.85), "1 person, uniform, flag")),
    **_of(_SKIMAGE, "ihc.png", tissue=(_ALL, "pattern, art")),
    **_of(_SKIMAGE, "retina.jpg", retina=((0.1, 0.1, 0.9, 0.9), "orange, circle")),
    **_of(_SKIMAGE, "grass.png", grass=(_ALL, "grass, outdoors")),
    **_of(_SKIMAGE, "gravel.png", gravel=(_ALL, "stones, ground")),
    **_of(_SKIMAGE, "brick.png", brick=(_ALL, "brick wall")),
    **_of(_SKIMAGE, "coins.png", coins=(_ALL, "coins")),
    **_of(_SKIMAGE, "moon.png", moon=(_ALL, "moon, crater")),
    **_of(_SKIMAGE, "page.png", page=(_ALL, "text, book")),
    **_of(_SKIMAGE, "text.png", formula=(_ALL, "handwriting, text")),
    **_of(_SKIMAGE, "color.png", colour_wheel=(_ALL, "colours, circle")),
    **_of(_SKIMAGE, "horse.png", horse=(_ALL, "horse, silhouette")),
    **_of(_SKIMAGE, "logo.png", logo=(_ALL, "illustration, snake")),
}

FACES = ("portrait", "navy_portrait", "photographer", "suit_front")
