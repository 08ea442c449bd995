internal import CKernels

/// How computations keep parameters that stay the same for many observations; see ``OneDNNBackend/init(team:serving:)``.
public enum ServingPrecision: String, Sendable, CaseIterable {
    /// As they are: results differ from other computations' by rounding alone.
    case full
    /// Dense layers' weights in half precision, which has 11 bits: each weight is off by at most 1/2048 of itself, or
    /// 3e-8 where it is smaller than 6e-5; weights beyond 65,504 would become infinite. Half the
    /// memory.
    case half
}

/// A dense layer's parameters for one observation after the other: transposed, so that the weights of inputs that are
/// zero, most of those behind a rectified linear unit, are never read.
///
/// A zero times a weight that is no number counts for nothing here, where elsewhere it spoils the sum.
final class ServedWeights {
    private let inputs: Int
    private let outputs: Int
    private let rectified: Bool
    private let precision: ServingPrecision
    private let bias: UnsafeMutablePointer<Float>
    /// Floats or half-precision numbers; owned.
    private let transposed: UnsafeMutableRawPointer
    /// Which inputs are not zero; owned.
    private let scratch: UnsafeMutablePointer<UInt32>

    init(inputs: Int, outputs: Int, rectified: Bool, precision: ServingPrecision, memory: ComputeMemory) {
        self.inputs = inputs
        self.outputs = outputs
        self.rectified = rectified
        self.precision = precision
        bias = memory.floats(kernels_padded(outputs))
        let size = precision == .full ? MemoryLayout<Float>.size : MemoryLayout<UInt16>.size
        transposed = UnsafeMutableRawPointer.allocate(
            byteCount: inputs * kernels_padded(outputs) * size, alignment: 64)
        scratch = UnsafeMutablePointer<UInt32>.allocate(capacity: inputs)
    }

    deinit {
        transposed.deallocate()
        scratch.deallocate()
    }

    func pack(weight: UnsafePointer<Float>, bias: UnsafePointer<Float>) {
        self.bias.update(from: bias, count: outputs)
        switch precision {
        case .full: kernels_transpose(floats, weight, outputs, inputs)
        case .half: kernels_transpose_half(halves, weight, outputs, inputs)
        }
    }

    /// Computes one row; `y` has room for whole vectors.
    func forward(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
        switch precision {
        case .full: kernels_dense_sparse(y, floats, bias, x, scratch, outputs, inputs, rectified ? 1 : 0)
        case .half: kernels_dense_sparse_half(y, halves, bias, x, scratch, outputs, inputs, rectified ? 1 : 0)
        }
    }

    private var floats: UnsafeMutablePointer<Float> { transposed.assumingMemoryBound(to: Float.self) }
    private var halves: UnsafeMutablePointer<UInt16> { transposed.assumingMemoryBound(to: UInt16.self) }
}
