internal import CKernels
internal import DQNModel

/// What becomes of an observation's elements: x′ = (x − offset) · scale.
struct InputScaling {
    /// The same for all elements; meaningless with `each`.
    let offset: Float
    let scale: Float
    /// A value for each element, in memory of the computation; `nil` if all elements have the same.
    let each: (offsets: UnsafePointer<Float>, scales: UnsafePointer<Float>)?

    init(_ architecture: NetworkArchitecture, memory: ComputeMemory) {
        let ownScale: Float = architecture.input.element == .uint8 ? 1 / 255 : 1
        let (offsets, scales) = (architecture.inputOffset, architecture.inputScale)
        offset = offsets.first ?? 0
        scale = scales.first ?? ownScale
        guard offsets.count > 1 || scales.count > 1 else {
            each = nil
            return
        }
        func values(_ given: [Float], otherwise value: Float) -> UnsafePointer<Float> {
            let buffer = memory.floats(architecture.input.count)
            for index in 0..<architecture.input.count { buffer[index] = given.count > 1 ? given[index] : value }
            return UnsafePointer(buffer)
        }
        each = (values(offsets, otherwise: offset), values(scales, otherwise: scale))
    }

    /// Writes scaled elements to `target`.
    ///
    /// - Parameter first: The index of the first element in its observation.
    func apply(
        _ bytes: UnsafeRawBufferPointer, of element: ElementType, first: Int, to target: UnsafeMutablePointer<Float>
    ) {
        guard let source = bytes.baseAddress else { return }
        let count = bytes.count / element.byteCount
        if element == .uint8 {
            let x = source.assumingMemoryBound(to: UInt8.self)
            if let each {
                kernels_scale_each(target, x, nil, count, each.offsets + first, each.scales + first)
            } else {
                kernels_scale_bytes(target, x, count, offset, scale)
            }
            return
        }
        // The bytes may be anywhere: floats are aligned only after copying.
        UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
        if let each {
            kernels_scale_each(target, nil, target, count, each.offsets + first, each.scales + first)
        } else if offset != 0 || scale != 1 {
            kernels_scale_floats(target, target, count, offset, scale)
        }
    }
}
