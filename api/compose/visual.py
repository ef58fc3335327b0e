"""What all pictures of a creator show together."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from api.compose.estimates import distribution_of, mean_of, share_of, signed
from api.compose.outcomes import origin_of
from api.sections.content import FacesOverviewOut, QualityOverviewOut, SafetyOverviewOut, VisualOut
from api.sections.posts import ColourOut
from api.sections.scores import CountOut, DistributionOut, ScoreOut
from deployments.near_duplicates import near_duplicates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.sections.posts import PostOut, VisualContentOut
    from api.sections.scores import Origin

LABELS_MAX = 20
COLOURS_MAX = 8
FACES_MANY = 3
NO_PICTURE = "no picture was analysed"
MEASURES = ("overall", "sharpness", "exposure", "noise", "colourfulness")


def visual_of(posts: Sequence[PostOut]) -> VisualOut:
    """What the pictures show, over all posts whose picture was analysed."""
    seen = [(post.id, post.visual_content) for post in posts if post.visual_content.reason is None]
    pictures = [picture for _, picture in seen]
    origin = origin_of(pictures)
    lettered = [bool(picture.text.lines) for picture in pictures if picture.text is not None]
    labels = Counter(label for picture in pictures for label in dict.fromkeys(seen.name for seen in picture.labels))
    scenes = [picture.scene.name for picture in pictures if picture.scene is not None]
    return VisualOut(
        pictures=len(pictures),
        faces=_faces(pictures, origin),
        labels=tuple(CountOut(label=label, count=count) for label, count in labels.most_common(LABELS_MAX)),
        scenes=DistributionOut.model_validate(
            distribution_of(scenes, "share of the pictures", reason=NO_PICTURE), context=origin
        ),
        colours=_colours(pictures),
        quality=QualityOverviewOut(**{name: _measure(pictures, name, origin) for name in MEASURES}),
        safety=_safety(seen, origin),
        text_share=signed(share_of(sum(lettered), len(lettered), "pictures with writing / pictures searched"), origin),
        near_duplicates=tuple(
            tuple(seen[position][0] for position in group)
            for group in near_duplicates([picture.perceptual_hash for picture in pictures])
        ),
        model=origin.model,
        fallback=origin.fallback,
        reason=None if pictures else NO_PICTURE,
    )


def _faces(pictures: Sequence[VisualContentOut], origin: Origin) -> FacesOverviewOut:
    counts = [picture.faces.count for picture in pictures if picture.faces is not None]
    labels = [f"{FACES_MANY}+" if count >= FACES_MANY else str(count) for count in counts]
    with_faces = share_of(sum(count > 0 for count in counts), len(counts), "pictures with a face / pictures")
    return FacesOverviewOut(
        per_picture=signed(mean_of(counts, "frontal faces per picture"), origin),
        share_with_faces=signed(with_faces, origin),
        counts=DistributionOut.model_validate(
            distribution_of(labels, "share of the pictures", reason=NO_PICTURE), context=origin
        ),
    )


def _colours(pictures: Sequence[VisualContentOut]) -> tuple[ColourOut, ...]:
    """Colours by name, each with its mean share of a picture and the shade that covers most of one."""
    shares: defaultdict[str, float] = defaultdict(float)
    shades: dict[str, ColourOut] = {}
    for picture in pictures:
        for colour in picture.colours:
            shares[colour.name] += colour.share
            if colour.name not in shades or shades[colour.name].share < colour.share:
                shades[colour.name] = colour
    largest = sorted(shares.items(), key=lambda item: item[1], reverse=True)[:COLOURS_MAX]
    return tuple(ColourOut(name=name, hex=shades[name].hex, share=share / len(pictures)) for name, share in largest)


def _measure(pictures: Sequence[VisualContentOut], name: str, origin: Origin) -> ScoreOut:
    measures = [getattr(picture.quality, name) for picture in pictures if picture.quality is not None]
    values = [measure.value for measure in measures if measure.value is not None]
    of = f"{name} per picture"
    return signed(mean_of(values, f"{of} ({measures[0].method})" if measures else of), origin)


def _safety(seen: Sequence[tuple[str, VisualContentOut]], origin: Origin) -> SafetyOverviewOut:
    judged = [(post_id, picture.safety) for post_id, picture in seen if picture.safety is not None]
    shares = distribution_of((safety.label for _, safety in judged), "share of the pictures", reason=NO_PICTURE)
    return SafetyOverviewOut(
        average=signed(mean_of([safety.score for _, safety in judged], "probability of being safe"), origin),
        distribution=DistributionOut.model_validate(shares, context=origin),
        flagged_post_ids=tuple(post_id for post_id, safety in judged if safety.label != "safe"),
    )
