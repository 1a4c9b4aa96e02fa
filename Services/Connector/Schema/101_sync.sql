-- Sync runs, and the evidence of every page and row they read.

create table sync_run (
  tenant_id text not null,
  id text not null,
  source_id text not null,
  mode text not null,
  state text not null,
  trigger text not null, -- person, schedule or webhook
  requested_by text,
  requested_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  -- What it has decided at its start and how far it has come: one JSON text, as the program reads and writes it.
  plan jsonb,
  stage text, -- the lane it is in
  epoch bigint not null default 0, -- of the lease under which its last page was committed
  pages bigint not null default 0,
  rows bigint not null default 0,
  outcomes jsonb not null default '{}', -- rows by outcome
  lanes jsonb not null default '{}', -- accepted and conflicting rows by the lane that found them
  released bigint not null default 0, -- waiting adjustments that began to count
  calls bigint not null default 0,
  estimated_total bigint,
  stop_asked text, -- cancel or pause
  resume_at timestamptz,
  waiting_because text,
  error_code text,
  error_detail text,
  failures int not null default 0,
  last_message bigint, -- its end in the outbox
  constraint pkey_sync_run primary key (tenant_id, id),
  constraint sync_run_source foreign key (tenant_id, source_id) references source (tenant_id, id),
  constraint sync_run_mode check (mode in ('normal', 'full', 'webhook')),
  constraint sync_run_state check (
    state in ('queued', 'running', 'waiting', 'delivering', 'succeeded', 'failed', 'paused', 'cancelled')),
  constraint sync_run_counts check (rows = coalesce((outcomes->>'accepted')::bigint, 0) + coalesce((outcomes->>'duplicate')::bigint, 0)
    + coalesce((outcomes->>'stale')::bigint, 0) + coalesce((outcomes->>'observed')::bigint, 0) + coalesce((outcomes->>'waiting')::bigint, 0)
    + coalesce((outcomes->>'skipped')::bigint, 0) + coalesce((outcomes->>'invalid')::bigint, 0) + coalesce((outcomes->>'conflict')::bigint, 0))
);
create unique index sync_run_by_id on sync_run (id);
create unique index sync_run_queued on sync_run (source_id) where state = 'queued' and mode <> 'webhook'; -- a second request joins the first
create unique index sync_run_open on sync_run (source_id) where state in ('running', 'waiting') and mode <> 'webhook'; -- one at a time
create unique index sync_run_webhook on sync_run (source_id) where state = 'running' and mode = 'webhook';
create index sync_run_by_source on sync_run (tenant_id, source_id, id);
create index sync_run_todo on sync_run (state, requested_at) where state in ('queued', 'running', 'waiting', 'delivering');

-- Who works on a source. Only the database's clock counts here.
create table sync_lease (
  source_id text not null,
  holder text not null,
  epoch bigint not null,
  expires_at timestamptz not null,
  constraint pkey_sync_lease primary key (source_id)
);

create table sync_page (
  tenant_id text not null,
  run_id text not null,
  no bigint not null,
  lane text not null,
  request text not null, -- path and query, without any secret
  status int not null,
  request_id text,
  sha256 bytea not null, -- of the answer's bytes as they came
  rows int not null,
  next_after text,
  at timestamptz not null, -- by Paddle's clock
  epoch bigint not null,
  constraint pkey_sync_page primary key (tenant_id, run_id, no),
  constraint sync_page_run foreign key (tenant_id, run_id) references sync_run (tenant_id, id)
);

create table sync_row (
  tenant_id text not null,
  run_id text not null,
  page_no bigint not null,
  row_no int not null,
  kind text not null,
  provider_id text, -- null where the row does not even say
  outcome text not null,
  reason text,
  status text,
  updated_at timestamptz,
  content bytea, -- the hash of the payload that is kept
  released boolean not null default false, -- not a fetched row: an adjustment that had waited for a row of this page
  constraint pkey_sync_row primary key (tenant_id, run_id, page_no, row_no),
  constraint sync_row_page foreign key (tenant_id, run_id, page_no) references sync_page (tenant_id, run_id, no) deferrable initially deferred,
  constraint sync_row_outcome check (
    outcome in ('accepted', 'duplicate', 'stale', 'observed', 'waiting', 'skipped', 'invalid', 'conflict'))
);
create index sync_row_by_object on sync_row (tenant_id, provider_id, run_id);
create index sync_row_to_look_at on sync_row (tenant_id, run_id, outcome, page_no, row_no);

do $$
declare
  guarded text;
begin
  foreach guarded in array array['sync_run', 'sync_page', 'sync_row'] loop
    execute format('alter table %I enable row level security', guarded);
    execute format('alter table %I force row level security', guarded);
    execute format('create policy owner on %I to %I using (true) with check (true)', guarded, current_user);
    execute format(
      $policy$create policy workspace on %I to connector_app using (tenant_id = nullif(current_setting('app.workspace_id', true), ''))
        with check (tenant_id = nullif(current_setting('app.workspace_id', true), ''))$policy$, guarded);
    execute format('create policy everything on %I to connector_worker using (true) with check (true)', guarded);
    execute format('grant select on %I to connector_app', guarded);
    execute format('grant select, insert, update on %I to connector_worker', guarded);
  end loop;
  -- Evidence is written once.
  revoke update on sync_page, sync_row from connector_worker;
  grant insert, update on sync_run to connector_app;
  grant select, insert, update on sync_lease to connector_worker;
  alter table sync_lease enable row level security;
  alter table sync_lease force row level security;
  execute format('create policy owner on sync_lease to %I using (true) with check (true)', current_user);
  create policy everything on sync_lease to connector_worker using (true) with check (true);
end
$$;
