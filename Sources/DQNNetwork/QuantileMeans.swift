internal import CKernels

extension UnsafeBufferPointer<Float> {
    /// Writes the mean of each group of `count` consecutive elements: the Q-values of a head of quantiles.
    ///
    /// Allocates nothing.
    /// - Parameter means: As many elements as there are groups.
    package func writeMeans(ofEach count: Int, to means: UnsafeMutableBufferPointer<Float>) {
        precondition(self.count == means.count * count, "there must be one mean for each group")
        guard let source = baseAddress, let target = means.baseAddress else { return }
        kernels_quantile_means(target, source, means.count, count)
    }
}
