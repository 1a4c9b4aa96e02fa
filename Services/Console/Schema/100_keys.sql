-- Keys of the framework's Data Protection, sealed by the programs that use them: the Console's own, and for each service those
-- of the tokens it gets from the gateway. A service signs in as console_inner_<service> and reads its own ring and nothing else.

create table protection_key (
  ring text not null,
  name text not null,
  element text not null,
  stored_at timestamptz not null default now(),
  constraint pkey_protection_key primary key (ring, name)
);

do $$
declare
  service text;
begin
  alter table protection_key enable row level security;
  alter table protection_key force row level security;
  execute format('create policy owner on protection_key to %I using (true) with check (true)', current_user);
  create policy gateway on protection_key to console_worker using (true) with check (true);
  grant select, insert on protection_key to console_worker;

  foreach service in array array['connector', 'ledger', 'calculation', 'statements'] loop
    execute format('create policy %I on protection_key for select to %I using (ring = %L)',
      'of_' || service, 'console_inner_' || service, 'inner/' || service);
    execute format('grant usage on schema console to %I', 'console_inner_' || service);
    execute format('grant select on protection_key to %I', 'console_inner_' || service);
  end loop;
end
$$;
