internal import DQNLearning
internal import DQNModel
internal import DQNNetwork

/// Requests to all shards at once, and their answers.
///
/// Not thread-safe: the store uses it under its lock.
final class ShardExchange {
    private let links: [any ShardLink]
    private let ranges: [Range<Int>]
    private let messages: [ExchangeMessage]
    private let addresses: [ShardAddress]
    private let usesHalf: Bool
    private var sequence: UInt64 = 0

    init(_ links: [any ShardLink], _ ranges: ShardRanges, run: RunIdentity, digest: UInt64, usesHalf: Bool) {
        self.links = links
        self.ranges = ranges.ranges
        self.usesHalf = usesHalf
        messages = ranges.ranges.map { ExchangeMessage(floats: $0.count) }
        addresses = links.indices.map { ShardAddress(run: run, layout: digest, shard: UInt32($0)) }
    }

    /// Sends gradients or a worker's own steps.
    ///
    /// - Parameters:
    ///   - versions: the updates in the parameters that the values were computed with, for each shard.
    ///   - parameters: receives θ after the update, if given.
    func push(
        _ values: ParameterSlab, versions: [UInt64], rate: Double, scale: Float, accumulated: Int, isOwnStep: Bool,
        pullingInto parameters: ParameterSlab?
    ) throws -> [ExchangeHeader] {
        try perform(into: parameters) { shard, message in
            var header = ExchangeHeader(isOwnStep ? .add : .push, for: addresses[shard])
            if parameters != nil { header.flags.insert(.wantsParameters) }
            let part = UnsafeBufferPointer(rebasing: values.elements[ranges[shard]])
            var factor: Float = 1
            // A step is added as it is: a factor would be lost, and a half would lose small steps.
            if usesHalf, !isOwnStep {
                header.flags.insert(.isHalf)
                factor = HalfPrecision.scale(for: part)
            }
            header.version = versions[shard]
            header.rate = rate
            header.scale = scale / factor
            header.accumulated = UInt32(accumulated)
            write(header, floats: part, factor: factor, to: message)
        }
    }

    /// Copies θ or θ⁻.
    func pull(isTarget: Bool = false, into parameters: ParameterSlab) throws -> [ExchangeHeader] {
        try perform(into: parameters) { shard, message in
            var header = ExchangeHeader(.pull, for: addresses[shard])
            if isTarget { header.flags.insert(.isTarget) }
            write(header, floats: nil, to: message)
        }
    }

    /// Moves θ⁻ towards θ.
    func refresh(rate: Double) throws -> [ExchangeHeader] {
        try perform(into: nil) { shard, message in
            var header = ExchangeHeader(.refresh, for: addresses[shard])
            header.rate = rate
            write(header, floats: nil, to: message)
        }
    }

    /// Returns the counts of each shard.
    func counts() throws -> [ExchangeHeader] {
        try perform(into: nil) { shard, message in
            write(ExchangeHeader(.count, for: addresses[shard]), floats: nil, to: message)
        }
    }

    /// Returns the state of each shard.
    func save() throws -> [ParameterState] {
        var parts: [ParameterState] = []
        try perform(expecting: .state) { shard, message in
            write(ExchangeHeader(.save, for: addresses[shard]), floats: nil, to: message)
        } reading: { shard, _, bytes in
            let payload = UnsafeRawBufferPointer(rebasing: bytes[ExchangeHeader.byteCount...])
            parts.append(try ShardPart.decode(payload, elements: ranges[shard].count))
        }
        return parts
    }

    /// Sends a request to every shard, then takes the answers, with θ or θ⁻ if they are asked for.
    private func perform(
        into parameters: ParameterSlab?, _ request: (Int, ExchangeMessage) -> Void
    ) throws -> [ExchangeHeader] {
        var answers: [ExchangeHeader] = []
        try perform(expecting: .answer, request) { shard, header, bytes in
            answers.append(header)
            guard let parameters else { return }
            let part = UnsafeMutableBufferPointer(rebasing: parameters.elements[ranges[shard]])
            try ExchangeMessage.readFloats(of: bytes, header, into: part)
        }
        return answers
    }

    private func perform(
        expecting kind: ExchangeHeader.Kind, _ request: (Int, ExchangeMessage) -> Void,
        reading: (Int, ExchangeHeader, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        sequence += 1
        var failure: (any Error)?
        var sent = 0
        do {
            for (shard, link) in links.enumerated() {
                request(shard, messages[shard])
                try link.send(messages[shard].bytes)
                sent += 1
            }
        } catch { failure = error }
        // Neither a lost shard nor an answer that is refused keeps the other answers: each stream stays in order, for other
        // threads and for what is still tried at the end.
        for (shard, link) in links.prefix(sent).enumerated() {
            do {
                try link.receive { bytes in try reading(shard, try answer(bytes, of: shard, expecting: kind), bytes) }
            } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    private func write(
        _ header: ExchangeHeader, floats: UnsafeBufferPointer<Float>?, factor: Float = 1, to message: ExchangeMessage
    ) {
        var header = header
        header.sequence = sequence
        if usesHalf { header.flags.insert(.wantsHalf) }
        if let floats { message.write(header, floats: floats, factor: factor) } else { message.write(header) }
    }

    /// Reads the header of an answer and checks what it answers.
    private func answer(
        _ bytes: UnsafeRawBufferPointer, of shard: Int, expecting kind: ExchangeHeader.Kind
    ) throws(ClusterError) -> ExchangeHeader {
        let header = try ExchangeHeader(decoding: bytes)
        if header.kind == .refusal {
            let reason = String(decoding: bytes[ExchangeHeader.byteCount...], as: UTF8.self)
            throw ClusterError(code: .refused, message: reason)
        }
        guard header.kind == kind, header.sequence == sequence, header.address == addresses[shard] else {
            throw .malformed("shard \(shard) answers another request")
        }
        return header
    }
}
