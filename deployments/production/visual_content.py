"""Pictures in the production tier: CLIP names objects and scenes, the embedded tier's parts do the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployments.image_labels import LABEL_LEAST, LABELS_MAX, SCENE_LEAST, Labels, class_names
from deployments.production.clip import ClipScorer, read_preparation
from deployments.production.slots import SlotParts
from deployments.visual_content import SLOT
from deployments.visual_content import VisualContentModel as AnyVisualContentModel
from deployments.visual_results import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cluster.settings import ModelSettings

ROLE = "scenes and objects"
OBJECT_PROMPT = "a photo of a {}."
# The scenes' names are the embedded tier's where it has them, so that answers of both tiers can be read side by side.
SCENES = {
    "aircraft and boats": "a photo of an aeroplane or a boat.",
    "animals": "a photo of wild animals.",
    "art": "a photo of a painting, a drawing or a sculpture.",
    "beach and sea": "a photo of a beach or the sea.",
    "beauty and care": "a photo of make-up, cosmetics or hair styling.",
    "children and toys": "a photo of children or toys.",
    "city and architecture": "a photo of a city, a street or buildings.",
    "fashion and accessories": "a photo of someone's outfit, clothes or jewellery.",
    "flowers and plants": "a photo of flowers or plants.",
    "food and drink": "a photo of food or drinks.",
    "graphics and text": "a graphic with text, a quote or a screenshot.",
    "home and interior": "a photo of a room or furniture.",
    "kitchen and tableware": "a photo of a kitchen or tableware.",
    "music and stage": "a photo of a concert, a stage or a musical instrument.",
    "nature and landscapes": "a photo of a landscape, mountains or a forest.",
    "offices and desks": "a photo of people working in an office.",
    "parties and events": "a photo of a party or an event.",
    "people": "a portrait photo of a person.",
    "pets": "a photo of a cat, a dog or another pet.",
    "shops and restaurants": "a photo of a shop or a restaurant.",
    "sports and fitness": "a photo of someone doing sports or training in a gym.",
    "technology": "a photo of a phone, a computer or other devices.",
    "vehicles": "a photo of a car or a motorcycle.",
    "weddings": "a photo of a wedding.",
}


class ClipLabeller:
    """Names what pictures show by zero-shot classification over the scenes above and ImageNet's class names."""

    def __init__(self, scorer: ClipScorer) -> None:
        """Compute the prompts' vectors; some seconds."""
        self._scorer = scorer
        self._names = list(dict.fromkeys(class_names()))
        self._scenes = list(SCENES)
        self._objects = scorer.prompt_vectors([OBJECT_PROMPT.format(name) for name in self._names])
        self._scene_vectors = scorer.prompt_vectors(list(SCENES.values()))

    def label(self, images: Sequence[NDArray[np.uint8]]) -> list[Labels]:
        """One result for each sRGB picture (height, width, 3), in order; probabilities are softmax, not calibrated."""
        if not images:
            return []
        pictures = self._scorer.embed(images)
        objects = self._scorer.probabilities(pictures, self._objects)
        scenes = self._scorer.probabilities(pictures, self._scene_vectors)
        return [
            Labels(
                objects=tuple(
                    label for label in _best(self._names, row)[:LABELS_MAX] if label.confidence >= LABEL_LEAST
                ),
                scene=next((label for label in _best(self._scenes, scene) if label.confidence >= SCENE_LEAST), None),
            )
            for row, scene in zip(objects, scenes, strict=True)
        ]


def open_visual_content(models: ModelSettings) -> AnyVisualContentModel:
    """The picture model with CLIP in it; raises ModelArtefactMissing."""
    parts = SlotParts(SLOT, models)
    scorer = ClipScorer(parts.load(ROLE), read_preparation(parts.folder(ROLE), parts.artefact(ROLE).name))
    return AnyVisualContentModel(threads=models.max_workers, labeller=ClipLabeller(scorer), identity=parts.identity)


def _best(names: Sequence[str], probabilities: NDArray[np.float32]) -> list[Label]:
    order = (-probabilities).argsort()[:LABELS_MAX]
    return [Label(names[number], round(float(probabilities[number]), 4)) for number in order]
