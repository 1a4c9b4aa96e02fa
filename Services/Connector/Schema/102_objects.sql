-- What is known of each object of a Paddle account. It belongs to the account, not to the source through which it came: the same
-- account connected anew finds what it had.

create table provider_object (
  tenant_id text not null,
  environment text not null,
  provider_id text not null,
  kind text not null, -- transaction or adjustment
  source_id text not null,
  status text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  revision bytea not null, -- the hash of what counts, in the version that is held to be the last
  content bytea not null, -- of its payload
  reading text not null default '', -- what was asked for beside the object, and which custom data was taken: read otherwise, the same is another revision
  standing text not null, -- counts, observed, waiting or skipped
  reason text,
  transaction_id text, -- of an adjustment
  is_open boolean not null, -- an adjustment whose status is not its last one
  told_revision bytea, -- what was told the Ledger last
  constraint pkey_provider_object primary key (tenant_id, environment, provider_id),
  constraint provider_object_standing check (standing in ('counts', 'observed', 'waiting', 'skipped')),
  constraint provider_object_kind check (kind in ('transaction', 'adjustment'))
);
create index provider_object_waiting on provider_object (tenant_id, environment, transaction_id) where standing = 'waiting';
create index provider_object_of_transaction on provider_object (tenant_id, environment, transaction_id) where transaction_id is not null;
create index provider_object_open on provider_object (source_id, provider_id) where is_open;
create index provider_object_awaited on provider_object (source_id, transaction_id) where standing = 'waiting' and reason = 'transaction-unknown';
create index provider_object_newest on provider_object (source_id, kind, provider_id);

-- Payloads as evidence, each distinct one once, without what names or reaches a person.
create table payload (
  tenant_id text not null,
  environment text not null,
  provider_id text not null,
  content bytea not null, -- SHA-256 of the text
  seen_at timestamptz not null,
  body bytea not null, -- brotli
  constraint pkey_payload primary key (tenant_id, environment, provider_id, content)
);

-- What a rule leaves out until a person decides.
create table skipped_row (
  tenant_id text not null,
  id text not null,
  source_id text not null,
  environment text not null,
  provider_id text not null,
  kind text not null,
  reason text not null,
  detail text not null,
  amount bigint not null,
  currency text not null,
  provider_status text not null,
  occurred_at timestamptz not null,
  revision bytea not null, -- what the decision is about
  first_run text not null,
  last_run text not null,
  opened_at timestamptz not null,
  status text not null,
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  constraint pkey_skipped_row primary key (tenant_id, id),
  constraint skipped_row_object unique (tenant_id, environment, provider_id),
  constraint skipped_row_status check (status in ('open', 'excluded', 'included')),
  constraint skipped_row_decided check (status = 'open' or decided_at is not null)
);
create index skipped_row_by_status on skipped_row (tenant_id, status, id);
create index skipped_row_open_by_run on skipped_row (tenant_id, last_run) where status = 'open';

-- Products and prices as the catalogue, or a sale of them, showed them.
create table catalogue_entry (
  tenant_id text not null,
  environment text not null,
  provider_id text not null,
  kind text not null, -- product or price
  source_id text not null,
  product_id text, -- of a price
  name text,
  status text not null,
  type text not null,
  unit_amount bigint,
  unit_currency text,
  updated_at timestamptz,
  from_sale boolean not null,
  content bytea not null, -- hash of the columns above
  constraint pkey_catalogue_entry primary key (tenant_id, environment, provider_id),
  constraint catalogue_entry_kind check (kind in ('product', 'price'))
);
create index catalogue_entry_prices on catalogue_entry (tenant_id, environment, product_id) where kind = 'price';

-- What is to be told, in order. Bodies are made of the payloads when they are sent, so a broker that lost its data can be told all again.
create table outbox (
  seq bigint generated always as identity,
  tenant_id text not null,
  source_id text not null,
  environment text not null,
  run_id text not null,
  page_no bigint not null,
  row_no int not null,
  kind text not null, -- transaction, adjustment, product, payout or run
  provider_id text not null,
  revision bytea,
  content bytea,
  included boolean not null,
  custom_data_keys text[], -- taken when it was judged, so that it is told as it was
  data jsonb, -- of what has no payload
  at timestamptz not null,
  traceparent text,
  sent_at timestamptz, -- confirmed by the broker. (A position would not do: rows are not committed in the order of their numbers.)
  constraint pkey_outbox primary key (tenant_id, seq)
);
create unique index outbox_by_seq on outbox (seq);
create index outbox_open on outbox (seq) where sent_at is null;

do $$
declare
  guarded text;
begin
  foreach guarded in array array['provider_object', 'payload', 'skipped_row', 'catalogue_entry', 'outbox'] loop
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
  revoke update on payload, outbox from connector_worker;
  grant update (sent_at) on outbox to connector_worker;
  -- A decision of a person about skipped rows, and what follows from it.
  grant update on skipped_row, provider_object to connector_app;
  grant insert on outbox to connector_app;
end
$$;
