internal import ArgumentParser

/// The hidden options by which a parent process passes limits to a child process.
package struct LimitOptions: ParsableArguments {
    @Option(help: .hidden) var memoryBytes: Int
    @Option(help: .hidden) var processorSeconds: Int

    /// Creates options for the parser.
    package init() {}

    /// Returns the limits.
    package func limits(allowingWriting allowsWriting: Bool) -> ProcessLimits {
        ProcessLimits(memoryBytes: memoryBytes, processorSeconds: processorSeconds, allowsWriting: allowsWriting)
    }
}

extension ProcessLimits {
    /// The arguments that ``LimitOptions`` parses.
    var arguments: [String] { ["--memory-bytes", "\(memoryBytes)", "--processor-seconds", "\(processorSeconds)"] }
}
