/// The first 96 bytes of every message between a worker and a shard; see `docs/distributed.md`.
package struct ExchangeHeader: Sendable, Equatable {
    /// What a message asks for, or answers.
    package enum Kind: UInt16, Sendable, CaseIterable {
        /// Take an optimiser step with the gradients of the payload.
        case push = 1
        /// Add the payload to θ: the step of a worker's own optimiser.
        case add = 2
        /// Return θ or θ⁻.
        case pull = 3
        /// Move θ⁻ towards θ.
        case refresh = 4
        /// Return the shard's whole state.
        case save = 5
        /// Return the counts alone.
        case count = 6
        /// The answer to all requests but ``save``.
        case answer = 128
        /// The answer to ``save``.
        case state = 129
        /// The answer to a request that is refused: the payload is the reason, as UTF-8.
        case refusal = 130
    }

    /// How the payload is encoded, and what is asked for.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The payload's floats have half precision.
        package static let isHalf = Self(rawValue: 1)
        /// The answer is to contain θ as it is after the request.
        package static let wantsParameters = Self(rawValue: 2)
        /// The answer's floats may have half precision.
        package static let wantsHalf = Self(rawValue: 4)
        /// The request is for θ⁻ instead of θ.
        package static let isTarget = Self(rawValue: 8)
        /// The gradient was too old and was not applied.
        package static let isDropped = Self(rawValue: 16)

        static let all: Self = [.isHalf, .wantsParameters, .wantsHalf, .isTarget, .isDropped]
    }

    /// The number of bytes.
    package static let byteCount = 96
    /// The largest count: adding to it cannot overflow.
    package static let largestCount: UInt64 = 1 << 53
    /// The version of the protocol that this release speaks.
    package static let protocolVersion: UInt16 = 1

    package var kind: Kind
    package var flags: Flags = []
    /// Which run, network and shard the message is for.
    package var address: ShardAddress
    /// The shard's updates that the sender knew of; in an answer, those before the request.
    package var version: UInt64 = 0
    /// The refreshes of θ⁻ that the shard has made; 0 in a request.
    package var refreshes: UInt64 = 0
    /// The floats of the payload; in a ``Kind/state`` and a ``Kind/refusal``, its bytes.
    package var count: UInt64 = 0
    /// A factor for the payload's gradients.
    package var scale: Float = 1
    /// The gradients whose sum the payload is.
    package var accumulated: UInt32 = 1
    /// The learning rate of a ``Kind/push``, or the rate of a ``Kind/refresh``.
    package var rate = 0.0
    /// The request's number on its stream, from 1; an answer repeats it.
    package var sequence: UInt64 = 0

    package init(_ kind: Kind, for address: ShardAddress) {
        self.kind = kind
        self.address = address
    }

    /// The bytes of the payload that the header announces; `nil` if there cannot be so many.
    package var payloadByteCount: Int? {
        let width: UInt64 =
            switch kind {
            case .state, .refusal: 1
            default: flags.contains(.isHalf) ? 2 : 4
            }
        let (product, overflow) = count.multipliedReportingOverflow(by: width)
        return overflow ? nil : Int(exactly: product)
    }
}

/// Which run, network and shard a message is for.
package struct ShardAddress: Sendable, Equatable {
    /// The run, as the chief has drawn it at its start: two processes of different runs cannot exchange anything.
    package var run: RunIdentity
    /// The digest of the network's layout and of the division into shards; see ``ShardRanges/digest(of:)``.
    package var layout: UInt64
    /// The shard's index, from 0.
    package var shard: UInt32

    package init(run: RunIdentity, layout: UInt64, shard: UInt32) {
        self.run = run
        self.layout = layout
        self.shard = shard
    }
}

/// The 16 random bytes that tell the processes of one start of a run from all others.
package struct RunIdentity: Sendable, Hashable {
    package let words: (UInt64, UInt64)

    package init(_ first: UInt64, _ second: UInt64) { words = (first, second) }

    /// Draws an identity from the system's generator.
    package static func random() -> Self {
        var generator = SystemRandomNumberGenerator()
        return Self(generator.next(), generator.next())
    }

    package static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
