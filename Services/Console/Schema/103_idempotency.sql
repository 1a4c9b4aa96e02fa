-- What was answered to a request that its sender named with Idempotency-Key, so that the same request, sent again, is answered
-- and not done again. The body is sealed by the program: it may hold a secret that is shown once.
create table idempotency (
  tenant_id text not null, -- the workspace, or 'platform'
  caller text not null,
  key text not null,
  fingerprint bytea not null, -- SHA-256 of method, path and body
  state text not null,
  run text not null, -- of the attempt the row belongs to
  started_at timestamptz not null,
  lease_until timestamptz not null,
  status integer,
  headers text,
  body bytea,
  done_at timestamptz,
  constraint pkey_idempotency primary key (tenant_id, caller, key),
  constraint idempotency_state check (state = 'running' or (state = 'done' and status is not null and headers is not null and body is not null and done_at is not null))
);

create index idempotency_started_at on idempotency (started_at);

do $$
begin
  alter table idempotency enable row level security;
  alter table idempotency force row level security;
  execute format('create policy owner on idempotency to %I using (true) with check (true)', current_user);
  create policy workspace on idempotency to console_app
    using (tenant_id = nullif(current_setting('app.workspace_id', true), ''))
    with check (tenant_id = nullif(current_setting('app.workspace_id', true), ''));
  create policy worker on idempotency to console_worker using (true) with check (true);
  grant select, insert, update, delete on idempotency to console_worker;
end
$$;
