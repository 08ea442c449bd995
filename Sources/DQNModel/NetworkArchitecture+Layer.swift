extension NetworkArchitecture {
    /// What layer normalisation adds to the variance.
    package static let layerNormEpsilon = 1e-5

    /// A hidden layer: a kind and the activation that its outputs pass through.
    public struct Layer: Sendable, Equatable {
        /// What a hidden layer computes before its activation.
        public enum Kind: Sendable, Equatable {
            /// A two-dimensional cross-correlation with a bias per output channel.
            case convolution(Convolution)
            /// A fully connected layer on all its inputs.
            case dense(units: Int)
            /// Layer normalisation (Ba 2016) over all elements of the layer below, with ε = 10⁻⁵ and a weight and a bias
            /// for each element, as PyTorch's `LayerNorm` over the whole shape.
            case layerNorm
            /// The largest element of each window. Padding never wins: it counts as −∞.
            case maxPooling(Pooling)
            /// The mean of each window. Padding counts as zeros, as in PyTorch's default.
            case averagePooling(Pooling)
        }

        /// What the layer computes.
        public var kind: Kind
        /// The function that its outputs pass through.
        public var activation: Activation

        /// Creates a layer.
        package init(_ kind: Kind, activation: Activation) {
            self.kind = kind
            self.activation = activation
        }

        /// A convolution without padding, with `outputs` channels, a square kernel, equal strides and a rectified linear
        /// unit.
        public static func convolution(outputs: Int, kernel: Int, stride: Int) -> Layer {
            convolution(outputs: outputs, kernel: Extent(kernel), stride: Extent(stride))
        }

        /// A convolution with `outputs` channels and zero padding.
        public static func convolution(
            outputs: Int, kernel: Extent, stride: Extent, padding: Extent = Extent(0), activation: Activation = .relu
        ) -> Layer {
            Layer(
                .convolution(Convolution(outputs: outputs, kernel: kernel, stride: stride, padding: padding)),
                activation: activation)
        }

        /// A fully connected layer.
        public static func dense(units: Int, activation: Activation = .relu) -> Layer {
            Layer(.dense(units: units), activation: activation)
        }

        /// Layer normalisation of the layer below.
        public static func layerNorm(activation: Activation = .identity) -> Layer {
            Layer(.layerNorm, activation: activation)
        }

        /// Maximum pooling.
        public static func maxPooling(kernel: Extent, stride: Extent, padding: Extent = Extent(0)) -> Layer {
            Layer(.maxPooling(Pooling(kernel: kernel, stride: stride, padding: padding)), activation: .identity)
        }

        /// Average pooling.
        public static func averagePooling(kernel: Extent, stride: Extent, padding: Extent = Extent(0)) -> Layer {
            Layer(.averagePooling(Pooling(kernel: kernel, stride: stride, padding: padding)), activation: .identity)
        }
    }

    /// The function that a layer's outputs pass through, element by element.
    public enum Activation: String, Sendable, Equatable, CaseIterable, Codable {
        /// max(0, x).
        case relu
        /// The hyperbolic tangent.
        case tanh
        /// 1 / (1 + e⁻ˣ).
        case sigmoid
        /// x for x > 0, otherwise eˣ − 1.
        case elu
        /// x / (1 + e⁻ˣ), also called swish.
        case silu
        /// x Φ(x) with the normal distribution's Φ, computed with the error function.
        case gelu
        /// x.
        case identity
    }

    /// The sizes of a convolution.
    public struct Convolution: Sendable, Equatable {
        /// The number of output channels.
        public var outputs: Int
        /// The size of the kernel.
        public var kernel: Extent
        /// The steps between windows.
        public var stride: Extent
        /// The rows and columns of zeros on each side of the input; fewer than the kernel has.
        public var padding: Extent

        /// Creates the sizes.
        public init(outputs: Int, kernel: Extent, stride: Extent, padding: Extent = Extent(0)) {
            self.outputs = outputs
            self.kernel = kernel
            self.stride = stride
            self.padding = padding
        }
    }

    /// The sizes of a pooling.
    public struct Pooling: Sendable, Equatable {
        /// The size of a window.
        public var kernel: Extent
        /// The steps between windows.
        public var stride: Extent
        /// The rows and columns added on each side of the input; at most half the window.
        public var padding: Extent

        /// Creates the sizes.
        public init(kernel: Extent, stride: Extent, padding: Extent = Extent(0)) {
            self.kernel = kernel
            self.stride = stride
            self.padding = padding
        }
    }

    /// A number of rows and a number of columns.
    public struct Extent: Sendable, Equatable {
        /// Along the rows, the second axis of an image.
        public var rows: Int
        /// Along the columns, the third axis of an image.
        public var columns: Int

        /// Creates an extent.
        public init(rows: Int, columns: Int) {
            self.rows = rows
            self.columns = columns
        }

        /// Creates an extent that is equal along both axes.
        public init(_ size: Int) { self.init(rows: size, columns: size) }
    }
}

extension NetworkArchitecture.Layer {
    /// The activation that a document's layer has without a key `activation`.
    var defaultActivation: NetworkArchitecture.Activation {
        switch kind {
        case .convolution, .dense: .relu
        case .layerNorm, .maxPooling, .averagePooling: .identity
        }
    }

    /// The layer in the notation of network descriptions: `16k3s1`, `fc64`, `norm`, `max2s2`, then `+` and the
    /// activation if it is not the default.
    package var text: String {
        let kindText =
            switch kind {
            case .convolution(let sizes): "\(sizes.outputs)\(Self.text(sizes.kernel, sizes.stride, sizes.padding, "k"))"
            case .dense(let units): "fc\(units)"
            case .layerNorm: "norm"
            case .maxPooling(let sizes): Self.text(sizes.kernel, sizes.stride, sizes.padding, "max")
            case .averagePooling(let sizes): Self.text(sizes.kernel, sizes.stride, sizes.padding, "avg")
            }
        return activation == defaultActivation ? kindText : "\(kindText)+\(activation.rawValue)"
    }

    private static func text(
        _ kernel: NetworkArchitecture.Extent, _ stride: NetworkArchitecture.Extent,
        _ padding: NetworkArchitecture.Extent, _ prefix: String
    ) -> String {
        "\(prefix)\(kernel.text)s\(stride.text)" + (padding == .init(0) ? "" : "p\(padding.text)")
    }
}

extension NetworkArchitecture.Extent {
    /// `3`, or `3x5` for three rows and five columns.
    fileprivate var text: String { rows == columns ? "\(rows)" : "\(rows)x\(columns)" }
}
