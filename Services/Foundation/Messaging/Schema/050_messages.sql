-- What consumers keep: messages they could not handle, and attempts that may not come back.

create table dead_letter (
  id bigint generated always as identity,
  consumer text not null,
  message_id text not null,
  workspace text, -- null when the message names none: only those who see everything see it
  type text not null,
  body bytea not null,
  headers jsonb not null,
  reason_code text not null,
  error text not null, -- one sentence without anything of the body
  first_seen timestamptz not null,
  attempts int not null,
  state text not null,
  constraint pkey_dead_letter primary key (id),
  constraint dead_letter_once unique (consumer, message_id),
  constraint dead_letter_state check (state in ('open', 'replaying', 'replayed', 'discarded'))
);

-- Asked for every second, and nearly always empty.
create index dead_letter_replaying on dead_letter (consumer, id) where state = 'replaying';

-- Asked for whenever the gauges are read.
create index dead_letter_open on dead_letter (consumer, first_seen) where state = 'open';

-- An attempt is written before a suspected message is handled and taken back after. What stands here long has ended its process.
create table attempt_started (
  consumer text not null,
  message_id text not null,
  attempts int not null,
  last_started timestamptz not null,
  constraint pkey_attempt_started primary key (consumer, message_id)
);

do $$
declare
  service text := current_setting('allocora.service');
  guarded text;
begin
  foreach guarded in array array['dead_letter', 'attempt_started'] loop
    execute format('alter table %I enable row level security', guarded);
    execute format('alter table %I force row level security', guarded);
    execute format('create policy owner on %I to %I using (true) with check (true)', guarded, current_user);
    execute format('create policy everything on %I to %I using (true) with check (true)', guarded, service || '_worker');
  end loop;
  execute format(
    $policy$create policy workspace on dead_letter to %I using (workspace = nullif(current_setting('app.workspace_id', true), ''))$policy$,
    service || '_app');

  -- Who acts for one workspace decides what becomes of its dead letters, and changes nothing else about them.
  execute format('grant select, update (state) on dead_letter to %I', service || '_app');
  execute format('grant select, insert, update on dead_letter to %I', service || '_worker');
  execute format('grant select, insert, update, delete on attempt_started to %I', service || '_worker');
end
$$;
