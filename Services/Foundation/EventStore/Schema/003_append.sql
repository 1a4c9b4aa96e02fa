-- What says, in one fixed order, what an event is and where it stands; with the hash of its content behind it, its leaf.
create function allocora_leaf_head(seq_id bigint, id uuid, tenant_id text, stream_id text, version bigint, type text, at timestamptz)
returns bytea language sql stable parallel safe as $$
  select '\x00'::bytea || convert_to(
    concat_ws(e'\n', '1', seq_id, id, tenant_id, stream_id, version, type, (extract(epoch from at) * 1000000)::bigint, ''), 'utf8')
$$;

-- The only way into the log. Entries are what was observed or decided, each for one stream and under one key, no key twice in
-- a call; events belong to an entry by its number. Answers for every entry: appended, duplicate (its key is known, whatever the
-- stream's version) or contended (the stream is not at the version the caller decided on).
create function allocora_append(
  tenants text[], streams text[], keys text[], expected bigint[],
  entries int[], ids uuid[], types text[], dotnet_types text[], bodies jsonb[], headers jsonb[],
  correlations text[], causations text[], times timestamptz[], contents bytea[])
returns table (outcome text, last_seq bigint)
language plpgsql security definer set search_path from current
-- Plans that fit a log of any length, whatever the tables held when they were made: keys are looked up, arrays are hashed.
set enable_nestloop = off set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan as $$
declare
  outcomes text[];
  versions bigint[];
  -- What was written, in order: an event's number, workspace, entry, content and leaf stand at the same place.
  seqs bigint[];
  seq_tenants text[];
  seq_entries int[];
  seq_contents bytea[];
  leaves bytea[];
  chains bytea[] := '{}';
  tenant text;
  before int;
  head bytea;
  last_seqs bigint[] := array_fill(null::bigint, array[cardinality(tenants)]);
begin
  -- Held until commit, so the order of seq_id is the order of commits and a reader may go by seq_id alone. It must be the
  -- first statement: the ones below take their snapshots, and their numbers, after the wait.
  perform pg_advisory_xact_lock(x'A110C04A'::bigint);

  -- Under another isolation the look-ups below would be of before the wait. This is the caller's fault, not the entries'.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'the log is appended to in read committed only' using errcode = 'invalid_transaction_state';
  end if;
  if exists (
      select from unnest(array[cardinality(streams), cardinality(keys), cardinality(expected)]) as c(length) where c.length is distinct from cardinality(tenants))
    or exists (
      select from unnest(array[
        cardinality(ids), cardinality(types), cardinality(dotnet_types), cardinality(bodies), cardinality(headers), cardinality(correlations),
        cardinality(causations), cardinality(times), cardinality(contents)]) as c(length) where c.length is distinct from cardinality(entries))
    or exists (select from unnest(entries) as e(n) where e.n is null or e.n not between 1 and cardinality(tenants))
  then
    raise exception 'entries and events do not fit together' using errcode = 'invalid_parameter_value';
  end if;

  -- In a leaf, names stand on lines of their own: with a line break inside, two different events could have the same leaf.
  if strpos(array_to_string(tenants || streams || types, ''), e'\n') > 0 or '' = any (tenants || streams || types) then
    raise exception 'a workspace, stream or type is empty or holds a line break' using errcode = 'invalid_parameter_value';
  end if;

  -- The service's own role acts for one workspace at a time; the worker, which takes from the queue, for all.
  if session_user like '%\_app' and exists (
    select from unnest(tenants) as t(tenant) where t.tenant is distinct from nullif(current_setting('app.workspace_id', true), ''))
  then
    raise exception 'an entry is not for the workspace of this transaction' using errcode = 'insufficient_privilege';
  end if;

  -- Nothing below joins a table of the log: what has to be looked up is looked up by its key, so an append costs the same
  -- however long the log is. What is not there cannot come while the lock is held, so it is inserted plainly: asking each row
  -- for a conflict costs more than twice as much.
  with asked as materialized (
    select
      e.*,
      (select s.version from mt_streams as s where s.tenant_id = e.tenant and s.id = e.stream) as version,
      (select true from allocora_seen as s where s.tenant_id = e.tenant and s.key = e.key) as known
    from unnest(tenants, streams, keys, expected) with ordinality as e(tenant, stream, key, expected, n)
  )
  select
    array_agg(case when a.known then 'duplicate' when a.expected <> coalesce(a.version, 0) then 'contended' else 'appended' end order by a.n),
    array_agg(a.version order by a.n)
  into outcomes, versions
  from asked as a;

  insert into allocora_seen (tenant_id, key)
  select a.tenant, a.key from unnest(tenants, keys, outcomes) as a(tenant, key, outcome) where a.key is not null and a.outcome = 'appended';

  -- The events' data is joined last: what is sorted and kept on the way is copied each time.
  with going as (
    select
      p.*, a.tenant, a.stream, a.version as before,
      coalesce(a.version, 0) + row_number() over (partition by a.tenant, a.stream order by p.n) as version
    from unnest(entries, ids, types, times, contents) with ordinality as p(entry, id, type, at, content, n)
    join unnest(tenants, streams, outcomes, versions) with ordinality as a(tenant, stream, outcome, version, n) on a.n = p.entry
    where a.outcome = 'appended'
  ),
  begun as (
    insert into mt_streams (tenant_id, id, version, timestamp, created)
    select g.tenant, g.stream, max(g.version), max(g.at), max(g.at) from going as g where g.before is null group by g.tenant, g.stream
  ),
  continued as (
    insert into mt_streams as s (tenant_id, id, version, timestamp)
    select g.tenant, g.stream, max(g.version), max(g.at) from going as g where g.before is not null group by g.tenant, g.stream
    on conflict (tenant_id, id) do update set version = excluded.version, timestamp = excluded.timestamp
  ),
  numbered as (
    -- By workspace, so that each chain is walked in one piece; within it, in the caller's order.
    select nextval('mt_events_sequence') as seq_id, o.* from (select g.* from going as g order by g.tenant, g.n) as o
  ),
  inserted as (
    insert into mt_events (
      seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, is_archived)
    select e.seq_id, e.id, e.stream, e.version, d.body, e.type, e.at, e.tenant, d.dotnet_type, d.correlation, d.causation, d.header, false
    from numbered as e
    join unnest(bodies, headers, dotnet_types, correlations, causations) with ordinality
      as d(body, header, dotnet_type, correlation, causation, n) on d.n = e.n
  )
  select
    array_agg(e.seq_id), array_agg(e.tenant), array_agg(e.entry), array_agg(e.content),
    array_agg(sha256(allocora_leaf_head(e.seq_id, e.id, e.tenant, e.stream, e.version, e.type, e.at) || e.content))
  into seqs, seq_tenants, seq_entries, seq_contents, leaves
  from numbered as e;

  for i in 1 .. coalesce(cardinality(seqs), 0) loop
    if seq_tenants[i] is distinct from tenant then
      tenant := seq_tenants[i];
      before := i - 1;
      head := coalesce((select h.chain from allocora_head as h where h.tenant_id = tenant), sha256(convert_to(tenant, 'utf8')));
    end if;
    head := sha256('\x01'::bytea || head || leaves[i]);
    chains := chains || head;
    last_seqs[seq_entries[i]] := seqs[i];
    if seq_tenants[i + 1] is distinct from tenant then
      insert into allocora_head as h (tenant_id, seq_id, events, chain) values (tenant, seqs[i], i - before, head)
      on conflict (tenant_id) do update set seq_id = excluded.seq_id, events = h.events + excluded.events, chain = excluded.chain;
    end if;
  end loop;

  insert into allocora_seal (seq_id, tenant_id, content, chain)
  select * from unnest(seqs, seq_tenants, seq_contents, chains);

  -- Only a hint to readers who sleep: they also wake by themselves.
  if cardinality(seqs) > 0 then
    perform pg_notify('allocora_log', seqs[cardinality(seqs)]::text);
  end if;

  return query select o.outcome, o.seq from unnest(outcomes, last_seqs) with ordinality as o(outcome, seq, n) order by o.n;
end
$$;
