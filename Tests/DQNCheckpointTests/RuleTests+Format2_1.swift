import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import Testing

/// Tests of the rules added by 2.1, and of files and readers of 2.0.
extension RuleTests {
    @Test func rule23Environments() throws {
        try Samples.environments().write(to: folder.file("environments.h5"))
        func rule(_ change: (inout ForgedFile) -> Void) throws -> Int? { try self.rule(of: "environments.h5", change) }
        #expect(try rule { _ in } == 0)
        let state = "workers/0/state"
        let place = "workers/0/environments/1"
        // An environment that the document does not describe, and members that do not belong there.
        #expect(try rule { $0.set("workers/0/environments/4/observation", [Float](repeating: 0, count: 4)) } == 23)
        #expect(try rule { $0.set("workers/0/environments/0/observation", [Float](repeating: 0, count: 4)) } == 23)
        #expect(try rule { $0.set("\(place)/random/exploration", [UInt64(1), 2, 3, 4]) } == 23)
        #expect(try rule { $0.set("\(place)/state", [UInt8(1)]) } == 23)
        #expect(try rule { $0.replace(state, "\"episode_length\":3,", with: "\"episode_length\":-3,") } == 23)
        #expect(try rule { $0.replace(state, "\"environments\":[{", with: "\"others\":[{") } == 23)
        // The rules of a worker's first environment apply to the others.
        #expect(try rule { $0.set("\(place)/observation", [Float](repeating: 0, count: 3)) } == 14)
        #expect(try rule { $0.datasets["\(place)/replay/rewards"] = nil } == 15)
        #expect(try rule { $0.replace(state, "\"cursor\":12", with: "\"cursor\":40") } == 15)
        #expect(try rule { $0.set("\(place)/replay/priorities", [Float](repeating: 0, count: 40)) } == 18)
        #expect(try rule { $0.lackingChunks = ["\(place)/replay/frames"] } == 21)
        #expect(
            try rule {
                $0.replace(
                    state, "\"environment\":{\"kind\":\"CartPole-v1\",\"version\":1},\"episode_length\":3",
                    with: "\"episode_length\":3")
            } == 14)
        #expect(try rule { $0.replace(state, "\"episode_length\":3,", with: "") } == 10)
    }

    /// A document may claim any number of environments.
    @Test func rule23BoundsTheNumberOfEnvironments() throws {
        try Samples.environments().write(to: folder.file("environments.h5"))
        let claim = Array(repeating: #"{"episode_length":0,"episode_return":0}"#, count: 4096).joined(separator: ",")
        #expect(
            try rule(of: "environments.h5") { file in
                file.replace("workers/0/state", "\"environments\":[", with: "\"environments\":[\(claim),")
            } == 23)
    }

    @Test func rule24Masks() throws {
        try Samples.environments().write(to: folder.file("environments.h5"))
        func rule(_ change: (inout ForgedFile) -> Void) throws -> Int? { try self.rule(of: "environments.h5", change) }
        for worker in ["workers/0", "workers/0/environments/1"] {
            let mask = "\(worker)/action_mask"
            #expect(try rule { $0.set(mask, [UInt8(0), 0]) } == 0)
            #expect(try rule { $0.set(mask, [UInt8(1), 2]) } == 24)
            #expect(try rule { $0.set(mask, [UInt8(1), 1, 1]) } == 24)
            #expect(try rule { $0.set(mask, [Float(1), 1]) } == 24)
            #expect(try rule { $0.set(mask, [UInt8(1), 1], shape: [1, 2]) } == 24)
            let column = "\(worker)/replay/next_action_masks"
            #expect(try rule { $0.datasets[column] = nil } == 0)
            #expect(try rule { $0.datasets[column]?.bytes[3] = 2 } == 24)
            let count = worker == "workers/0" ? 37 : 40
            #expect(try rule { $0.set(column, [UInt8](repeating: 0, count: count)) } == 24)
            #expect(try rule { $0.set(column, [UInt8](repeating: 0, count: 3 * count), shape: [count, 3]) } == 24)
            #expect(try rule { $0.set(column, [Float](repeating: 0, count: 2 * count), shape: [count, 2]) } == 24)
            // The slot at the cursor has no action.
            let cursor = worker == "workers/0" ? 36 : 12
            #expect(try rule { $0.datasets[column]?.bytes[2 * cursor] = 1 } == 24)
        }
    }

    @Test func rule10NetworksOf2_1() throws {
        try Samples.layers().write(to: folder.file("layers.h5"))
        func rule(_ part: String, _ other: String) throws -> Int? {
            try self.rule(of: "layers.h5") { $0.replace("architecture", part, with: other) }
        }
        #expect(try rule("\"quantiles\":5", "\"quantiles\": 5") == 0)
        for (part, other) in [
            ("\"activation\":\"gelu\"", "\"activation\":\"swish\""), ("\"padding\":[1,0]", "\"padding\":[-1,0]"),
            ("\"padding\":[1,0]", "\"padding\":[2,0]"), ("\"padding\":[1,0]", "\"padding\":9007199254740993"),
            ("\"quantiles\":5", "\"quantiles\":0"), ("\"quantiles\":5", "\"quantiles\":9223372036854775807"),
            ("\"quantiles\":5", "\"quantile\":5"), ("\"input_offset\":[127.5]", "\"input_offset\":[127.5,1]"),
            ("\"input_offset\":[127.5]", "\"input_offset\":[]"),
            ("\"input_offset\":[127.5]", "\"input_offset\":[1e300]"),
            ("\"input_offset\":[127.5]", "\"input_offset\":127.5"),
            ("\"type\":\"layer_norm\"", "\"type\":\"batch_norm\""),
            ("\"kernel\":[3,2]", "\"kernel\":[3,2,1]"), ("\"kernel\":[3,2]", "\"kernel\":[3]"),
        ] {
            #expect(try rule(part, other) == 10, "\(other)")
        }
        // Another network has other parameters.
        #expect(try rule("\"quantiles\":5", "\"quantiles\":6") == 11)
        for name in ["layers/1/weight", "layers/7/bias"] {
            #expect(try self.rule(of: "layers.h5") { $0.datasets["parameters/online/\(name)"] = nil } == 11)
        }
    }

    /// A file of 2.0 must not contain additions of 2.1.
    @Test func format2_0RefusesAdditionsOf2_1() throws {
        func rule(_ change: (inout ForgedFile) -> Void) throws -> Int? { try self.rule(of: "sound-2.0.h5", change) }
        #expect(try rule { $0.set("workers/0/action_mask", [UInt8(1), 1]) } == 14)
        #expect(try rule { $0.set("workers/0/environments/1/action_mask", [UInt8(1), 1]) } == 14)
        for (part, other) in [
            ("\"type\":\"dense\",\"units\":3", "\"activation\":\"tanh\",\"type\":\"dense\",\"units\":3"),
            ("\"input\":{", "\"input_scale\":[2],\"input\":{"), ("\"input\":{", "\"input_offset\":[2],\"input\":{"),
            ("\"type\":\"action_values\"", "\"quantiles\":1,\"type\":\"quantiles\""),
        ] {
            #expect(try rule { $0.replace("architecture", part, with: other) } == 10, "\(other)")
        }
        // In 2.0 a column of this name is custom; interpreting it as masks would be a guess.
        var file = try ForgedFile(reading: folder.file("sound-2.0.h5"))
        file.set("workers/0/replay/next_action_masks", [UInt8](repeating: 1, count: 37))
        let url = folder.file("forged.h5")
        try file.write(to: url)
        #expect(Verifier.verify(url, deep: true).isValid)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(error?.code == .invalidState)
        #expect(error?.message.contains("/workers/0/replay/next_action_masks") == true)
    }

    /// A library that supports versions up to 2.0 reports the version and reads nothing else.
    @Test func aReaderOf2_0RefusesVersion2_1() throws {
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint(contentsOf: folder.file("sound-2.1.h5"), knowing: ["1.0", "1.1", "2.0"])
        }
        #expect(error?.code == .unsupportedVersion)
        #expect(error?.rule == 3)
        #expect(error?.message.contains("format version 2.1; this program supports 1.0, 1.1, 2.0. Update") == true)
    }
}
