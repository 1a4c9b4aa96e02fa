using Allocora.Cli;

// What one does with Allocora's files alone, without a server or a database. The shell script beside it says how to call it.
return args switch
{
    ["verify", .. var words] => await VerifyCommand.Run(words, Console.Out, Console.Error),
    _ => VerifyCommand.Usage(Console.Error, "Say what to do: verify FILE."),
};
