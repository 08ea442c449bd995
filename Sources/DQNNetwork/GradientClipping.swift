internal import CKernels

extension ParameterSlab {
    /// The Euclidean norm of all elements, such as a gradient's; O(parameters).
    public var norm: Double {
        guard let start = elements.baseAddress else { return 0 }
        return kernels_sum_of_squares(start, elements.count).squareRoot()
    }
}

/// Clipping of a gradient by its norm.
package enum GradientClipping {
    /// Returns the factor for a gradient that limits its norm to `maximum`; 1 if the norm is smaller.
    ///
    /// It is that of PyTorch's `clip_grad_norm_`: maximum / (norm + 1e-6), at most 1.
    package static func scale(norm: Double, maximum: Double) -> Float { Float(min(1, maximum / (norm + 1e-6))) }
}
