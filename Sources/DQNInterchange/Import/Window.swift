internal import DQNModel
internal import Foundation

/// The windows of a convolution or a pooling over an image.
struct Window {
    let rows: Int
    let columns: Int
    private let shape: [Int]
    private let kernel: NetworkArchitecture.Extent
    private let stride: NetworkArchitecture.Extent
    private let padding: NetworkArchitecture.Extent

    init(
        _ shape: [Int], _ kernel: NetworkArchitecture.Extent, _ stride: NetworkArchitecture.Extent,
        _ padding: NetworkArchitecture.Extent
    ) {
        self.shape = shape
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        rows = (shape[1] + 2 * padding.rows - kernel.rows) / stride.rows + 1
        columns = (shape[2] + 2 * padding.columns - kernel.columns) / stride.columns + 1
    }

    func forEachPosition(_ body: (Int, Int) -> Void) {
        for row in 0..<rows { for column in 0..<columns { body(row, column) } }
    }

    /// Calls a closure with each place of the kernel that lies on the image, and the place in a channel.
    func forEachElement(_ row: Int, _ column: Int, _ body: (Int, Int) -> Void) {
        for kernelRow in 0..<kernel.rows {
            let y = row * stride.rows + kernelRow - padding.rows
            guard (0..<shape[1]).contains(y) else { continue }
            for kernelColumn in 0..<kernel.columns {
                let x = column * stride.columns + kernelColumn - padding.columns
                guard (0..<shape[2]).contains(x) else { continue }
                body(kernelRow * kernel.columns + kernelColumn, y * shape[2] + x)
            }
        }
    }
}

extension NetworkArchitecture.Activation {
    /// The function's value.
    func value(_ x: Double) -> Double {
        switch self {
        case .relu: max(x, 0)
        case .tanh: Foundation.tanh(x)
        case .sigmoid: 1 / (1 + exp(-x))
        case .elu: x > 0 ? x : expm1(x)
        case .silu: x / (1 + exp(-x))
        case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
        case .identity: x
        }
    }
}
