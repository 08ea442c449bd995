import CKernels
import Testing

/// What of `CKernels` this processor runs.
enum Kernels {
    /// Whether it has AVX2, with which a product and its sum are rounded once.
    static let hasAVX2 = kernels_chosen_set() != KERNELS_SSE41

    static let haveConvolutions: Bool = {
        var sizes = PlainConvolution(16, 3, 3, 16, kernel: 2, stride: 1).sizes
        return hasAVX2 && kernels_winograd_fits(&sizes) == 1
    }()
}

/// A convolution without padding by its definition, in double precision, on images with channels last.
///
/// Weights have the order (output, channel, row, column).
struct PlainConvolution: CustomTestStringConvertible {
    let sizes: kernels_convolution

    init(_ channels: Int, _ rows: Int, _ columns: Int, _ outputs: Int, kernels: (Int, Int), strides: (Int, Int)) {
        sizes = kernels_convolution(
            channels: channels, rows: rows, columns: columns, outputs: outputs, kernel_rows: kernels.0,
            kernel_columns: kernels.1, stride_rows: strides.0, stride_columns: strides.1,
            output_rows: (rows - kernels.0) / strides.0 + 1, output_columns: (columns - kernels.1) / strides.1 + 1)
    }

    init(_ channels: Int, _ rows: Int, _ columns: Int, _ outputs: Int, kernel: Int, stride: Int) {
        self.init(channels, rows, columns, outputs, kernels: (kernel, kernel), strides: (stride, stride))
    }

    var inputCount: Int { sizes.rows * sizes.columns * sizes.channels }
    var outputCount: Int { sizes.output_rows * sizes.output_columns * sizes.outputs }
    var weightCount: Int { sizes.outputs * sizes.channels * sizes.kernel_rows * sizes.kernel_columns }

    var testDescription: String {
        "\(sizes.channels)×\(sizes.rows)×\(sizes.columns) → \(sizes.outputs), kernel \(sizes.kernel_rows)×"
            + "\(sizes.kernel_columns), stride \(sizes.stride_rows)×\(sizes.stride_columns)"
    }

    /// Calls a closure with the indices of input, weight and output of every product.
    func forEachProduct(images: Int, _ body: (_ input: Int, _ weight: Int, _ output: Int) -> Void) {
        var output = 0
        for image in 0..<images {
            for row in 0..<sizes.output_rows {
                for column in 0..<sizes.output_columns {
                    for unit in 0..<sizes.outputs {
                        var weight = unit * (weightCount / sizes.outputs)
                        for channel in 0..<sizes.channels {
                            for r in 0..<sizes.kernel_rows {
                                let line = (image * sizes.rows + row * sizes.stride_rows + r) * sizes.columns
                                var input = (line + column * sizes.stride_columns) * sizes.channels + channel
                                for _ in 0..<sizes.kernel_columns {
                                    body(input, weight, output)
                                    input += sizes.channels
                                    weight += 1
                                }
                            }
                        }
                        output += 1
                    }
                }
            }
        }
    }

    /// Returns the outputs before any activation function.
    func forward(_ x: [Float], _ weights: [Float], _ bias: [Float], images: Int) -> [Double] {
        var y = (0..<images * outputCount).map { Double(bias[$0 % sizes.outputs]) }
        add(images, to: &y) { input, weight, output in (output, Double(x[input]) * Double(weights[weight])) }
        return y
    }

    func weightGradient(_ x: [Float], _ yGradient: [Float], images: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: weightCount)
        add(images, to: &sums) { input, weight, output in (weight, Double(x[input]) * Double(yGradient[output])) }
        return sums
    }

    func inputGradient(_ weights: [Float], _ yGradient: [Float], images: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: images * inputCount)
        add(images, to: &sums) { input, weight, output in
            (input, Double(weights[weight]) * Double(yGradient[output]))
        }
        return sums
    }

    private func add(_ images: Int, to sums: inout [Double], _ product: (Int, Int, Int) -> (Int, Double)) {
        sums.withUnsafeMutableBufferPointer { sums in
            forEachProduct(images: images) { input, weight, output in
                let (index, value) = product(input, weight, output)
                sums[index] += value
            }
        }
    }
}
