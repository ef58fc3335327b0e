"""Storing what a fetch or an import brought: profile, posts, comments, mentions, related profiles and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster.pg_values import INTEGER_MAX, storable_count, storable_text, storable_text_or_none, storable_time
from cluster.stores.refusals import refusals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from cluster.database import Connection
    from cluster.records import Comment, Post, Profile, RelatedProfile

RELATED_MAX = 100
COMMENTS_PER_POST_MAX = 500


async def upsert_profile(db: Connection, profile: Profile, *, fetched_at: datetime) -> UUID:
    """Insert or refresh a profile with all that came with it; returns its id. The caller commits.

    What the source did not say (None) keeps its stored value; a post's counts do not, since None means hidden there.
    A changed caption takes its analysis away. A post that another profile already owns gains this one as an owner.
    Survives what a sloppy source sends: NULs, lone surrogates, repeated ids, counts past 64 bits.
    Raises OptedOut.
    """
    posts = _once((post for post in profile.posts), lambda post: storable_text(post.instagram_post_id))
    with refusals(username=profile.username):
        profile_id = await _upsert_profile_row(db, profile, len(posts), fetched_at)
    await db.execute(
        """
        insert into profile_snapshots (profile_id, taken_at, followers_count, following_count, posts_count)
        values ($1, $2, $3, $4, $5)
        on conflict (profile_id, taken_at) do nothing
        """,
        profile_id,
        fetched_at,
        storable_count(profile.followers_count),
        storable_count(profile.following_count),
        storable_count(profile.posts_count),
    )
    await _replace_related(db, profile_id, profile.related, fetched_at)
    if posts:
        ids = await _upsert_posts(db, profile_id, posts, fetched_at)
        await _replace_mentions(db, ids, posts)
        await _upsert_comments(db, ids, posts, fetched_at)
    return profile_id


async def save_fetch_notes(db: Connection, profile_id: UUID, notes: Sequence[str]) -> None:
    """Write down what the last fetch could not bring, and why."""
    await db.execute(
        """
        update profiles
        set fetch_notes = $2
        where id = $1 and fetch_notes is distinct from $2
        """,
        profile_id,
        [storable_text(note) for note in notes],
    )


async def mark_withdrawn(db: Connection, username: str, code: str) -> None:
    """Write down that an account is no longer public: nobody new gets what is stored of it until a fetch succeeds."""
    await db.execute(
        """
        update profiles
        set withdrawn = $2
        where username = $1 and withdrawn is distinct from $2
        """,
        username,
        code,
    )


async def _upsert_profile_row(db: Connection, profile: Profile, posts_count: int, fetched_at: datetime) -> UUID:
    profile_id: UUID = await db.fetchval(
        """
        insert into profiles as stored (
            username, source, instagram_id, full_name, biography, external_urls, followers_count, following_count,
            posts_count, is_private, is_verified, is_business, joined_recently, business_category, profile_pic_url, raw,
            fetched_at, fetched_posts_count
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        on conflict (username) do update
            set source = excluded.source,
                instagram_id = coalesce(excluded.instagram_id, stored.instagram_id),
                full_name = coalesce(excluded.full_name, stored.full_name),
                biography = coalesce(excluded.biography, stored.biography),
                external_urls = excluded.external_urls,
                followers_count = coalesce(excluded.followers_count, stored.followers_count),
                following_count = coalesce(excluded.following_count, stored.following_count),
                posts_count = coalesce(excluded.posts_count, stored.posts_count),
                is_private = excluded.is_private,
                is_verified = excluded.is_verified,
                is_business = excluded.is_business,
                joined_recently = excluded.joined_recently,
                business_category = coalesce(excluded.business_category, stored.business_category),
                profile_pic_url = coalesce(excluded.profile_pic_url, stored.profile_pic_url),
                -- a picture is the same while its file name is: hosts and signatures change with every fetch
                (cdn_picture_url, picture_error) = (
                    select stored.cdn_picture_url, stored.picture_error
                    where excluded.profile_pic_url is null
                        or regexp_replace(excluded.profile_pic_url, '^.*/|[?].*$', '', 'g')
                        is not distinct from regexp_replace(stored.profile_pic_url, '^.*/|[?].*$', '', 'g')
                ),
                raw = excluded.raw,
                fetched_at = excluded.fetched_at,
                fetched_posts_count = excluded.fetched_posts_count,
                fetch_notes = '{}',
                withdrawn = null
        returning id
        """,
        profile.username,
        profile.source.value,
        storable_text_or_none(profile.instagram_id),
        storable_text_or_none(profile.full_name),
        storable_text_or_none(profile.biography),
        [storable_text(url) for url in profile.external_urls],
        storable_count(profile.followers_count),
        storable_count(profile.following_count),
        storable_count(profile.posts_count),
        profile.is_private,
        profile.is_verified,
        profile.is_business,
        profile.joined_recently,
        storable_text_or_none(profile.business_category),
        storable_text_or_none(profile.profile_pic_url),
        profile.raw or None,
        fetched_at,
        posts_count,
    )
    return profile_id


async def _upsert_posts(
    db: Connection, profile_id: UUID, posts: Sequence[tuple[str, Post]], fetched_at: datetime
) -> dict[str, UUID]:
    """Insert or refresh posts; returns their ids by Instagram's id.

    Rows are taken in the order of their ids, so that two profiles that share joint posts cannot lock each other out.
    """
    rows = [_post_row(instagram_post_id, post) for instagram_post_id, post in sorted(posts, key=lambda pair: pair[0])]
    stored = await db.fetch(
        """
        with fresh as (
            insert into posts as stored (
                profile_id, fetched_at, instagram_post_id, shortcode, kind, caption, taken_at, likes_count,
                comments_count, video_views_count, display_url, owner_username, coauthors, hashtags, mentions, tagged,
                width_px, height_px, alt_text, comments_disabled, raw
            )
            select
                $1, $2, instagram_post_id, shortcode, kind, caption, taken_at, likes_count, comments_count,
                video_views_count, display_url, owner_username, coauthors, hashtags, mentions, tagged, width_px,
                height_px, alt_text, comments_disabled, raw
            from jsonb_to_recordset($3) as fetched (
                instagram_post_id text, shortcode text, kind text, caption text, taken_at timestamptz,
                likes_count bigint, comments_count bigint, video_views_count bigint, display_url text,
                owner_username text, coauthors text[], hashtags text[], mentions text[], tagged text[],
                width_px integer, height_px integer, alt_text text, comments_disabled boolean, raw jsonb
            )
            on conflict (instagram_post_id) do update
                set shortcode = excluded.shortcode,
                    kind = excluded.kind,
                    caption = excluded.caption,
                    taken_at = coalesce(excluded.taken_at, stored.taken_at),
                    likes_count = excluded.likes_count,
                    comments_count = excluded.comments_count,
                    video_views_count = coalesce(excluded.video_views_count, stored.video_views_count),
                    display_url = coalesce(excluded.display_url, stored.display_url),
                    owner_username = coalesce(excluded.owner_username, stored.owner_username),
                    coauthors = excluded.coauthors,
                    hashtags = excluded.hashtags,
                    mentions = excluded.mentions,
                    tagged = excluded.tagged,
                    width_px = coalesce(excluded.width_px, stored.width_px),
                    height_px = coalesce(excluded.height_px, stored.height_px),
                    alt_text = coalesce(excluded.alt_text, stored.alt_text),
                    comments_disabled = excluded.comments_disabled,
                    raw = excluded.raw,
                    fetched_at = excluded.fetched_at,
                    -- no row, hence nulls, when the caption changed
                    (
                        ai_sentiment, ai_sentiment_score, ai_sentiment_confidence, ai_content_category,
                        ai_category_confidence, ai_language_code, ai_language_confidence, ai_analyzed_at
                    ) = (
                        select
                            stored.ai_sentiment, stored.ai_sentiment_score, stored.ai_sentiment_confidence,
                            stored.ai_content_category, stored.ai_category_confidence, stored.ai_language_code,
                            stored.ai_language_confidence, stored.ai_analyzed_at
                        where stored.caption is not distinct from excluded.caption
                    ),
                    ai_analysis_raw = case
                        when stored.caption is not distinct from excluded.caption then stored.ai_analysis_raw
                        else stored.ai_analysis_raw - '{sentiment,language,category,advanced_nlp}'::text[]
                    end
            returning id, instagram_post_id
        ),
        owned as (
            insert into post_profiles (post_id, profile_id)
            select id, $1
            from fresh
            on conflict do nothing
        )
        select id, instagram_post_id
        from fresh
        """,
        profile_id,
        fetched_at,
        rows,
    )
    return {row["instagram_post_id"]: row["id"] for row in stored}


async def _replace_mentions(db: Connection, ids: dict[str, UUID], posts: Sequence[tuple[str, Post]]) -> None:
    pairs = sorted({(ids[post_id], name) for post_id, post in posts for name in _names(post.mentions)})
    await db.execute(
        """
        with named as (
            select *
            from unnest($2::uuid[], $3::text[]) as named (post_id, username)
        ),
        gone as (
            delete from mentions
            where post_id = any($1) and (post_id, username) not in (select post_id, username from named)
        )
        insert into mentions (post_id, username)
        select post_id, username
        from named
        on conflict do nothing
        """,
        list(ids.values()),
        [post_id for post_id, _ in pairs],
        [name for _, name in pairs],
    )


async def _upsert_comments(
    db: Connection, ids: dict[str, UUID], posts: Sequence[tuple[str, Post]], fetched_at: datetime
) -> None:
    rows = {
        (ids[post_id], storable_text(comment.username).lower(), comment.posted_at, storable_text(comment.text)): comment
        for post_id, post in posts
        for comment in post.comments[:COMMENTS_PER_POST_MAX]
    }
    if not rows:
        return
    comments: Iterable[Comment] = rows.values()
    columns = zip(*rows, strict=True)
    await db.execute(
        """
        insert into post_comments (post_id, username, posted_at, text, likes_count, fetched_at)
        select comment.*, $6
        from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[]) as comment
        on conflict (post_id, username, posted_at, md5(text)) do update
            set likes_count = excluded.likes_count,
                fetched_at = excluded.fetched_at
        """,
        *(list(column) for column in columns),
        [storable_count(comment.likes_count) for comment in comments],
        fetched_at,
    )


async def _replace_related(
    db: Connection, profile_id: UUID, related: Sequence[RelatedProfile], fetched_at: datetime
) -> None:
    """A fetch that names none keeps the stored ones: sources leave them out now and then."""
    rows = _once(related[:RELATED_MAX], lambda other: storable_text(other.username).lower())
    if not rows:
        return
    await db.execute(
        """
        with gone as (
            delete from related_profiles
            where profile_id = $1 and username <> all($2)
        )
        insert into related_profiles (
            profile_id, fetched_at, username, position, full_name, is_private, is_verified, profile_pic_url
        )
        select $1, $7, other.username, other.position - 1, other.full_name, other.is_private, other.is_verified, other.picture
        from unnest($2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::text[])
            with ordinality as other (username, full_name, is_private, is_verified, picture, position)
        on conflict (profile_id, username) do update
            set position = excluded.position,
                full_name = excluded.full_name,
                is_private = excluded.is_private,
                is_verified = excluded.is_verified,
                profile_pic_url = excluded.profile_pic_url,
                fetched_at = excluded.fetched_at
        """,
        profile_id,
        [username for username, _ in rows],
        [storable_text_or_none(other.full_name) for _, other in rows],
        [other.is_private for _, other in rows],
        [other.is_verified for _, other in rows],
        [storable_text_or_none(other.profile_pic_url) for _, other in rows],
        fetched_at,
    )


def _once(records: Iterable[Any], key: Any) -> list[tuple[str, Any]]:
    """Each record with its key, in order, without the nameless and the repeated."""
    kept: dict[str, Any] = {}
    for record in records:
        kept.setdefault(key(record), record)
    kept.pop("", None)
    return list(kept.items())


def _names(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(storable_text(name).lower() for name in names) if name]


def _post_row(instagram_post_id: str, post: Post) -> dict[str, Any]:
    return {
        "instagram_post_id": instagram_post_id,
        "shortcode": storable_text(post.shortcode),
        "kind": post.kind.value,
        "caption": storable_text_or_none(post.caption),
        "taken_at": storable_time(post.taken_at),
        "likes_count": storable_count(post.likes_count),
        "comments_count": storable_count(post.comments_count),
        "video_views_count": storable_count(post.video_views_count),
        "display_url": storable_text_or_none(post.display_url),
        "owner_username": storable_text_or_none(post.owner_username),
        "coauthors": _names(post.coauthors),
        "hashtags": _names(post.hashtags),
        "mentions": _names(post.mentions),
        "tagged": _names(post.tagged),
        "width_px": storable_count(post.width_px, INTEGER_MAX) or None,
        "height_px": storable_count(post.height_px, INTEGER_MAX) or None,
        "alt_text": storable_text_or_none(post.alt_text),
        "comments_disabled": post.comments_disabled,
        "raw": post.raw or None,
    }
