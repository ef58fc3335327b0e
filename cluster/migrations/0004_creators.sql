-- What is known about creators. One row belongs to no user: who may read it is decided in 0005.
create function internal.is_username(name text) returns boolean
    language sql immutable
    set search_path = ''
    as $$
    select name ~ '^[a-z0-9_]([a-z0-9_.]*[a-z0-9_])?$' and length(name) <= 30 and name !~ '\.\.'
$$;
grant execute on function internal.is_username to authenticated, service_role;

create table profiles (
    id uuid primary key default gen_random_uuid(),
    username text not null unique check (internal.is_username(username)),
    instagram_id text,
    full_name text,
    biography text,
    external_urls text[] not null default '{}',
    followers_count bigint check (followers_count >= 0),
    following_count bigint check (following_count >= 0),
    posts_count bigint check (posts_count >= 0),
    is_private boolean not null default false,
    is_verified boolean not null default false,
    is_business boolean not null default false,
    joined_recently boolean not null default false,
    business_category text,
    profile_pic_url text,
    cdn_picture_url text,
    picture_error text,
    source text not null check (source in ('apify', 'decodo', 'import')),
    raw jsonb,
    fetched_at timestamptz not null,
    fetched_posts_count integer not null check (fetched_posts_count >= 0),  -- how many posts the last fetch returned
    fetch_notes text[] not null default '{}',  -- what the last fetch could not bring, and why
    withdrawn text check (withdrawn in ('private_account', 'creator_not_found')),  -- why a later fetch found it no longer public
    engagement_rate float8 check (engagement_rate >= 0),
    engagement_percentile float8 check (engagement_percentile between 0 and 100),
    engagement_peers integer not null default 0 check (engagement_peers >= 0),
    ai_primary_content_type varchar(50),
    ai_content_distribution jsonb,
    ai_avg_sentiment_score float8 check (ai_avg_sentiment_score between -1 and 1),
    ai_language_distribution jsonb,
    ai_content_quality_score float8 check (ai_content_quality_score between 0 and 100),
    ai_analysis_raw jsonb not null default '{}',
    ai_profile_analyzed_at timestamptz,
    version bigint not null default 1,  -- grows with every change: caches put it into their keys
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
-- peers(): the profiles nearest in followers, read from the index alone.
create index profiles_peers_idx on profiles (followers_count) include (engagement_rate) where engagement_rate is not null;
-- retention: raw upstream answers past their time.
create index profiles_raw_idx on profiles (fetched_at) where raw is not null;

create function internal.profiles_before_update() returns trigger
    language plpgsql
    set search_path = ''
    as $$
begin
    new.version := old.version + 1;
    new.updated_at := now();
    return new;
end
$$;
create trigger touch before update on profiles
    for each row execute function internal.profiles_before_update();

-- The lock orders a fetch that is on its way against the opt-out: one of them sees the other.
create function internal.refuse_opted_out() returns trigger
    language plpgsql security definer
    set search_path = ''
    as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('opt_out:' || new.username, 0));
    if internal.is_opted_out(new.username) then
        raise exception 'the person behind this account opted out' using errcode = 'FW451';
    end if;
    return new;
end
$$;
create trigger refuse_opted_out before insert or update of username, fetched_at on profiles
    for each row execute function internal.refuse_opted_out();

create table posts (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid not null references profiles on delete cascade,  -- under whom it was found first
    instagram_post_id text not null unique check (instagram_post_id <> ''),
    shortcode text not null,
    kind text not null check (kind in ('image', 'video', 'sidecar')),
    caption text,
    taken_at timestamptz,
    likes_count bigint check (likes_count >= 0),  -- null when hidden
    comments_count bigint check (comments_count >= 0),
    video_views_count bigint check (video_views_count >= 0),
    display_url text,
    owner_username text,
    coauthors text[] not null default '{}',
    hashtags text[] not null default '{}',
    mentions text[] not null default '{}',
    tagged text[] not null default '{}',
    width_px integer check (width_px > 0),
    height_px integer check (height_px > 0),
    alt_text text,
    comments_disabled boolean not null default false,
    raw jsonb,
    fetched_at timestamptz not null,
    cdn_thumbnail_url text,
    thumbnail_error text,
    ai_content_category varchar(50),
    ai_category_confidence float8 check (ai_category_confidence between 0 and 1),
    ai_sentiment varchar(20) check (ai_sentiment in ('negative', 'neutral', 'positive')),
    ai_sentiment_score float8 check (ai_sentiment_score between -1 and 1),
    ai_sentiment_confidence float8 check (ai_sentiment_confidence between 0 and 1),
    ai_language_code varchar(10),
    ai_language_confidence float8 check (ai_language_confidence between 0 and 1),
    ai_analysis_raw jsonb not null default '{}',
    ai_analyzed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (ai_analyzed_at is not null or ai_sentiment is null),
    check ((ai_sentiment is null) = (ai_sentiment_score is null)),
    check ((ai_content_category is null) = (ai_category_confidence is null)),
    check ((ai_language_code is null) = (ai_language_confidence is null))
);
create index posts_profile_id_idx on posts (profile_id);  -- foreign key
-- retention: raw upstream answers past their time.
create index posts_raw_idx on posts (fetched_at) where raw is not null;
create trigger touch before update on posts
    for each row execute function internal.touch();

-- A joint post belongs to several profiles.
create table post_profiles (
    post_id uuid not null references posts on delete cascade,
    profile_id uuid not null references profiles on delete cascade,
    created_at timestamptz not null default now(),
    primary key (post_id, profile_id)
);
create index post_profiles_profile_id_idx on post_profiles (profile_id);  -- a profile's posts; foreign key

-- What people wrote under posts. Only the service reads it: no profile of a commenter leaves the system.
create table post_comments (
    id bigint generated always as identity primary key,
    post_id uuid not null references posts on delete cascade,
    username text not null,
    text text not null,
    posted_at timestamptz,
    likes_count bigint check (likes_count >= 0),
    fetched_at timestamptz not null
);
-- A comment that comes again is the same one; also the comments of a post, and the foreign key.
create unique index post_comments_once_key on post_comments (post_id, username, posted_at, md5(text)) nulls not distinct;
create index post_comments_fetched_at_idx on post_comments (fetched_at);  -- retention
create index post_comments_username_idx on post_comments (username);  -- erasure of a person

create table mentions (
    post_id uuid not null references posts on delete cascade,
    username text not null check (username = lower(username)),
    primary key (post_id, username)
);
create index mentions_username_idx on mentions (username);  -- erasure of a person

create table related_profiles (
    profile_id uuid not null references profiles on delete cascade,
    username text not null check (username = lower(username)),
    position smallint not null check (position >= 0),
    full_name text,
    is_private boolean,
    is_verified boolean,
    profile_pic_url text,
    fetched_at timestamptz not null,
    primary key (profile_id, username)
);
create index related_profiles_username_idx on related_profiles (username);  -- erasure of a person

create table profile_snapshots (
    profile_id uuid not null references profiles on delete cascade,
    taken_at timestamptz not null,
    followers_count bigint check (followers_count >= 0),
    following_count bigint check (following_count >= 0),
    posts_count bigint check (posts_count >= 0),
    primary key (profile_id, taken_at)
);

-- The model's distributions over commenters, each with its interval, n and reason when not inferable.
create table audience_demographics (
    profile_id uuid primary key references profiles on delete cascade,
    languages jsonb,
    countries jsonb,
    gender jsonb,
    age jsonb,
    interests jsonb,
    commenters integer not null default 0 check (commenters >= 0),
    comments integer not null default 0 check (comments >= 0),
    analyzed_at timestamptz not null
);

-- Stored pictures: one current row for each post and each profile picture, or the reason why there is none.
create table cdn_image_assets (
    id uuid primary key default gen_random_uuid(),
    post_id uuid unique references posts on delete cascade,
    profile_id uuid unique references profiles on delete cascade,
    source_url text,
    storage_key text,
    content_hash text check (content_hash ~ '^[0-9a-f]{64}$'),
    width_px integer check (width_px > 0),
    height_px integer check (height_px > 0),
    size_bytes bigint check (size_bytes > 0),
    status text not null check (status in ('stored', 'failed')),
    error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (num_nonnulls(post_id, profile_id) = 1),
    check (status <> 'stored' or (storage_key is not null and content_hash is not null)),
    check (status <> 'failed' or error is not null)
);
-- Erasure deletes a file only when no other row shows the same picture.
create index cdn_image_assets_storage_key_idx on cdn_image_assets (storage_key) where storage_key is not null;
create trigger touch before update on cdn_image_assets
    for each row execute function internal.touch();

do $$
declare
    name text;
begin
    foreach name in array array[
        'profiles', 'posts', 'post_profiles', 'post_comments', 'mentions', 'related_profiles', 'profile_snapshots',
        'audience_demographics', 'cdn_image_assets'
    ]
    loop
        execute format('alter table %I enable row level security', name);
        execute format('revoke all on %I from anon, authenticated', name);
        execute format('grant all on %I to service_role', name);
    end loop;
end
$$;
