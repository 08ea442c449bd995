import DQNEnvironments
import Foundation
import Testing

/// Only environments on an exact list bring no code.
@Suite struct BroughtCodeTests {
    @Test(arguments: [
        "CartPole-v1", "Catch84-v0", "gym:CartPole-v1", "gym:ALE/Pong-v5?frameskip=1,obs_type=grayscale",
        "gym:PongNoFrameskip-v4?repeat_action_probability=0.25", "gym:ALE/TicTacToe3D-v5", "gym:Pong-ramNoFrameskip-v4",
        "gym:MinAtar/Breakout-v1?sticky_action_prob=0", "gym:LunarLander-v3?gravity=-5,render_mode=rgb_array",
        "gym:FrozenLake-v1?desc=[\"SF\"%2C\"HG\"],is_slippery=false", "gym:Ant-v5?healthy_reward=2,max_episode_steps=7",
        "gym:CartPole-v1?wrapper=TimeLimit:200,wrapper=FlattenObservation,channels=first,observation_key=0",
        #"gym:CartPole-v1?wrapper=gymnasium.wrappers.FrameStackObservation:{"stack_size":3}"#,
        "gym:Blackjack-v1?natural=true,disable_env_checker=false", "gym:phys2d/CartPole-v1",
    ])
    func bringsNothing(id: String) throws {
        #expect(try EnvironmentID(id).broughtCode == [])
    }

    @Test(
        arguments: [
            ("plugin:./grid.so:Grid-v0", [.library("./grid.so")]), ("plugin:grid.so", [.library("grid.so")]),
            ("gym:evil:X-v0", [.module("evil")]), ("gym:evil.inner:CartPole-v1", [.module("evil.inner")]),
            // Even where the module is harmless: it need not be the one that it seems.
            ("gym:gymnasium:CartPole-v1", [.module("gymnasium")]), ("gym::CartPole-v1", [.module("")]),
            ("gym:MiniGrid-Empty-5x5-v0", [.environment("MiniGrid-Empty-5x5-v0")]),
            ("gym:CartPole", [.environment("CartPole")]), ("gym:CartPole-v2", [.environment("CartPole-v2")]),
            ("gym:cartpole-v1", [.environment("cartpole-v1")]), ("gym: CartPole-v1", [.environment(" CartPole-v1")]),
            ("gym:ALE/CartPole-v1", [.environment("ALE/CartPole-v1")]), ("gym:", [.environment("")]),
            ("gym:phys2d/CartPole-v2", [.environment("phys2d/CartPole-v2")]),
            // A sign for kelvin, which Swift takes for the letter.
            ("gym:ALE/\u{212A}rull-v5", [.environment("ALE/\u{212A}rull-v5")]),
            (
                "gym:GymV21Environment-v0?env_id=evil:X-v0",
                [.environment("GymV21Environment-v0"), .option(key: "env_id", value: "evil:X-v0")]
            ),
            ("gym:Ant-v5?xml_file=/tmp/evil.xml", [.option(key: "xml_file", value: "/tmp/evil.xml")]),
            ("gym:ALE/Pong-v5?game=../x", [.option(key: "game", value: "../x")]),
            ("gym:MinAtar/Breakout-v1?game=os", [.option(key: "game", value: "os")]),
            ("gym:CartPole-v1?goal_velocity=1", [.option(key: "goal_velocity", value: "1")]),
            ("gym:CartPole-v1?render_mod\u{212A}=x", [.option(key: "render_mod\u{212A}", value: "x")]),
            // The key reaches Python with its equals sign, which would make it a wrapper there.
            ("gym:CartPole-v1?wrapper%3Devil.X=1", [.option(key: "wrapper=evil.X", value: "1")]),
            ("gym:CartPole-v1?wrapper=evil.X", [.wrapper(module: "evil", name: "evil.X")]),
            ("gym:CartPole-v1?wrapper=evil.sub.X:[1]", [.wrapper(module: "evil.sub", name: "evil.sub.X")]),
            (
                "gym:CartPole-v1?wrapper=gymnasium.wrappers.vector.X",
                [.wrapper(module: "gymnasium.wrappers.vector", name: "gymnasium.wrappers.vector.X")]
            ),
            (#"gym:CartPole-v1?wrapper=RecordVideo:"/tmp""#, [.unlistedWrapper("RecordVideo")]),
            (#"gym:CartPole-v1?wrapper=ArrayConversion:["evil"]"#, [.unlistedWrapper("ArrayConversion")]),
            (
                "gym:CartPole-v1?wrapper=TimeLimit:9,wrapper=evil.X,kind=7",
                [.wrapper(module: "evil", name: "evil.X"), .option(key: "kind", value: "7")]
            ),
        ] as [(String, [BroughtCode])])
    func bringsCode(id: String, code: [BroughtCode]) throws {
        #expect(try EnvironmentID(id).broughtCode == code)
    }

    @Test(
        "The list has what the installed packages register, apart from ids that run other packages",
        .enabled(if: Gymnasium.hasALE && Gymnasium.hasMinAtar, "\(Gymnasium.reason)"))
    func listIsComplete() throws {
        let script = """
            import ale_py, gymnasium, minatar.gym
            gymnasium.register_envs(ale_py)
            minatar.gym.register_envs()
            print(*gymnasium.registry)
            """
        let process = Process()
        process.executableURL = URL(filePath: try #require(Gymnasium.python))
        process.arguments = ["-I", "-c", script]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let ids = text.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(ids.count > 400)
        let others = try ids.filter { try !EnvironmentID("gym:\($0)").broughtCode.isEmpty }
        let expected = others.allSatisfy { id in
            // Those of mujoco-py and of the package gym.
            id.hasSuffix("-v2") || id.hasSuffix("-v3") || id.hasPrefix("GymV2")
        }
        #expect(expected, "\(others)")
    }
}
