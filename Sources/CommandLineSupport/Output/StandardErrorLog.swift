internal import Foundation
package import Logging

/// A log handler that writes one line per message to standard error. Warnings and errors have a prefix, `warning: …`.
package struct StandardErrorLog: LogHandler {
    /// The lowest level that is written.
    package var logLevel: Logger.Level
    /// Metadata is not written, because the programs log plain sentences.
    package var metadata: Logger.Metadata = [:]

    /// Creates a log handler.
    package init(level: Logger.Level) { logLevel = level }

    /// A value of the metadata.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a message.
    package func log(event: LogEvent) {
        let prefix = event.level >= .warning ? "\(event.level): " : ""
        ProgressLine.clear()
        writeError(prefix + event.message.description)
    }
}
