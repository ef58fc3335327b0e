-- Settings that live in the database, and who asked to be left alone.
create function internal.touch() returns trigger
    language plpgsql
    set search_path = ''
    as $$
begin
    new.updated_at := now();
    return new;
end
$$;

create table system_configurations (
    key text primary key check (key ~ '^[a-z0-9_.]{1,100}$'),
    value jsonb not null,
    description text,
    updated_at timestamptz not null default now()
);
alter table system_configurations enable row level security;
revoke all on system_configurations from anon, authenticated;
grant all on system_configurations to service_role;
create trigger touch before update on system_configurations
    for each row execute function internal.touch();

insert into system_configurations (key, value, description)
values (
    'opt_out_key',
    to_jsonb(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')),
    'Keys the hashes in opt_outs; losing it forgets every opt-out.'
);

-- People who asked not to be analysed; only a keyed hash of the username is kept.
create table opt_outs (
    username_hash bytea primary key check (octet_length(username_hash) = 32),
    created_at timestamptz not null default now()
);
alter table opt_outs enable row level security;
revoke all on opt_outs from anon, authenticated;
grant all on opt_outs to service_role;

-- HMAC-like: sha256(key || sha256(key || username)), so that neither half can be extended.
create function internal.opt_out_hash(username text) returns bytea
    language sql stable security definer
    set search_path = ''
    as $$
    select sha256(convert_to(key, 'UTF8') || sha256(convert_to(key || lower(opt_out_hash.username), 'UTF8')))
    from (select value #>> '{}' as key from public.system_configurations where system_configurations.key = 'opt_out_key') as stored
$$;
grant execute on function internal.opt_out_hash to service_role;

create function internal.is_opted_out(username text) returns boolean
    language sql stable security definer
    set search_path = ''
    as $$
    select exists (
        select from public.opt_outs where username_hash = internal.opt_out_hash(is_opted_out.username)
    )
$$;
grant execute on function internal.is_opted_out to authenticated, service_role;
