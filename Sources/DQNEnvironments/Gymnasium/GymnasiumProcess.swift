internal import DQNModel
internal import DQNSupport
internal import Foundation

/// A Python process with one environment: messages of fixed size over a socket, observations in shared memory.
///
/// The process ends by itself when this object is released or this program ends, since the socket's other end is then
/// closed. Not thread-safe.
final class GymnasiumProcess {
    /// Reads the worker's scripts from the socket, so that they are neither on disk nor among the arguments.
    private static let bootstrap = """
        import socket, sys, types
        control = socket.socket(fileno=3)
        names = (
            "values", "emulator", "capture", "restore", "snapshots", "sources", "isolation", "trust", "environment",
            "making", "spaces", "frames", "worker",
        )
        for name in names:
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
        PackageResources.gymnasium_capture_py, PackageResources.gymnasium_restore_py,
        PackageResources.gymnasium_snapshots_py, PackageResources.gymnasium_sources_py,
        PackageResources.gymnasium_isolation_py, PackageResources.gymnasium_trust_py,
        PackageResources.gymnasium_environment_py, PackageResources.gymnasium_making_py,
        PackageResources.gymnasium_spaces_py, PackageResources.gymnasium_frames_py,
        PackageResources.gymnasium_worker_py,
    ]
    /// Seconds a process has to close its environment.
    private static let closingSeconds = 1.0
    /// Seconds that a process has to read the scripts.
    private static let scriptSeconds = 30.0

    let python: String
    let pythonPath: [String]
    let name: String
    let guarding: GymnasiumGuard
    let process: ChildProcess
    let control: Int32
    let outputDescriptor: Int32
    private let sharedMemory: SharedMemory
    private var isOpen = true
    var polling = AnswerPolling()
    var identifier: Int32 { process.identifier }
    var isStopped: Bool { process.isStopped }
    private(set) var memory: UnsafeMutableRawBufferPointer?
    /// Where the process counts frames in the memory.
    private var frameCount: UnsafeRawPointer?
    // Enough for the fault handler's output, at most a hundred frames.
    var output = OutputTail(limit: 32768)
    var hasAnswered = false
    /// The longest answers so far, in seconds; short ones are not measured.
    var longest = (step: 0.0, other: 0.0)
    /// The request that has been sent and not answered, if any, and when sending began.
    var open: (request: GymnasiumRequest, limit: ChildProcess.TimeLimit, began: SuspendingClock.Instant)?
    /// Whether to poll for answers. Once a request has been sent ahead, other processes of the same worker are at work,
    /// also while this one resets its environment: polling would take a processor from one of them.
    var polls = true
    /// Why the process has ended; `nil` while it runs.
    private(set) var loss: EnvironmentError?
    /// One request, then one reply.
    let message = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 + GymnasiumReply.byteCount, alignment: 8)

    /// Starts a process. Errors of its environment arrive with the first reply.
    ///
    /// - Parameters:
    ///   - pythonPath: directories with modules of the user's own, absolute.
    ///   - name: the environment's name in error messages.
    ///   - reference: the environment's own name and its options.
    ///   - guarding: what it may load.
    /// - Throws: ``EnvironmentError`` (`pythonMissing`).
    init(
        python: String, pythonPath: [String], name: String, _ reference: EnvironmentOptions, guarding: GymnasiumGuard
    ) throws(EnvironmentError) {
        self.python = python
        self.pythonPath = pythonPath
        self.name = name
        self.guarding = guarding
        // Isolated: without it, Python would import modules from the current directory and from wherever variables
        // point to, such as a numpy.py beside a checkpoint. The fault handler prints where in Python native code crashed.
        let arguments =
            ["-I", "-u", "-X", "faulthandler", "-c", Self.bootstrap, String(pythonPath.count)] + pythonPath
            + [reference.name]
            + reference.pairs.map { "\($0.key)=\($0.value)" }
        let started: Started
        do throws(SystemError) { started = try Started(python, arguments) } catch {
            throw Self.cannotStart(python, error)
        }
        process = started.process
        control = started.control
        outputDescriptor = started.output
        sharedMemory = started.memory
        // If the process has already ended, no first reply comes.
        var limit = ChildProcess.TimeLimit(seconds: Self.scriptSeconds)
        for script in Self.scripts + [guarding.document] {
            let header = withUnsafeBytes(of: UInt64(script.count).littleEndian) { Array($0) }
            for part in [header, script] {
                part.withUnsafeBytes { _ = process.send($0, to: control, within: &limit) }
            }
        }
    }

    deinit {
        end(killing: false)
        message.deallocate()
    }

    /// Sets the size of the shared memory and maps it.
    ///
    /// - Parameter frameCountOffset: where the process counts the frames that it takes: each has a step's time limit.
    func share(bytes: Int, frameCountOffset: Int) throws(EnvironmentError) {
        do throws(SystemError) { try sharedMemory.map(byteCount: bytes) } catch {
            throw EnvironmentError(
                code: .environmentFailed,
                message: "\(bytes) bytes of shared memory for 'gym:\(name)' cannot be allocated (\(error)).")
        }
        memory = sharedMemory.bytes
        frameCount = memory.flatMap { $0.baseAddress.map { UnsafeRawPointer($0 + frameCountOffset) } }
    }

    /// The frames that the process has taken.
    var countedFrames: UInt64 { frameCount?.load(as: UInt64.self) ?? 0 }

    /// Ends the process and everything that its environment has started; releases everything except the shared memory.
    @discardableResult
    func end(killing: Bool) -> ChildProcess.Ending {
        if isOpen {
            isOpen = false
            close(control)
            sharedMemory.close()
            if killing { process.kill() }
            process.end(within: Self.closingSeconds)
            output.drain(outputDescriptor)
            close(outputDescriptor)
        }
        return process.ending ?? .unknown
    }

    func timedOut(_ limit: ChildProcess.TimeLimit) -> EnvironmentError {
        end(killing: true)
        if limit.isShortened {
            return remember(
                .timedOut,
                "The Python process of 'gym:\(name)' did not answer after the request to end and was killed; resume the "
                    + "run to start another.")
        }
        return remember(
            .timedOut,
            "The Python process of 'gym:\(name)' did not answer within \(limit.seconds) seconds and was killed; resume "
                + "the run to start another, or allow more time with --env-timeout SECONDS.")
    }

    func ended() -> EnvironmentError {
        let ending = end(killing: false)
        var how = "\(ending)"
        if case .killed = ending {
            how += crashSite.map { " in \($0)" } ?? ""
        } else {
            how += output.lines.last.map { "; its last output was: \($0)" } ?? ""
        }
        return remember(
            .processEnded,
            "The Python process of 'gym:\(name)' (\(python)) \(how); "
                + (hasAnswered
                    ? "resume the run to start another." : "Scripts/setup-gymnasium installs a Python that works."))
    }

    /// Where in Python the process crashed, if the fault handler has printed it: the innermost frame of the thread that
    /// crashed, which is printed first.
    private var crashSite: String? {
        let lines = output.lines
        let thread = lines.firstIndex { $0.hasPrefix("Current thread") } ?? 0
        return lines[thread...].first { $0.hasPrefix("  File ") }.map { String($0.drop { $0 == " " }) }
    }

    func remember(_ code: EnvironmentError.Code, _ message: String) -> EnvironmentError {
        let error = EnvironmentError(code: code, message: message, details: output.lines.suffix(20).map(String.init))
        loss = error
        return error
    }
}

/// A new process, with this program's ends of its descriptors.
private struct Started {
    let process: ChildProcess
    let control: Int32
    let output: Int32
    let memory: SharedMemory

    init(_ python: String, _ arguments: [String]) throws(SystemError) {
        let sockets = try ChildProcess.sockets()
        defer { close(sockets.child) }
        do throws(SystemError) {
            let pipe = try ChildProcess.outputPipe()
            defer { close(pipe.child) }
            do throws(SystemError) {
                memory = try SharedMemory()
                process = try ChildProcess(
                    python, arguments: arguments,
                    descriptors: [nil, pipe.child, pipe.child, sockets.child, memory.descriptor])
            } catch {
                close(pipe.own)
                throw error
            }
            output = pipe.own
        } catch {
            close(sockets.own)
            throw error
        }
        control = sockets.own
    }
}
