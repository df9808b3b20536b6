// Makes a work folder for the trainer: a kd job from a ResNet to ResNet-8 on drawn pictures, with the teacher's weights.
// Usage: KdJob FOLDER TEACHER SAMPLES EPOCHS VIEWS THREADS
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Distillation.Models;
using KdService.Distillation.Weights;

if (args is not [var folder, var teacher, var samples, var epochs, var views, var threads])
{
    Console.Error.WriteLine("usage: KdJob FOLDER TEACHER SAMPLES EPOCHS VIEWS THREADS");
    return 64;
}

Directory.CreateDirectory(folder);
// Speed does not depend on what the teacher knows.
using (var network = Networks.Build(teacher, classes: 10, seed: 1)) WeightsFile.Save(network, Path.Combine(folder, "teacher.safetensors"));
var spec = new JobSpec
{
    // As many test pictures for each training picture as CIFAR-10 has.
    Dataset = new Procedural { Samples = int.Parse(samples), TestSamples = Math.Max(100, int.Parse(samples) / 5), Views = int.Parse(views) },
    Teacher = new TeacherSpec { Model = teacher },
    Student = new StudentSpec { Model = "resnet8" },
    Method = new Kd(),
    Training = new TrainingSpec { Epochs = int.Parse(epochs), Optimizer = new Sgd { LearningRate = 0.01 } },
};
var request = new RunRequest
{
    JobId = "kd-job",
    Attempt = 1,
    Plan = PlanBuilder.Compile(spec),
    Threads = int.Parse(threads),
    DataRoot = folder,
    Inputs = new() { [PlanBuilder.Teacher] = "teacher.safetensors" },
};
File.WriteAllText(Path.Combine(folder, RunRequest.FileName), Json.Write(request, indented: true));
return 0;
