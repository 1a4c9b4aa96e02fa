namespace Allocora.Contracts.Messages;

/// <summary>Where messages go in, by the names they have on the broker.</summary>
public static class Exchanges
{
    /// <summary>Direct: what was seen at a provider, for the Ledger.</summary>
    public const string Ingest = "allocora.ingest";

    /// <summary>Topic: what Allocora tells the world. A routing key is the workspace, a dot and the message's name.</summary>
    public const string Events = "allocora.events";

    /// <summary>Direct: what the broker itself takes out of a queue, under that queue's name.</summary>
    public const string DeadLetters = "allocora.dlx";
}

/// <summary>Where messages wait, and the routing keys that lead there.</summary>
public static class Queues
{
    public const string LedgerIngest = "ledger.ingest";

    /// <summary>The one routing key of the ingest exchange, so that a new kind of message needs no new binding.</summary>
    public const string ToLedger = "ledger";

    /// <summary>Where a message that goes to one queue only says under which routing key all others heard it.</summary>
    public const string RoutingKeyHeader = "routing-key";

    /// <summary>The queue behind the dead letter exchange. The broker's backstop: what a consumer gives up on goes into its database.</summary>
    public static string DeadLettersOf(string queue) => $"{queue}.dead";
}
