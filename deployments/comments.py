"""What comments look like: commenters, generic phrases and near-copies, counted once for the models that need them."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from unidecode import unidecode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deployments.facts import CommentFacts, PostFacts
    from deployments.statistics import Floats

GENERIC_WORDS_FILE = Path(__file__).parent / "data" / "generic_comments.txt"
GENERIC_WORDS_MAX = 5  # a longer comment says something, whatever its words
COMMENT_CHARACTERS_MAX = 500
COMMENTS_MAX = 50  # of a post that are read
POSTS_MAX = 60  # that are read, the newest
SHINGLE = 4  # characters
HASHES = 64
BANDS = 16  # of HASHES / BANDS = 4 rows: pairs with a Jaccard index of (1 / 16) ** (1 / 4) = 0.5 meet with p = 0.64
COPY_JACCARD = 0.7
COPY_CHARACTERS_LEAST = 30  # about six words; people who never met write the same shorter phrases
COPY_ACCOUNTS_LEAST = 3  # that must have written nearly the same; two may agree by chance
BAND_MEMBERS_MAX = 64  # of one bucket that are compared; a larger bucket is all copies of one text
REGULAR_POSTS_SHARE = 0.5  # an account that comments on at least this share of the posts is a regular
REGULAR_POSTS_LEAST = 3
_MENTION_OR_LINK = re.compile(r"@[\w.]+|https?://\S+|www\.\S+", re.UNICODE)
_REPEATED = re.compile(r"(.)\1{2,}")
_ASCII_WORD = re.compile(r"[A-Za-z]+")
_DOUBLED = re.compile(r"(.)\1")
_EMOJI_MARKS = "\ufe0e\ufe0f\u20e3"  # select a sign's look; Unicode counts them among the marks
_ARABIC = str.maketrans("أإآةى", "اااهي", "ـًٌٍَُِّْ")  # spellings that writers mix; short vowels go
_PRIME = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Counted:
    """One comment as the statistics see it. commenter is the account's username; it never leaves the models."""

    commenter: str
    text: str  # normalised: folded words without mentions, links, digits and emoji
    language: str
    generic: bool


@dataclass(frozen=True, slots=True)
class CommentTable:
    """Sums over each post's comments, the creator's own replies left out; all arrays have one entry for each post.

    distinct weighs each comment with 1 / (comments of its account), so that its sum over posts is the number of accounts.
    regular counts comments of accounts that comment on at least half of the posts with comments.
    """

    comments: Floats
    generic: Floats
    copied: Floats
    original: Floats
    distinct: Floats
    regular: Floats
    regulars: int
    commenters: int
    posts_with_comments: int
    copied_texts: tuple[str, ...]  # the texts that most accounts share, most frequent first


def table_of(posts: Sequence[PostFacts], creator: str) -> CommentTable:
    """Counts every post's comments; the order of posts decides the order of entries only."""
    read = [[_counted(comment) for comment in comments_of(post, creator)] for post in posts]
    marks, texts = _copies([comment for comments in read for comment in comments])
    seen_on: dict[str, set[int]] = defaultdict(set)
    written: Counter[str] = Counter()
    for index, post_comments in enumerate(read):
        for comment in post_comments:
            seen_on[comment.commenter].add(index)
            written[comment.commenter] += 1
    with_comments = sum(bool(comments) for comments in read)
    least = max(REGULAR_POSTS_LEAST, REGULAR_POSTS_SHARE * with_comments)
    regulars = {name for name, indices in seen_on.items() if len(indices) >= least}
    sums = np.zeros((6, len(read)))
    mark = iter(marks)
    for index, post_comments in enumerate(read):
        for comment in post_comments:
            is_copy = next(mark)
            own = not comment.generic and not is_copy
            weight = 1 / written[comment.commenter]
            sums[:, index] += (1, comment.generic, is_copy, own, weight, comment.commenter in regulars)
    comments, generic, copied, original, distinct, regular = sums
    return CommentTable(
        comments, generic, copied, original, distinct, regular, len(regulars), len(written), with_comments, texts
    )


def comments_of(post: PostFacts, creator: str) -> list[CommentFacts]:
    """A post's comments by others than its creator, at most COMMENTS_MAX, in an order that depends on them only."""
    own = creator.lower()
    others = [comment for comment in post.comments if comment.username.lower() != own]
    # A hash decides which ones are read where there are too many: a fair choice, and the same in any order given.
    others.sort(
        key=lambda one: (zlib.crc32(f"{one.username} {one.text}".encode()), one.username, one.text, one.language)
    )
    return others[:COMMENTS_MAX]


def voices_of(posts: Sequence[PostFacts], creator: str) -> dict[str, list[tuple[PostFacts, CommentFacts]]]:
    """Each commenter's comments with their posts, the creator left out."""
    voices: dict[str, list[tuple[PostFacts, CommentFacts]]] = defaultdict(list)
    for post in posts:
        for comment in comments_of(post, creator):
            voices[comment.username.lower()].append((post, comment))
    return dict(voices)


def is_generic(text: str) -> bool:
    """Whether a comment would fit any post: emoji, tags or digits only, or a few words of common praise."""
    return _says_nothing(normalised(text).split())


def normalised(text: str) -> str:
    """Lower-case words without mentions, links, digits and emoji; accents of Latin letters and drawn-out letters folded."""
    bare = _MENTION_OR_LINK.sub(" ", unicodedata.normalize("NFKC", text[:COMMENT_CHARACTERS_MAX])).casefold()
    return " ".join(_REPEATED.sub(r"\1\1", _folded(word)) for word in words_of(re.sub("['’]", "", bare)))


def words_of(text: str) -> list[str]:
    """A text's words: runs of letters and their marks (Hindi's vowels are marks, which isalpha leaves out)."""
    if text.isascii():
        return _ASCII_WORD.findall(text)
    plain = re.sub(f"[{_EMOJI_MARKS}]", "", text)
    return "".join(sign if unicodedata.category(sign)[0] in "LM" else " " for sign in plain).split()


@lru_cache(maxsize=1)
def generic_words() -> frozenset[str]:
    """The words of GENERIC_WORDS_FILE, normalised."""
    lines = GENERIC_WORDS_FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.partition(":")[2] for line in lines if not line.startswith("#"))
    return frozenset(folded for row in rows for word in row.split() for folded in normalised(word).split())


def _counted(comment: CommentFacts) -> Counted:
    text = normalised(comment.text)
    return Counted(comment.username.lower(), text, comment.language, _says_nothing(text.split()))


def _says_nothing(words: Sequence[str]) -> bool:
    known = generic_words()
    return len(words) <= GENERIC_WORDS_MAX and all(
        word in known or _DOUBLED.sub(r"\1", word) in known for word in words
    )


def _folded(word: str) -> str:
    # Marks of other scripts are letters of their own, so only Latin loses them.
    return unidecode(word) if word[0] < "\u0250" else word.translate(_ARABIC)


def _copies(comments: Sequence[Counted]) -> tuple[list[bool], tuple[str, ...]]:
    """For each comment whether several accounts wrote nearly the same, and the most shared texts.

    Near-copies have a Jaccard index of at least COPY_JACCARD over shingles of SHINGLE characters; candidates come from
    MinHash in bands (Broder 1997; Leskovec, Rajaraman & Ullman, ch. 3), and each candidate is checked exactly.
    """
    authors: dict[str, set[str]] = defaultdict(set)
    for comment in comments:
        if len(comment.text) >= COPY_CHARACTERS_LEAST:
            authors[comment.text].add(comment.commenter)
    texts = sorted(authors)
    groups: dict[str, set[str]] = {text: set(authors[text]) for text in texts}
    for first, second in _near_pairs(texts):
        groups[first] |= authors[second]
        groups[second] |= authors[first]
    marks = [len(groups.get(comment.text, ())) >= COPY_ACCOUNTS_LEAST for comment in comments]
    shared = sorted(
        (text for text in texts if len(groups[text]) >= COPY_ACCOUNTS_LEAST),
        key=lambda text: (-len(groups[text]), text),
    )
    return marks, tuple(shared)


def _near_pairs(texts: Sequence[str]) -> Iterable[tuple[str, str]]:
    shingles = [_shingles(text) for text in texts]
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for index, row in enumerate(map(_signature, shingles)):
        for band, values in enumerate(row.reshape(BANDS, -1)):
            buckets[band, values.tobytes()].append(index)
    candidates = {pair for members in buckets.values() for pair in combinations(members[:BAND_MEMBERS_MAX], 2)}
    for a, b in sorted(candidates):
        common = len(shingles[a] & shingles[b])
        if common >= COPY_JACCARD * (len(shingles[a]) + len(shingles[b]) - common):
            yield texts[a], texts[b]


def _shingles(text: str) -> frozenset[int]:
    return frozenset(zlib.crc32(text[at : at + SHINGLE].encode()) for at in range(max(1, len(text) - SHINGLE + 1)))


def _signature(shingles: frozenset[int]) -> np.ndarray:
    factors, offsets = _hash_functions()
    values = np.fromiter(shingles, dtype=np.uint64, count=len(shingles)) % np.uint64(_PRIME)
    hashed: np.ndarray = ((factors[:, None] * values[None, :] + offsets[:, None]) % np.uint64(_PRIME)).min(axis=1)
    return hashed


@lru_cache(maxsize=1)
def _hash_functions() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    return random.integers(1, _PRIME, HASHES, dtype=np.uint64), random.integers(0, _PRIME, HASHES, dtype=np.uint64)
