/// How a window moves along an axis of an image in Keras, and the same for this library, whose padding is equal on both
/// sides.
///
/// TensorFlow's padding `same` may have one more zero behind the image than before it. A convolution with a kernel that
/// has a zero more in front computes the same with equal paddings.
struct KerasAxis {
    let size: Int
    let kernel: Int
    let stride: Int
    let dilation: Int
    /// The zeros before and behind the image.
    let before: Int
    let after: Int

    init(size: Int, kernel: Int, stride: Int, dilation: Int = 1, isSame: Bool, before: Int = 0, after: Int = 0) {
        (self.size, self.kernel, self.stride, self.dilation) = (size, kernel, stride, dilation)
        let padded = size + before + after
        let window = (kernel - 1) * dilation + 1
        let total = isSame ? max(((padded - 1) / stride) * stride + window - padded, 0) : 0
        self.before = before + total / 2
        self.after = after + total - total / 2
    }

    var hasPadding: Bool { before + after > 0 }
    private var window: Int { (kernel - 1) * dilation + 1 }
    var outputs: Int {
        let room = size + before + after - window
        return room < 0 ? 0 : room / stride + 1
    }
    /// The padding on both sides here.
    var padding: Int { max(before, after) }
    /// The kernel with zeros for dilation and for the difference of the paddings.
    var extendedKernel: Int { window + abs(after - before) }
    /// The place of an element of the kernel in the larger one.
    func place(_ index: Int) -> Int { index * dilation + max(after - before, 0) }
}
