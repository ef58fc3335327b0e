"""A transformers checkpoint, loaded from a folder and ready to compute."""

from __future__ import annotations

import importlib
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from cluster.errors import ModelArtefactMissing
from deployments.processor import computes_bf16

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Encoding

TOKENS_MAX = 512  # the networks' positions; the rest of a longer text is not read
CPU_BATCH_TOKENS = 2_048  # past this the activations leave the caches
GPU_BATCH_TOKENS = 65_536
_GENERIC = re.compile(r"label_(\d+)", re.IGNORECASE)
_SPELLINGS = {"non-offensive": "not-offensive", "not offensive": "not-offensive", "non_offensive": "not-offensive"}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A network, its tokenizer and where it computes. name is for messages."""

    name: str
    network: Any
    tokenizer: Any
    device: torch.device
    batch_tokens: int
    signs: frozenset[int] = frozenset()

    def token_ids(self, texts: Sequence[str], tokens_max: int = TOKENS_MAX) -> list[list[int]]:
        """Each text's ids between the tokenizer's first and last sign, cut after tokens_max."""
        return [self.framed(encoding.ids, tokens_max) for encoding in self.encodings(texts)]

    def encodings(self, texts: Sequence[str]) -> list[Encoding]:
        """Each text's tokens without signs, uncut."""
        encoded: list[Encoding] = self.tokenizer.backend_tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return encoded

    def framed(self, ids: Sequence[int], tokens_max: int = TOKENS_MAX) -> list[int]:
        """Ids of one text between the tokenizer's first and last sign, cut after tokens_max."""
        return [self.first_id, *self.plain(ids[: tokens_max - 2]), self.last_id]

    def plain(self, ids: Sequence[int]) -> list[int]:
        """The ids with 'unknown' for signs: what a caption spells out, such as '</s>', is text and never a sign."""
        return [self.unknown_id if number in self.signs else number for number in ids]

    @property
    def first_id(self) -> int:
        """The sign before a text."""
        tokenizer = self.tokenizer
        return int(tokenizer.bos_token_id if tokenizer.cls_token_id is None else tokenizer.cls_token_id)

    @property
    def last_id(self) -> int:
        """The sign after a text."""
        tokenizer = self.tokenizer
        return int(tokenizer.eos_token_id if tokenizer.sep_token_id is None else tokenizer.sep_token_id)

    @property
    def unknown_id(self) -> int:
        """What stands for a word that is none."""
        return int(self.tokenizer.unk_token_id)

    @property
    def padding_id(self) -> int:
        """What fills up a batch."""
        return int(self.tokenizer.pad_token_id)


def load_checkpoint(folder: Path, architecture: str, *, name: str, threads: int, **more: Any) -> Checkpoint:
    """Read a network and its tokenizer from a folder as the hub lays it out; architecture is a class of transformers.

    threads is torch's on a CPU, for the whole process; `more` goes to from_pretrained. Raises ModelArtefactMissing when a file
    is missing or damaged, when the checkpoint is of another architecture, or when it lacks weights that the network needs.
    """
    torch.set_num_threads(threads)
    device, dtype = placement()
    kind = getattr(importlib.import_module("transformers"), architecture)
    _quieten()
    try:
        config = kind.config_class.from_pretrained(folder, local_files_only=True)
        _check_kind(folder, kind, name)
        network, told = kind.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            attn_implementation="sdpa",
            local_files_only=True,
            output_loading_info=True,
            **more,
        )
        tokenizer = _tokenizer(folder)
    except ModelArtefactMissing:
        raise
    except Exception as error:  # whatever transformers, tokenizers, safetensors and torch raise for a damaged file
        raise _unusable(name, folder, f"{type(error).__name__}: {error}") from error
    absent = sorted({*told["missing_keys"], *(str(key[0]) for key in told["mismatched_keys"])})
    if absent:
        raise _unusable(name, folder, f"weights are missing or of another shape: {', '.join(absent[:5])}")
    return prepared(network, tokenizer, name=name, device=device)


def prepared(network: Any, tokenizer: Any, *, name: str, device: torch.device) -> Checkpoint:
    """A loaded network and its tokenizer as a Checkpoint on a device."""
    signs: frozenset[int] = frozenset()
    if tokenizer is not None:
        signs = frozenset(tokenizer.all_special_ids)
        backend = tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = (
            True  # enough for BPE; Unigram finds signs in its vocabulary, see Checkpoint.plain
        )
    batch_tokens = GPU_BATCH_TOKENS if device.type == "cuda" else CPU_BATCH_TOKENS
    return Checkpoint(name, network.eval().to(device), tokenizer, device, batch_tokens, signs)


def placement() -> tuple[torch.device, torch.dtype]:
    """Where to compute and in what: a GPU in bf16 or fp16, else the processor in bf16 where it has it, else fp32."""
    if torch.cuda.is_available():
        return torch.device("cuda"), torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.device("cpu"), torch.bfloat16 if computes_bf16() else torch.float32


def labels_of(checkpoint: Checkpoint, published: Sequence[str], *, closed: bool = True) -> tuple[str, ...]:
    """The network's output columns by name, in lower case, as its configuration says.

    published is the authors' order, which names the columns of a configuration that only says LABEL_0, LABEL_1, …. Raises
    ModelArtefactMissing when the names are not the published ones (closed=False: when some are missing).
    """
    by_number = {int(number): str(label) for number, label in checkpoint.network.config.id2label.items()}
    labels = [by_number.get(number, "").strip().lower() for number in range(len(by_number))]
    if all(_GENERIC.fullmatch(label) for label in labels) and len(labels) == len(published):
        return tuple(published)
    labels = [_SPELLINGS.get(label, label) for label in labels]
    wanted = set(published)
    if not wanted <= set(labels) or len(set(labels)) != len(labels) or (closed and wanted != set(labels)):
        raise ModelArtefactMissing(
            f"{checkpoint.name} answers {', '.join(labels) or 'nothing'} where {', '.join(published)} are needed: "
            "it is another model than the registry names"
        )
    return tuple(labels)


def check_finite(checkpoint: Checkpoint, outputs: Any) -> None:
    """The end of a warm-up: raises ModelArtefactMissing for outputs that are no numbers, which only damaged weights give."""
    if not bool(torch.isfinite(torch.as_tensor(outputs)).all()):
        raise ModelArtefactMissing(
            f"{checkpoint.name} answers with numbers that are none: its weights are damaged; "
            "remove its folder and run `following models pull`"
        )


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if not tokenizer.is_fast or len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise ValueError("the tokenizer's files are missing or empty")
    return tokenizer


def _check_kind(folder: Path, kind: Any, name: str) -> None:
    from transformers import PretrainedConfig

    found = PretrainedConfig.get_config_dict(folder, local_files_only=True)[0].get("model_type")
    if found != kind.config_class.model_type:
        raise _unusable(name, folder, f"config.json says {found}, expected {kind.config_class.model_type}")


def _unusable(name: str, folder: Path, why: str) -> ModelArtefactMissing:
    return ModelArtefactMissing(
        f"{name} cannot be loaded from {folder}: {why}. Remove the folder and run `following models pull`"
    )


def _quieten() -> None:
    """Transformers draws progress bars and warns of weights that are left out on purpose; what matters is checked above."""
    from transformers.utils import logging as noise

    noise.disable_progress_bar()  # type: ignore[no-untyped-call]
    noise.set_verbosity(logging.CRITICAL)
