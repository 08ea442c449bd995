internal import DQNCheckpoint
package import DQNLearning
internal import Foundation

/// A shard's whole state as bytes: a description as JSON, then its arrays as little-endian floats.
package enum ShardPart {
    /// What precedes the arrays.
    private struct Description: Codable {
        var elements: Int
        var hasTarget: Bool
        var updates: Int
        var refreshes: Int
        var optimizer: OptimizerDescription?

        struct OptimizerDescription: Codable {
            var kind: String
            var hyperparameters: [String: Double]
            var steps: Int
            /// The names of the slots in the order of their arrays.
            var slots: [String]
        }

        enum CodingKeys: String, CodingKey {
            case elements, updates, refreshes, optimizer
            case hasTarget = "has_target"
        }
    }

    /// Encodes a state: four bytes with the length of the description, the description, θ, θ⁻ and the slots by name.
    package static func encode(_ state: ParameterState) throws -> [UInt8] {
        let slots = state.optimizer?.slots.sorted { $0.key < $1.key } ?? []
        let description = Description(
            elements: state.online.count, hasTarget: state.target != nil, updates: state.updateCount,
            refreshes: state.targetRefreshCount,
            optimizer: state.optimizer.map {
                .init(kind: $0.kind, hyperparameters: $0.hyperparameters, steps: $0.stepCount, slots: slots.map(\.key))
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = try encoder.encode(description)
        var bytes = withUnsafeBytes(of: UInt32(json.count).littleEndian) { Array($0) }
        bytes += json
        for array in [state.online] + [state.target].compactMap(\.self) + slots.map(\.value) {
            append(array, to: &bytes)
        }
        return bytes
    }

    private static func append(_ floats: [Float], to bytes: inout [UInt8]) {
        #if _endian(little)
            floats.withUnsafeBytes { bytes.append(contentsOf: $0) }
        #else
            for value in floats { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
        #endif
    }

    /// Decodes a state.
    ///
    /// - Parameter expected: the number of elements of the shard.
    /// - Throws: ``ClusterError`` (`malformedMessage`) if the bytes are not a state of so many elements.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, elements expected: Int
    ) throws(ClusterError) -> ParameterState {
        guard bytes.count >= 4 else { throw .malformed("a state has \(bytes.count) bytes") }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard length <= bytes.count - 4,
            let description = try? JSONDecoder().decode(Description.self, from: Data(bytes[4..<(4 + length)]))
        else { throw .malformed("a state has no valid description") }
        let names = description.optimizer?.slots ?? []
        let arrays = 1 + (description.hasTarget ? 1 : 0) + names.count
        let counts = [description.updates, description.refreshes, description.optimizer?.steps ?? 0]
        guard description.elements == expected, Set(names).count == names.count,
            counts.allSatisfy({ (0...Int(ExchangeHeader.largestCount)).contains($0) }),
            bytes.count - 4 - length == 4 * expected * arrays
        else {
            throw .malformed("a state's description does not fit its \(bytes.count) bytes and \(expected) elements")
        }
        var position = 4 + length
        func next() -> [Float] {
            defer { position += 4 * expected }
            return (0..<expected).map { index in
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: position + 4 * index, as: UInt32.self)))
            }
        }
        let online = next()
        let target = description.hasTarget ? next() : nil
        var slots: [String: [Float]] = [:]
        for name in names { slots[name] = next() }
        return ParameterState(
            online: online, target: target,
            optimizer: description.optimizer.map {
                OptimizerState(
                    kind: $0.kind, hyperparameters: $0.hyperparameters, stepCount: $0.steps, slots: slots)
            },
            updateCount: description.updates, targetRefreshCount: description.refreshes)
    }
}
