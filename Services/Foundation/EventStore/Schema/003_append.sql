-- What says, in one fixed order, what an event is and where it stands; with the hash of its content behind it, its leaf.
create function allocora_leaf_head(seq_id bigint, id uuid, tenant_id text, stream_id text, version bigint, type text, at timestamptz)
returns bytea language sql stable parallel safe as $$
  select '\x00'::bytea || convert_to(
    concat_ws(e'\n', '1', seq_id, id, tenant_id, stream_id, version, type, (extract(epoch from at) * 1000000)::bigint, ''), 'utf8')
$$;

-- The only way into the log. Entries are what was observed or decided, each for one stream and under one key; events belong
-- to an entry by its number. Answers for every entry: appended, duplicate (its key is known) or contended (the stream is
-- not at the version the caller decided on).
create function allocora_append(
  tenants text[], streams text[], keys text[], expected bigint[],
  entries int[], ids uuid[], types text[], dotnet_types text[], bodies text[], headers text[],
  correlations text[], causations text[], times timestamptz[], contents bytea[])
returns table (outcome text, last_seq bigint)
language plpgsql security definer set search_path from current set enable_nestloop = off as $$
declare
  outcomes text[];
  happened record;
  tenant text;
  head bytea;
  last_seqs bigint[] := array_fill(null::bigint, array[cardinality(tenants)]);
  seal_seqs bigint[] := '{}';
  seal_tenants text[] := '{}';
  seal_contents bytea[] := '{}';
  seal_chains bytea[] := '{}';
begin
  -- Held until commit, so the order of seq_id is the order of commits and a reader may go by seq_id alone. It must be the
  -- first statement: the ones below take their snapshots, and their numbers, after the wait.
  perform pg_advisory_xact_lock(x'A110C04A'::bigint);

  -- The service's own role acts for one workspace at a time; the worker, which takes from the queue, for all.
  if session_user like '%\_app' and exists (
    select from unnest(tenants) as t(tenant) where t.tenant is distinct from nullif(current_setting('app.workspace_id', true), ''))
  then
    raise exception 'an entry is not for the workspace of this transaction' using errcode = 'insufficient_privilege';
  end if;

  -- Nothing below joins a table of the log: what has to be looked up is looked up by its key, so an append costs the same
  -- however long the log is. (Contended streams first: their keys must not be taken.)
  select array_agg(
    case
      when a.expected is not null
        and a.expected <> coalesce((select s.version from mt_streams as s where s.tenant_id = a.tenant and s.id = a.stream), 0)
      then 'contended'
      else 'appended'
    end order by a.n)
  into outcomes
  from unnest(tenants, streams, expected) with ordinality as a(tenant, stream, expected, n);

  with asked as (
    select a.*, row_number() over (partition by a.tenant, a.key, a.outcome order by a.n) as nth
    from unnest(tenants, keys, outcomes) with ordinality as a(tenant, key, outcome, n)
  ),
  fresh as (
    insert into allocora_seen as s (tenant_id, key)
    select a.tenant, a.key from asked as a where a.key is not null and a.nth = 1 and a.outcome = 'appended'
    on conflict do nothing
    returning s.tenant_id, s.key
  )
  select array_agg(
    case when a.outcome = 'appended' and a.key is not null and (a.nth > 1 or f.key is null) then 'duplicate' else a.outcome end order by a.n)
  into outcomes
  from asked as a left join fresh as f on f.tenant_id = a.tenant and f.key = a.key;

  for happened in
    with going as (
      select p.*, a.tenant, a.stream
      from unnest(entries, ids, types, dotnet_types, bodies, headers, correlations, causations, times) with ordinality
        as p(entry, id, type, dotnet_type, body, header, correlation, causation, at, n)
      join unnest(tenants, streams, outcomes) with ordinality as a(tenant, stream, outcome, n) on a.n = p.entry
      where a.outcome = 'appended'
    ),
    touched as (
      insert into mt_streams as s (tenant_id, id, version, timestamp, created)
      select g.tenant, g.stream, count(*), max(g.at), max(g.at) from going as g group by g.tenant, g.stream
      on conflict (tenant_id, id) do update set version = s.version + excluded.version, timestamp = excluded.timestamp
      returning s.tenant_id, s.id, s.version
    ),
    inserted as (
      insert into mt_events as m (
        seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, is_archived)
      select
        nextval('mt_events_sequence'), e.id, e.stream, t.version - e.in_all + e.nth, e.body::jsonb, e.type, e.at, e.tenant,
        e.dotnet_type, e.correlation, e.causation, e.header::jsonb, false
      from (
        select
          g.*,
          row_number() over (partition by g.tenant, g.stream order by g.n) as nth,
          count(*) over (partition by g.tenant, g.stream) as in_all
        from going as g
      ) as e
      join touched as t on t.tenant_id = e.tenant and t.id = e.stream
      -- By workspace, so that each chain is walked in one piece; within it, in the caller's order.
      order by e.tenant, e.n
      returning m.seq_id, m.id, m.tenant_id, allocora_leaf_head(m.seq_id, m.id, m.tenant_id, m.stream_id, m.version, m.type, m.timestamp) as leaf_head
    )
    select i.seq_id, i.tenant_id, i.leaf_head, c.content, c.entry
    from inserted as i
    join unnest(ids, contents, entries) as c(id, content, entry) on c.id = i.id
    order by i.seq_id
  loop
    if happened.tenant_id is distinct from tenant then
      tenant := happened.tenant_id;
      head := coalesce((select h.chain from allocora_head as h where h.tenant_id = tenant), sha256(convert_to(tenant, 'utf8')));
    end if;
    head := sha256('\x01'::bytea || head || sha256(happened.leaf_head || happened.content));
    last_seqs[happened.entry] := happened.seq_id;
    seal_seqs := seal_seqs || happened.seq_id;
    seal_tenants := seal_tenants || happened.tenant_id;
    seal_contents := seal_contents || happened.content;
    seal_chains := seal_chains || head;
  end loop;

  insert into allocora_seal (seq_id, tenant_id, content, chain)
  select * from unnest(seal_seqs, seal_tenants, seal_contents, seal_chains);

  insert into allocora_head as h (tenant_id, seq_id, events, chain)
  select distinct on (s.tenant) s.tenant, s.seq, count(*) over (partition by s.tenant), s.chain
  from unnest(seal_seqs, seal_tenants, seal_chains) as s(seq, tenant, chain)
  order by s.tenant, s.seq desc
  on conflict (tenant_id) do update set seq_id = excluded.seq_id, events = h.events + excluded.events, chain = excluded.chain;

  -- Only a hint to readers who sleep: they also wake by themselves.
  if cardinality(seal_seqs) > 0 then
    perform pg_notify('allocora_log', seal_seqs[cardinality(seal_seqs)]::text);
  end if;

  return query select o.outcome, o.seq from unnest(outcomes, last_seqs) with ordinality as o(outcome, seq, n) order by o.n;
end
$$;
