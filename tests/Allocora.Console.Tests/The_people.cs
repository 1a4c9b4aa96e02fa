using Allocora.EventStore;
using Npgsql;

namespace Allocora.Console.Tests;

public sealed class The_people
{
    [Fact]
    public async Task Who_signs_in_again_is_the_same_person_under_the_name_of_today()
    {
        await using var database = await ConsoleDatabase.Create();
        await using var worker = Database.Source(new NpgsqlConnectionStringBuilder(database.AddressOf("console_worker")), "console");
        var people = new People(worker, TimeProvider.System);

        var first = await people.Seen("https://id.example", "s-1", "Mara", "mara@example.com", default);
        var again = await people.Seen("https://id.example", "s-1", "Mara Lind", null, default);
        var other = await people.Seen("https://other.example", "s-1", "Mara", null, default);

        Assert.Equal(first.Id, again.Id);
        Assert.Equal(("Mara Lind", null), (again.Name, again.Email));
        Assert.NotEqual(first.Id, other.Id);
        Assert.Equal(again, await people.Find(first.Id, default));
        Assert.Null(await people.Find("usr_nobody", default));
    }
}
