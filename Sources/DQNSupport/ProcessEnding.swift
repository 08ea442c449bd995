internal import CDQNSupport
internal import Foundation
internal import Synchronization

/// Ends the process from a signal handler without leaving unfinished files or processes behind.
package enum ProcessEnding {
    /// Kills the registered process groups, deletes the registered files and ends the process. Safe in a signal handler.
    package static func end(code: Int32) -> Never { dqn_end_process(code) }

    /// Whether the process ignores a signal, as `nohup` makes it ignore SIGHUP.
    package static func ignores(_ signal: Int32) -> Bool { dqn_signal_is_ignored(signal) != 0 }

    /// Ends this process if its parent has ended. On Linux, kills it when the thread that started it ends later.
    ///
    /// - Parameter parent: the number of the process that has started this one.
    package static func followParent(_ parent: Int32) {
        dqn_die_with_parent(parent)
        followed.store(parent, ordering: .relaxed)
    }

    /// The process that this one follows; `nil` if nobody has called ``followParent(_:)``.
    package static var followedParent: Int32? {
        let parent = followed.load(ordering: .relaxed)
        return parent == 0 ? nil : parent
    }

    private static let followed = Atomic<Int32>(0)

    /// Opens the descriptors 0 to 2 if the caller has closed them. Otherwise the next files that the program opens would
    /// have these numbers, and would receive what it prints. Call this first of all.
    ///
    /// - Throws: `SystemError`.
    package static func reserveStandardDescriptors() throws(SystemError) {
        let failure = dqn_reserve_standard_descriptors()
        guard failure == 0 else { throw SystemError(failure) }
    }

    /// An unfinished file, which ``ProcessEnding/end(code:)`` deletes.
    package struct UnfinishedFile: Sendable {
        private let slot: Int32

        /// Registers a path. Beyond eight files at once, further ones are not registered.
        package init(_ path: String) { slot = dqn_ending_add_file(path) }

        /// Call this once the file is complete or deleted.
        package func forget() { dqn_ending_remove_file(slot) }
    }

    /// A child's process group, which ``ProcessEnding/end(code:)`` kills.
    package struct DependentProcess: Sendable {
        private let slot: Int32

        /// Registers the leader of a group.
        package init(_ process: Int32) { slot = dqn_ending_add_child(process) }

        /// Call this as soon as the process has ended, since the system may give its number to another one.
        package func forget() { dqn_ending_remove_child(slot) }
    }
}
