/// The project's random generator: xoshiro256++ 1.0 (Blackman and Vigna, 2019), seeded by SplitMix64.
///
/// Portable: one state gives one sequence on every machine and in every release. The four 64-bit words of
/// ``state`` are the whole of it, so a checkpoint holds a generator exactly. Not for secrets.
public struct RandomGenerator: RandomNumberGenerator, Sendable, Equatable {
    /// The algorithm's name as checkpoints record it.
    public static let algorithm = "xoshiro256++"

    /// The four state words; never all zero.
    @usableFromInline var state: (UInt64, UInt64, UInt64, UInt64)

    /// Creates the generator of one named stream of a seed.
    ///
    /// Streams of the same seed are independent: the stream's name is hashed (FNV-1a) into the seed before
    /// SplitMix64 spreads it over the state.
    /// - Parameters:
    ///   - seed: the run's seed.
    ///   - stream: what the numbers are for, `worker/0/exploration` for one.
    public init(seed: UInt64, stream: String = "") {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        var mixer = SplitMix64(state: seed)
        mixer.state = mixer.next() ^ hash
        state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
    }

    /// Restores a generator from its state words.
    ///
    /// - Throws: ``ModelError`` (`invalidSnapshot`) unless there are four words, not all zero.
    public init(restoring words: [UInt64]) throws(ModelError) {
        guard words.count == 4, words.contains(where: { $0 != 0 }) else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "A \(Self.algorithm) state is four 64-bit words, not all zero; found \(words.count) words.")
        }
        state = (words[0], words[1], words[2], words[3])
    }

    /// The four state words, for a checkpoint.
    public var words: [UInt64] { [state.0, state.1, state.2, state.3] }

    /// The next 64 random bits.
    @inlinable
    public mutating func next() -> UInt64 {
        let sum = state.0 &+ state.3
        let result = ((sum << 23) | (sum >> 41)) &+ state.0
        advance()
        return result
    }

    @inlinable
    mutating func advance() {
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = (state.3 << 45) | (state.3 >> 19)
    }

    /// A uniform number in [0, 1) with 53 random bits.
    @inlinable
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A uniform number in [low, high).
    @inlinable
    public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// A uniform integer in 0..<bound, without bias (Lemire 2019); at least one draw.
    ///
    /// - Precondition: `bound` is positive.
    @inlinable
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "integer(below:) needs a positive bound")
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// A new generator, independent of this one from here on; costs this one a draw.
    public mutating func split() -> RandomGenerator { RandomGenerator(seed: next(), stream: "split") }

    /// Whether two generators will give the same numbers.
    public static func == (left: RandomGenerator, right: RandomGenerator) -> Bool { left.state == right.state }
}

/// SplitMix64 (Steele, Lea and Flood 2014): spreads a seed of any quality over a larger state.
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
