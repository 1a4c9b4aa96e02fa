-- What Paddle said last is left of a sale. It is no fact, for it says again what the adjustments say: the books are held against it.
create table sale_sight (
  tenant_id text not null,
  environment text not null,
  provider_id text not null,
  adjusted_total bigint not null,
  currency text not null,
  updated_at timestamptz not null,
  seen_at timestamptz not null, -- by Paddle's own clock
  constraint pkey_sale_sight primary key (tenant_id, environment, provider_id)
);

do $$
begin
  alter table sale_sight enable row level security;
  alter table sale_sight force row level security;
  execute format('create policy owner on sale_sight to %I using (true) with check (true)', current_user);
  create policy workspace on sale_sight for select to ledger_app using (tenant_id = nullif(current_setting('app.workspace_id', true), ''));
  create policy everything on sale_sight to ledger_worker using (true) with check (true);
  grant select on sale_sight to ledger_app;
  grant select, insert, update on sale_sight to ledger_worker;
end
$$;
