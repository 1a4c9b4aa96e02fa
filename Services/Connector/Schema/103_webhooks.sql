-- What Paddle sent. It is a hint: what it is about is read again before anything is believed.
create table webhook_event (
  tenant_id text not null,
  source_id text not null,
  event_id text not null, -- known for ever, so that a replay changes nothing
  event_type text not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  entity_id text, -- what to read again; null where there is nothing to read
  data jsonb, -- of events that cannot be read again: payouts and keys
  traceparent text,
  handled_at timestamptz,
  outcome text, -- read, left-to-sync, verified, unverified, confirmed or ignored
  constraint pkey_webhook_event primary key (tenant_id, source_id, event_id),
  constraint webhook_event_source foreign key (tenant_id, source_id) references source (tenant_id, id)
);
create index webhook_event_open on webhook_event (received_at) where handled_at is null;
create index webhook_event_received on webhook_event (tenant_id, source_id, received_at);

do $$
begin
  alter table webhook_event enable row level security;
  alter table webhook_event force row level security;
  execute format('create policy owner on webhook_event to %I using (true) with check (true)', current_user);
  create policy workspace on webhook_event to connector_app using (tenant_id = nullif(current_setting('app.workspace_id', true), ''))
    with check (tenant_id = nullif(current_setting('app.workspace_id', true), ''));
  create policy everything on webhook_event to connector_worker using (true) with check (true);
  grant select, update (handled_at, outcome) on webhook_event to connector_app;
  grant select, insert on webhook_event to connector_worker;
  grant update (handled_at, outcome) on webhook_event to connector_worker;
end
$$;
