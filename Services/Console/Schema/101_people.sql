-- Who has ever signed in. Names and addresses stand here and not in the log, where they could never be erased.
create table person (
  id text not null,
  issuer text not null, -- 'local', or the address of the identity provider
  subject text not null, -- the provider's name for the person; it never changes
  name text not null,
  email text, -- only if the provider has verified it
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  constraint pkey_person primary key (id),
  constraint person_of_issuer unique (issuer, subject)
);

grant select, insert, update on person to console_worker;
