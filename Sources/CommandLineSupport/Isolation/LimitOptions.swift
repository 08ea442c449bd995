internal import ArgumentParser
internal import DQNSupport
internal import Foundation

/// The hidden options by which a parent process passes limits to a child process.
package struct LimitOptions: ParsableArguments {
    @Option(help: .hidden) var memoryBytes: Int
    @Option(help: .hidden) var processorSeconds: Int
    @Option(help: .hidden) var parentProcess: Int32

    /// Creates options for the parser.
    package init() {}

    /// Applies the limits to this process, and ends it with its parent: in its own process group, it gets none of the
    /// signals that end the parent.
    package func apply(allowingWriting allowsWriting: Bool) throws {
        ProcessEnding.followParent(parentProcess)
        try ProcessLimits(
            memoryBytes: memoryBytes, processorSeconds: processorSeconds, allowsWriting: allowsWriting
        ).apply()
    }
}

extension ProcessLimits {
    /// The arguments that ``LimitOptions`` parses.
    var arguments: [String] {
        [
            "--memory-bytes", "\(memoryBytes)", "--processor-seconds", "\(processorSeconds)", "--parent-process",
            "\(getpid())",
        ]
    }
}
