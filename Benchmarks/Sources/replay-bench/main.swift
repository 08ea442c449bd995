// Times saves and restores of a replay of recorded Pong frames, in the working directory. Prints one line of JSON per
// measurement.
// See Benchmarks/replay/run.
import DQNCheckpoint
import DQNInference
import DQNLearning
import DQNModel
import Foundation

func report(_ measure: String, _ values: [String: Double]) throws {
    var line: [String: JSONValue] = ["measure": .string(measure)]
    for (key, value) in values {
        line[key] = value == value.rounded() && value > 1 ? .integer(Int64(value)) : .number(value)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    print(String(decoding: try encoder.encode(JSONValue.object(line)), as: UTF8.self))
}

/// Returns a memory field of this process's status in bytes.
func memory(_ field: String) throws -> Double {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
    return Double(line?.split(whereSeparator: \.isWhitespace)[1] ?? "").map { $0 * 1024 } ?? .nan
}

func bytes(_ url: URL) throws -> Double {
    Double(try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
}

let clock = ContinuousClock()
func seconds(_ body: () throws -> Void) rethrows -> Double { try clock.measure(body) / .seconds(1) }

/// Measures 20,000 stacked transitions: a save, a second save after 1,000 more, and a restore.
func measureReplay(_ recording: Recording, _ folder: URL) throws {
    let store = try CheckpointStore(directory: folder)
    let replay = Recording.replay(capacity: 22_000)
    recording.add(0..<20_000, to: replay)
    var urls: [URL] = []
    let first = try seconds { urls.append(try store.commit(Recording.checkpoint(replay, step: 20_000)).url) }
    try report("save", ["bytes": bytes(urls[0]), "seconds": first])
    recording.add(20_000..<21_000, to: replay)
    let second = try seconds { urls.append(try store.commit(Recording.checkpoint(replay, step: 21_000)).url) }
    try report("second_save", ["seconds": second])
    var restored: ReplayMemory?
    let restoring = try seconds {
        guard let snapshot = try Checkpoint(contentsOf: urls[0]).workers[0].replay else { return }
        restored = try ReplayMemory(
            restoring: snapshot, capacity: 22_000, frame: Recording.frame, frameStack: 4, discount: 0.99)
    }
    guard restored?.count == 20_001 else { throw CocoaError(.fileReadCorruptFile) }
    try report("restore", ["seconds": restoring])
}

/// Measures the additional peak memory of a save of 100,000 frames while 1,000 more are added.
func measurePeak(_ recording: Recording, _ folder: URL) throws {
    let replay = Recording.replay(capacity: 100_000)
    recording.add(0..<99_500, to: replay)
    let saver = try ChiefSaver(CheckpointStore(directory: folder))
    try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    let before = try memory("VmRSS")
    saver.save(try Recording.checkpoint(replay, step: 99_500))
    recording.add(99_500..<100_500, to: replay)
    for outcome in saver.finish() { _ = try outcome.result.get() }
    try report("peak", ["replay_bytes": 100_000 * 7056, "extra_bytes": memory("VmHWM") - before])
}

func policy() throws -> Checkpoint {
    let input = ObservationSpace(shape: [4, 84, 84], element: .uint8)
    let architecture = try NetworkArchitecture("nature-cnn", input: input, actions: 6)
    var generator = RandomGenerator(seed: 1)
    return Checkpoint(
        writer: .current, configuration: .object(["environment": .string("Pong"), "frame_stack": .integer(4)]),
        architecture: architecture,
        online: (0..<(try ParameterLayout(architecture).count)).map { _ in Float(generator.uniform(in: -0.05..<0.05)) },
        stripped: ["optimizer", "replay", "training"])
}

func act(_ url: URL) throws -> Int {
    let agent = try Agent(contentsOf: url)
    return try agent.action(
        for: Observation(
            space: agent.architecture.input, bytes: [UInt8](repeating: 7, count: agent.architecture.input.byteCount)))
}

/// Measures the time from a policy file to the first action, in this process and in a new process.
func measurePolicy(_ folder: URL) throws {
    let url = folder.appendingPathComponent("policy.h5")
    try policy().write(to: url, overwriting: true)
    let content = try Data(contentsOf: url)
    var (acting, hashing): ([Double], [Double]) = ([], [])
    for _ in 0..<41 {
        acting.append(try seconds { _ = try act(url) })
        hashing.append(try seconds { _ = try FileDigest.hexadecimal(of: content) })
    }
    func median(_ values: [Double]) -> Double { values.dropFirst().sorted()[(values.count - 1) / 2] }
    try report("policy", ["seconds": median(acting), "sha256_seconds": median(hashing)])
    var whole: [Double] = []
    for _ in 0..<11 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = ["--act", url.path]
        process.standardOutput = FileHandle.nullDevice
        whole.append(
            try seconds {
                try process.run()
                process.waitUntilExit()
            })
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }
    try report("policy_process", ["seconds": median(whole)])
}

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "--act", let file = arguments.last {
    print(try act(URL(fileURLWithPath: file)))
} else if let frames = arguments.first, arguments.count == 1 {
    let recording = try Recording(URL(fileURLWithPath: frames))
    for (name, measure) in [("replay", measureReplay), ("peak", measurePeak)] {
        let folder = URL(fileURLWithPath: name, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try measure(recording, folder)
    }
    let folder = URL(fileURLWithPath: ".", isDirectory: true)
    try measurePolicy(folder)
} else {
    FileHandle.standardError.write(Data("usage: replay-bench FRAMES_DIR\n".utf8))
    exit(64)
}
