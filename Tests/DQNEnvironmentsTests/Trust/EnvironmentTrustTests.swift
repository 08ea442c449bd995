import DQNEnvironments
import DQNModel
import Foundation
import PluginBuilding
import Testing

/// The library creates environments that bring code only if its caller says so.
@Suite struct EnvironmentTrustTests {
    @Test func refusesAPluginWithoutLoadingIt() throws {
        let folder = try PrivateFolder()
        let (library, mark) = (folder("grid.so"), folder("mark"))
        try CompiledPlugin.leavingMark(URL(filePath: mark), at: URL(filePath: library))
        let id = "plugin:\(library):GridWorld-v0"
        #expect {
            try EnvironmentRegistry.make(id)
        } throws: {
            let error = $0 as? EnvironmentError
            return error?.code == .notAllowed && error?.message.contains("the library '\(library)'") == true
                && error?.message.contains("pass trust: .any") == true
        }
        #expect(throws: EnvironmentError.self) { try EnvironmentRegistry.make(EnvironmentID(id), trust: .withoutCode) }
        #expect(!FileManager.default.fileExists(atPath: mark))
        #expect(try EnvironmentRegistry.make(id, trust: .any).specification.id == id)
        #expect(FileManager.default.fileExists(atPath: mark))
    }

    @Test(
        .enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)"),
        arguments: [
            ("gym:no_such_module:X-v0", "the Python module 'no_such_module' (which is not there now)"),
            ("gym:CartPole-v1?wrapper=json.X", "the Python module 'json' (/"),
            ("gym:MiniGrid-Empty-v0", "registers 'MiniGrid-Empty-v0'"),
            ("gym:CartPole-v1?file=x", "what the option 'file=x' names"),
            ("gym:CartPole-v1?wrapper=RecordVideo:1", "the wrapper 'RecordVideo'"),
        ])
    func saysWhatWouldBeLoaded(id: String, words: String) throws {
        #expect {
            try EnvironmentRegistry.make(id)
        } throws: {
            let error = $0 as? EnvironmentError
            return error?.code == .notAllowed && error?.message.contains(words) == true
                && error?.message.contains("\n") == false
        }
    }

    @Test(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)"))
    func listedEnvironmentsNeedNoWord() throws {
        let environment = try EnvironmentRegistry.make("gym:CartPole-v1?wrapper=TimeLimit:9,sutton_barto_reward=true")
        #expect(environment.specification.actionCount == 2)
        #expect(try EnvironmentRegistry.make("CartPole-v1").specification.actionCount == 2)
    }

    @Test func theFurtherReachingDecisionWins() {
        let named = GymnasiumSettings().trusting(EnvironmentTrust(word: .named))
        #expect(named.trusting(.withoutCode).trust.word == .named)
        #expect(named.trusting(.any).trust.word == .named)
        #expect(GymnasiumSettings().trusting(.any).trust == .any)
        #expect(GymnasiumSettings().trust == .withoutCode)
    }
}
