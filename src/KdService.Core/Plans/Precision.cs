namespace KdService.Core.Plans;

/// <summary>The type that networks multiply in. Weights, normalisation, softmax, logits, losses and optimisers are float always.</summary>
public enum Precision
{
    /// <summary>Float.</summary>
    Fp32,

    /// <summary>bfloat16 where the device is made for it, else float (Micikevicius et al. 2018, arXiv:1710.03740; no scaling of the loss is needed, since the range is float's).</summary>
    Bf16,
}
