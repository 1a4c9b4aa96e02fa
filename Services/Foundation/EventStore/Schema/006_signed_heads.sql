-- Heads of the chains as they were signed, with a key that is not in the database. Whoever holds a copy from outside can tell
-- that the log was cut off or replaced by an older one, which the chain alone cannot.
create table allocora_signed_head (
  tenant_id text collate "C" not null,
  seq_id bigint not null,
  events bigint not null,
  chain bytea not null,
  at timestamptz not null,
  key_id text not null,
  signature bytea not null,
  constraint pkey_allocora_signed_head primary key (tenant_id, seq_id)
);

do $$
declare
  service text := current_setting('allocora.service');
begin
  alter table allocora_signed_head enable row level security;
  alter table allocora_signed_head force row level security;
  execute format('create policy owner on allocora_signed_head to %I using (true) with check (true)', current_user);
  execute format(
    $policy$create policy workspace on allocora_signed_head for select to %I using (tenant_id = nullif(current_setting('app.workspace_id', true), ''))$policy$,
    service || '_app');
  execute format('create policy everything on allocora_signed_head for select to %I using (true)', service || '_tail');
  execute format('create policy signer on allocora_signed_head to %I using (true) with check (true)', service || '_worker');
  execute format('grant select on allocora_signed_head to %I, %I, %I', service || '_app', service || '_worker', service || '_tail');
  execute format('grant insert on allocora_signed_head to %I', service || '_worker');
end
$$;
