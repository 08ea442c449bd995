internal import CKernels

/// The precision in which computations of one observation keep constant parameters; see
/// ``OneDNNBackend/init(team:serving:)``.
public enum ServingPrecision: String, Sendable, CaseIterable {
    /// Single precision: results differ from other computations only by rounding.
    case full
    /// Half precision, with 11 bits, for the weights of dense layers; takes half the memory. The error of a weight is
    /// at most 1/2048 of it, or 3e-8 for a weight below 6e-5. Weights beyond 65,504 would become infinite.
    case half
}

/// A transposed copy of a dense layer's parameters, for one observation at a time.
///
/// The weights of inputs that are zero are never read; after a rectified linear unit, most inputs are zero. As a
/// consequence, a weight of NaN with a zero input does not make the sum NaN.
struct ServedWeights {
    private let inputs: Int
    private let outputs: Int
    private let rectified: Bool
    private let precision: ServingPrecision
    private let bias: UnsafeMutablePointer<Float>
    /// Floats or half-precision numbers; owned by the computation, like all memory here. A layer then holds no reference
    /// that each pass would have to count.
    private let transposed: UnsafeMutableRawPointer
    /// The indices of the inputs that are not zero.
    private let scratch: UnsafeMutablePointer<UInt32>

    init(inputs: Int, outputs: Int, rectified: Bool, precision: ServingPrecision, memory: ComputeMemory) {
        self.inputs = inputs
        self.outputs = outputs
        self.rectified = rectified
        self.precision = precision
        bias = memory.floats(kernels_padded(outputs))
        let size = precision == .full ? MemoryLayout<Float>.size : MemoryLayout<UInt16>.size
        transposed = memory.bytes(inputs * kernels_padded(outputs) * size)
        scratch = memory.bytes(inputs * MemoryLayout<UInt32>.size).bindMemory(to: UInt32.self, capacity: inputs)
    }

    func pack(weight: UnsafePointer<Float>, bias: UnsafePointer<Float>) {
        self.bias.update(from: bias, count: outputs)
        switch precision {
        case .full: kernels_transpose(floats, weight, outputs, inputs)
        case .half: kernels_transpose_half(halves, weight, outputs, inputs)
        }
    }

    /// Computes one row. `y` must have space for whole vectors.
    func forward(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
        switch precision {
        case .full: kernels_dense_sparse(y, floats, bias, x, scratch, outputs, inputs, rectified ? 1 : 0)
        case .half: kernels_dense_sparse_half(y, halves, bias, x, scratch, outputs, inputs, rectified ? 1 : 0)
        }
    }

    private var floats: UnsafeMutablePointer<Float> { transposed.assumingMemoryBound(to: Float.self) }
    private var halves: UnsafeMutablePointer<UInt16> { transposed.assumingMemoryBound(to: UInt16.self) }
}
