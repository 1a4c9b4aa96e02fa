-- What Paddle says is left of a sale is no part of its revision, and is told by itself when it has changed.
alter table provider_object
  add adjusted_total bigint, -- what Paddle said last is left of a sale, in the minor units of its currency
  add look_again boolean not null default false; -- an adjustment of the sale counts that Paddle made after the sale was seen as it is
create index provider_object_look_again on provider_object (source_id, provider_id) where look_again;
