-- The last check of a workspace's books. Whether they were found broken or restored is in the log.
create table invariant_check (
  tenant_id text not null,
  checked_to bigint not null,
  checked_at timestamptz not null,
  results jsonb not null,
  constraint pkey_invariant_check primary key (tenant_id)
);

do $$
begin
  alter table invariant_check enable row level security;
  alter table invariant_check force row level security;
  execute format('create policy owner on invariant_check to %I using (true) with check (true)', current_user);
  create policy workspace on invariant_check for select to ledger_app using (tenant_id = nullif(current_setting('app.workspace_id', true), ''));
  create policy everything on invariant_check to ledger_worker using (true) with check (true);
  grant select on invariant_check to ledger_app;
  grant select, insert, update on invariant_check to ledger_worker;
end
$$;
