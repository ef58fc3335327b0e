"""Creators with planted habits, made without the upstream simulator: its parameters must not be the only ones tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from deployments.facts import CommentFacts, CreatorFacts, Peer, PostFacts, Snapshot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUBJECTS = [
    "jacket",
    "recipe",
    "trail",
    "lens",
    "camera",
    "workout",
    "playlist",
    "garden",
    "engine",
    "sketch",
    "harbour",
    "kitten",
    "ceramic",
    "novel",
    "bicycle",
]
VERBS = [
    "bought",
    "tried",
    "visited",
    "borrowed",
    "photographed",
    "recommended",
    "compared",
    "repaired",
    "painted",
    "found",
    "missed",
    "followed",
]
ENDINGS = [
    "last week",
    "with my sister",
    "near the station",
    "in the rain",
    "for my birthday",
    "after reading this",
    "on a Sunday",
    "by accident",
]
GENERIC = ("🔥🔥", "Nice pic!", "Wow", "Beautiful ❤️", "Amazing", "So good 😍")
TEMPLATES = (
    "Your content is absolutely brilliant, keep it going every day",
    "I have never seen a feed as creative as yours, well done my friend",
)
NAMES = [
    "maria",
    "anna",
    "sofia",
    "laura",
    "emma",
    "julia",
    "clara",
    "paula",
    "john",
    "peter",
    "david",
    "thomas",
    "daniel",
    "robert",
    "martin",
    "felix",
]


def said(random: np.random.Generator) -> str:
    """A comment that says something; hardly two are alike."""
    subject, verb, ending = random.choice(SUBJECTS), random.choice(VERBS), random.choice(ENDINGS)
    return (
        f"We {verb} a {subject} {ending}, {random.choice(VERBS)} {int(random.integers(100))} {random.choice(SUBJECTS)}s"
    )


def comment(random: np.random.Generator, username: str, generic_share: float = 0.3) -> CommentFacts:
    text = str(random.choice(GENERIC)) if random.random() < generic_share else said(random)
    return CommentFacts(username, text, NOW - timedelta(hours=float(random.uniform(0, 500))), "en")


def person(random: np.random.Generator) -> str:
    return f"{random.choice(NAMES)}.{random.choice(SUBJECTS)}{int(random.integers(1000))}"


def ordinary(seed: int, *, followers: int = 30_000, posts: int = 12, comments: int = 12) -> CreatorFacts:
    """Heavy-tailed likes around what the size shows, ever other commenters, comments of their own."""
    random = np.random.default_rng(seed)
    rate = 0.012 * float(np.exp(random.normal(0, 0.4)))
    made = []
    for index in range(posts):
        likes = max(1, int(followers * rate * np.exp(random.normal(0, 0.45))))
        made.append(
            PostFacts(
                id=f"p{index:03d}",
                kind=str(random.choice(["image", "video", "sidecar"])),
                caption=f"A {random.choice(SUBJECTS)} today #{random.choice(SUBJECTS)}",
                taken_at=NOW - timedelta(hours=60 * index + float(random.uniform(0, 30)) + 5),
                likes_count=likes,
                comments_count=max(1, int(likes * 0.04 * np.exp(random.normal(0, 0.3)))),
                hashtags=(str(random.choice(SUBJECTS)),),
                comments=tuple(comment(random, person(random)) for _ in range(comments)),
                language="en",
                category=str(random.choice(["Travel", "Food", "Fashion"])),
            )
        )
    return CreatorFacts(
        username="planted",
        full_name="Planted Creator",
        biography="Photographs of harbours and kitchens, twice a week",
        followers_count=followers,
        following_count=700,
        posts_count=300,
        has_profile_picture=True,
        is_verified=False,
        is_business=False,
        is_private=False,
        posts=tuple(made),
        observed_at=NOW,
    )


def with_bought_likes(
    creator: CreatorFacts, seed: int, *, followers_factor: float = 8, spread: float = 0.02
) -> CreatorFacts:
    """Followers multiplied, likes in equal portions, few comments, written by numbered accounts from templates."""
    random = np.random.default_rng(seed + 1)
    likes = float(np.median([post.likes_count for post in creator.posts]))
    posts = tuple(
        replace(
            post,
            likes_count=int(likes * (1 + spread * random.normal())),
            comments_count=3,
            comments=tuple(
                CommentFacts(
                    f"user{int(random.integers(10**7, 10**8))}",
                    str(random.choice([*GENERIC, *TEMPLATES])),
                    NOW,
                    "en",
                )
                for _ in post.comments
            ),
        )
        for post in creator.posts
    )
    return replace(creator, posts=posts, followers_count=int((creator.followers_count or 0) * followers_factor))


def with_pod(creator: CreatorFacts, seed: int, *, members: int = 8) -> CreatorFacts:
    """The same accounts write most comments under nearly every post."""
    random = np.random.default_rng(seed + 2)
    pod = [person(random) for _ in range(members)]
    posts = tuple(
        replace(
            post,
            comments=(
                *(comment(random, member, 0.1) for member in pod if random.random() < 0.9),
                *post.comments[: max(0, len(post.comments) - members)],
            ),
        )
        for post in creator.posts
    )
    return replace(creator, posts=posts)


def with_generic_comments(creator: CreatorFacts, share: float) -> CreatorFacts:
    """The first `share` of each post's comments become generic; the others stay."""
    posts = []
    for post in creator.posts:
        count = round(share * len(post.comments))
        posts.append(
            replace(
                post,
                comments=tuple(
                    replace(one, text=GENERIC[index % len(GENERIC)]) if index < count else one
                    for index, one in enumerate(post.comments)
                ),
            )
        )
    return replace(creator, posts=tuple(posts))


def with_hidden_likes(creator: CreatorFacts) -> CreatorFacts:
    return replace(creator, posts=tuple(replace(post, likes_count=None) for post in creator.posts))


def shuffled(creator: CreatorFacts, seed: int) -> CreatorFacts:
    random = np.random.default_rng(seed)

    def mixed(rows: tuple) -> tuple:
        return tuple(rows[index] for index in random.permutation(len(rows)))

    posts = tuple(replace(post, comments=mixed(post.comments), hashtags=mixed(post.hashtags)) for post in creator.posts)
    return replace(creator, posts=mixed(posts), snapshots=mixed(creator.snapshots), peers=mixed(creator.peers))


counts = st.none() | st.integers(0, 50) | st.integers(0, 10**13)
times = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
texts = st.sampled_from(["", "🔥", "Nice", "Love from Brazil 🇧🇷", "صباح الخير يا جميل", *TEMPLATES]) | st.text(
    max_size=30
)
names = st.sampled_from(["maria.lopez", "john_1990", "user4859201", "planted", "أحمد", "x"]) | st.text(
    min_size=1, max_size=12
)
comments = st.builds(CommentFacts, names, texts, times, st.sampled_from(["und", "en", "ar", "pt", "it"]))


@st.composite
def any_posts(draw: st.DrawFn, index: int) -> PostFacts:
    return PostFacts(
        id=f"p{index}",
        kind=draw(st.sampled_from(["image", "video", "sidecar"])),
        caption=draw(texts),
        taken_at=draw(times),
        likes_count=draw(counts),
        comments_count=draw(counts),
        video_views_count=draw(counts),
        hashtags=tuple(draw(st.lists(st.sampled_from(["a", "sun", "food", "été"]), max_size=3))),
        comments=tuple(draw(st.lists(comments, max_size=6))),
        language=draw(st.sampled_from([None, "und", "en", "ar"])),
        category=draw(st.sampled_from([None, "Food", "Travel"])),
        keywords=tuple(draw(st.lists(st.sampled_from(["sea", "bread", "coast"]), max_size=3))),
        embedding=draw(st.none() | st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(tuple)),
    )


@st.composite
def creators(draw: st.DrawFn) -> CreatorFacts:
    """Any creator at all: absent, huge and zero counts, undated posts, odd texts."""
    posts = tuple(draw(any_posts(index)) for index in range(draw(st.integers(0, 16))))
    snapshot = st.builds(
        Snapshot,
        st.datetimes(datetime(2025, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC)),
        counts,
        counts,
        counts,
    )
    peer = st.builds(Peer, st.integers(0, 10**9), st.floats(0, 10))
    return CreatorFacts(
        username="planted",
        full_name=None,
        biography=draw(st.none() | st.text(max_size=60)),
        followers_count=draw(counts),
        following_count=draw(counts),
        posts_count=draw(counts),
        has_profile_picture=draw(st.sampled_from([None, True, False])),
        is_verified=False,
        is_business=False,
        is_private=False,
        posts=posts,
        snapshots=tuple(draw(st.lists(snapshot, max_size=6))),
        peers=tuple(draw(st.lists(peer, max_size=4))),
        observed_at=draw(st.sampled_from([None, NOW])),
    )
