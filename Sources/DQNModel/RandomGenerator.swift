/// A pseudo-random number generator: xoshiro256++ 1.0 (Blackman and Vigna 2019), seeded by SplitMix64.
///
/// A state produces the same sequence on every machine and in every release. The state is four 64-bit words, which a
/// checkpoint stores exactly. Do not use it for cryptography.
public struct RandomGenerator: RandomNumberGenerator, Sendable, Equatable {
    /// The algorithm's name in checkpoints.
    package static let algorithm = "xoshiro256++"

    /// The four state words; never all zero.
    @usableFromInline var state0, state1, state2, state3: UInt64

    /// Creates the generator of a named stream of a seed.
    ///
    /// Streams of the same seed are independent: the stream's name is hashed (FNV-1a) into the seed before SplitMix64
    /// spreads it over the state.
    /// - Parameters:
    ///   - seed: the run's seed.
    ///   - stream: the purpose of the numbers, such as `workers/0/exploration`.
    public init(seed: UInt64, stream: String = "") {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        var mixer = SplitMix64(state: seed)
        mixer.state = mixer.next() ^ hash
        (state0, state1, state2, state3) = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
    }

    /// Restores a generator from its state words.
    ///
    /// - Throws: ``ModelError`` (`invalidSnapshot`) unless there are four words, not all zero.
    public init(restoring words: [UInt64]) throws(ModelError) {
        guard words.count == 4, words.contains(where: { $0 != 0 }) else {
            throw ModelError(
                code: .invalidSnapshot,
                message:
                    "A \(Self.algorithm) state must be four 64-bit words, not all zero; found \(words.count) words.")
        }
        (state0, state1, state2, state3) = (words[0], words[1], words[2], words[3])
    }

    /// The four state words, for a checkpoint.
    public var words: [UInt64] { [state0, state1, state2, state3] }

    /// Returns 64 random bits.
    @inlinable
    public mutating func next() -> UInt64 {
        let sum = state0 &+ state3
        let result = ((sum << 23) | (sum >> 41)) &+ state0
        advance()
        return result
    }

    @inlinable
    mutating func advance() {
        let shifted = state1 << 17
        state2 ^= state0
        state3 ^= state1
        state1 ^= state2
        state0 ^= state3
        state2 ^= shifted
        state3 = (state3 << 45) | (state3 >> 19)
    }

    /// Returns a uniform number in [0, 1) with 53 random bits.
    @inlinable
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Returns a uniform number in `range`.
    @inlinable
    public mutating func uniform(in range: Range<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// Returns an unbiased uniform integer in `0..<bound` (Lemire 2019). Draws at least once.
    ///
    /// - Precondition: `bound` is positive.
    @inlinable
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "the bound must be positive")
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014), which spreads any seed over a larger state.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
