namespace Allocora.Ledger;

/// <summary>The tables the books are read from.</summary>
internal static class BooksTables
{
    public const string Text = """
        -- What counts, one row for each thing that changed the sums. The rows of a sale come to what the sale is now.
        create table fact (
          tenant_id text not null,
          id text collate "C" not null,
          seq bigint not null,
          part int not null, -- of those one event brought
          kind text collate "C" not null, -- sale, or what Paddle calls the adjustment's action
          change text not null, -- original, revision or counter
          environment text not null,
          source_id text not null,
          provider_id text collate "C" not null,
          transaction_id text collate "C" not null,
          status text not null, -- as Paddle had it then
          effective_at timestamptz not null,
          observed_at timestamptz not null,
          recorded_at timestamptz not null,
          currency text collate "C" not null,
          subtotal bigint not null,
          discount bigint not null,
          tax bigint not null,
          total bigint not null,
          fee bigint,
          earnings bigint,
          payout_currency text,
          payout_total bigint,
          payout_tax bigint,
          payout_fee bigint,
          payout_earnings bigint,
          chargeback_fee bigint, -- in the currency of the payout
          exchange_rate text,
          settled_at timestamptz,
          country text collate "C", -- of the sale, for its adjustments too
          products text[] not null,
          lines text[] not null,
          primary key (tenant_id, id)
        );
        create index fact_by_time on fact (tenant_id, effective_at, seq, part);
        create index fact_by_kind on fact (tenant_id, kind, effective_at, seq, part);
        create index fact_by_currency on fact (tenant_id, currency, effective_at, seq, part);
        create index fact_by_country on fact (tenant_id, country, effective_at, seq, part);
        create index fact_of_transaction on fact (tenant_id, environment, transaction_id);

        create table fact_product (
          tenant_id text not null,
          product_id text collate "C" not null,
          effective_at timestamptz not null,
          seq bigint not null,
          part int not null,
          fact_id text collate "C" not null,
          primary key (tenant_id, product_id, effective_at, seq, part)
        );
        create index fact_product_of_fact on fact_product (tenant_id, seq, part);

        -- Which product a line of a sale is of.
        create table sale_line (
          tenant_id text not null,
          environment text not null,
          line_id text collate "C" not null,
          product_id text,
          primary key (tenant_id, environment, line_id)
        );

        -- Each object as its last version that counts has it.
        create table object (
          tenant_id text not null,
          environment text not null,
          provider_id text collate "C" not null,
          kind text not null,
          transaction_id text collate "C" not null,
          status text not null,
          updated_at timestamptz not null,
          seen_at timestamptz not null,
          currency text not null,
          subtotal bigint not null,
          discount bigint not null,
          tax bigint not null,
          total bigint not null, -- of an adjustment, what it does to the sums
          credit bigint not null, -- paid with, less what a sale below 0 made
          grand_total bigint not null,
          fee bigint,
          earnings bigint,
          payout_currency text,
          payout_total bigint,
          payout_earnings bigint,
          country text,
          counter_total bigint not null, -- what a person booked against it
          seq bigint not null,
          primary key (tenant_id, environment, provider_id)
        );
        create index object_of_transaction on object (tenant_id, environment, transaction_id);
        create index object_taken_back on object (tenant_id, provider_id) where status = 'reversed' and kind <> 'sale';

        create table contradiction (
          tenant_id text not null,
          id text collate "C" not null,
          environment text not null,
          provider_id text collate "C" not null,
          reason text not null,
          version text not null,
          status text not null, -- open, superseded, accepted or dismissed
          seq bigint not null,
          found_at timestamptz not null,
          closed_at timestamptz,
          closed_by text,
          note text,
          primary key (tenant_id, id)
        );
        create index contradiction_by_status on contradiction (tenant_id, status, id);
        create index contradiction_of_object on contradiction (tenant_id, environment, provider_id);

        create table sync_run (
          tenant_id text not null,
          run_id text not null,
          fetched bigint not null,
          outcomes bigint not null,
          primary key (tenant_id, run_id)
        );
        """;
}
