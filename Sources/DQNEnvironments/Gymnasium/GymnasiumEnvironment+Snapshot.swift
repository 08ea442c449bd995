package import DQNModel
internal import Foundation

extension GymnasiumEnvironment {
    private static let layout = 1

    /// Captures the environment's attributes as data: the document `attributes`, the arrays it refers to, the states of
    /// its generators, the last `observation`, the last `seed`, `lives` and the `action_mask` if there are any, and
    /// the `identity` of what runs it.
    ///
    /// - Returns: `nil` if an attribute of the environment or of a wrapper is anything but numbers, texts, containers,
    ///   arrays, generators, iterators, or plain Python objects made of these: the state would be incomplete.
    ///   ``captureObstacle`` names the attribute.
    /// - Throws: ``EnvironmentError``.
    package func snapshot() throws -> StateSnapshot? {
        if captureObstacle != nil { return nil }
        let reply = try process.ask(.snapshot, seconds: stepSeconds)
        if reply.status == .notCapturable {
            captureObstacle = reply.text
            return nil
        }
        if let refusal = process.refusal(of: reply, "be captured") { throw refusal }
        guard let arrays = GymnasiumArrays(reply.payload)?.values, let document = arrays.first else {
            throw EnvironmentError(
                code: .environmentFailed,
                message: "The Python process of '\(specification.id)' sent an invalid state; use the Python that "
                    + "Scripts/setup-gymnasium installs.")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var values: [String: StateSnapshot.Value] = [
            "attributes": document, "identity": .uint8([UInt8](try encoder.encode(identity))),
            "observation": .uint8(process.memory.map { [UInt8]($0[..<observationByteCount]) } ?? []),
            "seed": .uint64(seed.map { [$0] } ?? []),
        ]
        for (index, array) in arrays.dropFirst().enumerated() { values["array-\(index)"] = array }
        if hasMask { values["action_mask"] = .uint8(mask.map { $0 ? 1 : 0 }) }
        if let lives { values["lives"] = .int64([Int64(lives)]) }
        progress.store(in: &values)
        return StateSnapshot(kind: specification.id, version: Self.layout, values: values)
    }

    /// Restores a snapshot.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`), also for a snapshot from another version of Gymnasium or
    ///   of the environment's package, which may behave differently; ``EnvironmentError``: `stateNotApplicable` if an
    ///   attribute differs in a new environment.
    package func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: specification.id, version: Self.layout)
        try checkIdentity(of: snapshot)
        let stored = try EpisodeProgress(restoring: snapshot, limit: .max)
        let observation = try snapshot.uint8("observation", count: specification.observationSpace.byteCount)
        guard case .uint64(let seeds) = snapshot.values["seed"], seeds.count <= 1 else {
            throw invalid("it has no valid 'seed'")
        }
        let lives = snapshot.values["lives"] == nil ? nil : Int(try snapshot.int64("lives", count: 1)[0])
        let storedMask = try storedMask(snapshot)
        guard let document = snapshot.values["attributes"] else { throw invalid("it has no attributes") }
        var arrays = [document]
        while let array = snapshot.values["array-\(arrays.count - 1)"] { arrays.append(array) }
        let payload = GymnasiumArrays(values: arrays).bytes
        let reply = try process.ask(.restore, UInt64(payload.count), sending: payload, seconds: stepSeconds)
        if reply.status == .invalidSnapshot { throw invalid(reply.text) }
        if let refusal = process.refusal(of: reply, "be restored") { throw refusal }
        process.memory?.copyBytes(from: observation)
        (progress, seed, self.lives) = (stored, seeds.first, lives)
        hasMask = storedMask != nil
        if let storedMask { mask = storedMask }
    }

    /// The action mask of a snapshot; `nil` if it has none.
    private func storedMask(_ snapshot: StateSnapshot) throws(ModelError) -> [Bool]? {
        guard case .uint8(let entries)? = snapshot.values["action_mask"] else { return nil }
        guard entries.count == specification.actionCount else {
            throw invalid("its action mask has \(entries.count) entries for \(specification.actionCount) actions")
        }
        return entries.map { $0 != 0 }
    }

    private func checkIdentity(of snapshot: StateSnapshot) throws {
        guard case .uint8(let bytes) = snapshot.values["identity"],
            let other = try? JSONDecoder().decode(GymnasiumIdentity.self, from: Data(bytes))
        else { throw invalid("it has no valid 'identity'") }
        guard let (name, own, stored) = identity.difference(from: other) else { return }
        throw invalid(
            "it was taken with \(name) '\(stored)', but this Python has '\(own)'; use the Python that took it")
    }

    private func invalid(_ reason: String) -> ModelError {
        ModelError(
            code: .invalidSnapshot, message: "Invalid snapshot of '\(specification.id)': \(reason).")
    }
}

/// Typed arrays as the socket carries them: their number, then for each its type, its number of elements, its bytes.
struct GymnasiumArrays {
    var values: [StateSnapshot.Value]

    init(values: [StateSnapshot.Value]) { self.values = values }

    /// Decodes arrays; `nil` for invalid bytes.
    init?(_ bytes: [UInt8]) {
        var position = 0
        func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count >= 0, count <= bytes.count - position else { return nil }
            defer { position += count }
            return bytes[position..<position + count]
        }
        func word() -> Int? {
            take(8).flatMap { bytes in
                Int(exactly: bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
            }
        }
        func elements<Element: BitwiseCopyable>(_ count: Int, _ type: Element.Type) -> [Element]? {
            guard count <= bytes.count, let slice = take(count * MemoryLayout<Element>.size) else { return nil }
            return slice.withUnsafeBytes { raw in
                (0..<count).map { raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: type) }
            }
        }
        guard let count = word() else { return nil }
        values = []
        for _ in 0..<count {
            guard let code = word(), let size = word() else { return nil }
            let value: StateSnapshot.Value? =
                switch code {
                case 1: elements(size, Double.self).map { .float64($0) }
                case 2: elements(size, Float.self).map { .float32($0) }
                case 3: elements(size, Int64.self).map { .int64($0) }
                case 4: elements(size, UInt64.self).map { .uint64($0) }
                case 5: elements(size, UInt8.self).map { .uint8($0) }
                default: nil
                }
            guard let value else { return nil }
            values.append(value)
        }
        if position != bytes.count { return nil }
    }

    /// The encoded arrays.
    var bytes: [UInt8] {
        var result: [UInt8] = []
        func append(_ word: Int) { withUnsafeBytes(of: UInt64(word).littleEndian) { result += $0 } }
        func append<Element: BitwiseCopyable>(_ code: Int, _ elements: [Element]) {
            append(code)
            append(elements.count)
            elements.withUnsafeBytes { result += $0 }
        }
        append(values.count)
        for value in values {
            switch value {
            case .float64(let elements): append(1, elements)
            case .float32(let elements): append(2, elements)
            case .int64(let elements): append(3, elements)
            case .uint64(let elements): append(4, elements)
            case .uint8(let elements): append(5, elements)
            }
        }
        return result
    }
}
