import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// `dqn-checkpoint diff`: how far two policies are apart.
@Suite struct DiffTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

    private func train(_ name: String, _ more: [String] = []) throws -> Checkpoint {
        let arguments = ["--env", "CartPole-v1", "--steps", "400", "--out", directory(name), "-q"] + tiny + more
        let result = try Program.run("dqn-train", arguments)
        try #require(result.status == 0, "\(result.errors)")
        return try directory.newest(name)
    }

    private func diff(_ arguments: String..., status: Int32) throws -> Program.Result {
        let result = try Program.run("dqn-checkpoint", ["diff"] + arguments)
        #expect(result.status == status, "\(result)")
        return result
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func measuresEachParameterAndTheActions() throws {
        var checkpoint = try train("run")
        let layout = try ParameterLayout(checkpoint.architecture)
        let bias = try #require(layout.entries.first { $0.name == "head/bias" })
        // One always goes left, the other always right, apart by 600 in each element.
        for (name, values) in [("left.h5", [300, -300]), ("right.h5", [-300, 300])] as [(String, [Float])] {
            checkpoint.online.replaceSubrange(bias.offset..<(bias.offset + 2), with: values)
            try checkpoint.write(to: URL(fileURLWithPath: directory(name)))
        }
        let text = try diff(directory("left.h5"), directory("right.h5"), status: 1).output
        #expect(text.hasPrefix("parameters/online/head/bias: differs by up to 600.0\n"), "\(text)")
        let words = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(words.contains("head/bias 2 200.00 % 600 -1.0000"), "\(text)")
        #expect(words.contains("layers/0/weight 64 0.00 % 0 1.0000"), "\(text)")
        #expect(words.contains { $0.hasPrefix("all 386 ") }, "\(text)")
        let replay = try #require(checkpoint.workers[0].replay)
        #expect(
            words.last
                == "greedy actions differ in \(replay.count) of \(replay.count) observations (100.0 %), of the replay of "
                + directory("left.h5"), "\(text)")
        let document = try json(diff(directory("left.h5"), directory("right.h5"), "--json", status: 1).output)
        #expect(document["equal"] as? Bool == false)
        let policies = try #require(document["policies"] as? [String: Any])
        let layers = try #require(policies["layers"] as? [[String: Any]])
        #expect(layers.compactMap { $0["name"] as? String } == layout.entries.map(\.name))
        #expect(layers.last?["relative_distance"] as? Double == 2 && layers.last?["cosine"] as? Double == -1)
        let actions = try #require(policies["greedy_actions"] as? [String: Any])
        #expect(actions["different"] as? Int == replay.count && actions["observations"] as? Int == replay.count)
    }

    @Test func equalFilesAndEqualPoliciesAreNotMeasured() throws {
        var checkpoint = try train("run")
        let file = directory.checkpointURL("run", 400).path
        #expect(try diff(file, file, status: 0).output == "")
        let document = try json(diff(file, file, "--json", status: 0).output)
        #expect(document["equal"] as? Bool == true && document["policies"] == nil)
        checkpoint.reachedTarget.toggle()
        try checkpoint.write(to: URL(fileURLWithPath: directory("other.h5")))
        let text = try diff(file, directory("other.h5"), status: 1).output
        #expect(text.contains("reached_target") && !text.contains("greedy"), "\(text)")
    }

    /// Runs stand for their newest checkpoints; observations may come from a file.
    @Test func comparesRunsOnObservationsOfAFile() throws {
        let small = try train("a")
        _ = try train("b", ["--seed", "2", "--set", "network=mlp:8"])
        let text = try diff(directory("a"), directory("b"), status: 1).output
        #expect(text.contains("parameters      not compared: the networks differ\n"), "\(text)")
        #expect(text.contains("of the replay of \(directory("a"))\n"), "\(text)")
        try small.stripped(allButPolicy: true).write(to: URL(fileURLWithPath: directory("a.h5")))
        var other = small.stripped(allButPolicy: true)
        other.online[0] += 0.5
        try other.write(to: URL(fileURLWithPath: directory("b.h5")))
        let without = try diff(directory("a.h5"), directory("b.h5"), status: 1).output
        #expect(without.contains("neither file has a replay; name a file with --observations"), "\(without)")
        let observations = Self.fixtures.appendingPathComponent("interchange/check.npz").path
        let with = try diff(directory("a.h5"), directory("b.h5"), "--observations", observations, status: 1).output
        #expect(
            with.contains(#/greedy actions  differ in \d+ of \d+ observations \([\d.]+ %\), of check\.npz\n/#),
            "\(with)")
    }

    @Test func whatCannotBeComparedEndsWithTwo() throws {
        _ = try train("a")
        let observations = Self.fixtures.appendingPathComponent("interchange/check.npz").path
        let weights = Self.fixtures.appendingPathComponent("interchange/weights.npz").path
        let (first, last) = (directory.checkpointURL("a", 0).path, directory.checkpointURL("a", 400).path)
        var result = try diff(first, last, "--observations", weights, status: 2)
        #expect(result.output.isEmpty && result.errors.contains("needs the array 'observations'"), "\(result.errors)")
        result = try diff(first, last, "--observations", directory("none.npz"), status: 2)
        #expect(result.output.isEmpty && result.errors.contains("none.npz"), "\(result.errors)")
        let pixels = Self.fixtures.appendingPathComponent("zoo/pong.h5").path
        result = try diff(last, pixels, "--observations", observations, status: 2)
        #expect(
            result.output.isEmpty && result.errors.contains("cannot be compared by their actions"), "\(result.errors)")
        let text = try diff(last, pixels, status: 1).output
        #expect(text.contains("not compared: the policies observe or act differently"), "\(text)")
    }

    /// The observations are those that the definition in `docs/format.md` gives, also beyond an episode's start and in a
    /// full ring.
    @Test(arguments: [120, 700]) func readsStackedObservations(steps: Int) throws {
        let arguments = ["--env", "Catch-v0", "--set", "frame_stack=3", "--out", directory("run"), "-q"] + tiny
        let result = try Program.run("dqn-train", arguments + ["--steps", "\(steps)", "--eval-every", "0"])
        try #require(result.status == 0, "\(result.errors)")
        let url = directory.checkpointURL("run", steps)
        let replay = try #require(try Checkpoint(contentsOf: url).workers[0].replay)
        func rows(_ name: String) throws -> [[UInt8]] {
            let column = try #require(replay.columns.first { $0.name == name })
            var bytes: [UInt8] = []
            replay.forEachRun(of: column) { bytes += $0 }
            return (0..<replay.count).map {
                Array(bytes[($0 * column.bytesPerSlot)..<(($0 + 1) * column.bytesPerSlot)])
            }
        }
        let (frames, flags) = (try rows("frames"), try rows("flags").map { $0[0] })
        var expected: [[UInt8]] = []
        slots: for slot in 0..<replay.count {
            var stack = [frames[slot]]
            var current = slot
            var isBegun = flags[slot] & 4 != 0
            while stack.count < 3 {
                if isBegun {
                    stack.insert([UInt8](repeating: 0, count: frames[0].count), at: 0)
                    continue
                }
                current = (current + replay.capacity - 1) % replay.capacity
                if current == replay.cursor || current >= replay.count { continue slots }
                stack.insert(frames[current], at: 0)
                isBegun = flags[current] & 4 != 0
            }
            expected.append(stack.flatMap { $0 })
        }
        let sample = try #require(try StoredObservations.sample(ofReplayIn: url, limit: 1000))
        #expect(sample.count == expected.count && replay.count == min(steps + 1, 300))
        let element = try Checkpoint(contentsOf: url).architecture.input.element
        for (index, bytes) in expected.enumerated() {
            let numbers =
                element == .uint8
                ? bytes.map(Float.init)
                : bytes.withUnsafeBytes { raw in
                    (0..<(bytes.count / 4)).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
                }
            if sample[index] != numbers { Issue.record("observation \(index) differs") }
        }
        let few = try #require(try StoredObservations.sample(ofReplayIn: url, limit: 7))
        #expect(few.count == 7 && few[0] == sample[0])
    }
}
