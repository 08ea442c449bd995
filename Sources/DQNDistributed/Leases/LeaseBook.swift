/// The chief's record of its workers and of who takes which agent steps.
///
/// The chief grants steps up to a total. A worker leases a few at a time, takes them in order and reports how many it has
/// taken; each report, and each sign of life, prolongs its lease. A worker that is lost returns the steps that it has not
/// reported. So every granted step is counted exactly once, whoever dies, hangs or joins.
///
/// It knows neither threads nor clocks nor connections: the caller says what time it is.
package struct LeaseBook: Sendable {
    /// A moment, by any clock that does not go back.
    package typealias Moment = Duration

    /// What the chief knows of a worker.
    package struct Member: Sendable, Equatable {
        /// Names the worker in messages, such as `worker 3 on h2`.
        package let name: String
        /// The steps that it may take and has not reported.
        package fileprivate(set) var lease: Range<Int>?
        /// Steps that it has reported.
        package fileprivate(set) var agentSteps: Int
        /// When it counts as lost unless it is heard of.
        package fileprivate(set) var deadline: Moment
    }

    /// A worker that is no longer one.
    package struct Loss: Sendable, Equatable {
        /// The worker's index in the run.
        package let worker: Int
        package let name: String
        /// Why, as in "has not reported for 5 s".
        package let reason: String
        /// The steps that others will take in its place.
        package let returned: Int
    }

    /// The workers, by their index in the run.
    package private(set) var members: [Int: Member] = [:]
    /// Why workers are no longer members, by their index.
    package private(set) var departures: [Int: String] = [:]
    /// Steps that have been taken and reported, since the start of the run.
    package private(set) var takenSteps: Int
    /// The steps that the chief has granted, since the start of the run.
    package private(set) var grantedSteps: Int
    /// Granted steps that nobody has.
    package private(set) var free = StepRanges()
    /// Whether no steps are leased for now.
    package private(set) var isStopped = false
    /// How long a worker may be silent.
    package let patience: Duration

    /// Starts after a number of steps, with nothing granted.
    package init(taken: Int, patience: Duration) {
        takenSteps = taken
        grantedSteps = taken
        self.patience = patience
    }

    /// Whether all granted steps have been taken.
    package var isComplete: Bool { takenSteps == grantedSteps }
    /// Whether no worker is taking steps, so that the run is at a step boundary.
    package var isQuiet: Bool { members.values.allSatisfy { $0.lease == nil } }
    /// Steps that are leased and not yet reported.
    package var leasedSteps: Int { members.values.reduce(0) { $0 + ($1.lease?.count ?? 0) } }

    /// Grants steps up to a total; a smaller total than before changes nothing.
    package mutating func grant(upTo total: Int) {
        guard total > grantedSteps else { return }
        free.insert(grantedSteps..<total)
        grantedSteps = total
    }

    /// Leases no more steps until ``proceed()``. Each worker returns what is left of its lease at its next step boundary.
    package mutating func stop() { isStopped = true }

    /// Leases steps again.
    package mutating func proceed() { isStopped = false }

    /// Adds a worker.
    ///
    /// - Parameters:
    ///   - worker: its index in the run; one that is lost may come back.
    ///   - agentSteps: steps that it has taken before.
    /// - Returns: why it cannot join; `nil` if it has.
    package mutating func join(
        _ worker: Int, name: String, agentSteps: Int, at now: Moment
    ) -> String? {
        if let member = members[worker] { return "\(member.name) already is worker \(worker) of this run" }
        members[worker] = Member(name: name, lease: nil, agentSteps: agentSteps, deadline: now + patience)
        departures[worker] = nil
        return nil
    }

    /// Leases steps to a worker that has none.
    ///
    /// - Returns: at most so many steps; `nil` if there are none now, or the worker still has some or is none.
    package mutating func lease(to worker: Int, atMost most: Int, at now: Moment) -> Range<Int>? {
        guard hear(of: worker, at: now), members[worker]?.lease == nil, !isStopped,
            let steps = free.removeFirst(atMost: most)
        else { return nil }
        members[worker]?.lease = steps
        return steps
    }

    /// Counts steps that a worker has taken, from the start of its lease.
    ///
    /// - Returns: why the report is not accepted; `nil` if it is. A worker whose report is not accepted must end: its steps
    ///   are others' now.
    package mutating func report(_ taken: Int, by worker: Int, at now: Moment) -> String? {
        guard hear(of: worker, at: now), let member = members[worker] else {
            return departures[worker].map { "worker \(worker) was given up: it \($0)" }
                ?? "worker \(worker) has not joined this run"
        }
        let lease = member.lease ?? 0..<0
        guard (0...lease.count).contains(taken) else {
            return "\(member.name) reports \(taken) steps, but has a lease of \(lease.count)"
        }
        takenSteps += taken
        let rest = (lease.lowerBound + taken)..<lease.upperBound
        members[worker]?.lease = rest.isEmpty ? nil : rest
        members[worker]?.agentSteps += taken
        return nil
    }

    /// Takes back what is left of a worker's lease, at a step boundary of the worker; after its report.
    package mutating func release(by worker: Int) {
        guard let lease = members[worker]?.lease else { return }
        members[worker]?.lease = nil
        free.insert(lease)
    }

    /// Notes a sign of life.
    ///
    /// - Returns: whether the worker is a member.
    @discardableResult
    package mutating func hear(of worker: Int, at now: Moment) -> Bool {
        guard let member = members[worker] else { return false }
        members[worker]?.deadline = max(member.deadline, now + patience)
        return true
    }

    /// Gives a worker up.
    ///
    /// - Parameter reason: as in "has closed its connection".
    /// - Returns: what was lost; `nil` if it is no member, so that each loss is named once.
    package mutating func lose(_ worker: Int, because reason: String) -> Loss? {
        guard let member = members[worker] else { return nil }
        let returned = member.lease?.count ?? 0
        release(by: worker)
        members[worker] = nil
        departures[worker] = reason
        return Loss(worker: worker, name: member.name, reason: reason, returned: returned)
    }

    /// Gives up the workers that have been silent for too long, in order of their index.
    package mutating func expire(at now: Moment) -> [Loss] {
        members.filter { $0.value.deadline < now }.keys.sorted().compactMap {
            lose($0, because: "has not been heard of for \(patience)")
        }
    }
}
