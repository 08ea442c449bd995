import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Runs `dqn-play`: sampled actions, reported seeds, and recordings of Gymnasium's environments.
@Suite struct PlayTests {
    private struct Report: Decodable {
        let returns: [Double]
        let lengths: [Int]
        let seeds: [UInt64]
        let sampled: Bool
    }

    private func policy(_ directory: TemporaryDirectory, _ arguments: [String], shell: String? = nil) throws -> String {
        let path = directory("run")
        let all = arguments + ["--steps", "150", "--out", path, "-q", "--eval-every", "0"]
        let result = try shell.map { try Program.run("dqn-train", all, shell: $0) } ?? Program.run("dqn-train", all)
        #expect(result.status == 0, "\(result.errors)")
        return path
    }

    private func play(_ arguments: [String]) throws -> Report {
        let result = try Program.run("dqn-play", arguments + ["--json"])
        #expect(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    }

    @Test func samplesTheActionsOfAnActorCritic() throws {
        let directory = try TemporaryDirectory()
        let run = try policy(
            directory, ["--env", "CartPole-v1", "--method", "a3c", "--set", "network=mlp:16,16"])
        let arguments = [run, "--episodes", "5", "--seed", "3"]
        let greedy = try play(arguments)
        let first = try play(arguments + ["--sample"])
        let second = try play(arguments + ["--sample"])
        #expect(!greedy.sampled && first.sampled)
        // An untrained policy is nearly uniform: it holds the pole for about twenty steps, and the greedy one for ten.
        #expect(first.lengths != greedy.lengths)
        #expect(first.lengths == second.lengths && first.seeds == second.seeds)
        #expect(first.seeds == greedy.seeds)
        #expect(try play([run, "--episodes", "5", "--seed", "4", "--sample"]).lengths != first.lengths)
    }

    @Test func refusesToSampleActionValues() throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, ["--env", "CartPole-v1"] + tiny)
        let result = try Program.run("dqn-play", run, "--sample")
        #expect(result.status == 64 && result.output.isEmpty)
        #expect(result.errors.contains("--sample needs an actor-critic network"), "\(result.errors)")
    }

    @Test func reportsTheSeedOfEachEpisode() throws {
        let directory = try TemporaryDirectory()
        let run = try policy(directory, ["--env", "CartPole-v1"] + tiny)
        let report = try play([run, "--episodes", "3"])
        #expect(Set(report.seeds).count == 3)
        let trace = directory("trace.jsonl")
        let result = try Program.run("dqn-play", run, "--episodes", "3", "--trace", trace)
        for (index, seed) in report.seeds.enumerated() {
            #expect(
                result.output.contains("episode \(index + 1): return \(Int(report.returns[index])).00, ")
                    && result.output.contains("\(report.lengths[index]) steps, seed \(seed)\n"), "\(result.output)")
        }
        let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
        }
        #expect(lines.count == report.lengths.reduce(0, +))
        for line in lines {
            let episode = try #require(line["episode"]?.integerValue)
            #expect(line["seed"]?.doubleValue == Double(report.seeds[episode]))
        }
    }

    @Test func evaluationsSampleAndResumeExactly() throws {
        let directory = try TemporaryDirectory()
        let arguments = [
            "--env", "CartPole-v1", "--method", "a3c", "--set", "network=mlp:16,16", "--eval-every", "100",
            "--eval-episodes", "3", "--schedule-steps", "400", "-q",
        ]
        func train(_ name: String, _ more: [String]) throws {
            let result = try Program.run("dqn-train", arguments + more + ["--out", directory(name)])
            #expect(result.status == 0, "\(result.errors)")
        }
        let sampling = ["--set", "evaluation_sampling=true"]
        try train("greedy", ["--steps", "400"])
        try train("whole", ["--steps", "400"] + sampling)
        try train("cut", ["--steps", "150"] + sampling)
        let result = try Program.run("dqn-train", "--resume", directory("cut"), "--steps", "400", "-q")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.checkpointData("cut", 400) == directory.checkpointData("whole", 400))
        func returns(_ name: String) throws -> [Double] {
            try #require(try directory.newest(name).history.columns["eval/mean_reward"])
        }
        // The training itself is the same.
        #expect(try directory.newest("greedy").online == directory.newest("whole").online)
        #expect(try returns("greedy").description != returns("whole").description)
        let refused = try Program.run("dqn-train", ["--env", "CartPole-v1", "--out", directory("no")] + sampling)
        #expect(refused.status == 64 && refused.errors.contains("which evaluation_sampling requires"))
    }

    @Test(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
    func recordsAnEnvironmentThatDrawsOnlyIfItIsCreatedTo() throws {
        let directory = try TemporaryDirectory()
        for (kind, status) in [("Painter", Int32(0)), ("Blind", 1), ("Still", 64)] {
            let module = kind == "Still" ? "dqn_test_environments" : "dqn_drawing_environments"
            let run = directory("run-\(kind)")
            var result = try Program.run(
                "dqn-train",
                ["--env", "gym:\(module):\(kind)-v0", "--steps", "150", "--out", run, "-q"] + tiny
                    + ["--eval-every", "0"], modules: Program.modules)
            #expect(result.status == 0, "\(result.errors)")
            let film = directory("\(kind).png")
            let arguments = [run, "--record", film, "--max-steps", "9"]
            result = try Program.run("dqn-play", arguments, modules: Program.modules)
            #expect(result.status == status, "\(result.errors)")
            #expect(FileManager.default.fileExists(atPath: film) == (status == 0))
            switch kind {
            case "Painter": #expect(result.output.contains("seed "), "\(result.output)")
            case "Blind": #expect(result.errors.contains("RuntimeError: no paint at all"))
            default: #expect(result.errors.contains("does not provide pictures"), "\(result.errors)")
            }
            // Gymnasium's seeds have 31 bits.
            result = try Program.run(
                "dqn-play", [run, "--episodes", "2", "--json", "--max-steps", "3"], modules: Program.modules)
            let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
            #expect(report.seeds.allSatisfy { $0 < 1 << 31 } && report.seeds.contains { $0 > 1 << 24 })
        }
    }
}
