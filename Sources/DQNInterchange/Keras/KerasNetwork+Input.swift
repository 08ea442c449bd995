internal import DQNModel

/// What the observations of a model are, and how they enter it.
extension KerasNetwork {
    mutating func architecture(
        _ stream: KerasStream, _ layers: [NetworkArchitecture.Layer], _ head: NetworkArchitecture.Head
    ) throws -> NetworkArchitecture {
        var shape = stream.inputShape
        if let mapped = try options.input() {
            guard mapped.reduce(1, *) == stream.inputShape.reduce(1, *), shape.count != 3 || mapped == shape else {
                throw InterchangeError.ambiguous("\(file) takes an input of \(shape), not --map input=\(mapped).")
            }
            shape = mapped
        }
        let affine = stream.inputAffine
        var (offset, scale): ([Float], [Float]) = ([], [])
        if stream.statesScale || !affine.isIdentity {
            let contradicting =
                options.map["input_offset"] != nil || !usesInputScale && options.map["input_scale"] != nil
            guard !contradicting else {
                throw InterchangeError.ambiguous(
                    "\(file) states the scale of its input, which --map input_scale and --map input_offset would contradict; "
                        + "leave them out.")
            }
            guard affine.scale.allSatisfy({ $0 != 0 && $0.isFinite }) else {
                throw InterchangeError.notRepresentable("\(file) multiplies its input by 0.")
            }
            scale = Self.brief(affine.scale.map(Float.init))
            if affine.shift.contains(where: { $0 != 0 }) {
                offset = Self.brief(zip(affine.shift, affine.scale).map { Float(-$0 / $1) })
            }
        } else {
            let given = try options.scaling(InputScaling())
            (offset, scale) = (given.offset, given.scale)
        }
        let element = element(stream, shape, scale)
        if element == .uint8, scale.isEmpty {
            if shape.count == 3 {
                notes.append(
                    "Pixels are multiplied by 1/255 before the first layer; --map input_scale=1 leaves them as they are."
                )
            } else {
                // Numbers that are no pixels enter the model as they are.
                scale = [1]
            }
        }
        if element == .float32, offset.isEmpty, scale == [1] { scale = [] }
        return try NetworkArchitecture(
            input: ObservationSpace(shape: shape, element: element), inputOffset: offset, inputScale: scale,
            layers: layers, head: head)
    }

    /// The type of the observations.
    ///
    /// An input of Keras is float32 unless its program says otherwise, also where the images are pixels. Images of such
    /// inputs are therefore pixels, except where the model says how it scales them and the numbers cannot be 0 to 255, or
    /// where it has been made of a network of this library.
    private func element(_ stream: KerasStream, _ shape: [Int], _ scale: [Float]) -> ElementType {
        if stream.inputType == "uint8" { return .uint8 }
        guard shape.count == 3, !(isExported && stream.statesScale) else { return .float32 }
        // The brightest pixel becomes at most a few units.
        guard stream.statesScale, !usesInputScale else { return .uint8 }
        return scale.allSatisfy({ abs($0) * 255 <= 16 }) ? .uint8 : .float32
    }

    /// One value if all are equal.
    private static func brief(_ values: [Float]) -> [Float] {
        values.allSatisfy { $0 == values[0] } ? [values[0]] : values
    }
}
