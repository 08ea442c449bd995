import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Trains and plays in environments with unusual spaces through the real programs.
@Suite(.enabled(if: InstalledPython.has("gymnasium"), "Scripts/setup-gymnasium installs Gymnasium"))
struct GymnasiumSpaceTests {
    @Test func newRunStoresTheReadingOfItsChannels() throws {
        let directory = try TemporaryDirectory()
        let board = "gym:dqn_test_environments:Board-v0"
        let arguments = ["--env", board, "--steps", "40", "--eval-every", "0", "--set", "learning_starts=20"]
        var result = try Program.run("dqn-train", arguments + ["--out", directory("run")], modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        var checkpoint = try directory.newest("run")
        #expect(checkpoint.configuration["environment"]?.stringValue == board + "?channels=last")
        #expect(checkpoint.configuration["network"]?.stringValue == "small-cnn")
        #expect(checkpoint.architecture.input.shape == [20, 7, 7])
        result = try Program.run(
            "dqn-train", ["--resume", directory("run"), "--steps", "60"], modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        // The environment's bare id is read as the policy needs it.
        let play = ["dqn-play", directory("run"), "--episodes", "1", "--max-steps", "9"]
        for more in [[], ["--env", board]] {
            result = try Program.run(play[0], Array(play[1...]) + more, modules: Program.modules)
            #expect(result.status == 0, "\(result.errors)")
        }
        result = try Program.run(
            "dqn-train",
            arguments + ["--env-set", "channels=first", "--out", directory("first")]
                + ["--set", "network=mlp:8"], modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        checkpoint = try directory.newest("first")
        #expect(checkpoint.architecture.input.shape == [7, 7, 20])
    }

    @Test func startReportsDoubtfulObservations() throws {
        for (name, part) in [
            ("Cube", "are read with the channels last, but the shape leaves this open; --env-set channels=first"),
            ("Far", "hold numbers from -1200.0 to 1200.0"), ("Unbounded", "hold numbers as large as 400.0"),
            ("Dim", "holds bytes up to 8, which the network multiplies by 1/255; if no later one"),
        ] {
            let directory = try TemporaryDirectory()
            let arguments = [
                "--env", "gym:dqn_test_environments:\(name)-v0", "--steps", "20", "--out", directory("run"),
            ]
            let result = try Program.run("dqn-train", arguments + ["--eval-every", "0"], modules: Program.modules)
            #expect(result.status == 0 && result.errors.contains(part), "\(result.errors)")
        }
    }

    @Test(arguments: [
        ("Table", "mlp:256,256"), ("SmallBoard", "mlp:256,256"), ("Frames", "small-cnn"), ("LargeFrames", "nature-cnn"),
        ("Bag", "mlp:256,256"),
    ])
    func defaultNetworkFollowsTheObservation(name: String, network: String) throws {
        let id = "gym:dqn_test_environments:\(name)-v0"
        let result = try Program.run("dqn-train", ["--env", id, "--print-config"], modules: Program.modules)
        #expect(result.output.contains("\"network\" : \"\(network)\""), "\(result.errors)\(result.output)")
    }

    @Test(arguments: [
        ("Board", "1"), ("SmallBoard", "1"), ("Frames", "null"), ("Mission", "0.1"), ("Table", "null"),
    ])
    func bytesAreScaledByTheirOwnBounds(name: String, scale: String) throws {
        let key = name == "Mission" ? "?observation_key=picture" : ""
        let id = "gym:dqn_test_environments:\(name)-v0\(key)"
        let result = try Program.run("dqn-train", ["--env", id, "--print-config"], modules: Program.modules)
        #expect(result.output.contains("\"input_scale\" : \(scale)"), "\(result.errors)\(result.output)")
    }

    @Test func defaultNetworkThatDoesNotFitNamesItself() throws {
        let arguments = [
            "--env", "gym:dqn_test_environments:Thumbnails-v0", "--preset", "atari", "--set", "wrappers=[]",
        ]
        var result = try Program.run("dqn-train", arguments + ["--print-config"], modules: Program.modules)
        #expect(result.status == 64)
        #expect(
            result.errorLine?.contains("'nips-cnn', the default network of the preset 'atari', does not fit") == true,
            "\(result.errors)")
        #expect(result.errors.contains("--set network=mlp:256,256"), "\(result.errors)")
        let network = ["--set", "network=nips-cnn"]
        result = try Program.run("dqn-train", arguments + network + ["--print-config"], modules: Program.modules)
        #expect(result.status == 64 && !result.errors.contains("default network"), "\(result.errors)")
    }

    @Test(arguments: ["FrozenLake-v1", "Blackjack-v1", "CliffWalking-v1", "Taxi-v4"])
    func tabularRunResumesExactly(name: String) throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--env", "gym:\(name)", "--schedule-steps", "600", "-q", "--set", "evaluation_max_steps=50"]
        var result = try Program.run(
            "dqn-train", arguments + ["--steps", "600", "--out", directory("whole")] + tiny, modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        result = try Program.run(
            "dqn-train", arguments + ["--steps", "337", "--out", directory("cut")] + tiny, modules: Program.modules)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try directory.newest("cut").workers[0].environment != nil)
        result = try Program.run(
            "dqn-train", ["--resume", directory("cut"), "--steps", "600"], modules: Program.modules)
        #expect(result.status == 0 && !result.errors.contains("new episode"), "\(result.errors)")
        #expect(try directory.checkpointData("cut", 600) == directory.checkpointData("whole", 600))
        result = try Program.run(
            "dqn-play", [directory("whole"), "--episodes", "2", "--max-steps", "50", "--json"], modules: Program.modules
        )
        #expect(result.status == 0 && result.output.contains("gym:\(name)"), "\(result.errors)")
    }
}
