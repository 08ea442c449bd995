internal import DQNCheckpoint
internal import DQNModel
internal import Foundation

/// Says what a file is that cannot be imported, and what to do instead.
enum UnreadableFile {
    private static let supported =
        "Stable-Baselines3 zips, PyTorch weights, Keras files, safetensors, NumPy .npz and ONNX models are supported."
    private static let ofTensorFlow =
        "load it there and save the model with model.save('policy.keras'), or its weights with "
        + "model.save_weights('policy.weights.h5')."

    /// What helps with a file, by a part of the words for it.
    private static let remedies: [(part: String, remedy: String)] = [
        ("NumPy array (.npy)", "save all arrays in one file: numpy.savez('weights.npz', W1=…, b1=…)."),
        ("TensorFlow Lite", "import the model of Keras that it was made of, or convert it to ONNX with tf2onnx."),
        (
            "MessagePack",
            "save arrays: numpy.savez('weights.npz', **flax.traverse_util.flatten_dict(params, sep='/'))."
        ),
        (
            "Python pickle",
            "save its arrays in its own program: numpy.savez('weights.npz', **weights), or for PyTorch "
                + "torch.save(model.state_dict(), 'weights.pth')."
        ),
        ("compressed", "unpack it first."), ("archive", "unpack it first."), ("git lfs pull", "fetch it first."),
        ("web page", "download the file itself."), ("JSON", "it holds no weights; import the file that does."),
    ]

    /// Returns the error for a file that no reader knows.
    static func error(_ bytes: ArraySlice<UInt8>, _ file: String) -> InterchangeError {
        guard let words = ForeignFile.words(of: bytes) else {
            return .notRepresentable("\(file) is no file that can be imported; \(supported)")
        }
        let remedy = remedies.first { words.contains($0.part) }?.remedy ?? supported
        return .notRepresentable("\(file) is no file that can be imported: it is \(words); \(remedy)")
    }

    /// Throws for files of TensorFlow, which begin as others do, or as nothing does.
    static func requireNotTensorFlow(
        _ bytes: ArraySlice<UInt8>, name: String, _ file: String
    ) throws(InterchangeError) {
        let words: String
        if KerasFile.isTensorFlowIndex(bytes) {
            words = "is the index of a checkpoint of TensorFlow, whose weights are in other files"
        } else if name.contains(".data-0") {
            words = "is a part of a checkpoint of TensorFlow"
        } else if name.hasSuffix(".pb") || name.hasSuffix(".meta") {
            words = "is a graph of TensorFlow"
        } else {
            return
        }
        throw .notRepresentable("\(file) \(words); \(ofTensorFlow)")
    }

    /// Throws for directories.
    static func requireFile(_ url: URL) throws(InterchangeError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory), isDirectory.boolValue else {
            return
        }
        let isModel = FileManager.default.fileExists(atPath: url.appending(path: "saved_model.pb").path)
        guard !isModel else {
            throw .notRepresentable("'\(url.path)' is a SavedModel of TensorFlow (a directory); \(ofTensorFlow)")
        }
        throw InterchangeError(
            code: .missing, message: "'\(url.path)' is a directory; import one of its files. \(supported)")
    }
}
