internal import DQNModel

extension OneDNNComputation {
    /// Refuses what an architecture can describe and this computation does not compute.
    ///
    /// - Throws: ``NetworkError`` (`computeLibrary`) naming the layer.
    static func requireSupport(of architecture: NetworkArchitecture) throws(NetworkError) {
        func unsupported(_ part: String) -> NetworkError {
            NetworkError(
                code: .computeLibrary,
                message:
                    "This backend cannot compute \(part); use square convolutions without padding and dense layers "
                    + "with rectified linear units.")
        }
        if !architecture.inputOffset.isEmpty { throw unsupported("an input offset") }
        if !architecture.inputScale.isEmpty { throw unsupported("an input scale") }
        for (index, layer) in architecture.layers.enumerated() {
            let isSupported =
                switch layer.kind {
                case .convolution(let sizes):
                    sizes.padding == .init(0) && sizes.kernel.rows == sizes.kernel.columns
                        && sizes.stride.rows == sizes.stride.columns
                case .dense: true
                case .layerNorm, .maxPooling, .averagePooling: false
                }
            guard isSupported, layer.activation == .relu else { throw unsupported("layer \(index) (\(layer.text))") }
        }
        switch architecture.head {
        case .actionValues, .dueling(_, nil), .actorCritic(_, nil): break
        case .dueling, .actorCritic: throw unsupported("a head with hidden layers")
        case .quantiles: throw unsupported("a head of quantiles")
        }
    }
}
