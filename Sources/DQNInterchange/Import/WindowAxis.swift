/// How a window moves along an axis of an image in another program, and the same for this library, whose padding is equal
/// on both sides.
///
/// The padding may have more zeros behind the image than before it, or fewer, as TensorFlow's `same` does. A convolution
/// with a kernel that has zeros on one side computes the same with equal paddings.
struct WindowAxis {
    let size: Int
    let kernel: Int
    let stride: Int
    let dilation: Int
    /// The zeros before and behind the image.
    let before: Int
    let after: Int

    /// - Parameters:
    ///   - isSame: Whether TensorFlow's padding `same` is added.
    ///   - before: Zeros before the image that are there already.
    ///   - after: Zeros behind it.
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
    /// The place of an element of the kernel in the larger one. With less padding before than behind, the zeros come first.
    private func place(_ index: Int) -> Int { index * dilation + max(after - before, 0) }

    /// Returns kernels, which follow one another row-major, with zeros where they have to be larger.
    static func extended(_ weight: [Float], _ rows: WindowAxis, _ columns: WindowAxis) -> [Float] {
        let (size, larger) = (rows.kernel * columns.kernel, rows.extendedKernel * columns.extendedKernel)
        guard larger > size else { return weight }
        let places = (0..<rows.kernel).flatMap { row in
            (0..<columns.kernel).map { rows.place(row) * columns.extendedKernel + columns.place($0) }
        }
        var result = [Float](repeating: 0, count: weight.count / size * larger)
        for (index, value) in weight.enumerated() { result[index / size * larger + places[index % size]] = value }
        return result
    }
}
