internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import DQNTraining

extension ChiefDesk {
    /// Takes a message of a process.
    func receive(_ bytes: UnsafeRawBufferPointer, from process: Int) {
        let result = Result { () throws(ClusterError) in try ControlMessage(decoding: bytes) }
        monitor.withLock {
            // One that was given up hears no more.
            guard members[process] != nil, !hasEnded else { return }
            members[process]?.lastHeard = now
            do throws(ClusterError) { try take(try result.get(), from: process) } catch {
                refuse(process, error.message)
            }
            monitor.wakeAll()
        }
    }

    private func take(_ message: ControlMessage, from process: Int) throws(ClusterError) {
        guard let member = members[process] else { return }
        switch message.type {
        case .join: try join(message, process)
        case .alive: break
        case .ready: ready(process, message)
        case .lease: try lease(message, process)
        case .figures:
            for document in message.figures ?? [] where member.workers.contains(document.worker) {
                figures[document.worker] = try document.figures()
            }
            droppedGradients[process] = max(message.dropped ?? 0, 0)
            members[process]?.isAwaited = false
        case .held:
            members[process]?.held = message.held
            members[process]?.isAwaited = false
            captureObstacle = captureObstacle ?? message.reason
        case .state:
            // With a lost shard nobody waits for what is under way.
            if failure != nil { break }
            guard let worker = message.worker, member.workers.contains(worker), member.isAwaited else {
                throw .malformed("a state is not one of the process's workers', or nobody has asked for it")
            }
            arrivedStates[worker, default: []] += message.payload
            lastAnswer = now
            // The last piece of its last worker completes the answer.
            if worker == member.workers.last, message.more != true { members[process]?.isAwaited = false }
        case .failed: lose(process, because: "has failed: \(message.reason ?? "no reason given")")
        case .leave: lose(process, because: message.reason ?? "has left the run")
        case .welcome, .refused, .assign, .proceed, .steps, .accepted, .pause, .stop, .report, .hold,
            .fetch, .end:
            throw .malformed("'\(message.type.rawValue)' is a message of the chief")
        }
    }

    private func join(_ message: ControlMessage, _ process: Int) throws(ClusterError) {
        guard members[process]?.admission == nil, !applications.contains(where: { $0.process == process }) else {
            throw .malformed("a process joins twice")
        }
        let role: Roster.Role
        switch (message.role, message.address, message.count) {
        case ("shard", let address?, _): role = .shard(address: address)
        case ("worker", _, let count?) where count <= 4_096: role = .worker(count: count)
        default: throw .malformed("a process joins neither as a shard with an address nor as a number of workers")
        }
        let application = Roster.Application(
            protocolVersion: message.protocolVersion ?? 0, release: message.release ?? "",
            // It appears in messages.
            name: String(message.name?.prefix(200) ?? "a process without a name"), role: role)
        // It may have to wait for others: it knows now that the chief is there.
        members[process]?.channel.send(ControlMessage(.accepted))
        // The number of workers that the run has is part of its settings.
        if case .worker = role, terms == nil { return applications.append((process, application)) }
        admit(application, process)
    }

    /// Admits a process or refuses it.
    func admit(_ application: Roster.Application, _ process: Int) {
        let admission = roster.admit(application, as: process)
        members[process]?.admission = admission
        switch admission {
        case .refused(let reason): refuse(process, "The chief refuses \(application.name): \(reason).")
        case .shard(let index):
            members[process]?.title = "shard \(index) (\(application.name))"
        case .workers(let indices):
            let names = indices.map(String.init).joined(separator: ", ")
            members[process]?.title = "worker\(indices.count > 1 ? "s" : "") \(names) (\(application.name))"
            welcome(process, indices)
        }
    }

    /// Ends a process that cannot take part, and gives it the reason.
    private func refuse(_ process: Int, _ reason: String) {
        var message = ControlMessage(.refused)
        message.reason = reason
        log(reason)
        members[process]?.channel.send(message)
        lose(process, because: "was refused")
    }

    /// Notes that a shard serves, or that workers have their environments.
    private func ready(_ process: Int, _ message: ControlMessage) {
        guard let member = members[process], !member.isReady, member.admission != nil else { return }
        members[process]?.isReady = true
        for worker in member.workers {
            _ = book.join(worker, name: member.title, agentSteps: states[worker]?.agentSteps ?? 0, at: now)
        }
        guard !member.workers.isEmpty else { return }
        for notice in message.reason.map({ [$0] }) ?? [] { log("\(member.title): \(notice)") }
        if isOpen { proceed(process) }
    }

    /// Lets a process's workers take steps.
    func proceed(_ process: Int) {
        guard let member = members[process], member.isReady, !member.workers.isEmpty else { return }
        var message = ControlMessage(.proceed)
        message.resets = member.needsReset
        message.held = held
        members[process]?.needsReset = false
        member.channel.send(message)
    }

    /// Notes the end of a stream.
    func disconnect(_ process: Int, _ reason: String) {
        monitor.withLock {
            lose(process, because: reason)
            monitor.wakeAll()
        }
    }

    /// Gives a process up, once; with the monitor held.
    func lose(_ process: Int, because reason: String) {
        guard let member = members.removeValue(forKey: process) else { return }
        if !hasEnded {
            var message = ControlMessage(.refused)
            message.reason = "The chief has given this process up: it \(reason)."
            member.channel.send(message)
        }
        applications.removeAll { $0.process == process }
        member.channel.close()
        defer { monitor.wakeAll() }
        let hadAllShards = roster.hasAllShards
        switch roster.remove(process) {
        case nil: return
        case .shard(let index, _):
            guard !hasEnded else { return }
            // It was told that the run has failed.
            guard failure == nil else { return }
            log("\(member.title) is lost: it \(reason)")
            guard hadAllShards else { return }
            let failure = "\(member.title) is lost: it \(reason). Shard \(index) cannot be replaced."
            self.failure = failure
            onFailure()
            sendEnd(.failed, failure)
        case .workers(let indices, _):
            var returned = 0
            for worker in indices {
                requests[worker] = nil
                returned += book.lose(worker, because: reason)?.returned ?? 0
                // Its sums belong to the next row; its episodes are history.
                if let statistics = figures.removeValue(forKey: worker)?.statistics { openSums.merge(statistics) }
                arrivedStates[worker] = nil
            }
            serve()
            guard !hasEnded, failure == nil else { return }
            lastLoss = "\(member.title): it \(reason)"
            log("\(member.title) is lost: it \(reason); \(returned) steps go back")
        }
    }
}
