extension NetworkPlan {
    /// Checks the order of layers of a file that keeps only their names: it is known where names differ by numbers alone,
    /// or where the shapes allow no other.
    ///
    /// - Throws: ``InterchangeError`` (`ambiguous`) if the shapes allow another order and no name has a number.
    mutating func checkOrderOfNames(_ file: String) throws(InterchangeError) {
        for row in head.map({ [trunk + [$0]] }) ?? [trunk, value, advantage, policy] {
            let names = row.map { $0.name.filter { !$0.isNumber && $0 != "_" } }
            guard Set(names).count > 1 else { continue }
            let layers = row.map(\.name).joined(separator: ", ")
            if head != nil, !row.contains(where: { $0.name.contains(where: \.isNumber) }), Self.orders(row).count > 1 {
                throw .ambiguous(
                    "The layers of \(file) fit behind one another in several orders, and it keeps only their names: \(layers); "
                        + "number the names in the order of the layers, or import the .pth file of PyTorch.")
            }
            let isAmbiguous = row.indices.contains { place in
                !row[place].isNormalization
                    && row.indices.contains { row[$0].shape == row[place].shape && names[$0] != names[place] }
            }
            guard isAmbiguous else { continue }
            notes.append(
                "The file keeps no order of its layers; where shapes allow several, that of their names is assumed: "
                    + "\(layers).")
        }
    }
}
