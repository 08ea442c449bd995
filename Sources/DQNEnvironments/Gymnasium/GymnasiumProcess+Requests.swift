internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A request without what follows it.
struct GymnasiumRequest: Equatable {
    var operation: GymnasiumOperation
    var flag = false
    var value: UInt64 = 0
    /// The steps of the environment that it takes.
    var steps = 1
}

extension GymnasiumProcess {
    /// Largest payload accepted, in bytes.
    private static let payloadLimit: UInt64 = 1 << 30
    /// Seconds that a step has at least when the run is asked to end, and the multiple of the longest answer so far.
    private static let (secondsOfGrace, graceFactor) = (2.0, 3.0)

    /// Sends a request and waits for the reply; any status is valid.
    ///
    /// - Throws: ``EnvironmentError`` (`processEnded`, `timedOut`); the process has then ended for good.
    func ask(
        _ operation: GymnasiumOperation, flag: Bool = false, _ value: UInt64 = 0, sending payload: [UInt8] = [],
        seconds: Double
    ) throws(EnvironmentError) -> GymnasiumReply {
        try ask(GymnasiumRequest(operation: operation, flag: flag, value: value), sending: payload, seconds: seconds)
    }

    /// Sends a request, unless ``prepare(_:seconds:)`` has sent it, and waits for the reply.
    func ask(
        _ request: GymnasiumRequest, sending payload: [UInt8] = [], seconds: Double
    ) throws(EnvironmentError) -> GymnasiumReply {
        if let loss { throw loss }
        if let open {
            self.open = nil
            let reply = try answer(to: open.request, within: open.limit, polls: false)
            // The limit counts little of the time in which nobody waited.
            let seconds = (SuspendingClock.now - open.began) / .seconds(1)
            longest.step = max(longest.step, min(seconds, open.limit.seconds))
            if open.request == request { return reply }
            // Nobody has asked for the answer.
        }
        return try answer(to: request, within: send(request, payload, polls: polls, seconds), polls: polls)
    }

    /// Sends a request whose reply the same call of ``ask(_:sending:seconds:)`` receives later: meanwhile other
    /// processes can work. Errors come with the reply.
    func prepare(_ request: GymnasiumRequest, seconds: Double) {
        guard loss == nil, open == nil else { return }
        polls = false
        let began = SuspendingClock.now
        do throws(EnvironmentError) { open = (request, try send(request, [], polls: false, seconds), began) } catch {
            // The process has ended, and every call throws that.
        }
    }

    /// - Parameter polls: whether the process may poll for the next request.
    /// - Returns: the time limit of the answer.
    private func send(
        _ request: GymnasiumRequest, _ payload: [UInt8], polls: Bool, _ seconds: Double
    ) throws(EnvironmentError) -> ChildProcess.TimeLimit {
        let bytes = UnsafeMutableRawBufferPointer(rebasing: message[..<16])
        bytes.storeBytes(of: request.operation.rawValue, toByteOffset: 0, as: UInt32.self)
        let flags: UInt32 = (request.flag ? 1 : 0) | (polls && Processors.haveRoomForPolling ? 2 : 0)
        bytes.storeBytes(of: flags, toByteOffset: 4, as: UInt32.self)
        bytes.storeBytes(of: request.value, toByteOffset: 8, as: UInt64.self)
        let grace = max(
            Self.secondsOfGrace, Self.graceFactor * (request.operation.isStep ? longest.step : longest.other))
        var limit = ChildProcess.TimeLimit(seconds: seconds, ofGrace: grace)
        var failure = process.send(UnsafeRawBufferPointer(bytes), to: control, within: &limit)
        if failure == 0, !payload.isEmpty {
            failure = payload.withUnsafeBytes { process.send($0, to: control, within: &limit) }
        }
        if failure == EAGAIN { throw timedOut(limit) }
        return limit
    }

    private func answer(
        to request: GymnasiumRequest, within limit: ChildProcess.TimeLimit, polls: Bool
    ) throws(EnvironmentError) -> GymnasiumReply {
        var limit = limit
        defer {
            switch request.operation {
            case .step, .frames: longest.step = max(longest.step, limit.counted)
            // Its answer comes after the imports.
            case .describe: break
            default: longest.other = max(longest.other, limit.counted)
            }
        }
        let header = UnsafeMutableRawBufferPointer(rebasing: message[16...])
        try receive(into: header, within: &limit, polling: polls ? request.steps : 0)
        guard let base = header.baseAddress, let (reply, bytes) = GymnasiumReply.header(base),
            bytes <= Self.payloadLimit
        else {
            end(killing: true)
            throw remember(.processEnded, "The Python process of 'gym:\(name)' violated the protocol and was killed.")
        }
        hasAnswered = true
        if bytes == 0 { return reply }
        var received = [UInt8](repeating: 0, count: Int(bytes))
        do {
            // The closure cannot throw a typed error through the array's own method.
            let result: Result<Void, EnvironmentError> = received.withUnsafeMutableBytes { buffer in
                do throws(EnvironmentError) {
                    return .success(try receive(into: buffer, within: &limit, polling: polls ? 1 : 0))
                } catch { return .failure(error) }
            }
            try result.get()
        }
        return reply.with(payload: received)
    }

    /// - Parameter steps: the steps for whose time to poll before sleeping.
    private func receive(
        into buffer: UnsafeMutableRawBufferPointer, within limit: inout ChildProcess.TimeLimit, polling steps: Int
    ) throws(EnvironmentError) {
        var filled = 0
        var frames = countedFrames
        while filled < buffer.count {
            switch waitForAnswer(limit.milliseconds, polling: steps) {
            case .timeout: break
            case .first:
                let count = recv(control, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, 0)
                if count > 0 {
                    filled += count
                } else if count == 0 || errno != EINTR {
                    throw ended()
                }
            case .second: output.drain(outputDescriptor)
            case .failure: throw ended()
            }
            if filled == buffer.count { return }
            let counted = countedFrames
            // Each frame has the time of a step.
            if counted != frames { limit.restart() }
            frames = counted
            if limit.isOver(waitingFor: process) { throw timedOut(limit) }
        }
    }

    private func waitForAnswer(_ milliseconds: Int32, polling steps: Int) -> ChildProcess.Readiness {
        let second = output.isEnded ? nil : outputDescriptor
        if steps == 0 { return ChildProcess.wait(for: control, or: second, milliseconds: milliseconds) }
        return ChildProcess.wait(
            for: control, or: second, milliseconds: milliseconds, polling: &polling, steps: steps)
    }
}
