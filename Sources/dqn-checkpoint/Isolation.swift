import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel

/// The limits that a process of its own sets itself.
struct LimitOptions: ParsableArguments {
    @Option(help: .hidden) var memoryBytes: Int
    @Option(help: .hidden) var processorSeconds: Int

    func limits(allowingWriting allowsWriting: Bool) -> ProcessLimits {
        ProcessLimits(memoryBytes: memoryBytes, processorSeconds: processorSeconds, allowsWriting: allowsWriting)
    }
}

extension ProcessLimits {
    /// The limits as ``LimitOptions`` reads them.
    var arguments: [String] { ["--memory-bytes", "\(memoryBytes)", "--processor-seconds", "\(processorSeconds)"] }
}

/// An error as one process tells it another.
struct PlainError: Codable {
    var code: String
    var rule: Int?
    var message: String

    init(_ error: CheckpointError) { (code, rule, message) = (error.code.rawValue, error.rule, error.message) }

    var error: CheckpointError { CheckpointError(code: .init(rawValue: code), message: message, rule: rule) }
}
