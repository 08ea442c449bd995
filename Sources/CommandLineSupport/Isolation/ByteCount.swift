public import ArgumentParser

/// An amount of memory on a command line: `512M`, `2G`, or bytes.
public struct ByteCount: ExpressibleByArgument, Sendable {
    /// Bytes.
    public let bytes: Int

    /// Reads a positive number with one of the letters K, M and G, or without; `nil` for anything else.
    public init?(argument: String) {
        let shifts: [Character: Int] = ["K": 10, "M": 20, "G": 30]
        let shift = argument.last.flatMap { shifts[$0] }
        guard let number = Int(shift == nil ? argument[...] : argument.dropLast()), number > 0,
            number <= 1 << 32 || shift == nil, number <= 1 << 50
        else { return nil }
        bytes = number << (shift ?? 0)
    }
}
