namespace KdService.EndToEnd.Tests;

/// <summary>Specs small enough for a test and real enough to mean something: pictures drawn by the service, one thread.</summary>
internal static class Specs
{
    private const string Data = """{"name": "procedural", "samples": 1000, "test_samples": 200, "views": 2}""";

    private const string OneThread = """{"threads": 1}""";

    public static string Alone(int epochs = 3, long seed = 0, string resources = OneThread, string dataset = Data) => $$"""
        {"dataset": {{dataset}}, "student": {"model": "plane4"}, "method": {"name": "none"}, "seed": {{seed}},
         "training": {"epochs": {{epochs}}, "batch_size": 64, "optimizer": {"name": "sgd", "learning_rate": 0.02 } }, "resources": {{resources}} }
        """;

    public static string AnnealingKd(int epochs = 6, long seed = 1, double rate = 0.01) => $$"""
        {"dataset": {{Data}}, "teacher": {"model": "plane4", "training": {"epochs": 3, "batch_size": 64, "optimizer": {"name": "sgd", "learning_rate": 0.01} } }, "student": {"model": "plane2"},
         "method": {"name": "annealing_kd", "max_temperature": 2}, "checkpoint_every_epochs": 3, "seed": {{seed}},
         "training": {"epochs": {{epochs}}, "batch_size": 64, "optimizer": {"name": "sgd", "learning_rate": {{rate}} } }, "resources": {"threads": 1, "max_attempts": 50} }
        """;

    /// <summary>Follows the checkpoints of the teacher's training, and diagnoses what the teacher says.</summary>
    public static string ProKd() => $$"""
        {"dataset": {{Data}}, "teacher": {"model": "plane4", "training": {"epochs": 4, "batch_size": 64, "optimizer": {"name": "sgd", "learning_rate": 0.01} } }, "student": {"model": "plane2"},
         "method": {"name": "pro_kd", "max_temperature": 2}, "diagnosis": true,
         "training": {"epochs": 6, "batch_size": 64, "optimizer": {"name": "sgd", "learning_rate": 0.01} }, "resources": {{OneThread}} }
        """;

    /// <summary>Learns clusters of vectors from a teacher at a temperature of its own.</summary>
    public static string Clusters(bool diagnosis = false) => $$"""
        {"dataset": {"name": "clusters", "samples": 1000, "test_samples": 200}, "teacher": {"model": "mlp64"}, "student": {"model": "mlp16"},
         "method": {"name": "kd", "alpha": 0.7, "temperature": 3}, "diagnosis": {{(diagnosis ? "true" : "false")}},
         "training": {"epochs": 3, "batch_size": 64, "optimizer": {"name": "sgd", "learning_rate": 0.05} }, "resources": {{OneThread}} }
        """;

    /// <summary>Long enough that nothing but an end from outside ends it during a test.</summary>
    public static string Endless(string queue = "cpu") => $$"""
        {"dataset": {{Data}}, "student": {"model": "resnet20"}, "method": {"name": "none"}, "queue": "{{queue}}",
         "training": {"epochs": 10000, "batch_size": 64}, "resources": {"threads": 1} }
        """;
}
