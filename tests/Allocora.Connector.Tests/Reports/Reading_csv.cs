using System.Text;

namespace Allocora.Connector.Tests.Reports;

public sealed class Reading_csv
{
    [Theory]
    [InlineData("a,b\nc,d\n", "a|b", "c|d")]
    [InlineData("a,b\r\nc,d\r\n", "a|b", "c|d")]
    [InlineData("a,b\r\nc,d", "a|b", "c|d")]
    [InlineData("a,b\r\nc,d\r", "a|b", "c|d")]
    [InlineData("a,,c\n,,\n", "a||c", "||")]
    [InlineData("\"a,b\",\"c\r\nd\"\n", "a,b|c\r\nd")]
    [InlineData("\"say \"\"no\"\"\",\"\"\n", "say \"no\"|")]
    [InlineData("a\rb,c\n", "a\rb|c")]
    [InlineData("\n\na\n\n", "a")]
    [InlineData("")]
    public void Cells_are_what_was_written(string file, params string[] rows) =>
        Assert.Equal(rows, ReadCsv.Rows(new StringReader(file)).Select(row => string.Join('|', row)));

    [Fact]
    public void A_file_that_ends_inside_a_cell_is_not_whole() =>
        Assert.Throws<FormatException>(() => ReadCsv.Rows(new StringReader("a,b\n\"c,d")).Count());

    [Theory]
    [InlineData("\uFEFFid,customer_email,status\nadj_01hvgf2s84dr6reszzg29zbvcm,a@example.com,approved\n")]
    [InlineData("status,name,id\r\napproved,\"A, B\",adj_01hvgf2s84dr6reszzg29zbvcm\r\nreversed,,null\r\n")]
    public void Columns_of_a_report_are_found_by_name(string file) => Assert.Equal(
        new Dictionary<string, string> { ["adj_01hvgf2s84dr6reszzg29zbvcm"] = "approved" },
        AdjustmentsReport.Statuses(new MemoryStream(Encoding.UTF8.GetBytes(file))));

    [Theory]
    [InlineData("")]
    [InlineData("id,state\n")]
    [InlineData("id,status\nadj_01hvgf2s84dr6reszzg29zbvcm\n")]
    [InlineData("id,status\n\"adj_01hvgf2s84dr6reszzg29zbvcm,approved\n")]
    public void What_is_no_such_report_is_not_read(string file) =>
        Assert.Throws<PaddleNonsenseException>(() => AdjustmentsReport.Statuses(new MemoryStream(Encoding.UTF8.GetBytes(file))));
}
