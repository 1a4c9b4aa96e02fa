-- Paddle counts calls by the address they come from, whoever's key they carry. So all programs behind one address share what stands here.
create table rate_budget (
  egress text not null,
  full_again_at timestamptz not null, -- when nothing of the burst would be used any more
  blocked_until timestamptz, -- Paddle said when to come back
  constraint pkey_rate_budget primary key (egress)
);

create table rate_second (
  egress text not null,
  second bigint not null, -- of the Unix clock
  calls int not null,
  constraint pkey_rate_second primary key (egress, second)
);

-- How many of the wanted calls may be made now, and when to ask again if not all. Two limits hold together: a burst that fills up at
-- the pace of the minute, and the minute itself, without which the first one would see the burst and a minute's calls.
create function rate_take(p_egress text, p_wanted int, p_minute int, p_burst int, out granted int, out again_in interval)
language plpgsql security invoker as $$
declare
  moment timestamptz := clock_timestamp();
  gap interval := interval '1 minute' / p_minute;
  budget rate_budget;
  last_minute int;
  oldest bigint;
begin
  insert into rate_budget (egress, full_again_at) values (p_egress, moment) on conflict do nothing;
  select * into budget from rate_budget where egress = p_egress for update;
  moment := clock_timestamp(); -- the wait for the row is over
  if budget.blocked_until > moment then
    granted := 0;
    again_in := budget.blocked_until - moment;
    return;
  end if;

  delete from rate_second where egress = p_egress and second < floor(extract(epoch from moment)) - 60;
  select coalesce(sum(calls), 0), min(second) into last_minute, oldest from rate_second where egress = p_egress;
  budget.full_again_at := greatest(budget.full_again_at, moment);
  granted := least(
    p_wanted, p_minute - last_minute,
    floor(extract(epoch from moment + gap * p_burst - budget.full_again_at) / extract(epoch from gap))::int);
  granted := greatest(granted, 0);
  if granted > 0 then
    update rate_budget set full_again_at = budget.full_again_at + gap * granted, blocked_until = null where egress = p_egress;
    insert into rate_second (egress, second, calls) values (p_egress, floor(extract(epoch from moment)), granted)
      on conflict (egress, second) do update set calls = rate_second.calls + excluded.calls;
  end if;
  again_in := case
    when granted >= p_wanted then interval '0'
    when last_minute + granted >= p_minute then greatest(to_timestamp(oldest + 61) - moment, interval '5 milliseconds')
    else greatest(budget.full_again_at + gap * (granted + 1) - gap * p_burst - moment, interval '5 milliseconds')
  end;
end
$$;

do $$
declare
  guarded text;
begin
  foreach guarded in array array['rate_budget', 'rate_second'] loop
    execute format('alter table %I enable row level security', guarded);
    execute format('alter table %I force row level security', guarded);
    execute format('create policy owner on %I to %I using (true) with check (true)', guarded, current_user);
    execute format('create policy everything on %I to connector_worker using (true) with check (true)', guarded);
    execute format('grant select, insert, update, delete on %I to connector_worker', guarded);
  end loop;
  revoke execute on function rate_take from public;
  grant execute on function rate_take to connector_worker;
end
$$;
