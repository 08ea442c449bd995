internal import Foundation
public import Logging

/// A log on standard error, a line a message: `warning: …`; plain information has no prefix.
public struct StandardErrorLog: LogHandler {
    /// Messages below this level are not written.
    public var logLevel: Logger.Level
    /// Written behind no message: the programs here log plain sentences.
    public var metadata: Logger.Metadata = [:]

    /// Creates a log.
    public init(level: Logger.Level) { logLevel = level }

    /// One value of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a message.
    public func log(event: LogEvent) {
        let prefix = event.level >= .warning ? "\(event.level): " : ""
        ProgressLine.clear()
        writeError(prefix + event.message.description)
    }
}
