internal import CDQNEnvironment
internal import DQNModel

/// The only owner of an environment that a plug-in's create() returned; destroys it exactly once, with the value.
struct PluginHandle: ~Copyable {
    /// Opaque to the host; valid as long as the value lives.
    let pointer: OpaquePointer
    private let destroy: PluginTable.Destroy

    /// Creates an environment.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidOptions`) with the plug-in's reason, if it does not create one.
    init(_ table: PluginTable, options: [String: String], path: String) throws(EnvironmentError) {
        let capacity = 512
        let reason = GuardedBuffer(byteCount: capacity)
        let texts = options.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let made = reason.withBytes { bytes in
            Self.withOptions(texts) {
                table.create($0, $1, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), capacity)
            }
        }
        guard reason.isIntact else {
            if let made { table.destroy(made) }
            throw .invalidPlugin(
                path, "wrote more than error_capacity bytes into create()'s error of \(table.name); stay within them")
        }
        guard let made else {
            let text = reason.withBytes { bytes in
                bytes.bindMemory(to: CChar.self).baseAddress.map { boundedText($0, limit: capacity) } ?? ""
            }
            throw EnvironmentError(
                code: .invalidOptions,
                message: "The plug-in '\(path)' did not create \(table.name) "
                    + (options.isEmpty ? "" : "with \(texts.map { "\($0)=\($1)" }.joined(separator: ", ")) ")
                    + "(\(text.isEmpty ? "no reason given" : text)); change its options or what it needs.")
        }
        pointer = made
        destroy = table.destroy
    }

    deinit { destroy(pointer) }

    /// Calls `body` with the options in C's layout: all texts in one block, valid only inside `body`.
    private static func withOptions(
        _ options: [(String, String)],
        _ body: (UnsafePointer<dqn_environment_option>?, Int) -> OpaquePointer?
    ) -> OpaquePointer? {
        var block: [CChar] = []
        var starts: [Int] = []
        for text in options.flatMap({ [$0.0, $0.1] }) {
            starts.append(block.count)
            block += text.utf8CString
        }
        return block.withUnsafeBufferPointer { block in
            guard let base = block.baseAddress else { return body(nil, 0) }
            let entries = stride(from: 0, to: starts.count, by: 2).map {
                dqn_environment_option(key: base + starts[$0], value: base + starts[$0 + 1])
            }
            return entries.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }
}
