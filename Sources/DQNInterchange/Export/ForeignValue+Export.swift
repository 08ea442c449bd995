internal import DQNModel

/// What files of this library have beside the parameters.
extension ForeignValue {
    /// Takes the description of a policy out of an archive of arrays.
    mutating func removeDescription() -> [UInt8]? {
        guard let tensor = removeTensor(PolicyExport.descriptionKey) else { return nil }
        return Array(tensor.bytes)
    }

    /// Takes the arrays that scale observations out of a dictionary. They remain if a file of this library has lost its
    /// description.
    mutating func removeInputScaling(_ file: String) throws(InterchangeError) -> InputScaling {
        let offset = removeTensor(InputScaling.offsetName)
        let scale = removeTensor(InputScaling.scaleName)
        let scaling = InputScaling(offset: offset?.floats ?? [], scale: scale?.floats ?? [])
        guard (scaling.offset + scaling.scale).allSatisfy(\.isFinite) else {
            throw .notRepresentable("\(file) scales observations by values that are not finite.")
        }
        return scaling
    }

    private mutating func removeTensor(_ key: String) -> ForeignTensor? {
        guard case .dictionary(var members) = self, let place = members.firstIndex(where: { $0.key == key }),
            case .tensor(let tensor) = members[place].value
        else { return nil }
        members.remove(at: place)
        self = .dictionary(members)
        return tensor
    }
}
