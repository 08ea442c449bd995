import DQNSupport
import Logging

/// A log handler that keeps its messages.
struct RecordedLog: LogHandler {
    /// Shared by all copies.
    private final class Storage: @unchecked Sendable {
        let lock = Lock()
        var messages: [String] = []
    }

    private let storage = Storage()
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    /// The messages so far.
    var messages: [String] { storage.lock.withLock { storage.messages } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        storage.lock.withLock { storage.messages.append(event.message.description) }
    }
}
