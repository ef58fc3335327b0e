-- What the models said, and whether a profile is complete.

-- A slot whose new run gave nothing keeps its earlier result.
create function internal.merge_outcomes(stored jsonb, fresh jsonb) returns jsonb
    language sql immutable
    set search_path = ''
    as $$
    select coalesce(
        jsonb_object_agg(
            key,
            case
                when new.value is null then old.value
                when old.value -> 'result' is distinct from 'null'::jsonb
                    and old.value is not null
                    and new.value -> 'result' is not distinct from 'null'::jsonb
                    then old.value
                else new.value
            end
        ),
        '{}'
    )
    from jsonb_each(stored) as old
    full join jsonb_each(fresh) as new using (key)
$$;
grant execute on function internal.merge_outcomes to service_role;

-- The one definition of a complete profile (design.md). Age is no criterion. No row for an unknown profile, or one that
-- the caller may not read. Columns are named: users may not read all of them.
create function profile_completeness(wanted_id uuid) returns table (complete boolean, missing text[])
    language sql stable
    set search_path = ''
    as $$
    with profile as (
        select
            profiles.id, profiles.followers_count, profiles.posts_count, profiles.biography, profiles.cdn_picture_url,
            profiles.ai_profile_analyzed_at,
            least(profiles.fetched_posts_count, 12) as posts_needed,
            profiles.posts_count is not distinct from 0 and profiles.fetched_posts_count = 0 as is_empty
        from public.profiles
        where profiles.id = wanted_id
    ),
    newest as (
        select posts.ai_content_category, posts.ai_sentiment, posts.ai_language_code, posts.cdn_thumbnail_url
        from profile
        join public.post_profiles on post_profiles.profile_id = profile.id
        join public.posts on posts.id = post_profiles.post_id
        order by posts.taken_at desc nulls last, posts.instagram_post_id desc
        limit (select posts_needed from profile)
    ),
    counted as (
        select
            count(*) as stored,
            count(ai_content_category) as categories,
            count(ai_sentiment) as sentiments,
            count(ai_language_code) as languages,
            count(cdn_thumbnail_url) as thumbnails
        from newest
    ),
    gaps as (
        select array_remove(
            array[
                case when not is_empty and coalesce(followers_count, 0) = 0 then 'followers_count' end,
                case when not is_empty and coalesce(posts_count, 0) = 0 then 'posts_count' end,
                case when not is_empty and biography is null then 'biography' end,
                case when stored < posts_needed then 'posts' end,
                case when categories < stored then 'posts.ai_content_category' end,
                case when sentiments < stored then 'posts.ai_sentiment' end,
                case when languages < stored then 'posts.ai_language_code' end,
                case when thumbnails < stored then 'posts.cdn_thumbnail_url' end,
                case when not is_empty and cdn_picture_url is null then 'cdn_picture_url' end,
                case when ai_profile_analyzed_at is null then 'ai_profile_analyzed_at' end
            ],
            null
        ) as missing
        from profile, counted
    )
    select cardinality(gaps.missing) = 0, gaps.missing from gaps
$$;
revoke all on function profile_completeness from anon;
grant execute on function profile_completeness to authenticated, service_role;
