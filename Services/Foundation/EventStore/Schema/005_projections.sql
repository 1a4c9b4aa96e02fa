-- Which versions of which projections there are, and which one is read. Each version has a schema of its own, made by migrate.

create table projection_version (
  name text not null,
  version int not null,
  sha256 bytea not null, -- of the statements that made its tables; they do not change under a version
  made_at timestamptz not null default now(),
  constraint pkey_projection_version primary key (name, version)
);

create table projection_current (
  name text not null,
  version int not null,
  switched_at timestamptz not null default now(),
  constraint pkey_projection_current primary key (name)
);

-- Gives the tables of the schema that comes first in the path to the roles of the service, as 004 does with the log's.
create function projection_guard() returns void language plpgsql as $$
declare
  service text := current_setting('allocora.service');
  guarded text;
begin
  execute format('grant usage on schema %I to %I, %I, %I', current_schema(), service || '_app', service || '_worker', service || '_tail');
  for guarded in select tablename from pg_tables where schemaname = current_schema() loop
    execute format('alter table %I enable row level security', guarded);
    execute format('alter table %I force row level security', guarded);
    execute format('create policy owner on %I to %I using (true) with check (true)', guarded, current_user);
    execute format(
      $policy$create policy workspace on %I for select to %I using (tenant_id = nullif(current_setting('app.workspace_id', true), ''))$policy$,
      guarded, service || '_app');
    execute format('create policy upkeep on %I to %I using (true) with check (true)', guarded, service || '_worker');
    execute format('create policy everything on %I for select to %I using (true)', guarded, service || '_tail');
    execute format('grant select on %I to %I, %I', guarded, service || '_app', service || '_tail');
    execute format('grant select, insert, update, delete on %I to %I', guarded, service || '_worker');
  end loop;
end
$$;

revoke execute on function projection_guard from public;

do $$
declare
  service text := current_setting('allocora.service');
begin
  execute format('grant select on projection_version, projection_current to %I, %I, %I', service || '_app', service || '_worker', service || '_tail');
  execute format('grant update on projection_current to %I', service || '_worker');
end
$$;
