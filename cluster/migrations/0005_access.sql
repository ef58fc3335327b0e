-- Users, their roles, and which creators they may read.
create table users (
    id uuid primary key default gen_random_uuid(),
    supabase_user_id uuid not null unique references auth.users on delete cascade,
    email text,
    full_name text check (length(full_name) <= 200),
    role text not null default 'free' check (role in ('free', 'standard', 'premium', 'support', 'admin', 'service')),
    status text not null default 'active' check (status in ('active', 'suspended')),
    credits integer not null default 0 check (credits >= 0),
    credits_used_this_month integer not null default 0 check (credits_used_this_month >= 0),
    subscription_tier text not null default 'free' check (subscription_tier in ('free', 'standard', 'premium')),
    preferences jsonb not null default '{}' check (jsonb_typeof(preferences) = 'object' and length(preferences::text) <= 20000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger touch before update on users
    for each row execute function internal.touch();

create table user_roles (
    user_id uuid not null references auth.users on delete cascade,
    role text not null check (role in ('free', 'standard', 'premium', 'support', 'admin', 'service')),
    granted_at timestamptz not null default now(),
    primary key (user_id, role)
);

-- users.role is the highest of a user's roles; nothing else writes it.
create function internal.sync_role() returns trigger
    language plpgsql security definer
    set search_path = ''
    as $$
declare
    changed uuid := coalesce(new.user_id, old.user_id);
begin
    update public.users
    set role = coalesce(
        (
            select user_roles.role
            from public.user_roles
            where user_roles.user_id = changed
            order by array_position(array['service', 'admin', 'support', 'premium', 'standard', 'free'], user_roles.role)
            limit 1
        ),
        'free'
    )
    where supabase_user_id = changed;
    return null;
end
$$;
create trigger sync_role after insert or update or delete on user_roles
    for each row execute function internal.sync_role();

create table user_profile_access (
    user_id uuid not null references auth.users on delete cascade,
    profile_id uuid not null references profiles on delete cascade,
    granted_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (user_id, profile_id),
    check (expires_at > granted_at)
);
create index user_profile_access_profile_id_idx on user_profile_access (profile_id);  -- foreign key

create table search_history (
    id bigint generated always as identity primary key,
    user_id uuid not null references auth.users on delete cascade,
    username text not null check (internal.is_username(username)),
    created_at timestamptz not null default now()
);
create index search_history_user_id_idx on search_history (user_id, created_at desc);  -- a user's newest; foreign key
create index search_history_created_at_idx on search_history (created_at);  -- retention
create index search_history_username_idx on search_history (username);  -- erasure of a person

do $$
declare
    name text;
begin
    foreach name in array array['users', 'user_roles', 'user_profile_access', 'search_history']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('revoke all on %I from anon, authenticated', name);
        execute format('grant all on %I to service_role', name);
    end loop;
end
$$;

-- A user's own rows. Role, status, credits and tier are not in the grants: no owner can write them.
grant select on users, user_roles, user_profile_access, search_history to authenticated;
grant update (full_name, preferences) on users to authenticated;
grant insert (user_id, username) on search_history to authenticated;
grant delete on search_history to authenticated;

create policy own_select on users for select to authenticated
    using (supabase_user_id = (select auth.uid()));
create policy own_update on users for update to authenticated
    using (supabase_user_id = (select auth.uid()))
    with check (supabase_user_id = (select auth.uid()));
create policy own_select on user_roles for select to authenticated
    using (user_id = (select auth.uid()));
create policy own_select on user_profile_access for select to authenticated
    using (user_id = (select auth.uid()));
create policy own_select on search_history for select to authenticated
    using (user_id = (select auth.uid()));
create policy own_insert on search_history for insert to authenticated
    with check (user_id = (select auth.uid()));
create policy own_delete on search_history for delete to authenticated
    using (user_id = (select auth.uid()));

-- A creator's rows are read by whoever has unexpired access. Raw upstream answers name commenters, so they stay inside.
grant select (
    id, username, instagram_id, full_name, biography, external_urls, followers_count, following_count, posts_count,
    is_private, is_verified, is_business, joined_recently, business_category, profile_pic_url, cdn_picture_url,
    picture_error, source, fetched_at, fetched_posts_count, fetch_notes, withdrawn, engagement_rate, engagement_percentile,
    engagement_peers, ai_primary_content_type, ai_content_distribution, ai_avg_sentiment_score,
    ai_language_distribution, ai_content_quality_score, ai_analysis_raw, ai_profile_analyzed_at, version, created_at,
    updated_at
) on profiles to authenticated;
grant select (
    id, profile_id, instagram_post_id, shortcode, kind, caption, taken_at, likes_count, comments_count,
    video_views_count, display_url, owner_username, coauthors, hashtags, mentions, tagged, width_px, height_px,
    alt_text, comments_disabled, fetched_at, cdn_thumbnail_url, thumbnail_error, ai_content_category,
    ai_category_confidence, ai_sentiment, ai_sentiment_score, ai_sentiment_confidence, ai_language_code,
    ai_language_confidence, ai_analysis_raw, ai_analyzed_at, created_at, updated_at
) on posts to authenticated;
grant select on post_profiles, mentions, related_profiles, profile_snapshots, audience_demographics to authenticated;

create policy with_access on profiles for select to authenticated
    using (
        exists (
            select from user_profile_access
            where user_profile_access.profile_id = profiles.id
                and user_profile_access.user_id = (select auth.uid())
                and user_profile_access.expires_at > now()
        )
    );
create policy with_access on post_profiles for select to authenticated
    using (
        exists (
            select from user_profile_access
            where user_profile_access.profile_id = post_profiles.profile_id
                and user_profile_access.user_id = (select auth.uid())
                and user_profile_access.expires_at > now()
        )
    );
create policy with_access on related_profiles for select to authenticated
    using (
        exists (
            select from user_profile_access
            where user_profile_access.profile_id = related_profiles.profile_id
                and user_profile_access.user_id = (select auth.uid())
                and user_profile_access.expires_at > now()
        )
    );
create policy with_access on profile_snapshots for select to authenticated
    using (
        exists (
            select from user_profile_access
            where user_profile_access.profile_id = profile_snapshots.profile_id
                and user_profile_access.user_id = (select auth.uid())
                and user_profile_access.expires_at > now()
        )
    );
create policy with_access on audience_demographics for select to authenticated
    using (
        exists (
            select from user_profile_access
            where user_profile_access.profile_id = audience_demographics.profile_id
                and user_profile_access.user_id = (select auth.uid())
                and user_profile_access.expires_at > now()
        )
    );
-- These two see the rows of post_profiles that the policy above leaves.
create policy with_access on posts for select to authenticated
    using (exists (select from post_profiles where post_profiles.post_id = posts.id));
create policy with_access on mentions for select to authenticated
    using (exists (select from post_profiles where post_profiles.post_id = mentions.post_id));

-- The caller's user row and default role, made at the first call. Returns the effective role.
create function internal.ensure_user() returns text
    language plpgsql security definer
    set search_path = ''
    as $$
declare
    caller uuid := auth.uid();
    known public.users;
begin
    if caller is null then
        raise exception 'no user in this token' using errcode = 'FW401';
    end if;
    select * into known from public.users where supabase_user_id = caller;
    if not found then
        if obj_description('auth'::regnamespace, 'pg_namespace') like 'following:%' then
            insert into auth.users (id, aud, role, email)
            values (caller, 'authenticated', 'authenticated', nullif(auth.jwt() ->> 'email', ''))
            on conflict do nothing;
        end if;
        -- Where Supabase keeps the users, a token outlives its deleted user by up to an hour.
        if not exists (select from auth.users where id = caller) then
            raise exception 'the user of this token is gone' using errcode = 'FW401';
        end if;
        insert into public.users (supabase_user_id, email)
        values (caller, nullif(auth.jwt() ->> 'email', ''))
        on conflict (supabase_user_id) do nothing;
        insert into public.user_roles (user_id, role) values (caller, 'free') on conflict do nothing;
        select * into strict known from public.users where supabase_user_id = caller;
    end if;
    if known.status <> 'active' then
        raise exception 'this user is suspended' using errcode = 'FW403';
    end if;
    return known.role;
end
$$;
grant execute on function internal.ensure_user to authenticated;
