using KdService.Core.Jobs;
using KdService.Text;

namespace KdService.Distillation.Data;

/// <summary>What a file of texts, labels or tokens that is not what it should be means to a run.</summary>
internal static class Corrupt
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="RunException"><see cref="FailureCode.DataCorrupt"/>: it is not what it should be.</exception>
    public static T Unless<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (TextDataException e)
        {
            throw new RunException(FailureCode.DataCorrupt, e.Message, e);
        }
    }
}
