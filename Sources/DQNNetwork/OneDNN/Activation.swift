internal import CKernels
internal import DQNModel

extension NetworkArchitecture.Activation {
    /// The function in the interface of `CKernels`.
    var kernel: kernels_activation {
        switch self {
        case .relu: KERNELS_RELU
        case .tanh: KERNELS_TANH
        case .sigmoid: KERNELS_SIGMOID
        case .elu: KERNELS_ELU
        case .silu: KERNELS_SILU
        case .gelu: KERNELS_GELU
        case .identity: KERNELS_IDENTITY
        }
    }

    /// Whether the derivative is computed from the function's argument, not only from its value.
    var keepsArgument: Bool { self == .silu || self == .gelu }
}

extension kernels_activation {
    /// Turns the gradient of the activations into that of the function's arguments.
    func pullBack(
        _ gradient: UnsafeMutablePointer<Float>, _ activation: UnsafePointer<Float>, _ argument: UnsafePointer<Float>,
        count: Int
    ) {
        switch self {
        case KERNELS_IDENTITY: break
        case KERNELS_RELU: kernels_mask(gradient, activation, count)
        default: kernels_activation_gradient(gradient, activation, argument, count, self)
        }
    }
}
