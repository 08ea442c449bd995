/// Where a worker gets its agent steps from: the chief, in this process or at the other end of a stream.
package protocol LeaseSource: AnyObject, Sendable {
    /// Reports steps and asks for more.
    ///
    /// - Returns: once there are steps, or none for now.
    /// - Throws: the reason why the chief cannot be reached.
    func exchange(_ request: LeaseRequest) throws -> LeaseAnswer
}

/// What a worker tells the chief at a step boundary.
package struct LeaseRequest: Sendable, Equatable {
    /// The worker's index in the run.
    package var worker: Int
    /// Steps of its lease that it has taken since its last report.
    package var taken: Int
    /// Episodes that have ended in them.
    package var episodes: Int
    /// Whether it returns what is left of its lease.
    package var releases: Bool
    /// The most steps that it wants now; 0 if it only reports.
    package var most: Int

    package init(worker: Int, taken: Int, episodes: Int = 0, releases: Bool, most: Int) {
        self.worker = worker
        self.taken = taken
        self.episodes = episodes
        self.releases = releases
        self.most = most
    }
}

/// The chief's answer.
package enum LeaseAnswer: Sendable, Equatable {
    /// The report is accepted; the worker continues with its lease, if it has one.
    case accepted
    /// The steps that the worker takes next, in order.
    case steps(Range<Int>)
    /// The worker stops at this step boundary.
    case pause
    /// The worker no longer belongs to the run, for this reason, and must end.
    case refused(String)
}
