internal import DQNSupport
internal import Foundation

/// The process that has started this one for a run, which this one must not outlive.
@_spi(Distributed) public enum ParentProcess {
    /// Lets the system kill this process with its parent, if a launcher has started it. Call this first.
    ///
    /// The launcher's end also closes this process's standard input; a stopped process would not notice that.
    @_spi(Distributed) public static func follow() {
        guard let text = ProcessInfo.processInfo.environment[ClusterLaunch.parentVariable], let parent = Int32(text)
        else { return }
        // Processes that this one starts have another parent.
        unsetenv(ClusterLaunch.parentVariable)
        ProcessEnding.followParent(parent)
    }
}
