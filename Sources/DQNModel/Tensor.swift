/// A dense array of `Float` in row-major (C) order with its shape.
///
/// A plain value for passing weights, outputs and gradients between modules; the compute modules keep
/// their own storage.
public struct Tensor: Sendable, Equatable {
    /// Extent along each axis, outermost first; a scalar has no axes.
    public let shape: [Int]
    /// The elements, last axis fastest; as many as the product of ``shape``.
    public var elements: [Float]

    /// Creates a tensor.
    ///
    /// - Throws: ``ModelError`` (`shapeMismatch`) when the number of elements is not the shape's product.
    public init(shape: [Int], elements: [Float]) throws(ModelError) {
        let count = shape.reduce(1, *)
        guard count == elements.count else {
            throw ModelError(
                code: .shapeMismatch,
                message: "A tensor of shape \(shape) has \(count) elements, not \(elements.count).")
        }
        self.shape = shape
        self.elements = elements
    }
}
