internal import CWorkerProcess
internal import DQNModel
internal import Foundation

/// A Python process with one environment: messages of fixed size over a socket, observations in shared memory.
///
/// The process ends by itself when this object, or this program, is gone: the socket's other end is then closed. Not
/// thread-safe.
final class GymnasiumProcess {
    /// The part that reads the worker's scripts from the socket, so that they are neither on disk nor among the arguments.
    private static let bootstrap = """
        import socket, sys, types
        control = socket.socket(fileno=3)
        for name in ("values", "emulator", "snapshots", "environment", "worker"):
            name = "gymnasium_" + name
            size = int.from_bytes(control.recv(8, socket.MSG_WAITALL), "little")
            script = control.recv(size, socket.MSG_WAITALL)
            module = sys.modules[name] = types.ModuleType(name)
            exec(compile(script, name + ".py", "exec"), module.__dict__)
        control.detach()
        module.main()
        """
    private static let scripts = [
        PackageResources.gymnasium_values_py, PackageResources.gymnasium_emulator_py,
        PackageResources.gymnasium_snapshots_py, PackageResources.gymnasium_environment_py,
        PackageResources.gymnasium_worker_py,
    ]
    /// Largest payload that is believed.
    private static let payloadLimit: UInt64 = 1 << 30
    /// Seconds that a process gets to close its environment.
    private static let closingSeconds = 1.0

    let python: String
    let name: String
    private var worker = dqn_worker()
    private var isOpen = false
    var identifier: Int32 { worker.process }
    private(set) var memory: UnsafeMutableRawBufferPointer?
    private var output = GymnasiumOutput()
    private var hasAnswered = false
    /// Why the process is no more.
    private(set) var loss: EnvironmentError?
    /// One request, then one reply.
    private let message = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 + GymnasiumReply.byteCount, alignment: 8)

    /// Starts a process; what it has to say about its environment comes with the first reply.
    ///
    /// - Parameters:
    ///   - name: what errors call the environment.
    ///   - reference: the environment's own name and its options.
    /// - Throws: ``EnvironmentError`` (`pythonMissing`).
    init(python: String, name: String, _ reference: EnvironmentOptions) throws(EnvironmentError) {
        self.python = python
        self.name = name
        // The fault handler tells where in Python a crash of native code was.
        let words =
            [python, "-u", "-X", "faulthandler", "-c", Self.bootstrap, reference.name]
            + reference.pairs.map { "\($0.key)=\($0.value)" }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let failure = dqn_worker_start(&worker, python, &arguments)
        guard failure == 0 else {
            throw EnvironmentError(
                code: .pythonMissing,
                message: "The Python '\(python)' cannot be started (\(String(cString: strerror(failure)))); run "
                    + "Scripts/setup-gymnasium, or name another by --python PATH or \(GymnasiumPython.variable).")
        }
        isOpen = true
        // A process that has ended already is found out by the first reply that does not come.
        for script in Self.scripts {
            var size = UInt64(script.count).littleEndian
            _ = dqn_worker_send(worker.control, &size, 8)
            _ = dqn_worker_send(worker.control, script, script.count)
        }
    }

    deinit {
        end(killing: false)
        if let memory { munmap(memory.baseAddress, memory.count) }
        message.deallocate()
    }

    /// Gives the shared memory its size and maps it.
    func share(bytes: Int) throws(EnvironmentError) {
        var failure = dqn_worker_size_memory(worker.memory, bytes)
        if failure == 0 {
            let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, worker.memory, 0)
            if address == MAP_FAILED { failure = errno }
            if failure == 0 { memory = UnsafeMutableRawBufferPointer(start: address, count: bytes) }
        }
        guard failure == 0 else {
            throw EnvironmentError(
                code: .environmentFailed,
                message: "\(bytes) bytes of shared memory for 'gym:\(name)' cannot be had "
                    + "(\(String(cString: strerror(failure)))).")
        }
    }

    /// Asks something and waits for the answer, whatever its status.
    ///
    /// - Throws: ``EnvironmentError`` (`processEnded`, `timedOut`); the process is then gone for good.
    func ask(
        _ operation: GymnasiumOperation, flag: Bool = false, _ value: UInt64 = 0, sending payload: [UInt8] = [],
        seconds: Double
    ) throws(EnvironmentError) -> GymnasiumReply {
        if let loss { throw loss }
        let request = UnsafeMutableRawBufferPointer(rebasing: message[..<16])
        request.storeBytes(of: operation.rawValue, toByteOffset: 0, as: UInt32.self)
        request.storeBytes(of: flag ? 1 : 0, toByteOffset: 4, as: UInt32.self)
        request.storeBytes(of: value, toByteOffset: 8, as: UInt64.self)
        let start = ContinuousClock.now
        var failure = dqn_worker_send(worker.control, request.baseAddress, request.count)
        if failure == 0, !payload.isEmpty { failure = dqn_worker_send(worker.control, payload, payload.count) }
        if failure == EAGAIN { throw lost(after: seconds) }
        let header = UnsafeMutableRawBufferPointer(rebasing: message[16...])
        try receive(into: header, from: start, seconds: seconds)
        guard let base = header.baseAddress, let (reply, bytes) = GymnasiumReply.header(base),
            bytes <= Self.payloadLimit
        else {
            end(killing: true)
            throw remember(.processEnded, "The Python process of 'gym:\(name)' broke its protocol and was killed.")
        }
        hasAnswered = true
        if bytes == 0 { return reply }
        var received = [UInt8](repeating: 0, count: Int(bytes))
        do {
            // The closure cannot throw a typed error through the array's own method.
            let result: Result<Void, EnvironmentError> = received.withUnsafeMutableBytes { buffer in
                do throws(EnvironmentError) {
                    return .success(try receive(into: buffer, from: start, seconds: seconds))
                } catch { return .failure(error) }
            }
            try result.get()
        }
        return reply.with(payload: received)
    }

    private func receive(
        into buffer: UnsafeMutableRawBufferPointer, from start: ContinuousClock.Instant, seconds: Double
    ) throws(EnvironmentError) {
        var filled = 0
        var left = seconds
        while filled < buffer.count {
            // Rounded up: a wait of no milliseconds would be a busy loop.
            let milliseconds = Int32(min(max(left, 0) * 1000 + 1, 1e9))
            switch dqn_worker_wait(worker.control, output.isEnded ? -1 : worker.output, milliseconds) {
            case 0: throw lost(after: seconds)
            case 1:
                let count = recv(worker.control, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, 0)
                if count > 0 {
                    filled += count
                } else if count == 0 || errno != EINTR {
                    throw lostByItself()
                }
            case 2: output.drain(worker.output)
            default: throw lostByItself()
            }
            if filled < buffer.count {
                left = seconds - (ContinuousClock.now - start) / .seconds(1)
                if left <= 0 { throw lost(after: seconds) }
            }
        }
    }

    /// Ends the process and lets go of everything but the shared memory.
    ///
    /// - Returns: how it ended, as `waitpid` tells it.
    @discardableResult
    private func end(killing: Bool) -> Int32 {
        guard isOpen else { return 0 }
        isOpen = false
        close(worker.control)
        close(worker.memory)
        var status: Int32 = 0
        let start = ContinuousClock.now
        if killing { kill(-worker.process, SIGKILL) }
        while true {
            // What an environment has started goes with the process, however it ended.
            if dqn_worker_reap(worker.process, &status) != 0 { break }
            if (ContinuousClock.now - start) / .seconds(1) > Self.closingSeconds { kill(-worker.process, SIGKILL) }
            usleep(500)
        }
        output.drain(worker.output)
        close(worker.output)
        return status
    }

    private func lost(after seconds: Double) -> EnvironmentError {
        end(killing: true)
        return remember(
            .timedOut,
            "The Python process of 'gym:\(name)' had not answered after \(seconds) seconds and was killed; a run that is resumed "
                + "starts another, and --env-timeout SECONDS waits longer for it.")
    }

    private func lostByItself() -> EnvironmentError {
        let status = end(killing: false)
        let signal = status & 0x7f
        let how: String
        if signal != 0 {
            let place = output.place.map { " in \($0)" } ?? ""
            how = "was killed by signal \(signal) (\(String(cString: strsignal(signal))))\(place)"
        } else {
            let last = output.lines.last.map { "; its last words were: \($0)" } ?? ""
            how = "ended with exit code \(status >> 8 & 0xff)\(last)"
        }
        return remember(
            .processEnded,
            "The Python process of 'gym:\(name)' (\(python)) \(how); "
                + (hasAnswered
                    ? "a run that is resumed starts another." : "Scripts/setup-gymnasium makes a Python that works."))
    }

    private func remember(_ code: EnvironmentError.Code, _ message: String) -> EnvironmentError {
        let error = EnvironmentError(code: code, message: message, details: output.lines)
        loss = error
        return error
    }
}

/// The last of what a process has written, for error messages.
struct GymnasiumOutput {
    /// Enough for the hundred frames that the fault handler writes at most.
    private static let limit = 32768
    private var bytes: [UInt8] = []
    /// Whether the process has closed its side.
    private(set) var isEnded = false

    /// The last lines, the newest at the end.
    var lines: [String] { allLines.suffix(20).map(String.init) }

    /// Where in Python a crash was that the fault handler has told of: the innermost frame of the thread that crashed,
    /// which is the first that is written of it.
    var place: String? {
        let lines = allLines
        let thread = lines.firstIndex { $0.hasPrefix("Current thread") } ?? 0
        return lines[thread...].first { $0.hasPrefix("  File ") }.map { String($0.drop { $0 == " " }) }
    }

    private var allLines: [Substring] { String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) }

    /// Takes everything that is there to be read, without waiting.
    mutating func drain(_ descriptor: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
                if count == 0 { isEnded = true }
                if count <= 0 { return }
                bytes += buffer[..<count]
                if bytes.count > 2 * Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
            }
        }
    }
}
