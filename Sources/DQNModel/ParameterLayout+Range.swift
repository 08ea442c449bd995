extension ParameterLayout {
    /// The layout of a part of a network's flat vector, such as a parameter server holds.
    ///
    /// - Parameter count: The number of elements; at least 1.
    package init(partOf count: Int) {
        precondition(count >= 1, "a part must have an element")
        entries = [Entry(name: "part", shape: [count], offset: 0, fanIn: 1, role: .weight)]
        self.count = count
    }
}
