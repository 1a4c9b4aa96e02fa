-- What we keep beside Marten's tables.

-- Every observation that was ever appended. A key is never forgotten: a provider may repeat itself after years.
create table allocora_seen (
  tenant_id text collate "C" not null,
  key text collate "C" not null,
  constraint pkey_allocora_seen primary key (tenant_id, key)
);

-- Per workspace, each event is bound to all before it: chain = sha256(0x01, the chain before, leaf).
create table allocora_seal (
  seq_id bigint not null,
  tenant_id text not null,
  content bytea not null, -- sha256 of the event's data and headers in canonical form, computed by whoever appended it
  chain bytea not null,
  constraint pkey_allocora_seal primary key (seq_id)
);

-- Where each workspace's chain stands; the next append goes on from here.
create table allocora_head (
  tenant_id text not null,
  seq_id bigint not null,
  events bigint not null,
  chain bytea not null,
  constraint pkey_allocora_head primary key (tenant_id)
);
