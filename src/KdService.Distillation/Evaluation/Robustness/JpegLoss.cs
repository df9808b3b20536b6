namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>
/// What JPEG loses of a picture at a quality: chroma has half the resolution, and the cosine coefficients of blocks of 8x8 are
/// rounded to multiples of the standard's tables (ITU-T T.81, annex K), scaled by quality as libjpeg does.
/// </summary>
internal sealed class JpegLoss(int quality, int height, int width)
{
    private const int Block = 8;

    private static readonly int[] Luminance =
    [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ];

    private static readonly int[] Chrominance =
    [
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
        .. Enumerable.Repeat(99, 32),
    ];

    // Row k: the k-th cosine, normalised, so that the inverse is the transpose.
    private static readonly double[,] Cosines = Cosine();

    private readonly int _plane = height * width;

    /// <summary>Applies the loss in place.</summary>
    /// <param name="values"><c>[3, height, width]</c>, red, green and blue from 0 to 1.</param>
    public void Apply(double[] values)
    {
        double[] y = new double[_plane], cb = new double[_plane / 4], cr = new double[_plane / 4];
        for (var i = 0; i < _plane; i++)
        {
            var (r, g, b) = (255 * values[i], 255 * values[_plane + i], 255 * values[2 * _plane + i]);
            var half = i / width / 2 * (width / 2) + i % width / 2;
            y[i] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
            cb[half] += (-0.168736 * r - 0.331264 * g + 0.5 * b) / 4;
            cr[half] += (0.5 * r - 0.418688 * g - 0.081312 * b) / 4;
        }
        Round(y, height, width, Luminance);
        Round(cb, height / 2, width / 2, Chrominance);
        Round(cr, height / 2, width / 2, Chrominance);
        for (var i = 0; i < _plane; i++)
        {
            var half = i / width / 2 * (width / 2) + i % width / 2;
            var light = y[i] + 128;
            Set(i, light + 1.402 * cr[half]);
            Set(_plane + i, light - 0.344136 * cb[half] - 0.714136 * cr[half]);
            Set(2 * _plane + i, light + 1.772 * cb[half]);
        }

        void Set(int at, double value) => values[at] = Math.Round(Math.Clamp(value, 0, 255)) / 255;
    }

    private void Round(double[] plane, int rows, int columns, int[] table)
    {
        var scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
        Span<double> block = stackalloc double[Block * Block], coefficients = stackalloc double[Block * Block];
        for (var top = 0; top < rows; top += Block)
        {
            for (var left = 0; left < columns; left += Block)
            {
                for (var i = 0; i < block.Length; i++) block[i] = plane[(top + i / Block) * columns + left + i % Block];
                Transform(block, coefficients, inverse: false);
                for (var i = 0; i < block.Length; i++)
                {
                    var unit = Math.Clamp((table[i] * scale + 50) / 100, 1, 255);
                    coefficients[i] = unit * Math.Round(coefficients[i] / unit);
                }
                Transform(coefficients, block, inverse: true);
                for (var i = 0; i < block.Length; i++) plane[(top + i / Block) * columns + left + i % Block] = block[i];
            }
        }
    }

    // C b C^T, or its inverse, C^T b C.
    private static void Transform(ReadOnlySpan<double> from, Span<double> to, bool inverse)
    {
        Span<double> half = stackalloc double[Block * Block];
        half.Clear();
        to.Clear();
        for (var i = 0; i < Block; i++)
            for (var j = 0; j < Block; j++)
                for (var k = 0; k < Block; k++) half[i * Block + j] += C(i, k) * from[k * Block + j];
        for (var i = 0; i < Block; i++)
            for (var j = 0; j < Block; j++)
                for (var k = 0; k < Block; k++) to[i * Block + j] += half[i * Block + k] * C(j, k);

        double C(int row, int column) => inverse ? Cosines[column, row] : Cosines[row, column];
    }

    private static double[,] Cosine()
    {
        var cosines = new double[Block, Block];
        for (var k = 0; k < Block; k++)
            for (var x = 0; x < Block; x++) cosines[k, x] = Math.Sqrt((k == 0 ? 1.0 : 2.0) / Block) * Math.Cos((2 * x + 1) * k * Math.PI / (2 * Block));
        return cosines;
    }
}
