internal import DQNModel

extension NetworkBuilder {
    /// Says what has become of the parts of layers, and refuses layers that the file does not describe enough.
    mutating func addNotesOfModules() throws(InterchangeError) {
        if let module = plan.modules.first(where: { $0.isUndecided }) {
            throw .ambiguous(
                "'\(module.name)' of \(file) has weights of \(module.shape), and neither its name nor another layer tells "
                    + "whether inputs or outputs come first; set --map \(module.name).transpose=true for inputs first (x @ W), "
                    + "=false for outputs first (W @ x).")
        }
        if plan.modules.contains(where: \.isNoisy) {
            notes.append("Noisy layers act with their mean weights, as they do without noise.")
        }
        if plan.modules.contains(where: { !$0.factors.isEmpty }) {
            notes.append("Spectral and weight normalisations are multiplied into the weights.")
        }
        for module in plan.modules where module.isEmbedding {
            notes.append(
                "'\(module.name)' is an embedding of \(module.shape.last ?? 0) numbers; an observation enters the network as one "
                    + "unit for each of them.")
        }
        if plan.modules.contains(where: { $0.order == .outputsLast && !$0.isEmbedding }) {
            notes.append("Weights with the outputs last are transposed.")
        }
        for module in plan.modules {
            for part in module.normalizations {
                let place = part.isBefore ? "before" : "behind"
                notes.append(
                    "The batch normalisation '\(part.name)' is folded into '\(module.name)', directly \(place) which it is "
                        + "assumed to stand, with epsilon 1e-5.")
            }
        }
    }

    /// Refuses settings of layers that the network lacks. Names of the file's layers have been found already.
    func requireLayers() throws(InterchangeError) {
        let counts = ["layers": plan.trunk.count].merging(
            [("value", plan.value), ("advantage", plan.advantage), ("policy", plan.policy)].map {
                ($0.0, max($0.1.count - 1, 0))
            }
        ) { $1 }
        for key in options.map.keys.sorted() {
            guard let layer = ImportOptions.layer(key) else { continue }
            let count = counts[layer.stream ?? "layers"] ?? 0
            guard layer.index < count else {
                throw .ambiguous("--map \(key) names a layer that the network lacks; it has \(count) there.")
            }
        }
    }

    /// How sure it is that nothing nonlinear is between two layers.
    enum Sequence { case known, assumed }

    /// Returns whether one layer's outputs are the other's inputs as they are; `nil` if an activation is between them. The
    /// numbers in a sequence of PyTorch count activations as well.
    func isFollowedByNothing(_ module: ForeignModule, _ next: ForeignModule) -> Sequence? {
        let isNormalization = next.isNormalization && !module.isNormalization
        guard let own = Int(module.path.last ?? ""), let other = Int(next.path.last ?? ""),
            module.path.dropLast() == next.path.dropLast()
        else { return isNormalization ? .assumed : nil }
        guard other == own + 1 else { return nil }
        // Lists of layers without their activations are numbered without gaps.
        let numbers = sequences[Array(module.path.dropLast())] ?? []
        let hasGaps = zip(numbers, numbers.dropFirst()).contains { $1 > $0 + 1 }
        return hasGaps ? .known : isNormalization ? .assumed : nil
    }
}
