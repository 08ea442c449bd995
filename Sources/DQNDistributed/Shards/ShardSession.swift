internal import DQNModel
internal import DQNNetwork

/// One stream of a worker to a shard: takes its requests in order and writes an answer to each.
///
/// Not thread-safe: each stream has its own. The answer's memory is reused.
package final class ShardSession: ExchangeSession {
    private let shard: ParameterShard
    private let values: ParameterSlab
    private let copy: ParameterSlab
    private let written: ExchangeMessage

    /// Creates a session.
    package init(with shard: ParameterShard) {
        self.shard = shard
        values = ParameterSlab(layout: shard.layout)
        copy = ParameterSlab(layout: shard.layout)
        written = ExchangeMessage(floats: shard.count)
    }

    /// Performs a request. One that is refused or malformed changes nothing, and its answer gives the reason.
    package func answer(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var sequence: UInt64 = 0
        do {
            let request = try ExchangeHeader(decoding: message)
            sequence = request.sequence
            try requireAddress(request.address)
            try perform(request, message)
        } catch {
            var header = ExchangeHeader(.refusal, for: shard.address)
            header.sequence = sequence
            let reason = Array(((error as? ClusterError)?.message ?? "\(error)").utf8)
            reason.withUnsafeBytes { written.write(header, $0) }
        }
        return written.bytes
    }

    private func requireAddress(_ address: ShardAddress) throws(ClusterError) {
        if address.run != shard.address.run {
            throw refused("it belongs to another run")
        } else if address.layout != shard.address.layout {
            throw refused("its network or its division into shards differs")
        } else if address.shard != shard.address.shard {
            throw refused("it is meant for shard \(address.shard)")
        }
    }

    private func refused(_ reason: String) -> ClusterError {
        ClusterError(
            code: .refused,
            message: "Shard \(shard.address.shard) refuses a request: \(reason). Start all processes of a run with the "
                + "same chief.")
    }

    private func perform(_ request: ExchangeHeader, _ message: UnsafeRawBufferPointer) throws {
        switch request.kind {
        case .push, .add: try apply(request, message)
        case .pull:
            let isTarget = request.flags.contains(.isTarget)
            guard !isTarget || shard.hasTarget else { throw refused("the method has no target network") }
            let counts = shard.read(isTarget: isTarget, into: copy)
            reply(to: request, counts, floats: UnsafeBufferPointer(copy.elements))
        case .refresh:
            guard shard.hasTarget else { throw refused("the method has no target network") }
            guard request.rate > 0, request.rate <= 1 else { throw refused("its rate is \(request.rate)") }
            reply(to: request, shard.refresh(rate: request.rate), floats: nil)
        case .save:
            var header = ExchangeHeader(.state, for: shard.address)
            header.sequence = request.sequence
            try ShardPart.encode(shard.snapshot()).withUnsafeBytes { written.write(header, $0) }
        case .count:
            let counts = shard.counts
            reply(to: request, (counts.updates, counts.refreshes), floats: nil)
        case .answer, .state, .refusal: throw refused("it is an answer")
        }
    }

    private func apply(_ request: ExchangeHeader, _ message: UnsafeRawBufferPointer) throws {
        try ExchangeMessage.readFloats(of: message, request, into: values.elements)
        guard request.rate.isFinite, request.scale.isFinite, values.norm.isFinite else {
            throw refused("its gradient, scale or learning rate is NaN or infinite")
        }
        let wantsParameters = request.flags.contains(.wantsParameters)
        let result = shard.apply(
            values, from: request.version, learningRate: request.rate, scale: request.scale,
            isOwnStep: request.kind == .add, copy: wantsParameters ? copy : nil)
        reply(
            to: request, (result.before, result.refreshes), isDropped: result.isDropped,
            floats: wantsParameters ? UnsafeBufferPointer(copy.elements) : nil)
    }

    private func reply(
        to request: ExchangeHeader, _ counts: (updates: UInt64, refreshes: UInt64), isDropped: Bool = false,
        floats: UnsafeBufferPointer<Float>?
    ) {
        var header = ExchangeHeader(.answer, for: shard.address)
        header.sequence = request.sequence
        header.version = counts.updates
        header.refreshes = counts.refreshes
        if isDropped { header.flags.insert(.isDropped) }
        if request.flags.contains(.isTarget) { header.flags.insert(.isTarget) }
        guard let floats else { return written.write(header) }
        header.flags.insert(.wantsParameters)
        // Halves end at 65,504: larger parameters are sent whole.
        if request.flags.contains(.wantsHalf), floats.allSatisfy({ abs($0) <= HalfPrecision.largest }) {
            header.flags.insert(.isHalf)
        }
        written.write(header, floats: floats)
    }
}
