internal import DQNLearning
internal import DQNModel
internal import Foundation

/// Finds edits of `config.json`. A resume does not apply them, because the checkpoint holds the run's configuration.
enum ConfigurationEdits {
    /// Flags of a resume, by the key that they change.
    private static let resumeFlags = [
        "evaluation_interval": "--eval-every", "evaluation_episodes": "--eval-episodes",
        "target_return": "--target-return", "workers": "--workers", "schedule_steps": "--schedule-steps",
    ]
    /// Flags of a new run, for keys that `--set` does not accept.
    private static let runFlags = ["environment": "--env", "method": "--method", "preset": "--preset"]

    /// Returns a sentence for each key of `config.json` that differs from the checkpoint, with the command that makes
    /// the change.
    ///
    /// - Parameters:
    ///   - edited: the configuration in `config.json`.
    ///   - stored: the configuration in the checkpoint.
    ///   - running: the configuration that the run continues with; keys that this resume changes to the value in
    ///     `config.json` are left out.
    static func notices(
        in edited: JSONValue, stored: JSONValue, running: TrainingConfiguration, of directory: RunDirectory
    ) -> [String] {
        guard case .object(let edits) = edited, case .object(let originals) = stored else {
            return ["config.json holds no configuration; the run keeps the one of its checkpoint"]
        }
        let (current, defaults) = (running.json, TrainingConfiguration().json)
        var notices: [String] = []
        for (name, value) in edits.sorted(by: { $0.key < $1.key }) where originals[name] != value {
            let kept = current[name]
            let new: JSONValue?
            do throws(TrainingError) { new = try normalised(value, of: name) } catch {
                notices.append("config.json: \(error.message) The run keeps \(text(kept))")
                continue
            }
            // 1.0 and 1 are the same, and so are a list of words and a text with them.
            let original = originals[name].flatMap { value in (try? normalised(value, of: name)) ?? value }
            guard let kept, let new, new != kept, new != original else { continue }
            notices.append(
                "config.json has \(name) \(text(new)), but the checkpoint has \(text(kept)), which the run keeps; "
                    + "change it with \(command(name, new, directory))")
        }
        for name in originals.keys.sorted() where edits[name] == nil {
            // Files of older releases lack keys, which then have these values.
            guard let kept = current[name], kept != defaults[name] else { continue }
            notices.append("config.json lacks \(name); the run keeps \(text(kept)), as in its checkpoint")
        }
        return notices
    }

    /// Returns a value as configurations store it.
    private static func normalised(_ value: JSONValue, of name: String) throws(TrainingError) -> JSONValue? {
        var configuration = TrainingConfiguration()
        try configuration.set(name, to: value)
        return configuration.json[name]
    }

    /// Returns the command that sets a key.
    private static func command(_ name: String, _ value: JSONValue, _ directory: RunDirectory) -> String {
        let run = shellWord(directory.url.path)
        let text = value.stringValue ?? text(value)
        if let flag = resumeFlags[name], value != .null { return "dqn-train --resume \(run) \(flag) \(text)" }
        let assignment = "--set " + shellWord("\(name)=\(text)")
        if EvaluationChanges.allows(name) { return "dqn-train --resume \(run) \(assignment)" }
        let change = runFlags[name].map { "\($0) \(shellWord(text))" } ?? assignment
        return "dqn-train --from \(run) \(change) --out NEW"
    }

    private static func text(_ value: JSONValue?) -> String { value.map(TrainingRun.text) ?? "its value" }

    /// Quotes a word for a shell where necessary.
    static func shellWord(_ word: String) -> String {
        let isPlain = word.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "/._-+=:,%@".unicodeScalars.contains(scalar)
        }
        if isPlain, !word.isEmpty { return word }
        return "'" + word.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
    }
}
