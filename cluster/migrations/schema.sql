CREATE SCHEMA auth;

COMMENT ON SCHEMA auth IS 'following: a subset of Supabase Auth';

CREATE SCHEMA internal;

CREATE FUNCTION auth.jwt() RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$select nullif(current_setting('request.jwt.claims', true), '')::jsonb$$;

CREATE FUNCTION auth.role() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'$$;

CREATE FUNCTION auth.uid() RETURNS uuid
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid$$;

CREATE FUNCTION internal.ensure_user() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

CREATE FUNCTION internal.is_opted_out(username text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select exists (
        select from public.opt_outs where username_hash = internal.opt_out_hash(is_opted_out.username)
    )
$$;

CREATE FUNCTION internal.is_username(name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $_$
    select name ~ '^[a-z0-9_]([a-z0-9_.]*[a-z0-9_])?$' and length(name) <= 30 and name !~ '\.\.'
$_$;

CREATE TABLE public.ai_analysis_jobs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    username text NOT NULL,
    profile_id uuid,
    kind text NOT NULL,
    kind_claimed text,
    status text DEFAULT 'queued'::text NOT NULL,
    step text,
    done integer DEFAULT 0 NOT NULL,
    total integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    error jsonb,
    run_id text,
    log_seq integer DEFAULT 0 NOT NULL,
    lease_owner text,
    lease_expires_at timestamp with time zone,
    run_after timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    deadline_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ai_analysis_jobs_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT ai_analysis_jobs_check CHECK ((deadline_at > created_at)),
    CONSTRAINT ai_analysis_jobs_check1 CHECK (((status = 'running'::text) = (lease_owner IS NOT NULL))),
    CONSTRAINT ai_analysis_jobs_check2 CHECK (((lease_owner IS NULL) = (lease_expires_at IS NULL))),
    CONSTRAINT ai_analysis_jobs_check3 CHECK (((status = ANY (ARRAY['succeeded'::text, 'failed'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT ai_analysis_jobs_check4 CHECK (((status <> 'failed'::text) OR (error IS NOT NULL))),
    CONSTRAINT ai_analysis_jobs_check5 CHECK ((done <= total)),
    CONSTRAINT ai_analysis_jobs_done_check CHECK ((done >= 0)),
    CONSTRAINT ai_analysis_jobs_kind_check CHECK ((kind = ANY (ARRAY['analyze'::text, 'repair'::text, 'unlock'::text, 'refresh'::text]))),
    CONSTRAINT ai_analysis_jobs_kind_claimed_check CHECK ((kind_claimed = ANY (ARRAY['analyze'::text, 'repair'::text, 'unlock'::text, 'refresh'::text]))),
    CONSTRAINT ai_analysis_jobs_log_seq_check CHECK ((log_seq >= 0)),
    CONSTRAINT ai_analysis_jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text]))),
    CONSTRAINT ai_analysis_jobs_total_check CHECK ((total >= 0)),
    CONSTRAINT ai_analysis_jobs_username_check CHECK (internal.is_username(username))
);

CREATE FUNCTION internal.job_of_key(caller uuid, wanted_key text, wanted_username text, OUT job public.ai_analysis_jobs) RETURNS public.ai_analysis_jobs
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
    select ai_analysis_jobs.* into job
    from public.ai_analysis_job_requesters
    join public.ai_analysis_jobs on ai_analysis_jobs.id = ai_analysis_job_requesters.job_id
    where ai_analysis_job_requesters.user_id = caller and ai_analysis_job_requesters.idempotency_key = wanted_key;
    if job.username <> wanted_username then
        raise exception 'this idempotency key was used for another creator' using errcode = 'FW409';
    end if;
end
$$;

CREATE FUNCTION internal.join_job(wanted_username text, wanted_kind text, deadline_s double precision, waiting_max integer, OUT job public.ai_analysis_jobs) RETURNS public.ai_analysis_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    ranks constant text[] := array['analyze', 'repair', 'unlock', 'refresh'];
begin
    if internal.is_opted_out(wanted_username) then
        raise exception 'the person behind this account opted out' using errcode = 'FW451';
    end if;
    if deadline_s not between 1 and 2592000 then
        raise exception 'deadline_s is out of range: %', deadline_s using errcode = '22023';
    end if;
    for attempt in 1..3 loop
        -- The lock makes finish() wait until this requester is written, or makes this one see that the job has ended.
        select * into job
        from public.ai_analysis_jobs
        where username = wanted_username and status in ('queued', 'running')
        for no key update;
        if found then
            if array_position(ranks, wanted_kind) > array_position(ranks, job.kind) then
                update public.ai_analysis_jobs
                set kind = wanted_kind,
                    deadline_at = greatest(deadline_at, now() + make_interval(secs => deadline_s))
                where id = job.id
                returning * into job;
            end if;
            return;
        end if;
        if waiting_max is not null and waiting_max <= (
            select count(*)
            from (
                select
                from public.ai_analysis_jobs
                where status = 'queued' and kind in ('unlock', 'refresh')
                limit waiting_max
            ) as waiting
        ) then
            raise exception 'too many lookups wait' using errcode = 'FW503';
        end if;
        insert into public.ai_analysis_jobs (username, kind, deadline_at, profile_id)
        values (
            wanted_username,
            wanted_kind,
            now() + make_interval(secs => deadline_s),
            (select id from public.profiles where username = wanted_username)
        )
        on conflict (username) where status in ('queued', 'running') do nothing
        returning * into job;
        if found then
            perform pg_notify('jobs', '');
            return;
        end if;
    end loop;
    raise exception 'the jobs of % change too fast', wanted_username using errcode = 'FW503';
end
$$;

CREATE FUNCTION internal.merge_outcomes(stored jsonb, fresh jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
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

CREATE FUNCTION internal.opt_out_hash(username text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
    select sha256(convert_to(key, 'UTF8') || sha256(convert_to(key || lower(opt_out_hash.username), 'UTF8')))
    from (select value #>> '{}' as key from public.system_configurations where system_configurations.key = 'opt_out_key') as stored
$$;

CREATE FUNCTION internal.profiles_before_update() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    new.version := old.version + 1;
    new.updated_at := now();
    return new;
end
$$;

CREATE FUNCTION internal.refuse_opted_out() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('opt_out:' || new.username, 0));
    if internal.is_opted_out(new.username) then
        raise exception 'the person behind this account opted out' using errcode = 'FW451';
    end if;
    return new;
end
$$;

CREATE FUNCTION internal.request_refresh(wanted_username text, wanted_kind text, wanted_key text, deadline_s double precision, waiting_max integer, OUT job public.ai_analysis_jobs) RETURNS public.ai_analysis_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
    caller uuid := auth.uid();
begin
    if caller is null then
        raise exception 'no user in this token' using errcode = 'FW401';
    end if;
    if wanted_kind not in ('unlock', 'refresh') then
        raise exception 'not a kind that users ask for: %', wanted_kind using errcode = '22023';
    end if;
    if wanted_key is not null then
        job := internal.job_of_key(caller, wanted_key, wanted_username);
        if job.id is not null then
            return;
        end if;
    end if;
    job := internal.join_job(wanted_username, wanted_kind, deadline_s, waiting_max);
    insert into public.ai_analysis_job_requesters (job_id, user_id, idempotency_key)
    values (job.id, caller, wanted_key)
    on conflict do nothing;
    if wanted_key is not null then
        job := internal.job_of_key(caller, wanted_key, wanted_username);  -- the same key at the same time: first come
    end if;
end
$$;

CREATE FUNCTION internal.request_repair(wanted_username text, interval_s double precision, deadline_s double precision, OUT job public.ai_analysis_jobs) RETURNS public.ai_analysis_jobs
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
    if not exists (
        select from public.profiles
        join public.user_profile_access on user_profile_access.profile_id = profiles.id
        where profiles.username = wanted_username
            and user_profile_access.user_id = auth.uid()
            and user_profile_access.expires_at > now()
    ) or exists (
        select from public.ai_analysis_jobs
        where username = wanted_username and created_at > now() - make_interval(secs => interval_s)
    ) then
        return;
    end if;
    job := internal.join_job(wanted_username, 'repair', deadline_s, null);
end
$$;

CREATE FUNCTION internal.sync_role() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

CREATE FUNCTION internal.touch() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
    new.updated_at := now();
    return new;
end
$$;

CREATE FUNCTION public.profile_completeness(wanted_id uuid) RETURNS TABLE(complete boolean, missing text[])
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
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

CREATE TABLE auth.audit_log_entries (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    instance_id uuid,
    payload json,
    ip_address character varying(64) DEFAULT ''::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now()
);

CREATE TABLE auth.identities (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    provider text NOT NULL,
    provider_id text NOT NULL,
    identity_data jsonb NOT NULL,
    email text GENERATED ALWAYS AS (lower((identity_data ->> 'email'::text))) STORED,
    last_sign_in_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

CREATE TABLE auth.refresh_tokens (
    id bigint NOT NULL,
    instance_id uuid,
    token character varying(255),
    user_id character varying(255),
    session_id uuid,
    parent character varying(255),
    revoked boolean,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

ALTER TABLE auth.refresh_tokens ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME auth.refresh_tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE auth.sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    aal text,
    not_after timestamp with time zone,
    refreshed_at timestamp without time zone,
    user_agent text,
    ip inet,
    tag text,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    CONSTRAINT sessions_aal_check CHECK ((aal = ANY (ARRAY['aal1'::text, 'aal2'::text, 'aal3'::text])))
);

CREATE TABLE auth.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    instance_id uuid,
    aud character varying(255),
    role character varying(255),
    email character varying(255),
    encrypted_password character varying(255),
    email_confirmed_at timestamp with time zone,
    phone text,
    phone_confirmed_at timestamp with time zone,
    last_sign_in_at timestamp with time zone,
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    is_anonymous boolean DEFAULT false NOT NULL,
    banned_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    deleted_at timestamp with time zone
);

CREATE TABLE public.ai_analysis_job_logs (
    job_id uuid NOT NULL,
    seq integer NOT NULL,
    step text NOT NULL,
    done integer NOT NULL,
    total integer NOT NULL,
    elapsed_s double precision NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ai_analysis_job_logs_done_check CHECK ((done >= 0)),
    CONSTRAINT ai_analysis_job_logs_elapsed_s_check CHECK ((elapsed_s >= (0)::double precision)),
    CONSTRAINT ai_analysis_job_logs_seq_check CHECK ((seq > 0)),
    CONSTRAINT ai_analysis_job_logs_total_check CHECK ((total >= 0))
);

CREATE TABLE public.ai_analysis_job_requesters (
    id bigint NOT NULL,
    job_id uuid NOT NULL,
    user_id uuid NOT NULL,
    idempotency_key text,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ai_analysis_job_requesters_idempotency_key_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 255)))
);

ALTER TABLE public.ai_analysis_job_requesters ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ai_analysis_job_requesters_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audience_demographics (
    profile_id uuid NOT NULL,
    languages jsonb,
    countries jsonb,
    gender jsonb,
    age jsonb,
    interests jsonb,
    commenters integer DEFAULT 0 NOT NULL,
    comments integer DEFAULT 0 NOT NULL,
    analyzed_at timestamp with time zone NOT NULL,
    CONSTRAINT audience_demographics_commenters_check CHECK ((commenters >= 0)),
    CONSTRAINT audience_demographics_comments_check CHECK ((comments >= 0))
);

CREATE TABLE public.cdn_image_assets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    post_id uuid,
    profile_id uuid,
    source_url text,
    storage_key text,
    content_hash text,
    width_px integer,
    height_px integer,
    size_bytes bigint,
    status text NOT NULL,
    error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT cdn_image_assets_check CHECK ((num_nonnulls(post_id, profile_id) = 1)),
    CONSTRAINT cdn_image_assets_check1 CHECK (((status <> 'stored'::text) OR ((storage_key IS NOT NULL) AND (content_hash IS NOT NULL)))),
    CONSTRAINT cdn_image_assets_check2 CHECK (((status <> 'failed'::text) OR (error IS NOT NULL))),
    CONSTRAINT cdn_image_assets_content_hash_check CHECK ((content_hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT cdn_image_assets_height_px_check CHECK ((height_px > 0)),
    CONSTRAINT cdn_image_assets_size_bytes_check CHECK ((size_bytes > 0)),
    CONSTRAINT cdn_image_assets_status_check CHECK ((status = ANY (ARRAY['stored'::text, 'failed'::text]))),
    CONSTRAINT cdn_image_assets_width_px_check CHECK ((width_px > 0))
);

CREATE TABLE public.following_migrations (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.mentions (
    post_id uuid NOT NULL,
    username text NOT NULL,
    CONSTRAINT mentions_username_check CHECK ((username = lower(username)))
);

CREATE TABLE public.opt_outs (
    username_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT opt_outs_username_hash_check CHECK ((octet_length(username_hash) = 32))
);

CREATE TABLE public.post_comments (
    id bigint NOT NULL,
    post_id uuid NOT NULL,
    username text NOT NULL,
    text text NOT NULL,
    posted_at timestamp with time zone,
    likes_count bigint,
    fetched_at timestamp with time zone NOT NULL,
    CONSTRAINT post_comments_likes_count_check CHECK ((likes_count >= 0))
);

ALTER TABLE public.post_comments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.post_comments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.post_profiles (
    post_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.posts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    profile_id uuid NOT NULL,
    instagram_post_id text NOT NULL,
    shortcode text NOT NULL,
    kind text NOT NULL,
    caption text,
    taken_at timestamp with time zone,
    likes_count bigint,
    comments_count bigint,
    video_views_count bigint,
    display_url text,
    owner_username text,
    coauthors text[] DEFAULT '{}'::text[] NOT NULL,
    hashtags text[] DEFAULT '{}'::text[] NOT NULL,
    mentions text[] DEFAULT '{}'::text[] NOT NULL,
    tagged text[] DEFAULT '{}'::text[] NOT NULL,
    width_px integer,
    height_px integer,
    alt_text text,
    comments_disabled boolean DEFAULT false NOT NULL,
    raw jsonb,
    fetched_at timestamp with time zone NOT NULL,
    cdn_thumbnail_url text,
    thumbnail_error text,
    ai_content_category character varying(50),
    ai_category_confidence double precision,
    ai_sentiment character varying(20),
    ai_sentiment_score double precision,
    ai_sentiment_confidence double precision,
    ai_language_code character varying(10),
    ai_language_confidence double precision,
    ai_analysis_raw jsonb DEFAULT '{}'::jsonb NOT NULL,
    ai_analyzed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT posts_ai_category_confidence_check CHECK (((ai_category_confidence >= (0)::double precision) AND (ai_category_confidence <= (1)::double precision))),
    CONSTRAINT posts_ai_language_confidence_check CHECK (((ai_language_confidence >= (0)::double precision) AND (ai_language_confidence <= (1)::double precision))),
    CONSTRAINT posts_ai_sentiment_check CHECK (((ai_sentiment)::text = ANY ((ARRAY['negative'::character varying, 'neutral'::character varying, 'positive'::character varying])::text[]))),
    CONSTRAINT posts_ai_sentiment_confidence_check CHECK (((ai_sentiment_confidence >= (0)::double precision) AND (ai_sentiment_confidence <= (1)::double precision))),
    CONSTRAINT posts_ai_sentiment_score_check CHECK (((ai_sentiment_score >= ('-1'::integer)::double precision) AND (ai_sentiment_score <= (1)::double precision))),
    CONSTRAINT posts_check CHECK (((ai_analyzed_at IS NOT NULL) OR (ai_sentiment IS NULL))),
    CONSTRAINT posts_check1 CHECK (((ai_sentiment IS NULL) = (ai_sentiment_score IS NULL))),
    CONSTRAINT posts_check2 CHECK (((ai_content_category IS NULL) = (ai_category_confidence IS NULL))),
    CONSTRAINT posts_check3 CHECK (((ai_language_code IS NULL) = (ai_language_confidence IS NULL))),
    CONSTRAINT posts_comments_count_check CHECK ((comments_count >= 0)),
    CONSTRAINT posts_height_px_check CHECK ((height_px > 0)),
    CONSTRAINT posts_instagram_post_id_check CHECK ((instagram_post_id <> ''::text)),
    CONSTRAINT posts_kind_check CHECK ((kind = ANY (ARRAY['image'::text, 'video'::text, 'sidecar'::text]))),
    CONSTRAINT posts_likes_count_check CHECK ((likes_count >= 0)),
    CONSTRAINT posts_video_views_count_check CHECK ((video_views_count >= 0)),
    CONSTRAINT posts_width_px_check CHECK ((width_px > 0))
);

CREATE TABLE public.profile_snapshots (
    profile_id uuid NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    followers_count bigint,
    following_count bigint,
    posts_count bigint,
    CONSTRAINT profile_snapshots_followers_count_check CHECK ((followers_count >= 0)),
    CONSTRAINT profile_snapshots_following_count_check CHECK ((following_count >= 0)),
    CONSTRAINT profile_snapshots_posts_count_check CHECK ((posts_count >= 0))
);

CREATE TABLE public.profiles (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    username text NOT NULL,
    instagram_id text,
    full_name text,
    biography text,
    external_urls text[] DEFAULT '{}'::text[] NOT NULL,
    followers_count bigint,
    following_count bigint,
    posts_count bigint,
    is_private boolean DEFAULT false NOT NULL,
    is_verified boolean DEFAULT false NOT NULL,
    is_business boolean DEFAULT false NOT NULL,
    joined_recently boolean DEFAULT false NOT NULL,
    business_category text,
    profile_pic_url text,
    cdn_picture_url text,
    picture_error text,
    source text NOT NULL,
    raw jsonb,
    fetched_at timestamp with time zone NOT NULL,
    fetched_posts_count integer NOT NULL,
    fetch_notes text[] DEFAULT '{}'::text[] NOT NULL,
    withdrawn text,
    engagement_rate double precision,
    engagement_percentile double precision,
    engagement_peers integer DEFAULT 0 NOT NULL,
    ai_primary_content_type character varying(50),
    ai_content_distribution jsonb,
    ai_avg_sentiment_score double precision,
    ai_language_distribution jsonb,
    ai_content_quality_score double precision,
    ai_analysis_raw jsonb DEFAULT '{}'::jsonb NOT NULL,
    ai_profile_analyzed_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT profiles_ai_avg_sentiment_score_check CHECK (((ai_avg_sentiment_score >= ('-1'::integer)::double precision) AND (ai_avg_sentiment_score <= (1)::double precision))),
    CONSTRAINT profiles_ai_content_quality_score_check CHECK (((ai_content_quality_score >= (0)::double precision) AND (ai_content_quality_score <= (100)::double precision))),
    CONSTRAINT profiles_engagement_peers_check CHECK ((engagement_peers >= 0)),
    CONSTRAINT profiles_engagement_percentile_check CHECK (((engagement_percentile >= (0)::double precision) AND (engagement_percentile <= (100)::double precision))),
    CONSTRAINT profiles_engagement_rate_check CHECK ((engagement_rate >= (0)::double precision)),
    CONSTRAINT profiles_fetched_posts_count_check CHECK ((fetched_posts_count >= 0)),
    CONSTRAINT profiles_followers_count_check CHECK ((followers_count >= 0)),
    CONSTRAINT profiles_following_count_check CHECK ((following_count >= 0)),
    CONSTRAINT profiles_posts_count_check CHECK ((posts_count >= 0)),
    CONSTRAINT profiles_source_check CHECK ((source = ANY (ARRAY['apify'::text, 'decodo'::text, 'import'::text]))),
    CONSTRAINT profiles_username_check CHECK (internal.is_username(username)),
    CONSTRAINT profiles_withdrawn_check CHECK ((withdrawn = ANY (ARRAY['private_account'::text, 'creator_not_found'::text])))
);

CREATE TABLE public.related_profiles (
    profile_id uuid NOT NULL,
    username text NOT NULL,
    "position" smallint NOT NULL,
    full_name text,
    is_private boolean,
    is_verified boolean,
    profile_pic_url text,
    fetched_at timestamp with time zone NOT NULL,
    CONSTRAINT related_profiles_position_check CHECK (("position" >= 0)),
    CONSTRAINT related_profiles_username_check CHECK ((username = lower(username)))
);

CREATE TABLE public.search_history (
    id bigint NOT NULL,
    user_id uuid NOT NULL,
    username text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT search_history_username_check CHECK (internal.is_username(username))
);

ALTER TABLE public.search_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.search_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.system_configurations (
    key text NOT NULL,
    value jsonb NOT NULL,
    description text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT system_configurations_key_check CHECK ((key ~ '^[a-z0-9_.]{1,100}$'::text))
);

CREATE TABLE public.user_profile_access (
    user_id uuid NOT NULL,
    profile_id uuid NOT NULL,
    granted_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT user_profile_access_check CHECK ((expires_at > granted_at))
);

CREATE TABLE public.user_roles (
    user_id uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_roles_role_check CHECK ((role = ANY (ARRAY['free'::text, 'standard'::text, 'premium'::text, 'support'::text, 'admin'::text, 'service'::text])))
);

CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    supabase_user_id uuid NOT NULL,
    email text,
    full_name text,
    role text DEFAULT 'free'::text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    credits integer DEFAULT 0 NOT NULL,
    credits_used_this_month integer DEFAULT 0 NOT NULL,
    subscription_tier text DEFAULT 'free'::text NOT NULL,
    preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_credits_check CHECK ((credits >= 0)),
    CONSTRAINT users_credits_used_this_month_check CHECK ((credits_used_this_month >= 0)),
    CONSTRAINT users_full_name_check CHECK ((length(full_name) <= 200)),
    CONSTRAINT users_preferences_check CHECK (((jsonb_typeof(preferences) = 'object'::text) AND (length((preferences)::text) <= 20000))),
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['free'::text, 'standard'::text, 'premium'::text, 'support'::text, 'admin'::text, 'service'::text]))),
    CONSTRAINT users_status_check CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text]))),
    CONSTRAINT users_subscription_tier_check CHECK ((subscription_tier = ANY (ARRAY['free'::text, 'standard'::text, 'premium'::text])))
);

ALTER TABLE ONLY auth.audit_log_entries
    ADD CONSTRAINT audit_log_entries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.identities
    ADD CONSTRAINT identities_provider_id_provider_key UNIQUE (provider_id, provider);

ALTER TABLE ONLY auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_token_key UNIQUE (token);

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ai_analysis_job_logs
    ADD CONSTRAINT ai_analysis_job_logs_pkey PRIMARY KEY (job_id, seq);

ALTER TABLE ONLY public.ai_analysis_job_requesters
    ADD CONSTRAINT ai_analysis_job_requesters_job_id_user_id_idempotency_key_key UNIQUE NULLS NOT DISTINCT (job_id, user_id, idempotency_key);

ALTER TABLE ONLY public.ai_analysis_job_requesters
    ADD CONSTRAINT ai_analysis_job_requesters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ai_analysis_jobs
    ADD CONSTRAINT ai_analysis_jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audience_demographics
    ADD CONSTRAINT audience_demographics_pkey PRIMARY KEY (profile_id);

ALTER TABLE ONLY public.cdn_image_assets
    ADD CONSTRAINT cdn_image_assets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cdn_image_assets
    ADD CONSTRAINT cdn_image_assets_post_id_key UNIQUE (post_id);

ALTER TABLE ONLY public.cdn_image_assets
    ADD CONSTRAINT cdn_image_assets_profile_id_key UNIQUE (profile_id);

ALTER TABLE ONLY public.following_migrations
    ADD CONSTRAINT following_migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.mentions
    ADD CONSTRAINT mentions_pkey PRIMARY KEY (post_id, username);

ALTER TABLE ONLY public.opt_outs
    ADD CONSTRAINT opt_outs_pkey PRIMARY KEY (username_hash);

ALTER TABLE ONLY public.post_comments
    ADD CONSTRAINT post_comments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.post_profiles
    ADD CONSTRAINT post_profiles_pkey PRIMARY KEY (post_id, profile_id);

ALTER TABLE ONLY public.posts
    ADD CONSTRAINT posts_instagram_post_id_key UNIQUE (instagram_post_id);

ALTER TABLE ONLY public.posts
    ADD CONSTRAINT posts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.profile_snapshots
    ADD CONSTRAINT profile_snapshots_pkey PRIMARY KEY (profile_id, taken_at);

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_username_key UNIQUE (username);

ALTER TABLE ONLY public.related_profiles
    ADD CONSTRAINT related_profiles_pkey PRIMARY KEY (profile_id, username);

ALTER TABLE ONLY public.search_history
    ADD CONSTRAINT search_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.system_configurations
    ADD CONSTRAINT system_configurations_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.user_profile_access
    ADD CONSTRAINT user_profile_access_pkey PRIMARY KEY (user_id, profile_id);

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT user_roles_pkey PRIMARY KEY (user_id, role);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_supabase_user_id_key UNIQUE (supabase_user_id);

CREATE INDEX identities_user_id_idx ON auth.identities USING btree (user_id);

CREATE INDEX refresh_tokens_session_id_idx ON auth.refresh_tokens USING btree (session_id);

CREATE INDEX sessions_user_id_idx ON auth.sessions USING btree (user_id);

CREATE UNIQUE INDEX users_email_key ON auth.users USING btree (lower((email)::text)) WHERE (NOT is_anonymous);

CREATE UNIQUE INDEX ai_analysis_job_requesters_idempotency_key ON public.ai_analysis_job_requesters USING btree (user_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX ai_analysis_job_requesters_user_id_idx ON public.ai_analysis_job_requesters USING btree (user_id, job_id);

CREATE INDEX ai_analysis_jobs_finished_at_idx ON public.ai_analysis_jobs USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX ai_analysis_jobs_leases_idx ON public.ai_analysis_jobs USING btree (lease_expires_at) WHERE (status = 'running'::text);

CREATE UNIQUE INDEX ai_analysis_jobs_live_key ON public.ai_analysis_jobs USING btree (username) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX ai_analysis_jobs_profile_id_idx ON public.ai_analysis_jobs USING btree (profile_id);

CREATE INDEX ai_analysis_jobs_queued_idx ON public.ai_analysis_jobs USING btree (((kind = ANY (ARRAY['unlock'::text, 'refresh'::text]))) DESC, created_at) WHERE (status = 'queued'::text);

CREATE INDEX ai_analysis_jobs_username_idx ON public.ai_analysis_jobs USING btree (username, created_at DESC);

CREATE INDEX cdn_image_assets_storage_key_idx ON public.cdn_image_assets USING btree (storage_key) WHERE (storage_key IS NOT NULL);

CREATE INDEX mentions_username_idx ON public.mentions USING btree (username);

CREATE INDEX post_comments_fetched_at_idx ON public.post_comments USING btree (fetched_at);

CREATE UNIQUE INDEX post_comments_once_key ON public.post_comments USING btree (post_id, username, posted_at, md5(text)) NULLS NOT DISTINCT;

CREATE INDEX post_comments_username_idx ON public.post_comments USING btree (username);

CREATE INDEX post_profiles_profile_id_idx ON public.post_profiles USING btree (profile_id);

CREATE INDEX posts_profile_id_idx ON public.posts USING btree (profile_id);

CREATE INDEX posts_raw_idx ON public.posts USING btree (fetched_at) WHERE (raw IS NOT NULL);

CREATE INDEX profiles_peers_idx ON public.profiles USING btree (followers_count) INCLUDE (engagement_rate) WHERE (engagement_rate IS NOT NULL);

CREATE INDEX profiles_raw_idx ON public.profiles USING btree (fetched_at) WHERE (raw IS NOT NULL);

CREATE INDEX related_profiles_username_idx ON public.related_profiles USING btree (username);

CREATE INDEX search_history_created_at_idx ON public.search_history USING btree (created_at);

CREATE INDEX search_history_user_id_idx ON public.search_history USING btree (user_id, created_at DESC);

CREATE INDEX search_history_username_idx ON public.search_history USING btree (username);

CREATE INDEX user_profile_access_profile_id_idx ON public.user_profile_access USING btree (profile_id);

CREATE TRIGGER refuse_opted_out BEFORE INSERT OR UPDATE OF username, fetched_at ON public.profiles FOR EACH ROW EXECUTE FUNCTION internal.refuse_opted_out();

CREATE TRIGGER sync_role AFTER INSERT OR DELETE OR UPDATE ON public.user_roles FOR EACH ROW EXECUTE FUNCTION internal.sync_role();

CREATE TRIGGER touch BEFORE UPDATE ON public.ai_analysis_jobs FOR EACH ROW EXECUTE FUNCTION internal.touch();

CREATE TRIGGER touch BEFORE UPDATE ON public.cdn_image_assets FOR EACH ROW EXECUTE FUNCTION internal.touch();

CREATE TRIGGER touch BEFORE UPDATE ON public.posts FOR EACH ROW EXECUTE FUNCTION internal.touch();

CREATE TRIGGER touch BEFORE UPDATE ON public.profiles FOR EACH ROW EXECUTE FUNCTION internal.profiles_before_update();

CREATE TRIGGER touch BEFORE UPDATE ON public.system_configurations FOR EACH ROW EXECUTE FUNCTION internal.touch();

CREATE TRIGGER touch BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION internal.touch();

ALTER TABLE ONLY auth.identities
    ADD CONSTRAINT identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES auth.sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ai_analysis_job_logs
    ADD CONSTRAINT ai_analysis_job_logs_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.ai_analysis_jobs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ai_analysis_job_requesters
    ADD CONSTRAINT ai_analysis_job_requesters_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.ai_analysis_jobs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ai_analysis_job_requesters
    ADD CONSTRAINT ai_analysis_job_requesters_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ai_analysis_jobs
    ADD CONSTRAINT ai_analysis_jobs_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.audience_demographics
    ADD CONSTRAINT audience_demographics_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.cdn_image_assets
    ADD CONSTRAINT cdn_image_assets_post_id_fkey FOREIGN KEY (post_id) REFERENCES public.posts(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.cdn_image_assets
    ADD CONSTRAINT cdn_image_assets_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.mentions
    ADD CONSTRAINT mentions_post_id_fkey FOREIGN KEY (post_id) REFERENCES public.posts(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.post_comments
    ADD CONSTRAINT post_comments_post_id_fkey FOREIGN KEY (post_id) REFERENCES public.posts(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.post_profiles
    ADD CONSTRAINT post_profiles_post_id_fkey FOREIGN KEY (post_id) REFERENCES public.posts(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.post_profiles
    ADD CONSTRAINT post_profiles_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.posts
    ADD CONSTRAINT posts_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.profile_snapshots
    ADD CONSTRAINT profile_snapshots_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.related_profiles
    ADD CONSTRAINT related_profiles_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.search_history
    ADD CONSTRAINT search_history_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_profile_access
    ADD CONSTRAINT user_profile_access_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.profiles(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_profile_access
    ADD CONSTRAINT user_profile_access_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_supabase_user_id_fkey FOREIGN KEY (supabase_user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

ALTER TABLE auth.audit_log_entries ENABLE ROW LEVEL SECURITY;

ALTER TABLE auth.identities ENABLE ROW LEVEL SECURITY;

ALTER TABLE auth.refresh_tokens ENABLE ROW LEVEL SECURITY;

ALTER TABLE auth.sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ai_analysis_job_logs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ai_analysis_job_requesters ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.ai_analysis_jobs ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audience_demographics ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cdn_image_assets ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.following_migrations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.mentions ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.opt_outs ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_delete ON public.search_history FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY own_insert ON public.search_history FOR INSERT TO authenticated WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY own_select ON public.ai_analysis_job_requesters FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY own_select ON public.search_history FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY own_select ON public.user_profile_access FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY own_select ON public.user_roles FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY own_select ON public.users FOR SELECT TO authenticated USING ((supabase_user_id = ( SELECT auth.uid() AS uid)));

CREATE POLICY own_update ON public.users FOR UPDATE TO authenticated USING ((supabase_user_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((supabase_user_id = ( SELECT auth.uid() AS uid)));

ALTER TABLE public.post_comments ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.post_profiles ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.posts ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.profile_snapshots ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.related_profiles ENABLE ROW LEVEL SECURITY;

CREATE POLICY requested ON public.ai_analysis_job_logs FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.ai_analysis_job_requesters
  WHERE ((ai_analysis_job_requesters.job_id = ai_analysis_job_logs.job_id) AND (ai_analysis_job_requesters.user_id = ( SELECT auth.uid() AS uid))))));

CREATE POLICY requested ON public.ai_analysis_jobs FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.ai_analysis_job_requesters
  WHERE ((ai_analysis_job_requesters.job_id = ai_analysis_jobs.id) AND (ai_analysis_job_requesters.user_id = ( SELECT auth.uid() AS uid))))));

ALTER TABLE public.search_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.system_configurations ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.user_profile_access ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.user_roles ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

CREATE POLICY with_access ON public.audience_demographics FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.user_profile_access
  WHERE ((user_profile_access.profile_id = audience_demographics.profile_id) AND (user_profile_access.user_id = ( SELECT auth.uid() AS uid)) AND (user_profile_access.expires_at > now())))));

CREATE POLICY with_access ON public.mentions FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.post_profiles
  WHERE (post_profiles.post_id = mentions.post_id))));

CREATE POLICY with_access ON public.post_profiles FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.user_profile_access
  WHERE ((user_profile_access.profile_id = post_profiles.profile_id) AND (user_profile_access.user_id = ( SELECT auth.uid() AS uid)) AND (user_profile_access.expires_at > now())))));

CREATE POLICY with_access ON public.posts FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.post_profiles
  WHERE (post_profiles.post_id = posts.id))));

CREATE POLICY with_access ON public.profile_snapshots FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.user_profile_access
  WHERE ((user_profile_access.profile_id = profile_snapshots.profile_id) AND (user_profile_access.user_id = ( SELECT auth.uid() AS uid)) AND (user_profile_access.expires_at > now())))));

CREATE POLICY with_access ON public.profiles FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.user_profile_access
  WHERE ((user_profile_access.profile_id = profiles.id) AND (user_profile_access.user_id = ( SELECT auth.uid() AS uid)) AND (user_profile_access.expires_at > now())))));

CREATE POLICY with_access ON public.related_profiles FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.user_profile_access
  WHERE ((user_profile_access.profile_id = related_profiles.profile_id) AND (user_profile_access.user_id = ( SELECT auth.uid() AS uid)) AND (user_profile_access.expires_at > now())))));

GRANT USAGE ON SCHEMA auth TO anon;
GRANT USAGE ON SCHEMA auth TO authenticated;
GRANT USAGE ON SCHEMA auth TO service_role;

GRANT USAGE ON SCHEMA internal TO anon;
GRANT USAGE ON SCHEMA internal TO authenticated;
GRANT USAGE ON SCHEMA internal TO service_role;

GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;

REVOKE ALL ON FUNCTION auth.jwt() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.jwt() TO anon;
GRANT ALL ON FUNCTION auth.jwt() TO authenticated;
GRANT ALL ON FUNCTION auth.jwt() TO service_role;

REVOKE ALL ON FUNCTION auth.role() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.role() TO anon;
GRANT ALL ON FUNCTION auth.role() TO authenticated;
GRANT ALL ON FUNCTION auth.role() TO service_role;

REVOKE ALL ON FUNCTION auth.uid() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.uid() TO anon;
GRANT ALL ON FUNCTION auth.uid() TO authenticated;
GRANT ALL ON FUNCTION auth.uid() TO service_role;

REVOKE ALL ON FUNCTION internal.ensure_user() FROM PUBLIC;
GRANT ALL ON FUNCTION internal.ensure_user() TO authenticated;

REVOKE ALL ON FUNCTION internal.is_opted_out(username text) FROM PUBLIC;
GRANT ALL ON FUNCTION internal.is_opted_out(username text) TO authenticated;
GRANT ALL ON FUNCTION internal.is_opted_out(username text) TO service_role;

REVOKE ALL ON FUNCTION internal.is_username(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION internal.is_username(name text) TO authenticated;
GRANT ALL ON FUNCTION internal.is_username(name text) TO service_role;

GRANT ALL ON TABLE public.ai_analysis_jobs TO service_role;
GRANT SELECT ON TABLE public.ai_analysis_jobs TO authenticated;

REVOKE ALL ON FUNCTION internal.job_of_key(caller uuid, wanted_key text, wanted_username text, OUT job public.ai_analysis_jobs) FROM PUBLIC;

REVOKE ALL ON FUNCTION internal.join_job(wanted_username text, wanted_kind text, deadline_s double precision, waiting_max integer, OUT job public.ai_analysis_jobs) FROM PUBLIC;
GRANT ALL ON FUNCTION internal.join_job(wanted_username text, wanted_kind text, deadline_s double precision, waiting_max integer, OUT job public.ai_analysis_jobs) TO service_role;

REVOKE ALL ON FUNCTION internal.merge_outcomes(stored jsonb, fresh jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION internal.merge_outcomes(stored jsonb, fresh jsonb) TO service_role;

REVOKE ALL ON FUNCTION internal.opt_out_hash(username text) FROM PUBLIC;
GRANT ALL ON FUNCTION internal.opt_out_hash(username text) TO service_role;

REVOKE ALL ON FUNCTION internal.profiles_before_update() FROM PUBLIC;

REVOKE ALL ON FUNCTION internal.refuse_opted_out() FROM PUBLIC;

REVOKE ALL ON FUNCTION internal.request_refresh(wanted_username text, wanted_kind text, wanted_key text, deadline_s double precision, waiting_max integer, OUT job public.ai_analysis_jobs) FROM PUBLIC;
GRANT ALL ON FUNCTION internal.request_refresh(wanted_username text, wanted_kind text, wanted_key text, deadline_s double precision, waiting_max integer, OUT job public.ai_analysis_jobs) TO authenticated;

REVOKE ALL ON FUNCTION internal.request_repair(wanted_username text, interval_s double precision, deadline_s double precision, OUT job public.ai_analysis_jobs) FROM PUBLIC;
GRANT ALL ON FUNCTION internal.request_repair(wanted_username text, interval_s double precision, deadline_s double precision, OUT job public.ai_analysis_jobs) TO authenticated;

REVOKE ALL ON FUNCTION internal.sync_role() FROM PUBLIC;

REVOKE ALL ON FUNCTION internal.touch() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.profile_completeness(wanted_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.profile_completeness(wanted_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.profile_completeness(wanted_id uuid) TO service_role;

GRANT ALL ON TABLE auth.audit_log_entries TO service_role;

GRANT ALL ON TABLE auth.identities TO service_role;

GRANT ALL ON TABLE auth.refresh_tokens TO service_role;

GRANT USAGE ON SEQUENCE auth.refresh_tokens_id_seq TO service_role;

GRANT ALL ON TABLE auth.sessions TO service_role;

GRANT ALL ON TABLE auth.users TO service_role;

GRANT ALL ON TABLE public.ai_analysis_job_logs TO service_role;
GRANT SELECT ON TABLE public.ai_analysis_job_logs TO authenticated;

GRANT ALL ON TABLE public.ai_analysis_job_requesters TO service_role;
GRANT SELECT ON TABLE public.ai_analysis_job_requesters TO authenticated;

GRANT ALL ON TABLE public.audience_demographics TO service_role;
GRANT SELECT ON TABLE public.audience_demographics TO authenticated;

GRANT ALL ON TABLE public.cdn_image_assets TO service_role;

GRANT ALL ON TABLE public.mentions TO service_role;
GRANT SELECT ON TABLE public.mentions TO authenticated;

GRANT ALL ON TABLE public.opt_outs TO service_role;

GRANT ALL ON TABLE public.post_comments TO service_role;

GRANT ALL ON TABLE public.post_profiles TO service_role;
GRANT SELECT ON TABLE public.post_profiles TO authenticated;

GRANT ALL ON TABLE public.posts TO service_role;

GRANT SELECT(id) ON TABLE public.posts TO authenticated;

GRANT SELECT(profile_id) ON TABLE public.posts TO authenticated;

GRANT SELECT(instagram_post_id) ON TABLE public.posts TO authenticated;

GRANT SELECT(shortcode) ON TABLE public.posts TO authenticated;

GRANT SELECT(kind) ON TABLE public.posts TO authenticated;

GRANT SELECT(caption) ON TABLE public.posts TO authenticated;

GRANT SELECT(taken_at) ON TABLE public.posts TO authenticated;

GRANT SELECT(likes_count) ON TABLE public.posts TO authenticated;

GRANT SELECT(comments_count) ON TABLE public.posts TO authenticated;

GRANT SELECT(video_views_count) ON TABLE public.posts TO authenticated;

GRANT SELECT(display_url) ON TABLE public.posts TO authenticated;

GRANT SELECT(owner_username) ON TABLE public.posts TO authenticated;

GRANT SELECT(coauthors) ON TABLE public.posts TO authenticated;

GRANT SELECT(hashtags) ON TABLE public.posts TO authenticated;

GRANT SELECT(mentions) ON TABLE public.posts TO authenticated;

GRANT SELECT(tagged) ON TABLE public.posts TO authenticated;

GRANT SELECT(width_px) ON TABLE public.posts TO authenticated;

GRANT SELECT(height_px) ON TABLE public.posts TO authenticated;

GRANT SELECT(alt_text) ON TABLE public.posts TO authenticated;

GRANT SELECT(comments_disabled) ON TABLE public.posts TO authenticated;

GRANT SELECT(fetched_at) ON TABLE public.posts TO authenticated;

GRANT SELECT(cdn_thumbnail_url) ON TABLE public.posts TO authenticated;

GRANT SELECT(thumbnail_error) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_content_category) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_category_confidence) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_sentiment) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_sentiment_score) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_sentiment_confidence) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_language_code) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_language_confidence) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_analysis_raw) ON TABLE public.posts TO authenticated;

GRANT SELECT(ai_analyzed_at) ON TABLE public.posts TO authenticated;

GRANT SELECT(created_at) ON TABLE public.posts TO authenticated;

GRANT SELECT(updated_at) ON TABLE public.posts TO authenticated;

GRANT ALL ON TABLE public.profile_snapshots TO service_role;
GRANT SELECT ON TABLE public.profile_snapshots TO authenticated;

GRANT ALL ON TABLE public.profiles TO service_role;

GRANT SELECT(id) ON TABLE public.profiles TO authenticated;

GRANT SELECT(username) ON TABLE public.profiles TO authenticated;

GRANT SELECT(instagram_id) ON TABLE public.profiles TO authenticated;

GRANT SELECT(full_name) ON TABLE public.profiles TO authenticated;

GRANT SELECT(biography) ON TABLE public.profiles TO authenticated;

GRANT SELECT(external_urls) ON TABLE public.profiles TO authenticated;

GRANT SELECT(followers_count) ON TABLE public.profiles TO authenticated;

GRANT SELECT(following_count) ON TABLE public.profiles TO authenticated;

GRANT SELECT(posts_count) ON TABLE public.profiles TO authenticated;

GRANT SELECT(is_private) ON TABLE public.profiles TO authenticated;

GRANT SELECT(is_verified) ON TABLE public.profiles TO authenticated;

GRANT SELECT(is_business) ON TABLE public.profiles TO authenticated;

GRANT SELECT(joined_recently) ON TABLE public.profiles TO authenticated;

GRANT SELECT(business_category) ON TABLE public.profiles TO authenticated;

GRANT SELECT(profile_pic_url) ON TABLE public.profiles TO authenticated;

GRANT SELECT(cdn_picture_url) ON TABLE public.profiles TO authenticated;

GRANT SELECT(picture_error) ON TABLE public.profiles TO authenticated;

GRANT SELECT(source) ON TABLE public.profiles TO authenticated;

GRANT SELECT(fetched_at) ON TABLE public.profiles TO authenticated;

GRANT SELECT(fetched_posts_count) ON TABLE public.profiles TO authenticated;

GRANT SELECT(fetch_notes) ON TABLE public.profiles TO authenticated;

GRANT SELECT(withdrawn) ON TABLE public.profiles TO authenticated;

GRANT SELECT(engagement_rate) ON TABLE public.profiles TO authenticated;

GRANT SELECT(engagement_percentile) ON TABLE public.profiles TO authenticated;

GRANT SELECT(engagement_peers) ON TABLE public.profiles TO authenticated;

GRANT SELECT(ai_primary_content_type) ON TABLE public.profiles TO authenticated;

GRANT SELECT(ai_content_distribution) ON TABLE public.profiles TO authenticated;

GRANT SELECT(ai_avg_sentiment_score) ON TABLE public.profiles TO authenticated;

GRANT SELECT(ai_language_distribution) ON TABLE public.profiles TO authenticated;

GRANT SELECT(ai_content_quality_score) ON TABLE public.profiles TO authenticated;

GRANT SELECT(ai_analysis_raw) ON TABLE public.profiles TO authenticated;

GRANT SELECT(ai_profile_analyzed_at) ON TABLE public.profiles TO authenticated;

GRANT SELECT(version) ON TABLE public.profiles TO authenticated;

GRANT SELECT(created_at) ON TABLE public.profiles TO authenticated;

GRANT SELECT(updated_at) ON TABLE public.profiles TO authenticated;

GRANT ALL ON TABLE public.related_profiles TO service_role;
GRANT SELECT ON TABLE public.related_profiles TO authenticated;

GRANT ALL ON TABLE public.search_history TO service_role;
GRANT SELECT,DELETE ON TABLE public.search_history TO authenticated;

GRANT INSERT(user_id) ON TABLE public.search_history TO authenticated;

GRANT INSERT(username) ON TABLE public.search_history TO authenticated;

GRANT ALL ON TABLE public.system_configurations TO service_role;

GRANT ALL ON TABLE public.user_profile_access TO service_role;
GRANT SELECT ON TABLE public.user_profile_access TO authenticated;

GRANT ALL ON TABLE public.user_roles TO service_role;
GRANT SELECT ON TABLE public.user_roles TO authenticated;

GRANT ALL ON TABLE public.users TO service_role;
GRANT SELECT ON TABLE public.users TO authenticated;

GRANT UPDATE(full_name) ON TABLE public.users TO authenticated;

GRANT UPDATE(preferences) ON TABLE public.users TO authenticated;

ALTER DEFAULT PRIVILEGES FOR ROLE following_owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;
