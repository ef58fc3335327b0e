"""Small classifiers on the encoder's features: sentiment, emotion, offensive language."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erf, softmax

from cluster.errors import ModelArtefactMissing
from deployments.encoder import FEATURES
from deployments.registry import WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TENSORS = ("hidden.weight", "hidden.bias", "output.weight", "output.bias")


class Head:
    """One hidden layer with exact GELU and a calibrated softmax; several trained networks stand side by side in it."""

    def __init__(self, name: str, folder: Path = WEIGHTS) -> None:
        """Read `name`.safetensors; raises ModelArtefactMissing when it is absent or of another shape."""
        from safetensors import SafetensorError, safe_open

        path = folder / f"{name}.safetensors"
        try:
            with safe_open(path, framework="numpy") as file:
                notes = file.metadata()
                tensors = {key: file.get_tensor(key).astype(np.float32) for key in TENSORS}
        except (OSError, SafetensorError) as error:
            raise ModelArtefactMissing(
                f"The {name} head cannot be read ({error}); train it with `python -m deployments.training.heads --data DIR`",
                path=str(path),
            ) from error
        self.name = name
        self.labels: tuple[str, ...] = tuple(json.loads(notes["labels"]))
        self._temperature = float(notes["temperature"])
        self._hidden = tensors["hidden.weight"], tensors["hidden.bias"]
        self._output = tensors["output.weight"], tensors["output.bias"]
        assert self._hidden[0].shape[0] == FEATURES, self._hidden[0].shape
        assert self._output[0].shape[1] == len(self.labels), self._output[0].shape

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities, (n, labels), of features (n, 768).

        Temperature scaling: Guo et al., 2017, On calibration of modern neural networks.
        """
        result: NDArray[np.float32] = softmax(self.logits(features) / self._temperature, axis=1)
        return result

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's raw outputs, (n, labels)."""
        hidden = features @ self._hidden[0] + self._hidden[1]
        active = 0.5 * hidden * (1.0 + erf(hidden / np.sqrt(2.0)))
        outputs: NDArray[np.float32] = active @ self._output[0] + self._output[1]
        return outputs
