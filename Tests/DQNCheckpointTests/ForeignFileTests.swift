import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Files of other programs are named as what they are, by their contents.
@Suite struct ForeignFileTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/foreign")

    private static let words: [(String, String)] = [
        ("keras.h5", "a Keras model or its weights (an HDF5 file)"),
        ("keras-weights.h5", "a Keras model or its weights (an HDF5 file)"),
        ("hdf5.h5", "an HDF5 file of another program."),
        (
            "hdf5-newer.h5",
            "an HDF5 file of another program in the form of newer HDF5 libraries (superblock version 3)."
        ),
        ("hdf5-user-block.h5", "an HDF5 file of another program behind a user block of 1024 bytes."),
        ("keras.keras", "a Keras model (.keras, a zip archive)"),
        ("pytorch.pt", "a PyTorch model or checkpoint (a zip archive)"),
        ("torchscript.pt", "a TorchScript model of PyTorch (a zip archive)"),
        ("pytorch-older.pt", "a PyTorch model or checkpoint (the older format, a pickle)"),
        ("stable-baselines3.zip", "a model of Stable-Baselines3 (a zip archive)"),
        ("archive.zip", "a zip archive."), ("safetensors.safetensors", "a safetensors file"),
        ("onnx.onnx", "an ONNX model"), ("numpy.npz", "NumPy arrays (.npz, a zip archive)"),
        ("numpy.npy", "a NumPy array (.npy)"),
        ("pickle.pkl", "a Python pickle, which is a program and is never loaded"),
        ("tar.tar", "a tar archive"), ("gzip.gz", "a file compressed with gzip"),
        ("git-lfs.h5", "a pointer of Git LFS"),
        ("page.h5", "a web page"), ("json.h5", "a JSON document"), ("text.h5", "a text file"),
        ("zeros.h5", "a file of zeros"), ("empty.h5", "an empty file"),
    ]

    @Test func everyFileHasATest() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(names.sorted() == Self.words.map(\.0).sorted())
    }

    @Test(arguments: words) func aFileIsNamedAsWhatItIs(name: String, words: String) throws {
        let url = Self.folder.appending(path: name)
        let error = try #require(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }
        #expect(error.code == .malformed && error.rule != nil)
        #expect(error.message.hasPrefix("'\(url.path)' is not a checkpoint: it is \(words)"), "\(error.message)")
        #expect(error.message.contains("dqn-checkpoint import makes one of a policy of"))
        #expect(Verifier.verify(url).failures.map(\.message) == [error.message])
        #expect(throws: CheckpointError.self) { try CheckpointSummary(contentsOf: url) }
    }

    /// The name does not matter, and neither does what else is in the file.
    @Test func theContentsDecide() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "dqn-foreign-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func message(_ bytes: Data) throws -> String {
            let url = folder.appending(path: "step-000000000100.h5")
            try bytes.write(to: url)
            return try #require(throws: CheckpointError.self) { try Checkpoint(contentsOf: url) }.message
        }
        let torch = try Data(contentsOf: Self.folder.appending(path: "pytorch.pt"))
        #expect(try message(torch).contains("a PyTorch model or checkpoint (a zip archive)"))
        // A cut archive has lost its list of names.
        #expect(try message(torch.prefix(150)).contains("a PyTorch model or checkpoint (a zip archive)"))
        #expect(try message(torch.prefix(20)).contains("a zip archive"))
        for length in [0, 1, 8, 9, 29, 45] {
            #expect(try message(torch.prefix(length)).contains("is not a checkpoint"))
            #expect(try message(Data(repeating: 0xEE, count: length) + [1]).contains("is not a checkpoint"))
        }
        // A checkpoint that is damaged is no foreign file.
        let golden = Self.folder.deletingLastPathComponent().appending(path: "hostile/sound-2.0.h5")
        var damaged = try Data(contentsOf: golden)
        damaged[0] ^= 0xFF
        #expect(try message(damaged).contains("it begins neither with a seal nor with HDF5's signature"))
    }

    @Test func whatIsNoFileIsRefusedWithoutWaiting() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "dqn-foreign-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "saved"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data().write(to: folder.appending(path: "saved/saved_model.pb"))
        mkfifo(folder.appending(path: "pipe").path, 0o600)
        symlink("none", folder.appending(path: "broken").path)
        for (name, words) in [
            ("pipe", "is a device, pipe or socket; a checkpoint is a regular file."),
            ("broken", "is a symbolic link to something that does not exist"),
            ("saved", "is not a checkpoint: it is a SavedModel of TensorFlow"), ("none", "There is no file"),
            (".", "is a directory; choose a checkpoint file in it"),
        ] {
            let error = try #require(throws: CheckpointError.self) {
                try Checkpoint(contentsOf: folder.appending(path: name))
            }
            #expect(error.code == .missing && error.message.contains(words), "\(error.message)")
        }
    }
}
