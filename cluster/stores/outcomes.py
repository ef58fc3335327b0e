"""Storing what the models said: columns that other systems read, and each whole result as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from cluster.database import Connection
    from cluster.stores.stored import EngagementFigures, Outcomes

AGGREGATED_POSTS_MAX = 60  # newest posts behind a profile's averages and distributions


async def save_post_outcomes(db: Connection, outcomes: Mapping[UUID, Outcomes], analyzed_at: datetime) -> None:
    """Merge envelopes into posts; a slot that gave nothing this time keeps its earlier result. The caller commits.

    A fallback's result never replaces a model's own, and stays out of the columns: their readers could not tell it apart,
    and an empty column keeps the profile incomplete until a repair has asked the model again.
    """
    # Profiles before posts, and each in order: upsert_profile locks them in that order too.
    await db.execute(
        """
        with locked as (
            select id
            from profiles
            where id in (select profile_id from post_profiles where post_id = any($1))
            order by id
            for no key update
        )
        update profiles
        set updated_at = now()
        from locked
        where profiles.id = locked.id
        """,
        list(outcomes),
    )
    await db.execute(
        """
        with merged as (
            select
                posts.id,
                internal.merge_outcomes(
                    posts.ai_analysis_raw,
                    (
                        select coalesce(jsonb_object_agg(slot.key, slot.value), '{}')
                        from jsonb_each(fresh.value) as slot
                        where slot.value -> 'fallback' is distinct from 'true'
                            or coalesce(posts.ai_analysis_raw #> array[slot.key, 'result'], 'null') = 'null'
                            or posts.ai_analysis_raw #> array[slot.key, 'fallback'] = 'true'
                    )
                ) as everything
            from jsonb_each($1) as fresh
            join posts on posts.id = fresh.key::uuid
            order by posts.instagram_post_id
            for no key update of posts
        ),
        told as (
            select
                merged.*,
                (
                    select coalesce(jsonb_object_agg(slot.key, slot.value), '{}')
                    from jsonb_each(everything) as slot
                    where slot.value -> 'fallback' is distinct from 'true'
                ) as outcomes
            from merged
        )
        update posts
        set ai_analysis_raw = everything,
            ai_analyzed_at = $2,
            ai_sentiment = outcomes #>> '{sentiment,result,label}',
            ai_sentiment_score = (outcomes #>> '{sentiment,result,score}')::float8,
            ai_sentiment_confidence = (outcomes #>> '{sentiment,result,confidence}')::float8,
            ai_content_category = outcomes #>> '{category,result,label}',
            ai_category_confidence = (outcomes #>> '{category,result,confidence}')::float8,
            ai_language_code = outcomes #>> '{language,result,code}',
            ai_language_confidence = (outcomes #>> '{language,result,confidence}')::float8
        from told
        where posts.id = told.id
        """,
        {str(post_id): slots for post_id, slots in outcomes.items()},
        analyzed_at,
    )


async def save_profile_outcomes(
    db: Connection, profile_id: UUID, outcomes: Outcomes, *, engagement: EngagementFigures, analyzed_at: datetime
) -> None:
    """Merge envelopes into a profile and sum its posts up. The caller commits.

    Averages leave out what says nothing: captions without words (confidence 0) and undetermined languages.
    """
    await db.execute(
        """
        with newest as (
            select posts.*
            from post_profiles
            join posts on posts.id = post_profiles.post_id
            where post_profiles.profile_id = $1
            order by posts.taken_at desc nulls last, posts.instagram_post_id desc
            limit $7
        ),
        categories as (
            select ai_content_category as label, count(*)::float8 / sum(count(*)) over () as share
            from newest
            where ai_category_confidence > 0
            group by ai_content_category
        ),
        languages as (
            select ai_language_code as label, count(*)::float8 / sum(count(*)) over () as share
            from newest
            where ai_language_code <> 'und'
            group by ai_language_code
        )
        update profiles
        set ai_analysis_raw = internal.merge_outcomes(ai_analysis_raw, $2),
            ai_profile_analyzed_at = $3,
            engagement_rate = $4,
            engagement_percentile = $5,
            engagement_peers = $6,
            ai_primary_content_type = (select label from categories order by share desc, label limit 1),
            ai_content_distribution = (select jsonb_object_agg(label, share) from categories),
            ai_language_distribution = (select jsonb_object_agg(label, share) from languages),
            ai_avg_sentiment_score = (select avg(ai_sentiment_score) from newest where ai_sentiment_confidence > 0),
            ai_content_quality_score = (
                select avg((ai_analysis_raw #>> '{visual_content,result,quality,overall,value}')::float8)
                from newest
            )
        where id = $1
        """,
        profile_id,
        outcomes,
        analyzed_at,
        engagement.mean.value,
        engagement.percentile.value,
        engagement.percentile.n,
        AGGREGATED_POSTS_MAX,
    )
    insights = (outcomes.get("audience_insights") or {}).get("result")
    if insights:
        await db.execute(
            """
            insert into audience_demographics (
                profile_id, languages, countries, gender, age, interests, commenters, comments, analyzed_at
            )
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (profile_id) do update
                set languages = excluded.languages,
                    countries = excluded.countries,
                    gender = excluded.gender,
                    age = excluded.age,
                    interests = excluded.interests,
                    commenters = excluded.commenters,
                    comments = excluded.comments,
                    analyzed_at = excluded.analyzed_at
            """,
            profile_id,
            *(insights.get(name) for name in ("languages", "countries", "gender", "age", "interests")),
            *(insights.get(name) or 0 for name in ("commenters", "comments")),
            analyzed_at,
        )
