using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Allocora.EventStore;

/// <summary>Refuses records whose JSON would lose something, or could not be read by another program without settings of ours.</summary>
internal static partial class StoredForm
{
    public static void Check(Type type)
    {
        if (type.IsNested || type.IsGenericType) throw Refused(type.Name, "is nested or generic; stored events stand at the top of their namespace");
        // Where words are only letters, everybody's snake case is the same.
        if (!Words().IsMatch(type.Name)) throw Refused(type.Name, "has a name that snake case does not give back");
        Look(type, type.Name, []);
    }

    private static void Look(Type declared, string path, HashSet<Type> seen)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (!seen.Add(type)) return;
        if (type.IsEnum && JsonSerializer.SerializeToElement(Activator.CreateInstance(type), type, EventCatalog.Json).ValueKind == JsonValueKind.Number)
            throw Refused(path, "is stored as a number, which ties the log to the order of the enum; give the enum a JsonStringEnumConverter");

        var form = EventCatalog.Json.GetTypeInfo(type);
        if (form.ElementType is { } element) Look(element, path, seen);
        else if (form.Kind == JsonTypeInfoKind.Object) LookInside(type, form, path, seen);
        else if (type == typeof(object)) throw Refused(path, "may be anything; give it a type");
    }

    private static void LookInside(Type type, JsonTypeInfo form, string path, HashSet<Type> seen)
    {
        if (form.Properties.Count == 0) throw Refused(path, "is stored as {}");
        if (!type.IsSealed) throw Refused(path, "is open to inheritance, and what a derived type adds would not be stored");
        if (form.UnmappedMemberHandling == JsonUnmappedMemberHandling.Disallow) throw Refused(path, "does not tolerate a member that comes later");
        foreach (var member in form.Properties.Where(m => m.Get is not null))
        {
            var name = $"{path}.{member.Name}";
            if ((member.AttributeProvider as MemberInfo)?.Name != member.Name) throw Refused(name, "is stored under another name");
            if (member.Set is null && member.AssociatedParameter is null) throw Refused(name, "is stored and never read back; an event holds what was seen");
            if (member.CustomConverter is null) Look(member.PropertyType, name, seen);
        }
    }

    private static ArgumentException Refused(string what, string why) => new($"{what} {why}.");

    [GeneratedRegex("^([A-Z][a-z]+)+$")]
    private static partial Regex Words();
}
