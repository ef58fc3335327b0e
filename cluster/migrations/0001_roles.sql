-- Roles as on Supabase (anon, authenticated, service_role) and the two logins that may become them.
-- Roles belong to the server, not to one database, so they may exist already. The runner sets the logins' passwords.
do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (
            values
                ('anon', 'nologin noinherit'),
                ('authenticated', 'nologin noinherit'),
                ('service_role', 'nologin noinherit bypassrls'),
                ('following_api', 'login noinherit'),
                ('following_worker', 'login noinherit')
        ) as roles (name, options)
    loop
        if not exists (select from pg_roles where rolname = wanted.name) then
            begin
                execute format('create role %I %s', wanted.name, wanted.options);
            exception
                when duplicate_object or unique_violation then null;  -- another database's migration was first
            end;
        end if;
    end loop;
end
$$;

grant anon, authenticated to following_api;
grant service_role to following_worker;

-- Supabase grants new tables of public to everybody; every migration takes that back.
revoke all on following_migrations from anon, authenticated;
revoke create on schema public from public;
grant usage on schema public to anon, authenticated, service_role;

-- Functions that run with the owner's rights live here: PostgREST exposes public, never this schema.
create schema internal;
revoke all on schema internal from public;
grant usage on schema internal to anon, authenticated, service_role;

-- A new function is nobody's until it is granted.
alter default privileges revoke execute on functions from public;
