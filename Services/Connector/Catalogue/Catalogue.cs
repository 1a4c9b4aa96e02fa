using Npgsql;

namespace Allocora.Connector;

/// <summary>Products and prices: those Paddle lists, and those only sales show, for lists leave out what was made for one customer.</summary>
internal static class Catalogue
{
    /// <summary>Keeps what is listed, and tells of each product that is new or another than before.</summary>
    public static void AddListed(NpgsqlBatch batch, PageOf page, long no, DateTimeOffset at, IEnumerable<CatalogueEntry> entries) =>
        Add(batch, page, no, at, [.. entries.GroupBy(e => e.Id).Select(g => g.Last())], fromSale: false);

    /// <summary>What sales name and no list has is custom: the lists are read before the sales.</summary>
    public static void AddSold(NpgsqlBatch batch, PageOf page, long no, DateTimeOffset at, JudgedPage judged)
    {
        const string custom = "custom", active = "active";
        var lines = judged.Rows.Where(r => r.Judgement.IsTold).SelectMany(r => r.Row!.Transaction?.Lines ?? []).Where(l => l.ProductId is not null).ToList();
        var products = lines.Select(l => new CatalogueEntry(l.ProductId!, CatalogueEntry.Product, null, l.ProductName, active, custom, null, null));
        var prices = lines.Where(l => l.PriceId is not null)
            .Select(l => new CatalogueEntry(l.PriceId!, CatalogueEntry.Price, l.ProductId, null, active, custom, null, null));
        Add(batch, page, no, at, [.. products.Concat(prices).DistinctBy(e => e.Id)], fromSale: true);
    }

    private static void Add(NpgsqlBatch batch, PageOf page, long no, DateTimeOffset at, IReadOnlyList<CatalogueEntry> entries, bool fromSale)
    {
        if (entries.Count == 0) return;
        batch.Add("""
            with changed as (
              insert into catalogue_entry as c (tenant_id, environment, provider_id, kind, source_id, product_id, name, status, type, unit_amount,
                unit_currency, updated_at, from_sale, content)
              select $1, $2, e.id, e.kind, $3, e.product_id, e.name, e.status, e.type, e.amount, e.currency, e.updated_at, $4, e.content
              from unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::text[], $16::timestamptz[],
                $17::bytea[])
                as e (id, kind, product_id, name, status, type, amount, currency, updated_at, content)
              on conflict (tenant_id, environment, provider_id) do update set source_id = excluded.source_id, product_id = excluded.product_id,
                name = excluded.name, status = excluded.status, type = excluded.type, unit_amount = excluded.unit_amount,
                unit_currency = excluded.unit_currency, updated_at = excluded.updated_at, from_sale = excluded.from_sale, content = excluded.content
              where not excluded.from_sale and c.content <> excluded.content
              returning coalesce(product_id, provider_id) as product)
            insert into outbox (tenant_id, source_id, environment, run_id, page_no, row_no, kind, provider_id, included, at)
            select distinct $1, $3, $2, $5, $6::bigint, 0, 'product', product, false, $7::timestamptz from changed
            """, page.Source.Workspace, page.Source.Environment, page.Source.Id, fromSale, page.Run, no, at,
            (string[])[.. entries.Select(e => e.Id)], (string[])[.. entries.Select(e => e.Kind)], (string?[])[.. entries.Select(e => e.ProductId)],
            (string?[])[.. entries.Select(e => e.Name)], (string[])[.. entries.Select(e => e.Status)], (string[])[.. entries.Select(e => e.Type)],
            (long?[])[.. entries.Select(e => e.UnitPrice?.Minor)], (string?[])[.. entries.Select(e => e.UnitPrice?.Currency.Code)],
            (DateTimeOffset?[])[.. entries.Select(e => e.UpdatedAt)], (byte[][])[.. entries.Select(e => e.Content)]);
        batch.Add("notify allocora_outbox");
    }
}
