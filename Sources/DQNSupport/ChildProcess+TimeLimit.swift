internal import CDQNSupport
internal import Foundation

extension ChildProcess {
    /// The time limit of a wait for a child process. Only time in which both processes could run counts.
    package struct TimeLimit: Sendable {
        /// The limit.
        package let seconds: Double
        /// The limit once the caller is asked to end (``Heartbeat/callerIsAskedToEnd``), counted from then on.
        private let secondsOfGrace: Double
        /// The seconds that were counted when the caller was first seen to be asked to end.
        private var secondsAtRequest: Double?
        private var time = RunningTime()
        /// Time in seconds that is not worth a look at the child.
        private static let shortestGap = 0.01

        /// Starts to count.
        package init(seconds: Double, ofGrace secondsOfGrace: Double = .infinity) {
            self.seconds = seconds
            self.secondsOfGrace = secondsOfGrace
        }

        /// Counts from the beginning, since the child has made progress.
        package mutating func restart() {
            time = RunningTime()
            secondsAtRequest = nil
        }

        /// The seconds that have counted.
        package var counted: Double { time.seconds }

        /// Whether a request to end has shortened the limit.
        package var isShortened: Bool { time.seconds < seconds }

        /// How long to wait at most before the next call of ``isOver(waitingFor:)``.
        ///
        /// Rounded up, because waiting for 0 milliseconds would be a busy loop.
        package var milliseconds: Int32 { Int32(time.wait(within: seconds) * 1000 + 1) }

        /// Counts the time since the last call, unless the child is stopped, and returns whether the limit is reached.
        ///
        /// The calling thread does not count as stuck while the child is stopped. If the thread is asked to stop, the
        /// child is continued, since its answer is needed to do so in an orderly way.
        package mutating func isOver(waitingFor process: ChildProcess) -> Bool {
            // A child that prints much ends many waits.
            guard time.gap >= Self.shortestGap || time.seconds + time.gap >= seconds else { return false }
            if process.isStopped {
                time.skip()
                let heartbeat = Heartbeat.current
                heartbeat?.beat()
                if heartbeat?.isAskedToStop ?? false { process.resume() }
                return false
            }
            time.read()
            if secondsAtRequest == nil, secondsOfGrace < .infinity, Heartbeat.callerIsAskedToEnd {
                secondsAtRequest = time.seconds
            }
            return time.seconds >= seconds || time.seconds - (secondsAtRequest ?? time.seconds) >= secondsOfGrace
        }
    }

    /// Whether the process is stopped, by a signal or a debugger.
    package var isStopped: Bool { ending == nil && dqn_child_is_stopped(identifier) != 0 }

    /// Continues the process and its group if they are stopped.
    package func resume() { if ending == nil { _ = Foundation.kill(-identifier, SIGCONT) } }
}
