using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>Workspaces, members, invites, keys and requests as they are read.</summary>
internal static class AccessProjection
{
    public const string Name = "access";

    public static readonly Projection Latest = new(Name, 1, """
        create table workspace (
          tenant_id text not null,
          slug text not null,
          name text not null,
          currency text not null,
          time_zone text not null,
          opened_at timestamptz not null,
          primary key (tenant_id),
          unique (slug)
        );
        create table member (
          tenant_id text not null,
          person text not null,
          role text not null,
          since timestamptz not null,
          primary key (tenant_id, person)
        );
        create index member_by_person on member (person);
        create table invite (
          tenant_id text not null,
          id text not null,
          role text not null,
          state text not null,
          invited_by text not null,
          invited_at timestamptz not null,
          expires_at timestamptz not null,
          primary key (tenant_id, id)
        );
        create index invite_by_id on invite (id);
        create table api_key (
          tenant_id text not null,
          id text not null,
          name text not null,
          owner text not null,
          role text not null,
          permissions text[],
          granted_at timestamptz not null,
          expires_at timestamptz not null,
          revoked_at timestamptz,
          secret text, -- SHA-256; null until the owner has seen the key
          old_secret text,
          old_good_until timestamptz,
          primary key (tenant_id, id)
        );
        create index api_key_by_id on api_key (id);
        create table approval (
          tenant_id text not null,
          id text not null,
          kind text not null,
          target text not null,
          beneficiary text,
          from_role text,
          to_role text not null,
          key_name text,
          content_hash text not null,
          state text not null,
          requested_by text not null,
          requested_at timestamptz not null,
          decided_by text,
          decided_at timestamptz,
          reason text,
          primary key (tenant_id, id),
          constraint maker_is_not_checker
            check (state <> 'approved' or decided_by is not null and decided_by <> requested_by and decided_by is distinct from beneficiary)
        );
        """, Apply);

    private static void Apply(IReadOnlyList<StoredEvent> page, ProjectionBatch batch)
    {
        foreach (var stored in page)
            if (stored.Stream == WorkspaceAccess.Stream) Apply((WorkspaceHappened)ConsoleEvents.Catalog.Open(stored), stored, batch);
    }

    private static void Apply(WorkspaceHappened happened, StoredEvent stored, ProjectionBatch batch)
    {
        void Add(string statement, params ReadOnlySpan<object?> values)
        {
            Array[] columns = [new[] { stored.Workspace }, new[] { stored.At }, .. values.ToArray().Select(One)];
            batch.Add(statement, columns);
        }
        switch (happened)
        {
            case WorkspaceOpened e:
                Add("""
                    insert into workspace (tenant_id, opened_at, slug, name, currency, time_zone) select * from unnest($1, $2, $3, $4, $5, $6)
                    on conflict (tenant_id) do nothing
                    """, e.Slug, e.Name, e.Currency, e.TimeZone);
                break;
            case WorkspaceChanged { After: var e }:
                Add("""
                    update workspace as w set name = c.name, currency = c.currency, time_zone = c.time_zone
                    from unnest($1, $2, $3, $4, $5) as c (tenant_id, at, name, currency, time_zone) where w.tenant_id = c.tenant_id
                    """, e.Name, e.Currency, e.TimeZone);
                break;
            case MemberJoined e:
                Add("""
                    insert into member (tenant_id, since, person, role) select * from unnest($1, $2, $3, $4)
                    on conflict (tenant_id, person) do update set role = excluded.role, since = excluded.since
                    """, e.Person, e.Role);
                if (e.Invite is { } used) SetInvite(Add, used, "used");
                break;
            case MemberRoleChanged e:
                Add("""
                    update member as m set role = c.role, since = c.at from unnest($1, $2, $3, $4) as c (tenant_id, at, person, role)
                    where m.tenant_id = c.tenant_id and m.person = c.person
                    """, e.Person, e.To);
                break;
            case MemberRemoved e:
                Add("""
                    delete from member as m using unnest($1, $2, $3) as c (tenant_id, at, person) where m.tenant_id = c.tenant_id and m.person = c.person
                    """, e.Person);
                break;
            case MemberInvited e:
                Add("""
                    insert into invite (tenant_id, invited_at, id, role, state, invited_by, expires_at) select * from unnest($1, $2, $3, $4, $5, $6, $7)
                    on conflict (tenant_id, id) do nothing
                    """, e.Invite, e.Role, "open", e.By, e.ExpiresAt);
                break;
            case InviteRevoked e:
                SetInvite(Add, e.Invite, "revoked");
                break;
            default:
                if (!ApplyToKeys(happened, Add)) ApplyToApprovals(happened, Add);
                break;
        }
    }

    private delegate void Statement(string statement, params ReadOnlySpan<object?> values);

    private static void SetInvite(Statement add, string invite, string state) => add("""
        update invite as i set state = c.state from unnest($1, $2, $3, $4) as c (tenant_id, at, id, state) where i.tenant_id = c.tenant_id and i.id = c.id
        """, invite, state);

    private static bool ApplyToKeys(WorkspaceHappened happened, Statement add)
    {
        switch (happened)
        {
            case ApiKeyGranted e:
                // An array of arrays would be taken apart to its last word, so the permissions travel as one text.
                add("""
                    insert into api_key (tenant_id, granted_at, id, name, owner, role, permissions, expires_at)
                    select c.tenant_id, c.at, c.id, c.name, c.owner, c.role, string_to_array(c.permissions, ' '), c.expires_at
                    from unnest($1, $2, $3, $4, $5, $6, $7, $8) as c (tenant_id, at, id, name, owner, role, permissions, expires_at)
                    on conflict (tenant_id, id) do nothing
                    """, e.Key, e.Name, e.Owner, e.Role, e.Permissions is null ? null : string.Join(' ', e.Permissions), e.ExpiresAt);
                return true;
            case ApiKeyCollected e:
                add("""
                    update api_key as k set secret = c.secret from unnest($1, $2, $3, $4) as c (tenant_id, at, id, secret)
                    where k.tenant_id = c.tenant_id and k.id = c.id
                    """, e.Key, e.SecretHash);
                return true;
            case ApiKeyRotated e:
                add("""
                    update api_key as k set secret = c.secret, old_secret = k.secret, old_good_until = c.good_until
                    from unnest($1, $2, $3, $4, $5) as c (tenant_id, at, id, secret, good_until)
                    where k.tenant_id = c.tenant_id and k.id = c.id and k.secret <> c.secret
                    """, e.Key, e.SecretHash, e.OldGoodUntil);
                return true;
            case ApiKeyRevoked e:
                add("""
                    update api_key as k set revoked_at = c.at from unnest($1, $2, $3) as c (tenant_id, at, id)
                    where k.tenant_id = c.tenant_id and k.id = c.id
                    """, e.Key);
                return true;
            default:
                return false;
        }
    }

    private static void ApplyToApprovals(WorkspaceHappened happened, Statement add)
    {
        switch (happened)
        {
            case AccessRequested e:
                add("""
                    insert into approval (
                      tenant_id, requested_at, id, kind, target, beneficiary, from_role, to_role, key_name, content_hash, requested_by, state)
                    select *, 'open' from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (tenant_id, id) do nothing
                    """, e.Approval, e.Kind, e.Target, e.Beneficiary, e.From, e.To, e.Key?.Name, e.ContentHash, e.By);
                break;
            case AccessApproved e:
                Decide(add, e.Approval, "approved", e.By, null);
                break;
            case AccessRejected e:
                Decide(add, e.Approval, "rejected", e.By, e.Reason);
                break;
            case AccessWithdrawn e:
                Decide(add, e.Approval, "withdrawn", e.By, null);
                break;
            default:
                throw new InvalidOperationException($"{happened.GetType().Name} is in no table.");
        }
    }

    private static void Decide(Statement add, string approval, string state, string by, string? reason) => add("""
        update approval as a set state = c.state, decided_by = c.decided_by, decided_at = c.at, reason = c.reason
        from unnest($1, $2, $3, $4, $5, $6) as c (tenant_id, at, id, state, decided_by, reason)
        where a.tenant_id = c.tenant_id and a.id = c.id
        """, approval, state, by, reason);

    private static Array One(object? value) => value is DateTimeOffset at ? new[] { at.ToUniversalTime() } : new[] { (string?)value };
}
