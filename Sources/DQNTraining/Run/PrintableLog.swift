internal import DQNModel
internal import DQNSupport
internal import Logging

/// Passes messages on to another log handler as printable lines.
///
/// Messages may repeat texts of a checkpoint or of an environment, and most handlers write them to a terminal as they are.
struct PrintableLog: LogHandler {
    private var inner: any LogHandler
    /// Receives the messages too.
    private let stream: JSONLog?

    init(_ inner: any LogHandler, stream: JSONLog? = nil) {
        self.inner = inner
        self.stream = stream
    }

    var logLevel: Logger.Level {
        get { inner.logLevel }
        set { inner.logLevel = newValue }
    }
    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }
    var metadataProvider: Logger.MetadataProvider? {
        get { inner.metadataProvider }
        set { inner.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(PrintableText.line(event.message.description))"
        inner.log(event: event)
        stream?.write(
            "log", ["level": .string("\(event.level)"), "message": .string(event.message.description)])
    }
}

extension Logger {
    /// The same logger, whose messages are printable lines.
    var printable: Logger {
        var logger = self
        if !(handler is PrintableLog) { logger.handler = PrintableLog(handler) }
        return logger
    }

    /// The same logger, whose messages are printable lines and go to a stream too.
    func printable(copyingTo stream: JSONLog?) -> Logger {
        guard let stream else { return printable }
        var logger = self
        logger.handler = PrintableLog(handler, stream: stream)
        return logger
    }
}
