-- Lets a stranger's Marten read the log through a role of its own. It runs as often as one likes.

do $$
declare
  service text := current_setting('allocora.service');
  marten text := service || '_marten';
  named text;
begin
  if not exists (select from pg_roles where rolname = marten) then
    execute format('create role %I nologin', marten);
  end if;
  -- Only a member may make what the role is to own.
  if not pg_has_role(current_user, marten, 'member') then
    execute format('grant %I to current_user', marten);
  end if;
  execute format('grant connect on database %I to %I', current_database(), marten);
  execute format('create schema if not exists reader authorization %I', marten);
  execute format('grant usage on schema %I to %I', current_schema(), marten);

  foreach named in array array['mt_streams', 'mt_events'] loop
    execute format('grant select on %I to %I', named, marten);
    execute format('drop policy if exists marten on %I', named);
    execute format('create policy marten on %I for select to %I using (true)', named, marten);
  end loop;
  -- Marten asks the sequence, not the table, how far the log goes.
  execute format('grant select on sequence mt_events_sequence to %I', marten);

  foreach named in array array['mt_event_progression', 'mt_high_water_skips', 'mt_doc_deadletterevent'] loop
    execute format('grant select, insert, update, delete on %I to %I', named, marten);
  end loop;
end
$$;
