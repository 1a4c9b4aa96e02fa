using Allocora.PaddleSandbox;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(Options.Usage);
    return 0;
}

Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}

await using var sandbox = await Sandbox.Start(options);
// One line for whoever started it, when both addresses answer.
Console.WriteLine($$"""{"paddle":"{{sandbox.Api}}","control":"{{sandbox.Control}}","key":"{{sandbox.Key}}"}""");
await sandbox.Stopped;
return 0;
