import CKernels
import DQNNetwork
import Testing

extension KernelLoopTests {
    /// Equal on every processor with AVX2, whatever the width of its vectors.
    @Test(.enabled(if: Kernels.haveConvolutions, "other processors round each product"))
    func bitsAreThoseOfTheRevision() {
        var digest = BitDigest()
        let (rows, outputs, inputs) = (9, 17, 49)
        let x = Guarded(hashed: rows * inputs, salt: 1)
        let weights = Guarded(hashed: outputs * inputs, salt: 2)
        let bias = Guarded(hashed: inputs, salt: 3)
        for kernel in [kernels_dense, kernels_dense_rows] {
            let y = Guarded(room: rows * outputs)
            kernel(y.elements, weights.elements, bias.elements, x.elements, rows, outputs, inputs, 0)
            digest.add(y.bits)
        }
        for function in [KERNELS_TANH, KERNELS_SIGMOID, KERNELS_ELU, KERNELS_SILU, KERNELS_GELU] {
            let (y, gradient) = (Guarded(room: inputs), Guarded(bias.values))
            kernels_activate(y.elements, x.elements, inputs, function)
            kernels_activation_gradient(gradient.elements, y.elements, x.elements, inputs, function)
            digest.add(y.bits + gradient.bits)
        }
        let (columns, product) = (48, Guarded(room: outputs * 48))
        kernels_dense_weight_gradient(product.elements, weights.elements, outputs, x.elements, rows, outputs, columns)
        digest.add(product.bits)
        let slopes = Guarded(room: rows * columns)
        kernels_dense_input_gradient(slopes.elements, x.elements, weights.elements, rows, outputs, columns, 0)
        digest.add(slopes.bits)
        let (y, statistics) = (Guarded(room: rows * inputs), Guarded(room: 2 * rows))
        kernels_norm(y.elements, statistics.elements, x.elements, bias.elements, bias.elements, rows, inputs)
        let gradients = (Guarded(room: rows * inputs), Guarded(room: inputs), Guarded(room: inputs))
        kernels_norm_backward(
            gradients.0.elements, gradients.1.elements, gradients.2.elements, y.elements, x.elements,
            statistics.elements, bias.elements, rows, inputs, 0, 0)
        digest.add(y.bits + gradients.0.bits + gradients.1.bits + gradients.2.bits)
        let (first, second) = (Guarded(hashed: inputs, salt: 4), Guarded(inputs) { Float($0) / 64 })
        kernels_adam(
            bias.elements, nil, x.elements, first.elements, second.elements, inputs, 0.5, 0.9, 0.999, 1e-2, 1.1, 1e-8,
            10)
        kernels_rmsprop(
            bias.elements, nil, x.elements, second.elements, first.elements, inputs, 0.5, 0.95, 1e-2, 0.01)
        digest.add(bias.bits + first.bits + second.bits)
        #expect(digest.value == 16_660_865_740_600_122_525, "Increase the revision with this number: \(digest.value)")
        #expect(ComputeThreads.kernelsRevision == 6)
    }
}
