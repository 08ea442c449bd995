/// Coded as the array of its four state words.
extension RandomGenerator: Codable {
    /// Restores a generator from its state words.
    ///
    /// - Throws: an error of the decoder, and ``ModelError`` (`invalidSnapshot`) as ``init(restoring:)``.
    public init(from decoder: any Decoder) throws {
        try self.init(restoring: decoder.singleValueContainer().decode([UInt64].self))
    }

    /// Encodes the state words.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(words)
    }
}
