import DQNModel
import Foundation
import Testing

/// The environment variable that limits the instruction set of all computations.
@Suite struct InstructionSetTests {
    private static let arguments = [
        "--env", "CartPole-v1", "--steps", "60", "--schedule-steps", "80", "--set", "learning_starts=20", "--set",
        "network=mlp:20",
        "--set", "batch_size=4", "--set", "evaluation_interval=0",
    ]

    private func train(_ directory: TemporaryDirectory, _ run: String, limit: String?) throws -> Program.Result {
        let shell = limit.map { "export DQN_MAX_CPU_ISA='\($0)'" } ?? "unset DQN_MAX_CPU_ISA"
        return try Program.run("dqn-train", Self.arguments + ["--out", directory(run)], shell: shell)
    }

    private func compute(_ directory: TemporaryDirectory, _ run: String) throws -> String {
        let file = URL(fileURLWithPath: directory(run)).appendingPathComponent("config.json")
        guard
            case .object(let members) = try JSONDecoder().decode(
                JSONValue.self, from: Data(contentsOf: file)),
            case .string(let compute)? = members["compute"]
        else { throw CocoaError(.coderReadCorrupt) }
        return compute
    }

    /// The record names the sets in force, of the library and of our own loops, and equal limits give equal files.
    @Test(arguments: ["sse41", "avx2"])
    func limitsTheLibraryAndOurLoops(_ limit: String) throws {
        let directory = try TemporaryDirectory()
        for run in ["a", "b"] {
            let result = try train(directory, run, limit: limit)
            #expect(result.status == 0, "\(result.errors)")
        }
        let record = try compute(directory, "a")
        #if arch(x86_64)
            #expect(record.contains(" \(limit), kernels \(limit) revision "), "\(record)")
        #endif
        #expect(try directory.checkpointData("a", 60) == directory.checkpointData("b", 60))
        let free = try train(directory, "free", limit: nil)
        #expect(free.status == 0)
        // A resume with another set says so once; one with the same set says nothing.
        let differs = try compute(directory, "free") != record
        for (set, isSaid) in [(limit, false), ("avx512", differs)] {
            let resumed = try Program.run(
                "dqn-train", ["--resume", directory("a"), "--steps", set == limit ? "70" : "80"],
                shell: "export DQN_MAX_CPU_ISA=\(set)")
            #expect(resumed.status == 0, "\(resumed.errors)")
            let said = resumed.errors.components(separatedBy: "this run was computed with \(record)").count - 1
            #expect(said == (isSaid ? 1 : 0), "\(resumed.errors)")
        }
    }

    @Test func refusesAnUnknownSetOnceAndLeavesNothing() throws {
        let directory = try TemporaryDirectory()
        let result = try train(directory, "a", limit: "avx3")
        #expect(result.status == 1)
        #expect(result.errors.components(separatedBy: "DQN_MAX_CPU_ISA is 'avx3'").count == 2, "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory("a")))
    }
}
