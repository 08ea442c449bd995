internal import CKernels

/// The norm of a whole gradient, and clipping by it.
public enum GradientNorm {
    /// The Euclidean norm over all parameters.
    public static func of(_ gradients: ParameterSlab) -> Double {
        guard let start = gradients.elements.baseAddress else { return 0 }
        return kernels_sum_of_squares(start, gradients.elements.count).squareRoot()
    }

    /// What a gradient is multiplied by so that its norm is at most `maximum`; 1 where it is anyway.
    ///
    /// As PyTorch's `clip_grad_norm_`: maximum / (norm + 1e-6), at most 1.
    public static func clipScale(_ norm: Double, maximum: Double) -> Float {
        Float(min(1, maximum / (norm + 1e-6)))
    }
}
