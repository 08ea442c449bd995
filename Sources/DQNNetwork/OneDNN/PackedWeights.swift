internal import COneDNN

/// A dense layer's parameters in oneDNN's own layout: a pass on them takes half the time of one on the slab, and making
/// them the other half.
final class PackedWeights {
    private let handle: OpaquePointer

    init(rows: Int, inputs: Int, outputs: Int, rectified: Bool) throws(NetworkError) {
        var handle: OpaquePointer?
        let status = onednn_dense_create(
            &handle, Int32(rows), Int32(inputs), Int32(outputs), rectified ? 1 : 0)
        guard status == 0, let handle else {
            throw NetworkError(
                code: .computeLibrary,
                message: "oneDNN cannot set up a dense layer from \(inputs) to \(outputs) units for batch \(rows) "
                    + "(status \(status)).")
        }
        self.handle = handle
    }

    deinit { onednn_dense_destroy(handle) }

    func pack(weight: UnsafePointer<Float>, bias: UnsafePointer<Float>) throws(NetworkError) {
        try check(onednn_dense_set_parameters(handle, weight, bias), "packing a dense layer")
    }

    func forward(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) throws(NetworkError) {
        try check(onednn_dense_forward(handle, x, y), "a packed dense layer")
    }
}
