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
}
