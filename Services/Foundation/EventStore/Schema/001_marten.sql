-- The tables of a Marten 9 event store: string stream identity, conjoined tenancy, correlation, causation and headers.
-- A stock Marten opens them as they are. It drops columns and indexes it does not know, so what we add lives in sidecars.

create table mt_streams (
  tenant_id varchar not null default '*DEFAULT*',
  id varchar not null,
  type varchar,
  version bigint,
  timestamp timestamptz not null default now(),
  created timestamptz not null default now(),
  is_archived boolean default false,
  constraint pkey_mt_streams_tenant_id_id primary key (tenant_id, id)
);

create sequence mt_events_sequence;

create table mt_events (
  seq_id bigint not null,
  id uuid not null,
  stream_id varchar,
  version bigint not null,
  data jsonb not null,
  bdata bytea,
  type varchar(500) not null,
  timestamp timestamptz not null default now(),
  tenant_id varchar default '*DEFAULT*',
  mt_dotnet_type varchar,
  correlation_id varchar,
  causation_id varchar,
  headers jsonb,
  is_archived boolean default false,
  constraint pkey_mt_events_seq_id primary key (seq_id),
  constraint fkey_mt_events_stream_id_tenant_id foreign key (tenant_id, stream_id) references mt_streams (tenant_id, id)
);

create unique index pk_mt_events_stream_and_version on mt_events (tenant_id, stream_id, version);

alter sequence mt_events_sequence owned by mt_events.seq_id;

create table mt_event_progression (
  name varchar not null,
  last_seq_id bigint,
  last_updated timestamptz default transaction_timestamp(),
  constraint pk_mt_event_progression primary key (name)
);

-- Empty for us; Marten expects both.
create table mt_doc_deadletterevent (
  id uuid not null,
  data jsonb not null,
  mt_last_modified timestamptz default transaction_timestamp(),
  mt_version uuid not null default md5(random()::text || clock_timestamp()::text)::uuid,
  mt_dotnet_type varchar,
  constraint pkey_mt_doc_deadletterevent_id primary key (id)
);

create table mt_high_water_skips (
  ending_sequence bigint not null,
  starting_sequence bigint not null,
  timestamp timestamptz default transaction_timestamp(),
  constraint pkey_mt_high_water_skips_ending_sequence primary key (ending_sequence)
);
