/// Where the elements of a value lie in the order of this library (channel, row, column): what transpositions did to
/// them. It needs no memory for the elements, however many there are.
struct GraphView: Equatable {
    /// Consecutive elements of a value that are equally far apart here.
    struct Axis: Equatable {
        let extent: Int
        let stride: Int
    }

    /// From the outermost axis to the innermost; neighbours that could be one axis are one.
    private(set) var axes: [Axis]

    /// The elements in the order of this library.
    init(count: Int) { axes = count == 1 ? [] : [Axis(extent: count, stride: 1)] }

    private init(_ axes: [Axis]) {
        self.axes = []
        for axis in axes where axis.extent != 1 {
            if let last = self.axes.last, last.stride == axis.stride * axis.extent {
                self.axes[self.axes.count - 1] = Axis(extent: last.extent * axis.extent, stride: axis.stride)
            } else {
                self.axes.append(axis)
            }
        }
    }

    /// Whether no element moved.
    var isIdentity: Bool { axes.isEmpty || axes.count == 1 && axes[0].stride == 1 }

    /// Splits the axes by a shape of the same elements, or returns `nil` if an axis of the shape has no regular place.
    func groups(of shape: [Int]) -> [[Axis]]? {
        var rest = axes[...]
        var groups: [[Axis]] = []
        for extent in shape {
            var left = extent
            var group: [Axis] = []
            while left > 1 {
                guard let axis = rest.first else { return nil }
                if left.isMultiple(of: axis.extent) {
                    group.append(axis)
                    rest.removeFirst()
                    left /= axis.extent
                } else if axis.extent.isMultiple(of: left) {
                    let inner = axis.extent / left
                    group.append(Axis(extent: left, stride: axis.stride * inner))
                    rest[rest.startIndex] = Axis(extent: inner, stride: axis.stride)
                    left = 1
                } else {
                    return nil
                }
            }
            groups.append(group)
        }
        return rest.isEmpty ? groups : nil
    }

    /// Returns the view after a transposition of a shape, or `nil` if it has no regular place.
    func transposed(_ shape: [Int], _ permutation: [Int]) -> GraphView? {
        guard let groups = groups(of: shape) else { return nil }
        return GraphView(permutation.flatMap { groups[$0] })
    }

    /// The place of each element.
    func indices() -> [Int] {
        var places = [0]
        for axis in axes {
            var next: [Int] = []
            next.reserveCapacity(places.count * axis.extent)
            for place in places { for step in 0..<axis.extent { next.append(place + step * axis.stride) } }
            places = next
        }
        return places
    }
}
