namespace Allocora.PaddleSandbox;

/// <summary>Paddle's own SDK for Node, unchanged, with the sandbox's address as its environment.</summary>
public sealed class With_Paddles_own_SDK
{
    private static readonly string[] Steps =
    [
        "lists transactions over several pages with filters",
        "gets one with what belongs to it",
        "walks products and prices",
        "previews, makes, changes and completes a transaction",
        "makes an adjustment",
        "makes a report and downloads its file",
        "gets a signed webhook and verifies it",
        "lists events and their types",
        "is refused as Paddle refuses",
    ];

    [Fact]
    public async Task A_sellers_program_works_from_the_first_page_to_the_last_webhook()
    {
        await using var sandbox = await Running.With("--transactions", "2000", "--choice", "approveRefundsAfterMinutes=0");

        var (code, said, complained) = await NodeProgram.Run("journey.mjs", null, sandbox.Sandbox.Api, sandbox.Sandbox.Key, sandbox.Sandbox.Control);

        Assert.True(code == 0, complained);
        Assert.Equal(Steps, said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
