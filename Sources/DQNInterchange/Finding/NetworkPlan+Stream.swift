extension NetworkPlan {
    /// The stream of a head that a module belongs to, by its name.
    enum Stream {
        case value, advantage, policy
        /// A name such as `Q`, which stands for advantages where there are values.
        case actionValues

        private static let words: [(String, Stream)] = [
            ("a", .advantage), ("v", .value), ("vf", .value), ("critic", .value), ("actor", .policy), ("pi", .policy),
            ("policy", .policy), ("logits", .policy), ("action", .policy), ("q", .actionValues),
        ]

        /// - Parameter depth: The number of components of the name that say nothing.
        init?(_ module: ForeignModule, below depth: Int) {
            for component in module.path.dropFirst(depth).reversed() {
                let text = component.lowercased()
                let words = text.split { $0 == "_" || $0 == "-" || $0.isNumber }.map(String.init)
                if text.contains("adv") {
                    self = .advantage
                } else if text.contains("val") {
                    self = .value
                } else if let found = Self.words.first(where: { words.contains($0.0) }) {
                    self = found.1
                } else {
                    continue
                }
                return
            }
            return nil
        }
    }
}
