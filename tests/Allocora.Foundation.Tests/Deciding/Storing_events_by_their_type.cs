using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Allocora.EventStore;

namespace Allocora.Foundation.Tests.Deciding;

public sealed class Storing_events_by_their_type
{
    private static readonly DateTimeOffset At = new(2026, 10, 31, 14, 2, 11, TimeSpan.FromHours(2));
    private static readonly Guid Id = EventId.Of("ws_one", "paddle/live/txn_1", 1);

    [Fact]
    public void The_stored_form_is_what_a_stock_Marten_reads()
    {
        var origin = new Origin("usr_1", "run_1", "console", "req_1", "192.0.2.1", "corr_1", "msg_1");

        var stored = Sales.Catalog.Seal(new SaleRecorded("s1", 1999, Channel.Invoice), Id, At.AddTicks(1234567), origin);

        Assert.Equal(
            new NewEvent(
                Id, "sale_recorded", "Allocora.Foundation.Tests.Deciding.SaleRecorded, Allocora.Foundation.Tests",
                """{"Sale":"s1","Gross":1999,"Channel":"Invoice","Note":null}""", At.AddTicks(1234560).ToUniversalTime(),
                """{"schema_version":2,"actor":"usr_1","source_run":"run_1","via":"console","requestId":"req_1","ip":"192.0.2.1"}""", "corr_1", "msg_1"),
            stored);
        Assert.Equal(TimeSpan.Zero, stored.At.Offset);
        // What Marten does with it: the record's name as alias, the type by its name, the data by plain System.Text.Json.
        var type = Type.GetType(stored.DotnetType)!;
        Assert.Equal(new SaleRecorded("s1", 1999, Channel.Invoice), JsonSerializer.Deserialize(stored.Data, type));
    }

    [Fact]
    public void What_is_not_known_about_an_origin_is_not_stored() =>
        Assert.Equal("""{"schema_version":1}""", Sales.Catalog.Seal(new SaleContradicted("s1", 1, 2), Id, At).Headers);

    [Fact]
    public void An_event_of_an_older_version_opens_as_the_record_of_today() =>
        Assert.Equal(new SaleRecorded("s1", 1999, Channel.Web), Open("""{"Sale":"s1","Amount":"1999"}""", """{"schema_version":1}"""));

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"actor":"usr_1","schema_version":null}""")]
    public void An_event_that_says_no_version_is_of_the_first(string? headers) =>
        Assert.Equal(new SaleRecorded("s1", 1999, Channel.Web), Open("""{"Sale":"s1","Amount":"1999"}""", headers));

    [Theory]
    [InlineData("""{"Sale":"s1","Amount":"1999","Later":{"A":[1]}}""", 1)]
    [InlineData("""{"Later":1,"Sale":"s1","Gross":1999,"Channel":"Web"}""", 2)]
    public void A_member_this_program_does_not_know_is_no_obstacle(string data, int version) =>
        Assert.Equal(new SaleRecorded("s1", 1999, Channel.Web), Open(data, $$"""{"schema_version":{{version}},"later":true}"""));

    [Fact]
    public void Versions_are_climbed_one_by_one()
    {
        Upcaster Adds(string letter) => data =>
        {
            data["Sale"] = (string)data["Sale"]! + letter;
            return data;
        };
        var catalog = new EventCatalog().Add<SaleContradicted>(Adds("2"), Adds("3"), Adds("4"));

        string Sale(int version) => ((SaleContradicted)catalog.Open(
            Stored("sale_contradicted", """{"Sale":"1","Recorded":1,"Seen":2}""", $$"""{"schema_version":{{version}}}"""))).Sale;

        Assert.Equal(["1234", "134", "14", "1"], Enumerable.Range(1, 4).Select(Sale));
        Assert.Equal(4, catalog.Versions["sale_contradicted"]);
    }

    [Theory]
    [InlineData("sale_withdrawn", "{}", null, "is of a type this program does not know.")]
    [InlineData("sale_recorded", "{}", """{"schema_version":3}""", "has version 3, and this program knows 1 to 2.")]
    [InlineData("sale_recorded", "{}", """{"schema_version":0}""", "has version 0, and this program knows 1 to 2.")]
    [InlineData("sale_recorded", "{}", """{"schema_version":"2"}""", "does not have the data of its type and version.")]
    [InlineData("sale_recorded", """{"Sale":"s1","Gross":1999}""", """{"schema_version":2}""", "does not have the data of its type and version.")]
    [InlineData("sale_recorded", """{"sale":"s1","gross":1,"channel":"Web"}""", """{"schema_version":2}""", "does not have the data of its type and version.")]
    [InlineData("sale_recorded", """{"Sale":null,"Gross":1,"Channel":"Web"}""", """{"schema_version":2}""", "does not have the data of its type and version.")]
    [InlineData("sale_recorded", """{"Sale":"s1","Gross":1,"Channel":"Fax"}""", """{"schema_version":2}""", "does not have the data of its type and version.")]
    [InlineData("sale_recorded", "[]", """{"schema_version":1}""", "does not have the data of its type and version.")]
    public void What_cannot_be_read_stops_the_reader_and_says_where(string type, string data, string? headers, string why)
    {
        var stop = Assert.Throws<UnreadableEventException>(() => Sales.Catalog.Open(Stored(type, data, headers)));

        Assert.Equal((type, 17L, $"The event {type} at 17 {why}"), (stop.Type, stop.Position, stop.Message));
    }

    [Fact]
    public void An_event_that_is_not_in_the_catalog_is_not_written() =>
        Assert.Throws<ArgumentException>(() => Sales.Catalog.Seal(new EmptyEvent(), Id, At));

    [Fact]
    public void The_catalog_refuses_records_that_would_not_come_back_as_they_were()
    {
        var refused = new Func<EventCatalog, EventCatalog>[]
        {
            c => c.Add<EmptyEvent>(), c => c.Add<NumberedEvent>(), c => c.Add<NumberedInside>(), c => c.Add<DerivedInside>(), c => c.Add<AnythingInside>(),
            c => c.Add<RenamedInside>(), c => c.Add<ComputedInside>(), c => c.Add<IntolerantEvent>(), c => c.Add<Nested>(), c => c.Add<Event2>(),
            c => c.Add<OpenEvent>(), c => c.Add<List<string>>(),
        }.Select(add => Assert.Throws<ArgumentException>(() => add(new())).Message);

        Assert.Equal(
            [
                "EmptyEvent is stored as {}.",
                "NumberedEvent.Day is stored as a number, which ties the log to the order of the enum; give the enum a JsonStringEnumConverter.",
                "NumberedInside.Days is stored as a number, which ties the log to the order of the enum; give the enum a JsonStringEnumConverter.",
                "DerivedInside.Part is open to inheritance, and what a derived type adds would not be stored.",
                "AnythingInside.Value may be anything; give it a type.",
                "RenamedInside.name is stored under another name.",
                "ComputedInside.Sum is stored and never read back; an event holds what was seen.",
                "IntolerantEvent does not tolerate a member that comes later.",
                "Nested is nested or generic; stored events stand at the top of their namespace.",
                "Event2 has a name that snake case does not give back.",
                "OpenEvent is open to inheritance, and what a derived type adds would not be stored.",
                "List`1 is nested or generic; stored events stand at the top of their namespace.",
            ],
            refused);
    }

    [Fact]
    public void A_name_stands_for_one_record() =>
        Assert.Throws<ArgumentException>(() => new EventCatalog().Add<SaleContradicted>().Add<SaleContradicted>());

    [Fact]
    public void An_id_follows_from_what_it_names()
    {
        // RFC 9562, appendix A.4.
        Assert.Equal(
            Guid.Parse("2ed6657d-e927-568b-95e1-2665a8aea6a2"), EventId.Version5(Guid.Parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com"));

        Guid[] ids = [Id, EventId.Of("ws_one", "paddle/live/txn_1", 2), EventId.Of("ws_two", "paddle/live/txn_1", 1), EventId.Of("ws_one", "txn_1", 1)];
        Assert.Equal(Id, EventId.Of("ws_one", "paddle/live/txn_1", 1));
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    private static object Open(string data, string? headers) => Sales.Catalog.Open(Stored("sale_recorded", data, headers));

    private static StoredEvent Stored(string type, string data, string? headers) =>
        new(17, Id, "ws_one", "one", 1, type, Encoding.UTF8.GetBytes(data), At, headers, null, null);

    public sealed record Nested(string Text);
}

public sealed record EmptyEvent;

public sealed record NumberedEvent(DayOfWeek Day);

public sealed record NumberedInside(IReadOnlyList<DayOfWeek?> Days);

public sealed record DerivedInside(OpenEvent Part);

public sealed record AnythingInside(object Value);

public sealed record RenamedInside([property: JsonPropertyName("name")] string Name);

public sealed record ComputedInside(long A)
{
    public long Sum => A + 1;
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record IntolerantEvent(string Text);

public sealed record Event2(string Text);

public record OpenEvent(string Text);
