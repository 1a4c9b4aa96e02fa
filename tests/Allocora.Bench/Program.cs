using System.Globalization;
using System.Text.Json;
using Allocora.Bench;

// A number is how many transactions are synced, where it is not the usual one.
var size = args.Skip(1).Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (int?)null).Max();
var names = args.Skip(1).Where(word => !word.All(char.IsAsciiDigit)).ToArray();
var benches = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>[]>
{
    ["log"] = [LogBench.Run],
    ["broker"] = [PublishBench.Run, BrokerBench.Run],
    ["sync"] = [() => SyncBench.Full(size), SyncBench.AtPace, SyncBench.NothingNew],
};
var unknown = names.FirstOrDefault(name => !benches.ContainsKey(name));
if (args.Length == 0 || unknown is not null)
{
    Console.Error.WriteLine($"There is no benchmark {unknown}. There are: {string.Join(", ", benches.Keys)}.");
    return 2;
}

var figures = new List<Figure>();
Console.WriteLine($"{"WHAT",-44} {"BASELINE",18} {"OURS",18} {"REACHED",9} {"WANTED",9}");
foreach (var bench in names.Length == 0 ? benches.Values.SelectMany(all => all) : names.SelectMany(name => benches[name]))
{
    foreach (var f in await bench())
    {
        figures.Add(f);
        Console.WriteLine($"{f.What,-44} {f.Baseline,12:n0} {f.Unit,-5} {f.Ours,12:n0} {f.Unit,-5} {f.Reached,9:0.00} {f.Wanted,9}");
    }
}
File.WriteAllText(args[0], JsonSerializer.Serialize(figures, new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true }));
return figures.All(f => f.IsReached) ? 0 : 1;
