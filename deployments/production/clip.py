"""Zero-shot labels of pictures with CLIP (Radford et al., 2021)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from cluster.errors import ModelArtefactMissing
from deployments.production.batches import pad, plan_batches
from deployments.production.checkpoint import check_finite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from deployments.production.checkpoint import Checkpoint

CPU_BATCH_IMAGES = 8
GPU_BATCH_IMAGES = 256
TEXT_TOKENS_MAX = 77


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a picture becomes the network's input: shorter edge, centre crop, mean and deviation of each channel."""

    edge_px: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(3, edge, edge) of an sRGB picture (height, width, 3)."""
        height_px, width_px = picture.shape[:2]
        scale = self.edge_px / min(height_px, width_px)
        size = max(self.edge_px, int(width_px * scale)), max(self.edge_px, int(height_px * scale))
        resized = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
        left, top = (size[0] - self.edge_px) // 2, (size[1] - self.edge_px) // 2
        cropped = np.asarray(resized.crop((left, top, left + self.edge_px, top + self.edge_px)), np.float32) / 255.0
        scaled = (cropped - np.array(self.mean, np.float32)) / np.array(self.deviation, np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1))


class ClipScorer:
    """Probabilities of named prompts for pictures."""

    def __init__(self, checkpoint: Checkpoint, preparation: Preparation) -> None:
        """Warm up; raises ModelArtefactMissing for damaged weights or a crop that the network does not take."""
        self._checkpoint = checkpoint
        self._preparation = preparation
        config = checkpoint.network.config
        if config.vision_config.image_size != preparation.edge_px:
            raise ModelArtefactMissing(
                f"{checkpoint.name} takes pictures of {config.vision_config.image_size} px, "
                f"its preprocessor_config.json makes {preparation.edge_px} px"
            )
        self._scale = float(checkpoint.network.logit_scale.detach().float().exp())
        blank = np.zeros((preparation.edge_px, preparation.edge_px, 3), np.uint8)
        check_finite(checkpoint, self.embed([blank]))

    def prompt_vectors(self, prompts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, width), of prompts in English."""
        checkpoint, network = self._checkpoint, self._checkpoint.network
        ids = checkpoint.token_ids(prompts, TEXT_TOKENS_MAX)
        vectors = np.empty((len(ids), network.config.projection_dim), dtype=np.float32)
        with torch.inference_mode():
            for group in plan_batches([len(sequence) for sequence in ids], checkpoint.batch_tokens):
                # The text tower pools at the end sign; its own end sign pads, and the first one found counts.
                batch = pad([ids[row] for row in group], checkpoint.last_id, checkpoint.device)
                found = network.get_text_features(batch.ids, attention_mask=batch.present).pooler_output
                vectors[group] = torch.nn.functional.normalize(found.float(), dim=1).cpu()
        return vectors

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, width), of sRGB pictures (height, width, 3)."""
        checkpoint, network = self._checkpoint, self._checkpoint.network
        at_once = GPU_BATCH_IMAGES if checkpoint.device.type == "cuda" else CPU_BATCH_IMAGES
        vectors = np.empty((len(pictures), network.config.projection_dim), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(pictures), at_once):
                part = np.stack([self._preparation.apply(picture) for picture in pictures[start : start + at_once]])
                pixels = torch.from_numpy(part).to(checkpoint.device, network.dtype)
                found = network.get_image_features(pixels).pooler_output
                vectors[start : start + at_once] = torch.nn.functional.normalize(found.float(), dim=1).cpu()
        return vectors

    def probabilities(self, pictures: NDArray[np.float32], prompts: NDArray[np.float32]) -> NDArray[np.float32]:
        """Softmax over the prompts, float32 (pictures, prompts), of unit vectors; not calibrated."""
        logits = self._scale * pictures @ prompts.T
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        result: NDArray[np.float32] = shifted / shifted.sum(axis=1, keepdims=True)
        return result


def read_preparation(folder: Path, name: str) -> Preparation:
    """What preprocessor_config.json says; raises ModelArtefactMissing when it is absent or says something else."""
    path = folder / "preprocessor_config.json"
    try:
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        size, crop = given["size"], given.get("crop_size", given["size"])
        edge_px = size["shortest_edge"] if isinstance(size, dict) else size
        crop_px = crop["height"] if isinstance(crop, dict) else crop
        mean, deviation = (tuple(map(float, given[key])) for key in ("image_mean", "image_std"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelArtefactMissing(f"{name} cannot be loaded: {path} cannot be used ({error!r})") from error
    if edge_px != crop_px or len(mean) != 3 or len(deviation) != 3:
        raise ModelArtefactMissing(f"{name} cannot be loaded: {path} asks for a preparation that is not known here")
    return Preparation(int(edge_px), mean, deviation)
