import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import HDF5
import Testing

/// The rules of meaning: files that are well formed, but that no run can continue from.
extension RuleTests {
    /// Returns the number of the rule that a changed copy of a golden file of a method breaks; 0 for none.
    private func rule(method: String, _ change: (inout ForgedFile) -> Void) throws -> Int? {
        let copy = folder.file("\(method).h5")
        if !FileManager.default.fileExists(atPath: copy.path) {
            let golden = GoldenFileTests.folder.appendingPathComponent("2.0/method-\(method).h5")
            try FileManager.default.copyItem(at: golden, to: copy)
        }
        let found = try rule(of: "\(method).h5", change)
        // The replays are small, so that their content is judged without --deep too.
        #expect(Verifier.verify(folder.file("forged.h5")).failure?.rule ?? 0 == found)
        // A copy, which leaves replays in the file, is refused like loading.
        var refusal: Int?
        do throws(CheckpointError) {
            try CheckpointConverter.convert(
                from: folder.file("forged.h5"), to: folder.file("copy.h5"), version: "2.1", overwriting: true)
        } catch { refusal = error.rule }
        #expect(refusal ?? 0 == found)
        return found
    }

    @Test func rule25ArchitectureKeys() throws {
        let layer = #"{"type":"dense","units":5}"#
        #expect(try rule { $0.replace("architecture", layer, with: #"{"type":"dense","units":5,"rate":1}"#) } == 25)
        #expect(try rule { $0.replace("architecture", layer, with: #"{"type":"dense","units":5,"kernel":1}"#) } == 25)
        #expect(
            try rule { $0.replace("architecture", layer, with: #"{"type":"dense","units":5,"Activation":"tanh"}"#) }
                == 25)
        #expect(try rule { $0.replace("architecture", #""head":{"#, with: #""head":{"scale":2,"#) } == 25)
        #expect(try rule { $0.replace("architecture", #""head":{"#, with: #""head":{"quantiles":2,"#) } == 25)
        #expect(try rule { $0.replace("architecture", #""input":{"#, with: #""input":{"offset":2,"#) } == 25)
        #expect(try rule { $0.replace("architecture", #"{"head""#, with: #"{"dropout":0.5,"head""#) } == 25)
        // Known keys of a later version are unknown to an earlier one, even with the value of their absence.
        func change(_ file: inout ForgedFile) {
            file.replace("architecture", layer, with: #"{"type":"dense","units":5,"activation":"relu"}"#)
        }
        for version in FormatVersion.known {
            #expect(try rule(of: "sound-\(version).h5", change) == (version == FormatVersion.current ? 0 : 25))
        }
        // Every key of every layer and head is known.
        for (name, sample) in try Samples.format2_1() {
            try sample.write(to: folder.file(name))
            #expect(try rule(of: name) { _ in } == 0, "\(name)")
            #expect(
                try rule(of: name) { file in
                    guard let range = file.text("architecture").range(of: #""type":"layer_norm""#) else {
                        return file.replace("architecture", #""actions":"#, with: #""size":1,"actions":"#)
                    }
                    file.set(
                        "architecture",
                        text: file.text("architecture").replacingCharacters(
                            in: range, with: #""type":"layer_norm","epsilon":1"#))
                } == 25, "\(name)")
        }
    }

    @Test(arguments: [
        (#""environment":"CartPole-v1""#, ["1", "[]", "\"\"", "true"]),
        (#""frame_stack":1"#, ["0", "65", "1.5", "\"1\""]),
    ]) func rule26PlayingKeys(key: String, values: [String]) throws {
        let name = key.prefix { $0 != ":" }
        for value in values {
            #expect(try rule { $0.replace("configuration", key, with: "\(name):\(value)") } == 26, "\(name) \(value)")
        }
        for value in [
            #""wrappers":"time-limit:3""#, #""wrappers":[1]"#, #""action_masks":1"#, #""action_masks":"true""#,
        ] {
            #expect(try rule { $0.replace("configuration", key, with: "\(key),\(value)") } == 26, "\(value)")
        }
        for value in [#""wrappers":null"#, #""wrappers":[]"#, #""wrappers":["time-limit:3"]"#, #""action_masks":true"#]
        {
            #expect(try rule { $0.replace("configuration", key, with: "\(key),\(value)") } == 0, "\(value)")
        }
    }

    @Test func rule27Counters() throws {
        func progress(_ old: String, _ new: String) throws -> Int? {
            try rule { $0.replace("progress", old, with: new) }
        }
        for name in ["frames\":50000", "gradient_updates\":24500", "target_refreshes\":48", "episodes\":311"] {
            let key = name.prefix { $0 != ":" }
            #expect(try progress("\"\(name)", "\"\(key):4503599627370497") == 27)
            #expect(try progress("\"\(name)", "\"\(key):4503599627370496") == 0)
        }
        #expect(
            try rule { file in
                file.replace("progress", "\"agent_steps\":50000", with: "\"agent_steps\":4503599627370497")
                file.attributes["agent_steps"] = .int64((1 << 52) + 1)
            } == 27)
        #expect(try progress("\"evaluation\":{\"agent_steps\":50000", "\"evaluation\":{\"agent_steps\":49999") == 27)
        #expect(
            try progress("\"best_evaluation\":{\"agent_steps\":40000", "\"best_evaluation\":{\"agent_steps\":50001")
                == 27)
        #expect(try progress("\"statistics\":{", "\"statistics\":{\"updates\":-1,") == 27)
        #expect(try progress("\"statistics\":{", "\"statistics\":{\"updates\":1e300,") == 27)
        #expect(try rule { $0.set("history/agent_steps", [Int64(-5), 2000]) } == 27)
        #expect(try rule { $0.set("history/agent_steps", [Int64(1000), 50_001]) } == 27)
        #expect(try rule { $0.set("history/agent_steps", [Int64(1000), 50_000]) } == 0)
        #expect(
            try rule {
                $0.replace("workers/0/state", "\"episode_length\":17", with: "\"episode_length\":4503599627370497")
            } == 27)
        #expect(
            try rule(method: "dqn") {
                $0.replace("workers/0/state", "\"agent_steps\":157", with: "\"agent_steps\":158")
            } == 27)
        for name in ["a b_sum", "_sum", "a/b_sum", "loss"] {
            #expect(
                try rule(method: "dqn") {
                    $0.replace("progress", "\"statistics\":{", with: "\"statistics\":{\"\(name)\":1,")
                } == 27, "\(name)")
        }
    }

    @Test func rule28Optimizers() throws {
        for (method, slot) in [("dqn", "second_moment"), ("async-q", "mean_square")] {
            #expect(try rule(method: method) { _ in } == 0)
            let path = "optimizer/slots/\(slot)/head/bias"
            #expect(try rule(method: method) { $0.set(path, [Float(-1e-30), 0]) } == 28)
            #expect(try rule(method: method) { $0.set(path, [Float(-0.0), 0]) } == 0)
        }
        // The first moment has any sign, and another kind is its program's own.
        #expect(try rule(method: "dqn") { $0.set("optimizer/slots/first_moment/head/bias", [Float(-1), 0]) } == 0)
        #expect(
            try rule(method: "dqn") { file in
                file.replace("optimizer/state", "\"kind\":\"adam\"", with: "\"kind\":\"other\"")
                file.set("optimizer/slots/second_moment/head/bias", [Float(-1), 0])
            } == 0)
    }

    @Test(arguments: ["dqn", "async-dqn", "async-q", "async-sarsa", "async-nstep-q", "a3c"])
    func rule29RunningWorkers(method: String) throws {
        let names = try ForgedFile(reading: GoldenFileTests.folder.appendingPathComponent("2.0/method-\(method).h5"))
            .datasets.keys.filter { $0.hasPrefix("workers/0/random/") }
        #expect(names.count == (method.hasSuffix("dqn") ? 2 : 1))
        for name in names { #expect(try rule(method: method) { $0.datasets[name] = nil } == 29, "\(name)") }
        for standing in ["resting", "abandoned", "finished"] {
            #expect(
                try rule(method: method) { file in
                    file.replace("workers/0/state", "\"standing\":\"running\"", with: "\"standing\":\"\(standing)\"")
                    for name in names { file.datasets[name] = nil }
                } == 0)
        }
        // A file that lacks anything cannot be resumed anyway.
        #expect(
            try rule(method: method) { file in
                file.replace("progress", "\"stripped\":[]", with: "\"stripped\":[\"training\"]")
                for name in names { file.datasets[name] = nil }
            } == 0)
        #expect(
            try rule(method: method) { file in
                file.replace("configuration", "{\"", with: "{\"environments_per_worker\":2,\"")
            } == 29)
        guard method.hasSuffix("dqn") else { return }
        #expect(
            try rule(method: method) { file in
                for path in file.datasets.keys where path.hasPrefix("workers/0/replay/") { file.datasets[path] = nil }
                let state = file.text("workers/0/state")
                guard let start = state.range(of: ",\"replay\":{"),
                    let end = state.range(of: "}", range: start.upperBound..<state.endIndex)
                else { return }
                file.set(
                    "workers/0/state", text: state.replacingCharacters(in: start.lowerBound..<end.upperBound, with: ""))
            } == 29)
    }

    @Test func rule30Learners() throws {
        let path = "workers/0/learner"
        for value in [Int64.min, -1, 1 << 60] {
            #expect(try rule(method: "async-dqn") { $0.set("\(path)/pulled_at", [value]) } == 30)
            #expect(try rule(method: "async-dqn") { $0.set("\(path)/updates_until_refresh", [value]) } == 30)
        }
        #expect(try rule(method: "async-dqn") { $0.set("\(path)/updates_until_refresh", [Int64(0)]) } == 30)
        #expect(try rule(method: "async-dqn") { $0.set("\(path)/pulled_at", [Int64(0), 0]) } == 30)
        #expect(try rule(method: "async-dqn") { $0.set("\(path)/parameters", [Float(0)]) } == 30)
        for (name, values) in [("a", [3]), ("next_action", [2]), ("next_action", [-2]), ("segment.actions", [0, 2])]
            as [(String, [Int64])]
        {
            #expect(try rule(method: "async-q") { $0.set("\(path)/\(name)", values) } == (name == "a" ? 0 : 30))
        }
        let state = "workers/0/state"
        #expect(
            try rule(method: "async-dqn") { file in
                file.replace(state, "\"learner\":{\"kind\":\"async-dqn\"", with: "\"learner\":{\"kind\":\"async-q\"")
            } == 30)
        for version in [0, 2, 3] {
            #expect(
                try rule(method: "async-dqn") { file in
                    file.replace(
                        state, "\"kind\":\"async-dqn\",\"version\":1",
                        with: "\"kind\":\"async-dqn\",\"version\":\(version)")
                } == 30)
        }
        for update in [[-1, 4, 9], [4, 4, 9], [0, 4, 9999], [0, Int64.max, 9], [0, 3], [0, 0, 0]] as [[Int64]] {
            #expect(
                try rule(method: "async-dqn") { file in
                    file.replace(
                        state, "\"kind\":\"async-dqn\",\"version\":1", with: "\"kind\":\"async-dqn\",\"version\":2")
                    file.set("\(path)/open_update", update)
                } == 30, "\(update)")
        }
    }

    @Test func rule31Replays() throws {
        for value in [Float.nan, .infinity, -.infinity] {
            for column in ["rewards", "frames"] {
                #expect(
                    try rule(method: "dqn") { file in
                        withUnsafeBytes(of: value) { bytes in
                            file.datasets["workers/0/replay/\(column)"]?.bytes.replaceSubrange(4..<8, with: bytes)
                        }
                    } == 31, "\(column) \(value)")
            }
            #expect(
                try rule(method: "async-q") { file in
                    withUnsafeBytes(of: value) { bytes in
                        file.datasets["workers/1/observation"]?.bytes.replaceSubrange(4..<8, with: bytes)
                    }
                } == 31)
            // Another program's environment, or a wrapper, may have such observations.
            for (old, new) in [
                (#""environment":"CartPole-v1""#, #""environment":"Own-v0""#),
                (#"{""#, #"{"wrappers":["observation-scale:1e38"],""#),
            ] {
                #expect(
                    try rule(method: "dqn") { file in
                        guard let range = file.text("configuration").range(of: old) else { return }
                        file.set(
                            "configuration", text: file.text("configuration").replacingCharacters(in: range, with: new))
                        withUnsafeBytes(of: value) { bytes in
                            file.datasets["workers/0/replay/frames"]?.bytes.replaceSubrange(4..<8, with: bytes)
                        }
                    } == 0)
            }
        }
        // A final observation of no episode: loading refuses it too.
        #expect(try rule(method: "async-dqn") { $0.datasets["workers/0/replay/flags"]?.bytes[2] = 8 } == 15)
        #expect(
            try rule(method: "async-dqn") { file in
                file.datasets["workers/0/replay/flags"]?.bytes[2] = 8
                file.datasets["workers/0/replay/actions"]?.bytes.replaceSubrange(8..<12, with: [255, 255, 255, 255])
            } == 22)
    }

    /// A newest file that breaks a rule of meaning does not keep a run from the one before, and stays.
    @Test func aRunContinuesFromTheFileBefore() throws {
        let golden = GoldenFileTests.folder.appendingPathComponent("2.0/method-dqn.h5")
        var checkpoint = try Checkpoint(contentsOf: golden)
        let runs = folder.url.appendingPathComponent("run")
        try FileManager.default.createDirectory(at: runs, withIntermediateDirectories: true)
        let store = try CheckpointStore(directory: runs, keepLast: 3)
        _ = try store.commit(checkpoint)
        checkpoint.counters.agentSteps += 1
        checkpoint.evaluation = nil
        let newest = try store.commit(checkpoint).url
        var file = try ForgedFile(reading: newest)
        file.set("optimizer/slots/second_moment/head/bias", [Float(-1), 0])
        try file.write(to: newest)
        var notices: [String] = []
        let found = try store.recoverLatest { notices.append($0) }
        #expect(found?.checkpoint.counters.agentSteps == checkpoint.counters.agentSteps - 1)
        #expect(notices.count == 1 && notices[0].contains("[R28]"), "\(notices)")
        #expect(FileManager.default.fileExists(atPath: newest.path + ".damaged"))
    }

    /// The rules judge what this library's methods store, and nothing else.
    @Test func otherProgramsAreNotJudged() throws {
        #expect(
            try rule(method: "dqn") { file in
                file.replace("configuration", "\"method\":\"dqn\"", with: "\"method\":\"own\"")
                file.set("optimizer/slots/second_moment/head/bias", [Float(-1), 0])
                file.datasets["workers/0/random/sampling"] = nil
            } == 0)
    }

    /// What would be refused is not written.
    @Test func suchStateIsNotWritten() throws {
        var checkpoint = try Checkpoint(
            contentsOf: GoldenFileTests.folder.appendingPathComponent("2.0/method-dqn.h5"))
        checkpoint.optimizer?.slots["second_moment"]?[0] = -1
        let error = #expect(throws: CheckpointError.self) { try checkpoint.write(to: folder.file("new.h5")) }
        #expect(error?.code == .invalidState && error?.message.contains("second_moment") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.file("new.h5").path))
    }
}
