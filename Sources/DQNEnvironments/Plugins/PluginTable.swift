internal import CDQNEnvironment
internal import DQNModel

/// One environment of a library: its name and its functions, the required ones checked.
///
/// The functions follow the contract of `dqn_environment.h`. Only the optional ones are optional here, so that no other
/// call needs a check.
struct PluginTable {
    typealias Status = Int32
    typealias Handle = OpaquePointer
    typealias Create =
        @convention(c) (UnsafePointer<dqn_environment_option>?, Int, UnsafeMutablePointer<CChar>?, Int) -> Handle?
    typealias Destroy = @convention(c) (Handle?) -> Void
    typealias Describe = @convention(c) (Handle?, UnsafeMutablePointer<dqn_environment_description>?) -> Status
    typealias Reset = @convention(c) (Handle?, UnsafePointer<UInt64>?) -> Status
    typealias Step = @convention(c) (Handle?, Int64, UnsafeMutablePointer<dqn_environment_outcome>?) -> Status
    typealias Observe = @convention(c) (Handle?, UnsafeMutableRawPointer?, Int) -> Status
    typealias ErrorText = @convention(c) (Handle?) -> UnsafePointer<CChar>?
    typealias Snapshot =
        @convention(c) (Handle?, UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<Int>?) -> Status
    typealias Restore = @convention(c) (Handle?, UnsafeRawPointer?, Int) -> Status
    typealias Render =
        @convention(c) (Handle?, UnsafeMutablePointer<CChar>?, Int, UnsafeMutablePointer<Int>?) -> Status

    let name: String
    let snapshotVersion: Int
    let create: Create
    let destroy: Destroy
    let describe: Describe
    let reset: Reset
    let step: Step
    let observe: Observe
    let errorText: ErrorText?
    /// Both or neither: a state without a way to restore it is useless.
    let state: (snapshot: Snapshot, restore: Restore)?
    let render: Render?

    /// Checks and copies a library's table.
    ///
    /// - Parameter path: the library's path, for errors.
    /// - Throws: ``EnvironmentError`` (`invalidPlugin`) naming what is missing or invalid.
    init(_ table: dqn_environment_table, of path: String) throws(EnvironmentError) {
        // A text without an end looks like a very long one: only its beginning is read.
        guard let name = table.name.map({ boundedText($0, limit: 65) }), Self.isName(name) else {
            throw .invalidPlugin(
                path, "has an environment with an invalid name; use 1 to 64 letters, digits, '_', '-' and '.'")
        }
        func missing(_ function: String) -> EnvironmentError {
            .invalidPlugin(
                path,
                "lacks the function '\(function)' for \(name); only error_text, render, and snapshot "
                    + "with restore may be omitted")
        }
        guard let create = table.create else { throw missing("create") }
        guard let destroy = table.destroy else { throw missing("destroy") }
        guard let describe = table.describe else { throw missing("describe") }
        guard let reset = table.reset else { throw missing("reset") }
        guard let step = table.step else { throw missing("step") }
        guard let observe = table.observe else { throw missing("observe") }
        switch (table.snapshot, table.restore) {
        case (let snapshot?, let restore?): state = (snapshot, restore)
        case (nil, nil): state = nil
        case (nil, _): throw missing("snapshot")
        case (_, nil): throw missing("restore")
        }
        guard state == nil || table.snapshot_version >= 1 else {
            throw .invalidPlugin(path, "has snapshot_version 0 for \(name); start at 1")
        }
        self.name = name
        snapshotVersion = Int(table.snapshot_version)
        (self.create, self.destroy, self.describe) = (create, destroy, describe)
        (self.reset, self.step, self.observe) = (reset, step, observe)
        (errorText, render) = (table.error_text, table.render)
    }

    /// Whether an environment can have this name.
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

extension EnvironmentError {
    /// Returns the error of a library that breaks the contract: what it does, and the rule.
    static func invalidPlugin(_ path: String, _ complaint: String) -> EnvironmentError {
        EnvironmentError(code: .invalidPlugin, message: "The plug-in '\(path)' \(complaint).")
    }
}

/// Returns at most `limit` bytes of a plug-in's text, with invalid UTF-8 repaired and control characters, line breaks
/// included, replaced by spaces.
///
/// - Parameter start: the start of a text that ends with NUL or is readable up to the limit.
func boundedText(_ start: UnsafePointer<CChar>, limit: Int) -> String {
    var bytes: [UInt8] = []
    for index in 0..<limit {
        let byte = UInt8(bitPattern: start[index])
        if byte == 0 { break }
        bytes.append(byte < 0x20 || byte == 0x7f ? UInt8(ascii: " ") : byte)
    }
    return String(decoding: bytes, as: UTF8.self)
}
