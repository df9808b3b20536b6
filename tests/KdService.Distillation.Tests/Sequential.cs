// Torch's random generator and its count of live tensors belong to the process, so tests take turns.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
