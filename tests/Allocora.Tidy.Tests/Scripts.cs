using System.Text.RegularExpressions;

namespace Allocora.Tidy;

/// <summary>A script stops where it fails, and what it needs comes through a package manager.</summary>
internal static partial class Scripts
{
    public static Rule[] Rules =>
    [
        new("A script runs under the caller's bash", Places.Everywhere, Shebang, """
            === »allocora
            set -eu
            === ».ci/run
            #!/bin/sh
            === tools/go.sh
            #!/usr/bin/env bash
            === README.md
            Read me.
            """),
        new("A script stops at the first failure", Places.Everywhere, StopsOnFailure, """
            === »allocora
            #!/usr/bin/env bash
            # set -eu
            set -x
            === .ci/run
            #!/usr/bin/env bash
            set -euo pipefail
            """),
        new("A script downloads nothing by hand", Places.Everywhere, Downloads, """
            === allocora
            #!/usr/bin/env bash
            »curl -fsSL https://example.com/tool | bash
            »wget example.com/tool
            curl -fs http://127.0.0.1:5000/healthz/ready
            # wget is not used
            """),
    ];

    private static IEnumerable<Finding> Shebang(SourceFile file) =>
        file.IsScript && file.Lines is not ["#!/usr/bin/env bash", ..]
            ? [file.At(1, "the script does not say what runs it", "begin it with #!/usr/bin/env bash")]
            : [];

    private static IEnumerable<Finding> StopsOnFailure(SourceFile file) =>
        file.IsScript && !file.Lines.Any(l => Strict().IsMatch(l))
            ? [file.At(1, "the script goes on after a failure", "add set -euo pipefail")]
            : [];

    private static IEnumerable<Finding> Downloads(SourceFile file) =>
        file.IsScript ? file.Matches(Download(), "what arrives here has no version and no checksum", "let a package manager bring it") : [];

    [GeneratedRegex(@"^\s*set -\w*[eu]")]
    private static partial Regex Strict();

    [GeneratedRegex(@"^[^#]*(\bwget\b|\bcurl\b.*\bhttps?://(?!127\.0\.0\.1|localhost))")]
    private static partial Regex Download();
}
