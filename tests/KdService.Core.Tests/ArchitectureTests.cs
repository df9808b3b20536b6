using KdService.Core.Architectures;
using KdService.Core.Datasets;

namespace KdService.Core.Tests;

public class ArchitectureTests
{
    private static readonly DataShape Ten = DataShape.Pictures(10);
    private static readonly DataShape Hundred = DataShape.Pictures(100);

    /// <summary>The exact counts derived for He et al.'s CIFAR networks: option A and B, 10 and 100 classes.</summary>
    [Theory]
    [InlineData(8, 75_290, 78_042, 81_140, 83_892)]
    [InlineData(14, 172_506, 175_258, 178_356, 181_108)]
    [InlineData(20, 269_722, 272_474, 275_572, 278_324)]
    [InlineData(26, 366_938, 369_690, 372_788, 375_540)]
    [InlineData(32, 464_154, 466_906, 470_004, 472_756)]
    [InlineData(44, 658_586, 661_338, 664_436, 667_188)]
    [InlineData(56, 853_018, 855_770, 858_868, 861_620)]
    [InlineData(110, 1_727_962, 1_730_714, 1_733_812, 1_736_564)]
    public void Parameters_OfCifarResNet_AreThePublishedCounts(int depth, long a10, long b10, long a100, long b100)
    {
        var (a, b) = (ArchitectureCatalogue.All[$"resnet{depth}a"], ArchitectureCatalogue.All[$"resnet{depth}"]);
        Assert.Equal([a10, b10, a100, b100], [a.Parameters(Ten), b.Parameters(Ten), a.Parameters(Hundred), b.Parameters(Hundred)]);
    }

    [Theory]
    [InlineData("resnet8x4", 1_210_410, 1_233_540)]
    [InlineData("resnet32x4", 7_410_730, 7_433_860)]
    public void Parameters_OfWideResNet_AreThePublishedCounts(string name, long with10, long with100)
    {
        Assert.Equal(with10, ArchitectureCatalogue.All[name].Parameters(Ten));
        Assert.Equal(with100, ArchitectureCatalogue.All[name].Parameters(Hundred));
    }

    /// <summary>What the reference implementation of the tables that papers compare by counts for them.</summary>
    [Theory]
    [InlineData("vgg8", 3_918_858, 3_965_028)]
    [InlineData("vgg11", 9_231_114, 9_277_284)]
    [InlineData("vgg13", 9_416_010, 9_462_180)]
    [InlineData("wrn16_1", 175_066, 180_916)]
    [InlineData("wrn16_2", 691_674, 703_284)]
    [InlineData("wrn40_1", 563_930, 569_780)]
    [InlineData("wrn40_2", 2_243_546, 2_255_156)]
    [InlineData("resnet50", 23_520_842, 23_705_252)]
    [InlineData("mobilenetv2", 697_546, 812_836)]
    [InlineData("shufflenetv1", 862_768, 949_258)]
    [InlineData("shufflenetv2", 1_263_278, 1_355_528)]
    public void Parameters_OfRepDistillersNetworks_AreItsOwn(string name, long with10, long with100)
    {
        Assert.Equal(with10, ArchitectureCatalogue.All[name].Parameters(Ten));
        Assert.Equal(with100, ArchitectureCatalogue.All[name].Parameters(Hundred));
    }

    [Fact]
    public void Parameters_OfMlp_DependOnTheLengthOfTheVectors()
    {
        Assert.Equal((32 * 64 + 64) + (64 * 64 + 64) + (64 * 20 + 20), ArchitectureCatalogue.All["mlp64"].Parameters(new Clusters().Shape));
        Assert.Equal((100 * 64 + 64) + (64 * 64 + 64) + (64 * 20 + 20), ArchitectureCatalogue.All["mlp64"].Parameters(new Clusters { Dimension = 100 }.Shape));
    }

    [Fact]
    public void Parameters_OfPlane2_AreWhatItsLayersHold()
    {
        // conv 3->16 and 16->16 with bias and batch norm, then 16 channels of 8x8 to 10 classes.
        const long expected = (27 * 16 + 16 + 32) + (144 * 16 + 16 + 32) + (16 * 64 * 10 + 10);
        Assert.Equal(expected, ArchitectureCatalogue.All["plane2"].Parameters(Ten));
    }

    [Fact]
    public void MultiplyAdds_OfResNet20_AreTheKnownFortyMillion()
    {
        Assert.InRange(ArchitectureCatalogue.All["resnet20a"].MultiplyAdds(Ten), 40_500_000, 40_700_000);
    }

    /// <summary>
    /// What the published weights of the encoders hold, BERT's and RoBERTa's with a pooler, at their own vocabularies; the heads beside
    /// them by their own shapes.
    /// </summary>
    [Theory]
    [InlineData("bert-tiny", 30_522, 4_385_920)]
    [InlineData("bert-mini", 30_522, 11_170_560)]
    [InlineData("bert-small", 30_522, 28_763_648)]
    [InlineData("bert-medium", 30_522, 41_373_184)]
    [InlineData("bert-base", 30_522, 109_482_240)]
    [InlineData("bert-large", 30_522, 335_141_888)]
    [InlineData("roberta-base", 50_265, 124_055_040 + 590_592)]
    [InlineData("roberta-large", 50_265, 354_310_144 + 1_049_600)]
    [InlineData("distilroberta", 50_265, 81_527_808 + 590_592)]
    [InlineData("distilbert", 30_522, 66_362_880 + 590_592)]
    public void Parameters_OfTransformers_AreThePublishedCounts(string name, int vocabulary, long encoderWithPooler)
    {
        var network = ArchitectureCatalogue.All[name];
        var hidden = Transformers.Size(name)!.Hidden;
        Assert.Equal(encoderWithPooler + (2 * hidden) + 2, network.Parameters(DataShape.Text(vocabulary, 128, Target.Class, 2)));
        Assert.Equal(encoderWithPooler + hidden + 1, network.Parameters(DataShape.Text(vocabulary, 128, Target.Value, 1)));
        // Without the pooler.
        Assert.Equal(encoderWithPooler - (hidden * (hidden + 1)) + (2 * hidden) + 2, network.Parameters(DataShape.Text(vocabulary, 384, Target.Span, 0)));
    }

    /// <summary>TinyBERT's paper (arXiv:1909.10351, table 1) counts 22.5 billion FLOPs at 128 tokens, two to a multiply-add.</summary>
    [Fact]
    public void MultiplyAdds_OfBertBase_AreTheKnownElevenBillion()
    {
        Assert.InRange(ArchitectureCatalogue.All["bert-base"].MultiplyAdds(DataShape.Text(30_522, 128, Target.Class, 2)), 11_100_000_000, 11_300_000_000);
    }

    [Theory]
    [InlineData("bert-l3-h192", 3, 192)]
    [InlineData("roberta-l48-h2048", 48, 2048)]
    [InlineData("distilbert-l1-h64", 1, 64)]
    public void Find_ByPattern_GivesTheSize(string name, int layers, int hidden)
    {
        var network = ArchitectureCatalogue.Find(name)!;
        Assert.Equal(name, network.Name);
        Assert.Equal((layers, hidden), (Transformers.Size(name)!.Layers, Transformers.Size(name)!.Hidden));
        Assert.Equal(name, Transformers.NameOf(Transformers.Size(name)!));
        Assert.Equal(layers, network.Taps(DataShape.Text(100, 64, Target.Class, 2)).Count(tap => tap.EndsStage));
    }

    [Theory]
    [InlineData("bert-l0-h64")]
    [InlineData("bert-l49-h64")]
    [InlineData("bert-l2-h100")]
    [InlineData("bert-l2-h2112")]
    [InlineData("bert-l2")]
    [InlineData("albert-l2-h128")]
    [InlineData("bert-l2-h128\n")]
    public void Find_OfNoSize_FindsNothing(string name) => Assert.Null(ArchitectureCatalogue.Find(name));

    [Fact]
    public void NameOf_APublishedSize_IsItsName() => Assert.Equal("bert-mini", Transformers.NameOf(Transformers.Size("bert-l4-h256")!));

    [Fact]
    public void Fits_TextsBeyondThePositionTable_DoNot()
    {
        Assert.True(ArchitectureCatalogue.All["bert-tiny"].Fits(DataShape.Text(100, 512, Target.Class, 2)));
        Assert.False(ArchitectureCatalogue.All["bert-tiny"].Fits(DataShape.Text(100, 513, Target.Class, 2)));
        Assert.False(ArchitectureCatalogue.All["roberta-base"].Fits(DataShape.Text(100, 513, Target.Class, 2)));
        Assert.False(ArchitectureCatalogue.All["bert-tiny"].Fits(Ten));
        Assert.False(ArchitectureCatalogue.All["resnet8"].Fits(DataShape.Text(100, 16, Target.Class, 2)));
    }
}
