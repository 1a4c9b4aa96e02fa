-- Who may do what. The schema's owner, who runs this script, is bound by the policies too (force), so it has one of its own.
-- The service signs in as <service>_app and sees one workspace at a time, <service>_worker and <service>_tail see all.
-- Nobody but the append function writes the log.

do $$
declare
  service text := current_setting('allocora.service');
  guarded text;
begin
  execute format('grant usage on schema %I to %I, %I, %I', current_schema(), service || '_app', service || '_worker', service || '_tail');

  foreach guarded in array array['mt_streams', 'mt_events', 'allocora_seen', 'allocora_seal', 'allocora_head'] loop
    execute format('alter table %I enable row level security', guarded);
    execute format('alter table %I force row level security', guarded);
    execute format('create policy owner on %I to %I using (true) with check (true)', guarded, current_user);
    -- Unset, the setting is null before a transaction has set it and an empty text after; neither is a workspace.
    execute format(
      $policy$create policy workspace on %I for select to %I using (tenant_id = nullif(current_setting('app.workspace_id', true), ''))$policy$,
      guarded, service || '_app');
    execute format('create policy everything on %I for select to %I, %I using (true)', guarded, service || '_worker', service || '_tail');
    execute format('grant select on %I to %I, %I, %I', guarded, service || '_app', service || '_worker', service || '_tail');
  end loop;

  execute format('grant select on allocora_script to %I, %I, %I', service || '_app', service || '_worker', service || '_tail');
  execute format('grant select, insert, update on mt_event_progression to %I', service || '_worker');
  execute format('grant select on mt_event_progression to %I, %I', service || '_app', service || '_tail');

  execute 'revoke execute on all functions in schema ' || quote_ident(current_schema()) || ' from public';
  execute format(
    'grant execute on function allocora_append to %I, %I', service || '_app', service || '_worker');
  execute format(
    'grant execute on function allocora_leaf_head to %I, %I, %I', service || '_app', service || '_worker', service || '_tail');
end
$$;
