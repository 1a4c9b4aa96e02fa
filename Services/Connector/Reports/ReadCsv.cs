using System.Text;

namespace Allocora.Connector;

/// <summary>Reads a file of RFC 4180 row by row, with either kind of line end.</summary>
internal static class ReadCsv
{
    /// <exception cref="FormatException">It ends inside a cell.</exception>
    public static IEnumerable<IReadOnlyList<string>> Rows(TextReader from)
    {
        var (row, cell, isQuoted) = (new List<string>(), new StringBuilder(), false);
        for (int next; (next = from.Read()) >= 0;)
        {
            var letter = (char)next;
            if (isQuoted && letter != '"') cell.Append(letter);
            else if (isQuoted && from.Peek() == '"') cell.Append((char)from.Read());
            else if (letter == '"') isQuoted = !isQuoted;
            else if (letter == ',') End();
            else if (letter == '\n' || (letter == '\r' && from.Peek() is '\n' or < 0))
            {
                if (letter == '\r') continue; // its other half ends the line
                if (row.Count == 0 && cell.Length == 0) continue;
                End();
                yield return row;
                row = [];
            }
            else cell.Append(letter);
        }
        if (isQuoted) throw new FormatException("The file ends inside a cell.");
        if (row.Count == 0 && cell.Length == 0) yield break;
        End();
        yield return row;

        void End()
        {
            row.Add(cell.ToString());
            cell.Clear();
        }
    }
}
