public import DQNModel
internal import DQNSupport
internal import Foundation

extension Environment where Self: Codable {
    /// Returns everything that `Codable` encodes, as JSON in the array `state`. A resumed run then continues in the middle
    /// of an episode.
    ///
    /// Numbers survive exactly. Encode the random generator too, which is `Codable` itself, and nothing that differs from
    /// program to program, such as the order of a `Set`.
    /// - Throws: ``EnvironmentError`` (`environmentFailed`) if the type's `encode(to:)` throws.
    public func snapshot() throws -> StateSnapshot? {
        StateSnapshot(
            kind: specification.id, version: CodedState.version,
            values: [CodedState.name: .uint8(try CodedState.encode(self))])
    }

    /// Restores a state that ``snapshot()`` has returned.
    ///
    /// - Throws: ``DQNModel/ModelError`` (`invalidSnapshot`) for a snapshot of another environment; ``EnvironmentError``
    ///   (`stateNotApplicable`) for a state that the type cannot decode, because it has changed, or whose environment has
    ///   another specification. The environment is unchanged then, and a resumed run starts a new episode and reports it.
    public mutating func restore(_ snapshot: StateSnapshot) throws {
        let id = specification.id
        try snapshot.require(kind: id, version: CodedState.version)
        let restored = try CodedState.decode(Self.self, from: snapshot)
        guard restored.specification == specification else {
            throw CodedState.notApplicable(to: id, "it has another specification")
        }
        self = restored
    }
}

/// The state of an environment whose type is `Codable`.
private enum CodedState {
    static let version = 1
    static let name = "state"

    /// JSON has no numbers for these.
    private static let positiveInfinity = "inf"
    private static let negativeInfinity = "-inf"
    private static let nan = "nan"

    static func encode(_ environment: some Environment & Encodable) throws(EnvironmentError) -> [UInt8] {
        let encoder = JSONEncoder()
        // The same state has the same bytes.
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: positiveInfinity, negativeInfinity: negativeInfinity, nan: nan)
        do { return try Array(encoder.encode(environment)) } catch {
            throw EnvironmentError(
                code: .environmentFailed,
                message: "The state of the environment '\(environment.specification.id)' cannot be encoded "
                    + "(\(systemReason(error))); correct its encode(to:).",
                underlying: error)
        }
    }

    static func decode<Coded: Environment & Decodable>(
        _ type: Coded.Type, from snapshot: StateSnapshot
    ) throws(EnvironmentError) -> Coded {
        guard case .uint8(let bytes) = snapshot.values[name] else {
            throw notApplicable(to: snapshot.kind, "it has no array '\(name)'")
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: positiveInfinity, negativeInfinity: negativeInfinity, nan: nan)
        do { return try decoder.decode(type, from: Data(bytes)) } catch {
            throw notApplicable(to: snapshot.kind, systemReason(error), error)
        }
    }

    static func notApplicable(
        to id: String, _ reason: String, _ error: (any Error)? = nil
    ) -> EnvironmentError {
        EnvironmentError(
            code: .stateNotApplicable,
            message:
                "The stored state does not fit the environment '\(id)' of this program: \(reason). Use the program "
                + "that stored it to continue its episodes.",
            underlying: error)
    }
}
