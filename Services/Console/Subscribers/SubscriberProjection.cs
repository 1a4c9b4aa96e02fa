using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>The accounts on the broker as they are read.</summary>
internal static class SubscriberProjection
{
    public const string Name = "subscribers";

    public static readonly Projection Latest = new(Name, 1, """
        create table subscriber (
          tenant_id text not null,
          id text not null,
          name text not null,
          password_hash text not null,
          added_at timestamptz not null,
          revoked_at timestamptz,
          primary key (tenant_id, id)
        );
        """, Apply);

    private static void Apply(IReadOnlyList<StoredEvent> page, ProjectionBatch batch)
    {
        foreach (var stored in page.Where(stored => stored.Stream == KnownSubscribers.Stream))
            Apply((SubscriberHappened)ConsoleEvents.Catalog.Open(stored), stored, batch);
    }

    private static void Apply(SubscriberHappened happened, StoredEvent stored, ProjectionBatch batch)
    {
        var (workspace, at) = (new[] { stored.Workspace }, new[] { stored.At.ToUniversalTime() });
        switch (happened)
        {
            case SubscriberAdded e:
                batch.Add("""
                    insert into subscriber (tenant_id, added_at, id, name, password_hash) select * from unnest($1, $2, $3, $4, $5)
                    on conflict (tenant_id, id) do nothing
                    """, workspace, at, new[] { e.Subscriber }, new[] { e.Name }, new[] { e.PasswordHash });
                break;
            case SubscriberRevoked e:
                batch.Add("""
                    update subscriber as s set revoked_at = c.at from unnest($1, $2, $3) as c (tenant_id, at, id)
                    where s.tenant_id = c.tenant_id and s.id = c.id
                    """, workspace, at, new[] { e.Subscriber });
                break;
            default:
                throw new InvalidOperationException($"{happened.GetType().Name} is in no table.");
        }
    }
}
