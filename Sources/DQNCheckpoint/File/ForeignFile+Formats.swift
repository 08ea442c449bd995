internal import Foundation

/// Formats that have more than a signature.
extension ForeignFile {
    /// Names a zip archive by the names in it.
    var archiveWords: String? {
        guard has([0x50, 0x4B, 0x03, 0x04]) || has([0x50, 0x4B, 0x05, 0x06]) else { return nil }
        let names = archiveNames
        func holds(_ name: String) -> Bool { names.contains(name) }
        if holds("_stable_baselines3_version") || (holds("data") && holds("policy.pth")) {
            return "a model of Stable-Baselines3 (a zip archive)"
        }
        if holds("data") && (holds("parameters") || holds("parameter_list")) { return "a model of Stable Baselines 2" }
        if holds("model.weights.h5") && holds("config.json") { return "a Keras model (.keras, a zip archive)" }
        if names.contains(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) {
            return names.contains { $0.contains("/code/") || $0.hasSuffix("constants.pkl") }
                ? "a TorchScript model of PyTorch (a zip archive)" : "a PyTorch model or checkpoint (a zip archive)"
        }
        if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) { return "NumPy arrays (.npz, a zip archive)" }
        return "a zip archive"
    }

    /// The names of the archive's central directory, or those near the beginning of an archive whose end is missing.
    private var archiveNames: Set<String> {
        let central = names(in: end, after: [0x50, 0x4B, 0x01, 0x02], lengthAt: 28, nameAt: 46)
        return central.isEmpty
            ? names(in: beginning, after: [0x50, 0x4B, 0x03, 0x04], lengthAt: 26, nameAt: 30) : central
    }

    private func names(in bytes: [UInt8], after signature: [UInt8], lengthAt: Int, nameAt: Int) -> Set<String> {
        let data = Data(bytes)
        var names: Set<String> = []
        var place = 0
        while names.count < 4096, let found = data.range(of: Data(signature), in: place..<data.count) {
            place = found.lowerBound + 4
            let start = found.lowerBound + nameAt
            guard start <= bytes.count else { break }
            let length = Int(bytes[found.lowerBound + lengthAt]) | Int(bytes[found.lowerBound + lengthAt + 1]) << 8
            guard start + length <= bytes.count else { continue }
            names.insert(String(decoding: bytes[start..<start + length], as: UTF8.self))
        }
        return names
    }

    /// Names an HDF5 file of another program, whose signature is at 0 or at a power of two from 512 on.
    var hdf5Words: String? {
        var place = 0
        while place + 9 <= beginning.count, !has(Seal.signature, at: place) { place = place == 0 ? 512 : 2 * place }
        guard place + 9 <= beginning.count else { return nil }
        var words = "an HDF5 file of another program"
        if contains("keras_version") || contains("_layer_checkpoint_dependencies")
            || (contains("layer_names") && contains("weight_names"))
        {
            words = "a Keras model or its weights (an HDF5 file)"
        } else if has("MATLAB 7".utf8) {
            words = "a MATLAB file (HDF5)"
        } else if contains("_NCProperties") || contains("_Netcdf4") {
            words = "a NetCDF file (HDF5)"
        }
        let version = beginning[place + 8]
        if version > 2 { words += " in the form of newer HDF5 libraries (superblock version \(version))" }
        if place > 0 { words += " behind a user block of \(place) bytes" }
        return words
    }

    /// Names formats without a signature by their first fields.
    var structureWords: String? {
        // Safetensors: the length of a JSON document, and the document.
        if beginning.count > 9 {
            let length = beginning.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if beginning[8] == UInt8(ascii: "{"), length >= 2, length <= UInt64(byteCount - 8) {
                return "a safetensors file"
            }
        }
        return isONNX ? "an ONNX model" : nil
    }

    /// Whether the file is a protocol buffer with the fields of an ONNX model: its version first, a graph later.
    private var isONNX: Bool {
        var place = 0
        var hasGraph = false
        func number() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard place < beginning.count else { return nil }
                let byte = beginning[place]
                place += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
        guard has([0x08]) else { return false }
        // A field that ends behind the bytes at hand is the last one looked at.
        while place < beginning.count {
            guard let key = number(), let value = number() else { return false }
            let field = key >> 3
            guard [1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26].contains(field) else { return false }
            switch key & 7 {
            case 0: if field == 1, !(1...1000).contains(value) { return false }
            case 2:
                guard field != 1, value <= UInt64(byteCount - place) else { return false }
                if field == 7 { hasGraph = true }
                place += Int(value)
            default: return false
            }
        }
        return hasGraph
    }
}
