internal import DQNModel

extension ExchangeHeader {
    private static let magic: UInt32 = 0x584E_5144  // "DQNX" in the order of the bytes

    /// Where each field begins; all numbers are little-endian.
    private enum Offset {
        static let (magic, version, kind, run, layout, shard, flags) = (0, 4, 6, 8, 24, 32, 36)
        static let (updates, refreshes, count, scale, accumulated) = (40, 48, 56, 64, 68)
        static let (rate, sequence, reserved) = (72, 80, 88)
    }

    /// Writes the header to the start of a message.
    func encode(into bytes: UnsafeMutableRawBufferPointer) {
        func put(_ value: some FixedWidthInteger, _ offset: Int) {
            bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value))
        }
        put(Self.magic, Offset.magic)
        put(Self.protocolVersion, Offset.version)
        put(kind.rawValue, Offset.kind)
        put(address.run.words.0, Offset.run)
        put(address.run.words.1, Offset.run + 8)
        put(address.layout, Offset.layout)
        put(address.shard, Offset.shard)
        put(flags.rawValue, Offset.flags)
        put(version, Offset.updates)
        put(refreshes, Offset.refreshes)
        put(count, Offset.count)
        put(scale.bitPattern, Offset.scale)
        put(accumulated, Offset.accumulated)
        put(rate.bitPattern, Offset.rate)
        put(sequence, Offset.sequence)
        put(UInt64(0), Offset.reserved)
    }

    /// Reads the header of a whole message.
    ///
    /// - Throws: ``ClusterError`` (`malformedMessage`) if it is none, has unknown parts, or announces another payload
    ///   than follows.
    package init(decoding message: UnsafeRawBufferPointer) throws(ClusterError) {
        guard message.count >= Self.byteCount else {
            throw .malformed("it has \(message.count) bytes, fewer than a header's \(Self.byteCount)")
        }
        func get<Value: FixedWidthInteger>(_ offset: Int) -> Value {
            Value(littleEndian: message.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }
        guard get(Offset.magic) == Self.magic else { throw .malformed("it does not begin with 'DQNX'") }
        let spoken: UInt16 = get(Offset.version)
        guard spoken == Self.protocolVersion else {
            throw .malformed("it has version \(spoken) of the protocol, not \(Self.protocolVersion)")
        }
        let number: UInt16 = get(Offset.kind)
        guard let kind = Kind(rawValue: number) else { throw .malformed("its kind is \(number)") }
        let address = ShardAddress(
            run: RunIdentity(get(Offset.run), get(Offset.run + 8)), layout: get(Offset.layout),
            shard: get(Offset.shard))
        self.init(kind, for: address)
        flags = Flags(rawValue: get(Offset.flags))
        guard flags.isSubset(of: .all), get(Offset.reserved) as UInt64 == 0 else {
            throw .malformed("it has flags or fields that version \(spoken) does not have")
        }
        version = get(Offset.updates)
        refreshes = get(Offset.refreshes)
        count = get(Offset.count)
        scale = Float(bitPattern: get(Offset.scale))
        accumulated = get(Offset.accumulated)
        rate = Double(bitPattern: get(Offset.rate))
        sequence = get(Offset.sequence)
        guard version <= Self.largestCount, refreshes <= Self.largestCount else {
            throw .malformed("it counts \(version) updates and \(refreshes) refreshes")
        }
        let following = message.count - Self.byteCount
        guard payloadByteCount == following else {
            throw .malformed("its header announces \(count) elements, but \(following) bytes follow")
        }
    }
}

extension ClusterError {
    /// The error of a message that does not follow the protocol.
    static func malformed(_ reason: String) -> Self {
        Self(
            code: .malformedMessage,
            message: "A message does not follow the protocol of docs/distributed.md: \(reason). Use one release of "
                + "dqn-cluster for all processes of a run.")
    }
}
