internal import DQNModel

/// Reads models that Stable-Baselines3 and sb3-contrib save: an archive with the settings as JSON and the weights as a
/// file of PyTorch. The pickles within the JSON are not read: what is needed of them stands beside them as text.
enum StableBaselinesFile {
    /// Whether an archive is such a model.
    static func isModel(_ archive: ZipArchive) -> Bool { archive.contains("data") && archive.contains("policy.pth") }

    /// The settings and the weights.
    static func read(
        _ archive: ZipArchive, _ file: String
    ) throws(InterchangeError) -> (data: JSONValue, weights: ForeignValue) {
        let data: JSONValue
        let text = Array(try archive.required("data"))
        do { data = try JSONText.value(of: text, valueLimit: 1 << 20) } catch {
            throw .malformed("The file 'data' of \(file) cannot be read: \(error).")
        }
        let weights = try archive.required("policy.pth")
        return (data, try TorchFile.read(weights, "'policy.pth' of \(file)", within: archive))
    }
}
