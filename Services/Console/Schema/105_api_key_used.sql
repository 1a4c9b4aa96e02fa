-- When each key was last used. It is no event: a key may be used a thousand times a second, and only the last time is of interest.
create table api_key_used (
  tenant_id text not null,
  key text not null,
  last_used_at timestamptz not null,
  constraint pkey_api_key_used primary key (tenant_id, key)
);

do $$
begin
  alter table api_key_used enable row level security;
  alter table api_key_used force row level security;
  execute format('create policy owner on api_key_used to %I using (true) with check (true)', current_user);
  create policy workspace on api_key_used for select to console_app using (tenant_id = nullif(current_setting('app.workspace_id', true), ''));
  create policy upkeep on api_key_used to console_worker using (true) with check (true);
  grant select on api_key_used to console_app;
  grant select, insert, update on api_key_used to console_worker;
end
$$;
