-- Who is signed in where. The cookie names a row, and the row decides: ended here, it is ended everywhere, at once.
create table session (
  id text not null,
  person text not null,
  created_at timestamptz not null,
  seen_at timestamptz not null, -- to the minute
  confirmed_at timestamptz not null, -- when the person last showed that it is them
  ended_at timestamptz,
  ip text,
  agent text, -- what the browser calls itself, cut short
  constraint pkey_session primary key (id),
  constraint session_of_known foreign key (person) references person (id)
);

create index session_of_person on session (person) where ended_at is null;

-- One-time sign-in links that were used, kept until they would have expired anyway.
create table spent_link (
  nonce bytea not null,
  until timestamptz not null,
  constraint pkey_spent_link primary key (nonce)
);

grant select, insert, update, delete on session to console_worker;
grant select, insert, delete on spent_link to console_worker;
