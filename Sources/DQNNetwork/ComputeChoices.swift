internal import CKernels
internal import COneDNN

/// The table of what computes a layer of a shape with an instruction set; see `Choices.c`.
package enum ComputeChoices {
    /// How a convolution and its gradients are computed.
    package enum Convolution: Equatable {
        /// By the compute library.
        case library
        /// By our own loops, except for the gradient of the input.
        case loops
        /// By Winograd's method.
        case winograd
    }

    /// How the forward pass of a dense layer is computed.
    package enum Dense: Equatable {
        case loops, served, tiles, product, transposedProduct
    }

    /// Returns the choice for a convolution of images with square kernels.
    ///
    /// - Parameters:
    ///   - shape: Channels, rows and columns of the input; of a folded first layer those of its squares.
    ///   - set: One of ``InstructionSets/names``.
    package static func convolution(
        _ shape: (channels: Int, rows: Int, columns: Int), outputs: Int, kernel: Int, stride: Int,
        isPadded: Bool = false, set: String
    ) -> Convolution {
        var sizes = kernels_convolution()
        (sizes.channels, sizes.rows, sizes.columns) = (shape.channels, shape.rows, shape.columns)
        sizes.outputs = outputs
        (sizes.kernel_rows, sizes.kernel_columns) = (kernel, kernel)
        (sizes.stride_rows, sizes.stride_columns) = (stride, stride)
        sizes.output_rows = (shape.rows - kernel) / stride + 1
        sizes.output_columns = (shape.columns - kernel) / stride + 1
        switch onednn_convolution_method(&sizes, isPadded ? 1 : 0, kernels_set_named(set)) {
        case ONEDNN_BY_WINOGRAD: return .winograd
        case ONEDNN_BY_LOOPS: return .loops
        default: return .library
        }
    }

    /// Returns the choice for a dense layer.
    ///
    /// - Parameter isConstant: Whether its parameters stay the same for many passes.
    package static func dense(rows: Int, inputs: Int, outputs: Int, isConstant: Bool, set: String) -> Dense {
        switch onednn_dense_forward(rows, inputs, outputs, isConstant ? 1 : 0, kernels_set_named(set)) {
        case ONEDNN_DENSE_LOOPS: .loops
        case ONEDNN_DENSE_SERVED: .served
        case ONEDNN_DENSE_TILES: .tiles
        case ONEDNN_DENSE_TRANSPOSED: .transposedProduct
        default: .product
        }
    }

    /// Returns whether our own loops compute the gradients of a dense layer's weights and of its input.
    package static func denseGradients(
        rows: Int, inputs: Int, outputs: Int, set: String
    ) -> (weights: Bool, input: Bool) {
        let set = kernels_set_named(set)
        return (
            onednn_dense_weight_gradient_is_own(rows, inputs, outputs, set) != 0,
            onednn_dense_input_gradient_is_own(rows, inputs, outputs, set) != 0
        )
    }
}
