"""Topics of a creator's posts: clusters of caption vectors, named by their most telling words."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from deployments.comments import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployments.facts import PostFacts
    from deployments.statistics import Floats

POSTS_LEAST = 8
POSTS_MAX = 60  # average linkage takes n ** 3 steps
TOPICS_MAX = 5
SILHOUETTE_LEAST = 0.05  # below, the posts form no groups
TERMS_MAX = 5
WORD_LENGTH_LEAST = 4
_NOT_WORDS = re.compile(r"[#@][\w.]+|https?://\S+")


def cluster(vectors: Floats) -> list[int] | None:
    """A cluster number for each unit vector (n, d), or None when they form no groups.

    Agglomerative clustering with average linkage (Sokal & Michener 1958) on cosine distance after taking off the mean
    (sentence vectors share a large common part); the number of clusters, 2 to TOPICS_MAX, has the best silhouette
    (Rousseeuw 1987).
    """
    if len(vectors) < POSTS_LEAST:
        return None
    centred = vectors - vectors.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    if (lengths < 1e-9).any():
        return None
    unit = centred / lengths
    distances = np.clip(1 - unit @ unit.T, 0.0, 2.0)
    levels = _linkage(distances)
    scored = [(_silhouette(distances, labels), labels) for labels in levels if len(set(labels)) >= 2]
    if not scored:
        return None
    best, labels = max(scored, key=lambda pair: pair[0])
    return labels if best >= SILHOUETTE_LEAST else None


def name_clusters(posts: Sequence[PostFacts], labels: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The words that tell each cluster from the others, strongest first.

    Class TF-IDF (Grootendorst 2022, BERTopic): tf in the cluster x ln(1 + A / f), A being the mean number of words in a
    cluster and f the word's count over all. Words are hashtags and keywords, and the captions' own words without them.
    """
    words: dict[int, Counter[str]] = {label: Counter() for label in sorted(set(labels))}
    for post, label in zip(posts, labels, strict=True):
        words[label].update(_words(post))
    overall: Counter[str] = Counter()
    for counts in words.values():
        overall.update(counts)
    mean_words = sum(overall.values()) / max(1, len(words))
    names = {}
    for label, counts in words.items():
        weights = {word: count * math.log(1 + mean_words / overall[word]) for word, count in counts.items()}
        names[label] = tuple(sorted(weights, key=lambda word: (-weights[word], word))[:TERMS_MAX])
    return names


def _words(post: PostFacts) -> set[str]:
    """A post's words, each once: one post must not name a topic by repeating itself."""
    words = {tag.lower() for tag in post.hashtags} | {keyword.lower() for keyword in post.keywords}
    if not post.keywords:
        words |= set(words_of(_NOT_WORDS.sub(" ", post.caption.lower())))
    return {word for word in words if len(word) >= WORD_LENGTH_LEAST}


def _linkage(distances: Floats) -> list[list[int]]:
    """The partitions into TOPICS_MAX to 2 clusters, each as labels numbered by first appearance."""
    n = len(distances)
    between = distances.copy()
    np.fill_diagonal(between, np.inf)
    sizes = np.ones(n)
    members = {index: [index] for index in range(n)}
    partitions = []
    while len(members) > 2:
        first, second = divmod(int(between.argmin()), n)
        merged = (between[first] * sizes[first] + between[second] * sizes[second]) / (sizes[first] + sizes[second])
        between[first], between[:, first] = merged, merged
        between[first, first] = np.inf
        between[second], between[:, second] = np.inf, np.inf
        sizes[first] += sizes[second]
        members[first] += members.pop(second)
        if len(members) <= TOPICS_MAX:
            partitions.append(_labels(members, n))
    return partitions


def _labels(members: dict[int, list[int]], n: int) -> list[int]:
    labels = [0] * n
    for number, rows in enumerate(sorted(members.values(), key=min)):
        for row in rows:
            labels[row] = number
    return labels


def _silhouette(distances: Floats, labels: Sequence[int]) -> float:
    marks = np.asarray(labels)
    scores = []
    for index, own in enumerate(labels):
        mates = (marks == own).sum() - 1
        if mates == 0:
            scores.append(0.0)
            continue
        inside = distances[index][marks == own].sum() / mates
        outside = min(distances[index][marks == other].mean() for other in set(labels) - {own})
        scores.append((outside - inside) / max(inside, outside, 1e-12))
    return float(np.mean(scores))
