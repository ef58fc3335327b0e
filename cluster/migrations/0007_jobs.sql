-- Durable jobs. A worker holds one by a lease; every write it makes names its lease and its attempt.
create table ai_analysis_jobs (
    id uuid primary key default gen_random_uuid(),
    username text not null check (internal.is_username(username)),
    profile_id uuid references profiles on delete set null,
    kind text not null check (kind in ('analyze', 'repair', 'unlock', 'refresh')),
    kind_claimed text check (kind_claimed in ('analyze', 'repair', 'unlock', 'refresh')),  -- as the worker knows it
    status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed')),
    step text,
    done integer not null default 0 check (done >= 0),
    total integer not null default 0 check (total >= 0),
    attempts integer not null default 0 check (attempts >= 0),
    error jsonb,  -- of a failure; of a success whose upstream gave nothing newer
    run_id text,
    log_seq integer not null default 0 check (log_seq >= 0),
    lease_owner text,
    lease_expires_at timestamptz,
    run_after timestamptz not null default now(),
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    deadline_at timestamptz not null,
    updated_at timestamptz not null default now(),
    check (deadline_at > created_at),
    check ((status = 'running') = (lease_owner is not null)),
    check ((lease_owner is null) = (lease_expires_at is null)),
    check ((status in ('succeeded', 'failed')) = (finished_at is not null)),
    check (status <> 'failed' or error is not null),
    check (done <= total)
);
-- One live job for a username; also finds it.
create unique index ai_analysis_jobs_live_key on ai_analysis_jobs (username) where status in ('queued', 'running');
-- claim(): people who wait come first, then the oldest.
create index ai_analysis_jobs_queued_idx on ai_analysis_jobs ((kind in ('unlock', 'refresh')) desc, created_at) where status = 'queued';
create index ai_analysis_jobs_leases_idx on ai_analysis_jobs (lease_expires_at) where status = 'running';
create index ai_analysis_jobs_username_idx on ai_analysis_jobs (username, created_at desc);  -- the last repair; erasure
create index ai_analysis_jobs_profile_id_idx on ai_analysis_jobs (profile_id);  -- foreign key
create index ai_analysis_jobs_finished_at_idx on ai_analysis_jobs (finished_at) where finished_at is not null;  -- retention
create trigger touch before update on ai_analysis_jobs
    for each row execute function internal.touch();

-- Who waits for a job. The same user may ask twice, each time with a key of its own.
create table ai_analysis_job_requesters (
    id bigint generated always as identity primary key,
    job_id uuid not null references ai_analysis_jobs on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    idempotency_key text check (length(idempotency_key) between 1 and 255),
    requested_at timestamptz not null default now(),
    unique nulls not distinct (job_id, user_id, idempotency_key)
);
create index ai_analysis_job_requesters_user_id_idx on ai_analysis_job_requesters (user_id, job_id);  -- policies; foreign key
-- A repeated key finds its first outcome.
create unique index ai_analysis_job_requesters_idempotency_key on ai_analysis_job_requesters (user_id, idempotency_key)
    where idempotency_key is not null;

create table ai_analysis_job_logs (
    job_id uuid not null references ai_analysis_jobs on delete cascade,
    seq integer not null check (seq > 0),
    step text not null,
    done integer not null check (done >= 0),
    total integer not null check (total >= 0),
    elapsed_s float8 not null check (elapsed_s >= 0),
    created_at timestamptz not null default now(),
    primary key (job_id, seq)
);

do $$
declare
    name text;
begin
    foreach name in array array['ai_analysis_jobs', 'ai_analysis_job_requesters', 'ai_analysis_job_logs']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('revoke all on %I from anon, authenticated', name);
        execute format('grant all on %I to service_role', name);
    end loop;
end
$$;

grant select on ai_analysis_jobs, ai_analysis_job_requesters, ai_analysis_job_logs to authenticated;
create policy own_select on ai_analysis_job_requesters for select to authenticated
    using (user_id = (select auth.uid()));
create policy requested on ai_analysis_jobs for select to authenticated
    using (
        exists (
            select from ai_analysis_job_requesters
            where ai_analysis_job_requesters.job_id = ai_analysis_jobs.id
                and ai_analysis_job_requesters.user_id = (select auth.uid())
        )
    );
create policy requested on ai_analysis_job_logs for select to authenticated
    using (
        exists (
            select from ai_analysis_job_requesters
            where ai_analysis_job_requesters.job_id = ai_analysis_job_logs.job_id
                and ai_analysis_job_requesters.user_id = (select auth.uid())
        )
    );

-- The live job of a username, made where there is none. A stronger wish raises a live job's kind; where a worker has
-- begun with the weaker one, finish() queues it again.
create function internal.join_job(
    wanted_username text, wanted_kind text, deadline_s float8, waiting_max integer, out job public.ai_analysis_jobs
)
    language plpgsql security definer
    set search_path = ''
    as $$
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
grant execute on function internal.join_job to service_role;

-- The caller's lookup: joins or starts the job and is written down as one who waits for it.
create function internal.request_refresh(
    wanted_username text, wanted_kind text, wanted_key text, deadline_s float8, waiting_max integer,
    out job public.ai_analysis_jobs
)
    language plpgsql security definer
    set search_path = ''
    as $$
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
grant execute on function internal.request_refresh to authenticated;

create function internal.job_of_key(caller uuid, wanted_key text, wanted_username text, out job public.ai_analysis_jobs)
    language plpgsql stable
    set search_path = ''
    as $$
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

-- A free repair of a creator that the caller may read, unless one ran within the interval. Nobody waits for it.
create function internal.request_repair(
    wanted_username text, interval_s float8, deadline_s float8, out job public.ai_analysis_jobs
)
    language plpgsql security definer
    set search_path = ''
    as $$
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
grant execute on function internal.request_repair to authenticated;
