import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation

/// Imports bytes in every way. The tests and the fuzz target in `Tests/Fuzz` share this source file.
enum ForeignReading {
    /// A policy that was imported and is another one after it was stored.
    struct Difference: Error {}

    /// What a user may set, for files that do not say everything.
    private static let settings: [[String]] = [
        [], ["input=4x20x20", "layers.0.stride=2", "layers.1.stride=1", "layers.2.stride=1"], ["input=4"],
    ]

    /// Imports the bytes; what can be imported is stored and read again.
    ///
    /// Any error of the import is acceptable; a crash, an endless read, memory out of proportion, and a policy that cannot
    /// be stored are failures.
    ///
    /// - Parameter url: Where policies are stored; `nil` if they need not be.
    /// - Returns: Whether the bytes are a policy.
    static func readEverything(_ bytes: [UInt8], at url: URL?) throws -> Bool {
        var isPolicy = false
        for map in settings {
            let policy: ForeignPolicy
            let options = try ImportOptions(environment: "CartPole-v1", map: map)
            do throws(InterchangeError) { policy = try ForeignPolicy(bytes[...], name: "file", options) } catch {
                // Only a decision can make a policy of it.
                if error.code == .ambiguous || error.message.contains("--map") { continue }
                return isPolicy
            }
            isPolicy = true
            _ = policy.table
            guard let url else { continue }
            let checkpoint: Checkpoint
            do throws(InterchangeError) { checkpoint = try policy.checkpoint() } catch { continue }
            try checkpoint.write(to: url, overwriting: true)
            let stored = try Checkpoint(contentsOf: url)
            guard stored.online == policy.network.parameters, stored.architecture == policy.network.architecture else {
                throw Difference()
            }
            try exportAndImport(stored)
        }
        return isPolicy
    }

    /// What was imported comes back exactly from every format that policies are exported to.
    private static func exportAndImport(_ stored: Checkpoint) throws {
        let export = try PolicyExport(stored, digest: String(repeating: "0", count: 64))
        for format in PolicyExport.Format.allCases {
            let policy = try ForeignPolicy([UInt8](try export.contents(format))[...], name: "file", ImportOptions())
            guard policy.network.parameters == stored.online, policy.network.architecture == stored.architecture else {
                throw Difference()
            }
        }
    }
}
