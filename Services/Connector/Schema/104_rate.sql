-- Paddle counts calls by the address they come from, whoever's key they carry. So all programs behind one address share what stands here.
create table rate_budget (
  egress text not null,
  full_again_at timestamptz not null, -- when nothing of the burst would be used any more
  blocked_until timestamptz, -- Paddle said when to come back
  constraint pkey_rate_budget primary key (egress)
);

create table rate_call (
  egress text not null,
  at timestamptz not null,
  calls int not null
);

create index idx_rate_call on rate_call (egress, at);

-- How many of the wanted calls may be made now, and when to ask again if not all. Two limits hold together: a burst that fills up at
-- the pace of the minute, and the minute itself, without which the first one would see the burst and a minute's calls. The minute has
-- 61 seconds, because one call takes longer to get to Paddle than another. Without a limit only what Paddle said holds.
create function rate_take(p_egress text, p_wanted int, p_minute int, p_burst int, out granted int, out again_in interval)
language plpgsql security invoker as $$
declare
  moment timestamptz;
  gap interval := interval '1 minute' / nullif(p_minute, 0);
  budget rate_budget;
  last_minute int;
  next_free timestamptz;
begin
  insert into rate_budget (egress, full_again_at) values (p_egress, clock_timestamp()) on conflict do nothing;
  select * into budget from rate_budget where egress = p_egress for update;
  moment := clock_timestamp(); -- the wait for the row is over
  -- Nobody is told to wait longer than ten minutes: then the clock was put back.
  if budget.blocked_until > moment and budget.blocked_until <= moment + interval '10 minutes' then
    granted := 0;
    again_in := budget.blocked_until - moment;
    return;
  end if;
  if p_minute = 0 then
    granted := p_wanted;
    again_in := interval '0';
    return;
  end if;

  delete from rate_call where egress = p_egress and at <= moment - interval '61 seconds';
  -- The clock was put back: they are a minute old at most.
  update rate_call set at = moment where egress = p_egress and at > moment;
  select coalesce(sum(calls), 0), min(at) + interval '61 seconds' into last_minute, next_free from rate_call where egress = p_egress;
  budget.full_again_at := least(greatest(budget.full_again_at, moment), moment + gap * p_burst);
  granted := greatest(0, least(
    p_wanted, p_minute - last_minute,
    floor(extract(epoch from moment + gap * p_burst - budget.full_again_at) / extract(epoch from gap))::int));
  budget.full_again_at := budget.full_again_at + gap * granted;
  update rate_budget set full_again_at = budget.full_again_at, blocked_until = null where egress = p_egress;
  if granted > 0 then
    insert into rate_call (egress, at, calls) values (p_egress, moment, granted);
  end if;
  again_in := case
    when granted >= p_wanted then interval '0'
    else greatest( -- whichever of the two limits holds longer
      interval '5 milliseconds', budget.full_again_at + gap - gap * p_burst - moment,
      case when last_minute + granted >= p_minute then next_free - moment end)
  end;
end
$$;

-- Paddle said to wait. Whoever was told to wait longest is right, and afterwards it goes on at the pace of the minute, without a burst:
-- somebody else behind this address makes calls that are not counted here.
create function rate_block(p_egress text, p_for interval, p_minute int, p_burst int) returns void
language plpgsql security invoker as $$
declare
  until timestamptz := clock_timestamp() + least(p_for, interval '10 minutes');
  gap interval := coalesce(interval '1 minute' / nullif(p_minute, 0), interval '0');
begin
  insert into rate_budget (egress, full_again_at, blocked_until) values (p_egress, until + gap * (p_burst - 1), until)
    on conflict (egress) do update set
      blocked_until = greatest(rate_budget.blocked_until, excluded.blocked_until),
      full_again_at = greatest(rate_budget.full_again_at, excluded.full_again_at);
end
$$;

do $$
declare
  guarded text;
begin
  foreach guarded in array array['rate_budget', 'rate_call'] loop
    execute format('alter table %I enable row level security', guarded);
    execute format('alter table %I force row level security', guarded);
    execute format('create policy owner on %I to %I using (true) with check (true)', guarded, current_user);
    execute format('create policy everything on %I to connector_worker using (true) with check (true)', guarded);
    execute format('grant select, insert, update, delete on %I to connector_worker', guarded);
  end loop;
  revoke execute on function rate_take, rate_block from public;
  grant execute on function rate_take, rate_block to connector_worker;
end
$$;
