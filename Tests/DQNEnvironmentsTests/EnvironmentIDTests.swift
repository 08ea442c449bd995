import DQNEnvironments
import DQNModel
import Testing

@Suite struct EnvironmentIDTests {
    @Test func parsesARegisteredName() throws {
        for text in ["CartPole-v1", "", "a:b?c"] {
            let id = try EnvironmentID(text)
            #expect(id.kind == .registered && id.name == text && id.options.isEmpty && id.description == text)
        }
    }

    @Test func parsesAnIDOfGymnasium() throws {
        let id = try EnvironmentID("gym:my_module:My-v0?label=100%25%2C fine,size=7")
        #expect(id.kind == .gymnasium && id.name == "my_module:My-v0")
        #expect(id.options == ["label": "100%, fine", "size": "7"])
        #expect(id.description == "gym:my_module:My-v0?label=100%25%2C fine,size=7")
    }

    @Test func parsesAnIDOfAPlugIn() throws {
        let id = try EnvironmentID("plugin:./a:b/grid.so:Grid-v0?size=7")
        #expect(id.kind == .plugIn(path: "./a:b/grid.so") && id.name == "Grid-v0" && id.options == ["size": "7"])
        let library = try EnvironmentID("plugin:./a:b/grid.so")
        #expect(library.kind == .plugIn(path: "./a:b/grid.so") && library.name.isEmpty)
    }

    @Test func keepsTheTextAsWritten() throws {
        let text = "gym:CartPole-v1?%61=%37"
        #expect(try EnvironmentID(text).description == text)
        #expect(try EnvironmentID(text).setting([]).description == text)
        #expect(try EnvironmentID(text).options == ["a": "7"])
        #expect(try EnvironmentID(text).setting(["b=1,2"]).description == "gym:CartPole-v1?a=7,b=1%2C2")
    }

    @Test func wrappersOccurSeveralTimesInOrder() throws {
        let id = try EnvironmentID("gym:CartPole-v1?wrapper=A,render_mode=ansi,wrapper=B:[1%2C2]")
        #expect(id.description == "gym:CartPole-v1?wrapper=A,render_mode=ansi,wrapper=B:[1%2C2]")
        #expect(
            try id.setting(["sutton_barto_reward=true"]).description
                == "gym:CartPole-v1?wrapper=A,render_mode=ansi,wrapper=B:[1%2C2],sutton_barto_reward=true")
        // New wrappers replace all the old ones.
        #expect(
            try id.setting([#"wrapper=C:{"n":1,"m":2}"#, "wrapper=D"]).description
                == #"gym:CartPole-v1?render_mode=ansi,wrapper=C:{"n":1%2C"m":2},wrapper=D"#)
        #expect(try id.setting(["wrapper="]).description == "gym:CartPole-v1?render_mode=ansi")
    }

    @Test func defaultsApplyOnlyToMissingOptions() throws {
        let id = try EnvironmentID("gym:ALE/Pong-v5?frameskip=4").defaulting(["frameskip=1", "obs_type=grayscale"])
        #expect(id.description == "gym:ALE/Pong-v5?frameskip=4,obs_type=grayscale")
    }

    @Test func shortNamesAreFitForFolders() throws {
        for (text, name) in [
            ("CartPole-v1", "CartPole-v1"), ("gym:ALE/Pong-v5?frameskip=1", "Pong-v5"),
            ("gym:my_module:My-v0", "My-v0"), ("plugin:./grid.so:Grid-v0?size=7", "Grid-v0"),
        ] { #expect(try EnvironmentID(text).shortName == name) }
    }

    @Test(arguments: ["gym:A-v0?a", "gym:A-v0?=1", "gym:A-v0?a=1,a=2", "plugin:a.so?a=%zz"])
    func refusesOptionsWithoutAKey(text: String) {
        #expect { try EnvironmentID(text) } throws: { ($0 as? EnvironmentError)?.code == .invalidOptions }
    }
}
