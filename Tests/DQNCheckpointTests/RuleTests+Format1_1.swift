import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import HDF5
import Testing

/// Tests of the rules added by 1.1, and of files and readers of 1.0.
extension RuleTests {
    @Test func rule17LearnerState() throws {
        try Samples.workers().write(to: folder.file("workers.h5"))
        func rule(_ change: (inout ForgedFile) -> Void) throws -> Int? { try self.rule(of: "workers.h5", change) }
        #expect(try rule { _ in } == 0)
        let state = "workers/0/state"
        #expect(try rule { $0.replace(state, "\"agent_steps\":20000", with: "\"agent_steps\":-1") } == 17)
        #expect(try rule { $0.replace(state, "\"agent_steps\":20000", with: "\"agent_steps\":9e17") } == 17)
        for epsilon in ["-0.1", "1.1", "1e300"] {
            #expect(
                try rule { $0.replace(state, "\"final_epsilon\":0.1", with: "\"final_epsilon\":\(epsilon)") } == 17)
        }
        for bad in [Double.nan, .infinity, -.infinity] {
            #expect(try rule { $0.set("workers/0/learner/returns", [0, bad]) } == 17)
            #expect(try rule { $0.set("workers/0/learner/parameters", [0, Float(bad)]) } == 17)
        }
        #expect(try rule { $0.set("workers/0/learner/parameters", [Float(1), 2], shape: [2, 1]) } == 17)
        #expect(try rule { $0.set("workers/0/learner/parameters", [Int32(1)]) } == 17)
        #expect(try rule { $0.set("workers/0/learner/a/b", [Float(1)]) } == 17)
        #expect(
            try rule {
                $0.replace(state, "\"learner\":{\"kind\":\"async-nstep-q\",\"version\":2},", with: "")
            } == 17)
        // A missing or unknown key breaks the rule of documents.
        #expect(try rule { $0.replace(state, "\"standing\":\"running\"", with: "\"standing\":\"asleep\"") } == 10)
        #expect(try rule { $0.replace(state, ",\"standing\":\"running\"", with: "") } == 10)
        #expect(try rule { $0.replace(state, "\"agent_steps\":20000,", with: "") } == 10)
    }

    @Test func rule18Priorities() throws {
        try Samples.prioritized().write(to: folder.file("prioritized.h5"))
        let path = "workers/0/replay/priorities"
        func rule(_ slot: Int, _ value: Double) throws -> Int? {
            try self.rule(of: "prioritized.h5") { file in
                file.datasets[path]?.bytes.replaceSubrange(
                    (8 * slot)..<(8 * slot + 8), with: withUnsafeBytes(of: value, Array.init))
            }
        }
        #expect(try rule(0, 1e300) == 0)
        #expect(try rule(0, 0) == 0)
        for bad in [-1, .nan, .infinity, -.infinity, -.leastNonzeroMagnitude] as [Double] {
            #expect(try rule(0, bad) == 18, "\(bad)")
        }
        // Slot 36 is at the cursor, slot 13 is the final observation of a truncated episode.
        for slot in [13, 36] { #expect(try rule(slot, 0.5) == 18, "slot \(slot)") }
        #expect(
            try self.rule(of: "prioritized.h5") { $0.set(path, [Float](repeating: 0, count: 37)) } == 18)
        #expect(
            try self.rule(of: "prioritized.h5") {
                $0.set(path, [Double](repeating: 0, count: 37), shape: [37, 1])
            } == 18)
    }

    @Test func rule11ParametersOfHeads() throws {
        try Samples.dueling().write(to: folder.file("dueling.h5"))
        try Samples.actorCritic().write(to: folder.file("actor-critic.h5"))
        let online = "parameters/online"
        for name in ["value/hidden", "value/output", "advantage/hidden", "advantage/output", "layers/0"] {
            for part in ["weight", "bias"] {
                let path = "\(online)/\(name)/\(part)"
                #expect(try rule(of: "dueling.h5") { $0.datasets[path] = nil } == 11, "\(path)")
            }
        }
        #expect(try rule(of: "dueling.h5") { $0.set("\(online)/layers/1/bias", [Float](repeating: 0, count: 3)) } == 11)
        #expect(try rule(of: "dueling.h5") { $0.set("\(online)/head/bias", [Float](repeating: 0, count: 2)) } == 11)
        #expect(try rule(of: "actor-critic.h5") { $0.datasets["\(online)/head/bias"] = nil } == 11)
        // Without the state-value stream.
        #expect(
            try rule(of: "actor-critic.h5") { $0.set("\(online)/head/bias", [Float](repeating: 0, count: 3)) } == 11)
        // A head of another type has other parameters.
        #expect(
            try rule(of: "actor-critic.h5") {
                $0.replace("architecture", "\"actor_critic\"", with: "\"action_values\"")
            } == 11)
    }

    /// A file of 1.0 must not contain additions of later versions.
    @Test func format1_0RefusesAdditionsOf1_1() throws {
        func rule(_ change: (inout ForgedFile) -> Void) throws -> Int? { try self.rule(of: "sound-1.0.h5", change) }
        #expect(try rule { $0.set("workers/0/learner/parameters", [Float(1)]) } == 14)
        for head in ["dueling", "actor_critic", "somebody_elses"] {
            #expect(try rule { $0.replace("architecture", "\"action_values\"", with: "\"\(head)\"") } == 10, "\(head)")
        }
        // In 1.0 a column of this name is custom; interpreting it as priorities would be a guess.
        var file = try ForgedFile(reading: folder.file("sound-1.0.h5"))
        file.set("workers/0/replay/priorities", [Double](repeating: 1, count: 37))
        let url = folder.file("forged.h5")
        try file.write(to: url)
        #expect(Verifier.verify(url).isValid)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(error?.code == .invalidState)
        #expect(error?.message.contains("/workers/0/replay/priorities") == true)
    }

    /// A library that supports only 1.0 reports the version and reads nothing else.
    @Test func aReaderOfOnly1_0RefusesVersion1_1() throws {
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint(contentsOf: folder.file("sound-1.1.h5"), knowing: ["1.0"])
        }
        #expect(error?.code == .unsupportedVersion)
        #expect(error?.rule == 3)
        #expect(error?.message.contains("format version 1.1; this program supports 1.0. Update") == true)
        #expect(throws: Never.self) { try Checkpoint(contentsOf: folder.file("sound-1.0.h5"), knowing: ["1.0"]) }
    }
}
