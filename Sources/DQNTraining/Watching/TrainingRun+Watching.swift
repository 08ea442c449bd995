internal import DQNLearning
package import Foundation

extension TrainingRun {
    /// What a run writes for those who watch it, besides the files of its directory.
    package struct Watching: Sendable, Equatable {
        /// Where the events for TensorBoard go.
        package enum Events: Sendable, Equatable {
            /// Into the run's directory if it holds events already; otherwise there are none.
            case asBefore
            /// Into `tensorboard` in the run's directory.
            case runDirectory
            /// Into a directory of their own.
            case folder(URL)
        }

        /// Where the events for TensorBoard go.
        package var events = Events.asBefore
        /// Receives JSON Lines; `nil` for none.
        package var log: JSONLog?

        /// Creates the default: nothing that the run does not have already.
        package init() {}

        /// Returns the directory of the events; `nil` if there are none.
        ///
        /// - Throws: ``TrainingError`` (`outputDirectory`) if it cannot be used.
        func folder(
            of directory: RunDirectory, isNew: Bool, beginsAgain: Bool
        ) throws(TrainingError) -> EventFolder? {
            let folder =
                switch events {
                case .asBefore, .runDirectory: EventFolder(nil, of: directory)
                case .folder(let url): EventFolder(url, of: directory)
                }
            // A new run without events ignores what the directory holds.
            if events == .asBefore, !folder.isForbiddenLink, folder.files.isEmpty || isNew && !beginsAgain {
                return nil
            }
            try folder.validate(isNew: isNew, beginsAgain: beginsAgain)
            return folder
        }
    }

    /// Opens what the run writes for those who watch it.
    ///
    /// - Parameter folder: the directory of the events for TensorBoard; `nil` for none.
    func startWatching(_ folder: EventFolder?) throws(TrainingError) {
        var events: EventLog?
        if let folder {
            events = try EventLog(
                folder, of: directory, trainer.configuration, history: trainer.history,
                elapsed: metrics?.elapsedBefore ?? 0)
        }
        watch = RunWatch(events, options.watching.log, logger)
    }

    /// Whether standard output belongs to the JSON Lines.
    package var writesLinesToStandardOutput: Bool { options.watching.log?.isDescriptor(STDOUT_FILENO) ?? false }

    /// The numbers of each worker in the newest row of this process, with the names of their columns in `workers.csv`.
    package var latestWorkers: [(index: Int, values: [String: Double])] {
        (watch?.workers ?? []).map { worker in
            (worker.report.index, Dictionary(worker.cells.map { ($0.name, $0.value) }) { first, _ in first })
        }
    }
}
