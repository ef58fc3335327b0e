"""Every planted creator with what the models said about it, and what two simple rules would have said."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from deployments.audience_insights import AudienceInsights, AudienceInsightsModel
from deployments.audience_quality import AudienceQualityModel
from deployments.behavioral_patterns import BehavioralPatterns, BehavioralPatternsModel
from deployments.engagement import Engagement, engagement_of
from deployments.facts import CreatorFacts, Peer
from deployments.fraud_detection import FraudDetectionModel
from deployments.trend_detection import TrendDetection, TrendDetectionModel
from loadtests.planted_posts import creator_from, expected_engagement_rate
from loadtests.planting import FRAUDS, ORDINARY, THIN, Plant, World, make_plant, make_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from deployments.scores import Score

COMMENTS_PER_LIKE = 0.03  # what the naive rule calls usual
PEERS = 160
PEERS_BOUGHT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How many worlds, and how many creators of each kind in one; seed decides everything else."""

    seed: int
    worlds: int
    ordinary: int
    each_fraud: int
    thin: int
    repeated: int  # creators that are judged `samples` times, each time from other posts
    samples: int


@dataclass(frozen=True, slots=True)
class Case:
    """One planted creator, judged. The simple rules answer None where likes are hidden or there is no post."""

    plant: Plant
    peers: bool
    risk: Score
    verdict: str
    signs: tuple[str, ...]
    authenticity: Score
    low_engagement: float | None  # minus the engagement rate: the rule "few react, so followers are bought"
    odd_ratio: float | None  # how far the comments per like are from usual, in decades


@dataclass(frozen=True, slots=True)
class Habits:
    """An ordinary creator with what the models said about audience, habits and trends."""

    plant: Plant
    facts: CreatorFacts
    insights: AudienceInsights
    patterns: BehavioralPatterns
    trends: TrendDetection
    engagement: Engagement


@dataclass(frozen=True, slots=True)
class Judged:
    """All cases, the ordinary ones' habits, and the creators that were judged several times."""

    cases: list[Case]
    habits: list[Habits]
    repeated: list[list[Case]]


def judge_all(plan: Plan, told: Callable[[str], None]) -> Judged:
    """Plant and judge everything; told hears of the progress."""
    models = _Models()
    judged = Judged([], [], [])
    for number in range(plan.worlds):
        random = Random(f"{plan.seed}/{number}")
        world = make_world(random)
        peers = _peers(world, random)
        kinds = [ORDINARY] * plan.ordinary + [kind for kind in FRAUDS for _ in range(plan.each_fraud)]
        kinds += [THIN] * plan.thin
        for index, kind in enumerate(kinds):
            plant = make_plant(world, kind, random)
            # A new installation has no stored profiles to compare with: half of the creators are judged so.
            facts = creator_from(plant, f"planted{number}x{index}", peers=peers if index % 2 else ())
            judged.cases.append(models.judge(plant, facts))
            if kind == ORDINARY:
                judged.habits.append(models.habits(plant, facts))
        for index in range(plan.repeated):
            plant = replace(make_plant(world, (ORDINARY, *FRAUDS)[index % (1 + len(FRAUDS))], random), posts=12)
            name = f"again{number}x{index}"
            samples = [creator_from(plant, name, sample) for sample in range(plan.samples)]
            judged.repeated.append([models.judge(plant, facts) for facts in samples])
        told(f"world {number + 1} of {plan.worlds}: {len(judged.cases)} creators judged")
    return judged


class _Models:
    def __init__(self) -> None:
        self._quality, self._fraud = AudienceQualityModel(), FraudDetectionModel()
        self._insights, self._patterns = AudienceInsightsModel(), BehavioralPatternsModel()
        self._trends = TrendDetectionModel()

    def judge(self, plant: Plant, facts: CreatorFacts) -> Case:
        fraud = self._fraud.predict([facts])[0]
        rate = engagement_of(facts.posts, facts.followers_count).mean.value
        shown = [(post.likes_count, post.comments_count or 0) for post in facts.posts if post.likes_count is not None]
        likes, comments = sum(likes for likes, _ in shown), sum(comments for _, comments in shown)
        ratio = math.log10(max(comments, 0.5) / likes / COMMENTS_PER_LIKE) if likes else None
        return Case(
            plant=plant,
            peers=bool(facts.peers),
            risk=fraud.risk,
            verdict=fraud.verdict,
            signs=tuple(reason.code for reason in fraud.reasons),
            authenticity=self._quality.predict([facts])[0].authenticity,
            low_engagement=None if rate is None else -rate,
            odd_ratio=None if ratio is None else abs(ratio),
        )

    def habits(self, plant: Plant, facts: CreatorFacts) -> Habits:
        return Habits(
            plant=plant,
            facts=facts,
            insights=self._insights.predict([facts])[0],
            patterns=self._patterns.predict([facts])[0],
            trends=self._trends.predict([facts])[0],
            engagement=engagement_of(facts.posts, facts.followers_count),
        )


def _peers(world: World, random: Random) -> tuple[Peer, ...]:
    """Stored profiles of the same world, some of them with bought followers."""
    kinds = ["bought followers" if random.random() < PEERS_BOUGHT_SHARE else ORDINARY for _ in range(PEERS)]
    plants = [make_plant(world, kind, random) for kind in kinds]
    return tuple(
        Peer(plant.followers, expected_engagement_rate(plant) * math.exp(random.gauss(0, plant.likes_spread / 3)))
        for plant in plants
    )
