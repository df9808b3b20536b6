using KdService.Core.Datasets;
using KdService.Core.Jobs;

namespace KdService.Distillation.Data;

/// <summary>Brings a data set into memory.</summary>
public static class DatasetLoader
{
    /// <summary>Reads or draws the training part, of which the first <see cref="Dataset.UsedTrainSize"/> samples are kept, and the test part.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="dataRoot">The folder that <see cref="Dataset.Files"/> lie below.</param>
    /// <exception cref="RunException">A file is missing, or is not what it should be.</exception>
    public static (SampleSet Train, SampleSet Test) Load(Dataset dataset, string dataRoot) => dataset switch
    {
        Procedural drawn => (ProceduralPictures.Draw(drawn, test: false, drawn.UsedTrainSize), ProceduralPictures.Draw(drawn, test: true, drawn.TestSize)),
        Clusters drawn => (ClusterVectors.Draw(drawn, test: false, drawn.UsedTrainSize), ClusterVectors.Draw(drawn, test: true, drawn.TestSize)),
        Squad squad => SquadLoader.Load(squad, dataRoot),
        TextDataset texts => TextLoader.Load(texts, dataRoot),
        { Files.Count: > 1 } => CifarFiles.Read(dataset, dataRoot),
        _ => throw new RunException(FailureCode.InvalidPlan, $"dataset: {dataset.GetType().Name} given; this trainer knows no reader for it"),
    };

    /// <summary>The test part alone.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static SampleSet LoadTest(Dataset dataset, string dataRoot) => dataset switch
    {
        Procedural drawn => ProceduralPictures.Draw(drawn, test: true, drawn.TestSize),
        Clusters drawn => ClusterVectors.Draw(drawn, test: true, drawn.TestSize),
        Squad squad => SquadLoader.LoadTest(squad, dataRoot),
        TextDataset texts => TextLoader.LoadTest(texts, dataRoot),
        _ => Load(dataset, dataRoot).Test,
    };
}
