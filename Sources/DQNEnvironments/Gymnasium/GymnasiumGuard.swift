internal import DQNModel
internal import Foundation

/// What a Python process may load from outside its interpreter's own packages.
enum GymnasiumGuard: Sendable, Hashable {
    /// Anything: the user trusts the environment, or it brings no code.
    case nothing
    /// These files alone, with the SHA-256 of each by canonical path.
    case only([String: String])
    /// Nothing at all: the process finds the files of these modules and ends.
    case find([String])

    /// The document for the process.
    var document: [UInt8] {
        var fields: [String: JSONValue] = [:]
        switch self {
        case .nothing: break
        case .only(let files): fields["allowed"] = .object(files.mapValues { .string($0) })
        case .find(let modules): fields["find"] = .array(modules.map { .string($0) })
        }
        // Texts alone always encode.
        return (try? JSONEncoder().encode(fields)).map { Array($0) } ?? []
    }
}

/// Why a process has refused to run a file: a clause with the file's path.
struct UnallowedFile: Error {
    let reason: String
}

/// Finds out where a Python would load modules from, without loading them.
enum GymnasiumLocator {
    private static let seconds = 30.0

    /// Returns the files of modules by their names, without those that there are none of; `nil` if the Python cannot
    /// tell.
    static func files(of modules: [String], _ settings: GymnasiumSettings) -> [String: String]? {
        guard !modules.isEmpty, let python = try? settings.locatePython(),
            let process = try? GymnasiumProcess(
                python: python, pythonPath: settings.pythonPath, name: modules[0],
                EnvironmentOptions(name: "", pairs: []), guarding: .find(modules)),
            let reply = try? process.ask(.describe, seconds: seconds), reply.status == .done
        else { return nil }
        return try? JSONDecoder().decode([String: String].self, from: Data(reply.payload))
    }
}
