"""One refresh, step by step: fetch → store → pictures beside captions → creator → done. Knows nothing of Ray.

Each step ends in a commit, so a run that a crash interrupts is taken up at the step it had reached.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cluster import telemetry
from cluster.errors import CreatorNotFound, MediaRefused, OptedOut, PrivateAccount, UpstreamUnavailable
from cluster.media import MediaUnavailable
from cluster.records import Source
from cluster.resilience import BreakerState
from cluster.stores import assets, creators, jobs
from deployments import analysis, engagement
from deployments.analysis import Outcome
from deployments.facts import CommentFacts, CreatorFacts, Peer, PostFacts, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from cluster.clients.sources import ProfileSources
    from cluster.database import Database
    from cluster.settings import Settings
    from cluster.stores.jobs import Job
    from cluster.stores.stored import StoredCreator, StoredPost
    from cluster.thumbnails import Thumbnail, Thumbnailer
    from deployments.analysis import Analysis

NoPicture = MediaRefused | MediaUnavailable
POSTS_MAX = 60  # newest stored posts that the per-profile models look at
PEERS_MAX = 2_000
FETCHED, STORED, PICTURES, LOOKS, CAPTIONS, CREATOR = "fetch", "store", "pictures", "looks", "captions", "creator"

log = telemetry.get_logger(__name__)


class LeaseLost(Exception):
    """Another worker took this job over; this one stops without a trace."""


@dataclass(frozen=True, slots=True)
class RefreshPipeline:
    """Everything a refresh needs; run() takes one job through it."""

    database: Database
    sources: ProfileSources
    thumbnailer: Thumbnailer
    analysis: Analysis
    settings: Settings

    def circuits_not_closed(self) -> dict[str, str]:
        """Sources and models whose calls are paused or on probe, with the breaker's state."""
        breakers = (*self.sources.states().values(), *self.analysis.breakers())
        return {breaker.name: breaker.state for breaker in breakers if breaker.state is not BreakerState.CLOSED}

    async def run(self, job: Job, owner: str) -> None:
        """Take a claimed job to its end. Raises what keeps it from ending well, or LeaseLost."""
        run = _Run(self, job, owner)
        stored = await run.find_stored()
        stale_because = None
        if job.kind != "unlock" or stored is None or not _may_be_given_out(stored):
            stale_because = await run.bring_up_to_date(stored)
            await run.analyze()
        async with self.database.as_service() as db:
            done = await jobs.finish(
                db,
                job.id,
                owner,
                access_days=self.settings.search.access_days,
                warning=stale_because,
                attempt=job.attempts,
            )
        if not done:
            raise LeaseLost


class _Run:
    """The state of one job on its way."""

    def __init__(self, pipeline: RefreshPipeline, job: Job, owner: str) -> None:
        self._p = pipeline
        self._job = job
        self._owner = owner
        self._reporting = asyncio.Lock()

    async def find_stored(self) -> StoredCreator | None:
        """What is stored of the creator; raises OptedOut."""
        async with self._p.database.as_service() as db:
            if await creators.is_opted_out(db, self._job.username):
                raise OptedOut(username=self._job.username)
            return await creators.load_creator(db, self._job.username)

    async def bring_up_to_date(self, stored: StoredCreator | None) -> dict[str, Any] | None:
        """Fetch where the job asks for it.

        Returns the upstream's error when a recent stored profile stands in for it, else None.
        """
        if stored is not None and self._is_fetched(stored):
            return self._nothing_newer(stored)
        try:
            await self._fetch_and_store()
        except (PrivateAccount, CreatorNotFound) as error:
            async with self._p.database.as_service() as db:
                await creators.mark_withdrawn(db, self._job.username, error.code)
            raise
        except UpstreamUnavailable as error:
            if stored is None or stored.withdrawn is not None or not self._may_stand_in(stored):
                raise
            log.warning("stale_profile_stands_in", username=self._job.username, error=str(error))
            return error.to_record()
        return None

    def _is_fetched(self, stored: StoredCreator) -> bool:
        """Whether nothing has to be fetched: the job only analyses, or an interrupted attempt has fetched already."""
        if stored.source is Source.IMPORT and self._p.settings.upstream_is_simulated:
            return True  # made-up figures must never replace imported ones
        return self._job.kind == "analyze" or stored.fetched_at >= self._job.created_at

    def _nothing_newer(self, stored: StoredCreator) -> dict[str, Any] | None:
        """Why a refresh brings nothing newer than the import, where the only source is the simulator."""
        if self._job.kind != "refresh" or stored.fetched_at >= self._job.created_at:
            return None
        return UpstreamUnavailable(
            "An imported creator is not refreshed from the simulator; set APIFY_TOKEN.", username=stored.username
        ).to_record()

    def _may_stand_in(self, stored: StoredCreator) -> bool:
        age = datetime.now(UTC) - stored.fetched_at
        return age <= timedelta(seconds=self._p.settings.search.stale_s_max)

    async def _fetch_and_store(self) -> None:
        await self._report(FETCHED, 0, 1)
        fetched = await self._p.sources.fetch(
            self._job.username, run_id=self._job.run_id, on_run_started=self._remember_run
        )
        profile = fetched.profile
        if profile.is_private:
            raise PrivateAccount(
                username=profile.username,
                details={
                    "full_name": profile.full_name,
                    "followers_count": profile.followers_count,
                    "following_count": profile.following_count,
                    "posts_count": profile.posts_count,
                    "is_verified": profile.is_verified,
                },
            )
        await self._report(STORED, 0, 1)
        async with self._p.database.as_service() as db:
            profile_id = await creators.upsert_profile(db, profile, fetched_at=datetime.now(UTC))
            await creators.save_fetch_notes(db, profile_id, fetched.degraded)

    async def _remember_run(self, run_id: str) -> None:
        async with self._p.database.as_service() as db:
            if not await jobs.save_run_id(db, self._job.id, self._owner, run_id, attempt=self._job.attempts):
                raise LeaseLost

    async def analyze(self) -> None:
        """Pictures and captions side by side, then the creator on top of their results."""
        creator = await self._load()
        unfinished = [post for post in creator.posts if self._is_unfinished(post)]
        if creator.completeness.complete and not unfinished and _is_judged(creator):
            return
        looks, reads = await asyncio.gather(self._picture_all(creator, unfinished), self._read(unfinished))
        outcomes = {
            post.id: {slot: rows[index].envelope() for slot, rows in reads.items()} | looks.get(post.id, {})
            for index, post in enumerate(unfinished)
        }
        async with self._p.database.as_service() as db:
            await creators.save_post_outcomes(db, outcomes, analyzed_at=datetime.now(UTC))
        await self._judge()

    def _is_unfinished(self, post: StoredPost) -> bool:
        """Whether a picture or a model's result is missing, or was made by another model than today's."""
        return post.analyzed_at is None or not post.thumbnail_url or not self._p.analysis.is_current(post.analysis)

    async def _load(self) -> StoredCreator:
        async with self._p.database.as_service() as db:
            creator = await creators.load_creator(db, self._job.username, comments=True, posts_max=POSTS_MAX)
        if creator is None:
            raise CreatorNotFound(username=self._job.username)
        return creator

    async def _read(self, posts: Sequence[StoredPost]) -> dict[str, list[Outcome]]:
        await self._report(CAPTIONS, 0, len(posts))
        rows = await self._p.analysis.read_captions([post.caption or "" for post in posts])
        await self._report(CAPTIONS, len(posts), len(posts))
        return rows

    async def _picture_all(
        self, creator: StoredCreator, posts: Sequence[StoredPost]
    ) -> dict[UUID, dict[str, dict[str, Any]]]:
        """Thumbnails of the posts and the profile picture, then the picture model over what arrived."""
        done = 0
        await self._report(PICTURES, 0, len(posts))

        async def one(post: StoredPost) -> Thumbnail | NoPicture:
            nonlocal done
            made = await self._thumbnail("post", post.id, post.display_url)
            done += 1
            await self._report(PICTURES, done, len(posts))
            return made

        made = await asyncio.gather(
            self._thumbnail("profile", creator.id, creator.profile_pic_url), *(one(post) for post in posts)
        )
        by_post = dict(zip((post.id for post in posts), made[1:], strict=True))
        arrived = {key: made for key, made in by_post.items() if not isinstance(made, NoPicture)}
        await self._report(LOOKS, 0, len(arrived))
        looks = await self._p.analysis.look_at([thumbnail.data for thumbnail in arrived.values()])
        await self._report(LOOKS, len(arrived), len(arrived))
        seen = dict(zip(arrived, looks, strict=True))
        return {
            key: {analysis.IMAGE_SLOT: (seen.get(key) or Outcome(None, None, f"no picture: {made}")).envelope()}
            for key, made in by_post.items()
        }

    async def _thumbnail(self, owner: assets.Owner, owner_id: UUID, url: str | None) -> Thumbnail | NoPicture:
        """The stored picture, or why there is none; either is written down. No picture is worth losing the answer for."""
        try:
            if not url:
                raise MediaRefused("The source gave no picture URL.", reason="no_url")
            thumbnail = await self._p.thumbnailer.make(url)
        except (MediaRefused, MediaUnavailable) as error:
            async with self._p.database.as_service() as db:
                await assets.save_failure(db, owner, owner_id, source_url=url, error=str(error))
            return error
        async with self._p.database.as_service() as db:
            await assets.save_asset(db, owner, owner_id, source_url=url, thumbnail=thumbnail)
        return thumbnail

    async def _judge(self) -> None:
        creator = await self._load()
        async with self._p.database.as_service() as db:
            peers = await creators.peers(db, creator.id, limit=PEERS_MAX)
        done = 0
        await self._report(CREATOR, 0, len(analysis.PROFILE_SLOTS))

        async def on_done(_slot: str) -> None:
            nonlocal done
            done += 1
            await self._report(CREATOR, done, len(analysis.PROFILE_SLOTS))

        facts = await self._facts(creator, peers)
        outcomes = await self._p.analysis.judge(facts, on_done)
        async with self._p.database.as_service() as db:
            await creators.save_profile_outcomes(
                db,
                creator.id,
                {slot: outcome.envelope() for slot, outcome in outcomes.items()},
                engagement=engagement.engagement_of(facts.posts, facts.followers_count, facts.peers),
                analyzed_at=datetime.now(UTC),
            )

    async def _facts(self, creator: StoredCreator, peers: Sequence[tuple[int, float]]) -> CreatorFacts:
        captions = [post.caption or "" for post in creator.posts]
        comments = [comment for post in creator.posts for comment in post.comments]
        vectors, languages = await asyncio.gather(
            self._p.analysis.embed(captions),
            self._p.analysis.detect_languages([comment.text for comment in comments]),
        )
        language_of = iter(languages)
        posts = []
        for index, post in enumerate(creator.posts):
            facts = _post_facts(post)
            spoken = tuple(
                CommentFacts(comment.username, comment.text, comment.posted_at, next(language_of))
                for comment in post.comments
            )
            vector = tuple(vectors[index].tolist()) if vectors is not None and post.caption else None
            posts.append(replace(facts, comments=spoken, embedding=vector))
        return CreatorFacts(
            username=creator.username,
            full_name=creator.full_name,
            biography=creator.biography,
            followers_count=creator.followers_count,
            following_count=creator.following_count,
            posts_count=creator.posts_count,
            has_profile_picture=creator.profile_pic_url is not None,
            is_verified=creator.is_verified,
            is_business=creator.is_business,
            is_private=creator.is_private,
            posts=tuple(posts),
            snapshots=tuple(
                Snapshot(row.taken_at, row.followers_count, row.following_count, row.posts_count)
                for row in creator.snapshots
            ),
            peers=tuple(Peer(followers, rate) for followers, rate in peers),
            observed_at=creator.fetched_at,
        )

    async def _report(self, step: str, done: int, total: int) -> None:
        # Steps that run side by side report one after the other, so that no later count is overtaken by an earlier one.
        async with self._reporting, self._p.database.as_service() as db:
            is_ours = await jobs.progress(
                db, self._job.id, self._owner, step=step, done=done, total=total, attempt=self._job.attempts
            )
        if not is_ours:
            raise LeaseLost


def _may_be_given_out(stored: StoredCreator) -> bool:
    """Whether an unlock needs no fetch: all is there, and the account was still public when it was last asked for."""
    return stored.completeness.complete and stored.withdrawn is None


def _is_judged(creator: StoredCreator) -> bool:
    """Whether the per-profile models have run since the last fetch."""
    return creator.analyzed_at is not None and creator.analyzed_at >= creator.fetched_at


def _post_facts(post: StoredPost) -> PostFacts:
    def result(slot: str) -> dict[str, Any]:
        envelope = post.analysis.get(slot) or {}
        found: dict[str, Any] = envelope.get("result") or {}
        # A reason says that there was nothing to go by. What rules made up for a failed model stays out of statistics.
        return {} if found.get("reason") or envelope.get("fallback") else found

    return PostFacts(
        id=str(post.id),
        kind=post.kind,
        caption=post.caption or "",
        taken_at=post.taken_at,
        likes_count=post.likes_count,
        comments_count=post.comments_count,
        video_views_count=post.video_views_count,
        hashtags=tuple(post.hashtags),
        mentions=tuple(post.mentions),
        language=result("language").get("code"),
        sentiment_score=result("sentiment").get("score"),
        category=result("category").get("label"),
        keywords=tuple(str(word) for word in result("advanced_nlp").get("keywords") or ()),
    )
