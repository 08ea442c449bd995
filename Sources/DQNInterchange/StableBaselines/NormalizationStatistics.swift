internal import DQNModel
internal import Foundation

/// Reads what Stable-Baselines3's `VecNormalize.save` writes: a pickle with the mean and the variance of each element of
/// observations.
enum NormalizationStatistics {
    /// The names of the files in archives.
    static let names = ["vecnormalize.pkl", "vec_normalize.pkl"]
    /// Returns the path of statistics that belong to a model: beside it, or as RL Baselines3 Zoo keeps them in a folder of
    /// its name.
    static func file(beside model: URL) -> String? {
        let folders = [model.deletingLastPathComponent(), model.deletingPathExtension()]
        return folders.flatMap { folder in names.map { folder.appending(path: $0).path } }.first {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    private static let className = "stable_baselines3.common.vec_env.vec_normalize.VecNormalize"

    /// Returns what the observations are shifted and multiplied by, and what of the normalisation is lost.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    static func scaling(
        _ bytes: ArraySlice<UInt8>, _ name: String
    ) throws(InterchangeError) -> (scaling: InputScaling, notes: [String]) {
        var reader = PickleReader(ByteReader(bytes, name), name, fileByteCount: bytes.count) {
            (_) throws(InterchangeError) in
            throw .malformed("\(name) refers to something outside it.")
        }
        let value = try reader.value()
        let object = try reader.foreign(value)
        guard object.className == className else {
            throw .notRepresentable(
                "\(name) is no file of VecNormalize, as Stable-Baselines3 saves it with env.save('vecnormalize.pkl').")
        }
        if case .bool(false)? = object.attribute("norm_obs") {
            return (InputScaling(), ["\(name) normalises rewards alone; observations stay as they are."])
        }
        guard let statistics = object.attribute("obs_rms"), let epsilon = object.attribute("epsilon")?.number else {
            throw .malformed("\(name) has no statistics of observations.")
        }
        guard statistics.className != nil else {
            throw .notRepresentable(
                "\(name) normalises the parts of observations that are dictionaries, which networks here do not have.")
        }
        guard case .tensor(let mean)? = statistics.attribute("mean"),
            case .tensor(let variance)? = statistics.attribute("var"), mean.shape == variance.shape, mean.count > 0
        else { throw .malformed("\(name) has no mean and variance of one shape.") }
        let scale = variance.doubles.map { 1 / ($0 + epsilon).squareRoot() }
        let scaling = InputScaling(offset: mean.floats, scale: scale.map(Float.init))
        guard scaling.offset.allSatisfy(\.isFinite), scaling.scale.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .malformed("\(name) has a mean or a variance that is no finite number.")
        }
        let clip = object.attribute("clip_obs")?.number
        let bound = clip.map { $0.rounded() == $0 && abs($0) < 1e9 ? "\(Int($0))" : "\($0)" } ?? "some"
        return (
            scaling,
            [
                "Observations are normalised by the statistics in \(name). VecNormalize also clips them at \(bound) "
                    + "standard deviations, which is not carried over."
            ]
        )
    }
}
