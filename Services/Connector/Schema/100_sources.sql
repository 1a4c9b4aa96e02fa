-- The Paddle accounts a workspace has connected, and what opens them.

create table source (
  tenant_id text not null,
  id text not null,
  name text not null,
  environment text not null,
  account text, -- Paddle's own id of the account, where the API tells it
  currencies text[] not null, -- none means all
  custom_data_keys text[] not null,
  start_date timestamptz,
  interval_minutes int not null,
  state text not null,
  stopped_because text, -- a code; null unless stopped
  lacks text[] not null, -- permissions the key was found not to have
  connected_at timestamptz not null,
  version bigint not null,
  -- Where the next sync begins; only a run that came to its end moves them.
  transactions_since timestamptz, -- by Paddle's clock
  events_after text,
  swept_at timestamptz, -- all adjustments, and the catalogue, were read
  sweep_mark text, -- what the edges of the list of reversed adjustments looked like then
  reported_at timestamptz, -- until when the adjustments report was compared
  next_sync_at timestamptz,
  constraint pkey_source primary key (tenant_id, id),
  constraint source_environment check (environment in ('live', 'sandbox')),
  constraint source_state check (state in ('active', 'paused', 'stopped', 'disconnected')),
  constraint source_interval check (interval_minutes between 5 and 10080)
);
create unique index source_by_id on source (id);
create index source_due on source (next_sync_at) where state = 'active';

-- A secret, sealed. What opens it is wrapped with a key that is not in this database.
create table credential (
  tenant_id text not null,
  source_id text not null,
  purpose text not null, -- api-key or webhook
  version int not null,
  state text not null,
  form smallint not null,
  kek_id text not null,
  wrap_nonce bytea not null,
  wrapped bytea not null,
  nonce bytea not null,
  ciphertext bytea not null,
  commitment bytea not null,
  fingerprint bytea not null, -- keyed, so that it tells nothing about the secret to who has the table alone
  masked text not null,
  key_id text, -- apikey_…; null for a legacy key and for webhooks
  expires_at timestamptz,
  grace_until timestamptz,
  created_at timestamptz not null,
  constraint pkey_credential primary key (tenant_id, source_id, purpose, version),
  constraint credential_source foreign key (tenant_id, source_id) references source (tenant_id, id),
  constraint credential_state check (state in ('active', 'grace')),
  constraint credential_purpose check (purpose in ('api-key', 'webhook'))
);
create index credential_by_kek on credential (kek_id);
create unique index credential_active on credential (tenant_id, source_id) where purpose = 'api-key' and state = 'active';

do $$
declare
  guarded text;
begin
  foreach guarded in array array['source', 'credential'] loop
    execute format('alter table %I enable row level security', guarded);
    execute format('alter table %I force row level security', guarded);
    execute format('create policy owner on %I to %I using (true) with check (true)', guarded, current_user);
    execute format(
      $policy$create policy workspace on %I to connector_app using (tenant_id = nullif(current_setting('app.workspace_id', true), ''))
        with check (tenant_id = nullif(current_setting('app.workspace_id', true), ''))$policy$, guarded);
    execute format('create policy everything on %I to connector_worker using (true) with check (true)', guarded);
    execute format('grant select, insert, update on %I to connector_app, connector_worker', guarded);
  end loop;
  -- A secret that is given up is gone.
  grant delete on credential to connector_app, connector_worker;
end
$$;
