/// A value on the stack of a pickle. Containers are referred to by their place in the reader's storage: a pickle may
/// nest them a million levels deep or let them contain themselves, which values that hold one another cannot bear. Large
/// values are apart, because a pickle may have a million small ones.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int64)
    /// An integer of more than 64 bits.
    case largeInteger
    case number(Double)
    case text(String)
    indirect case bytes(ArraySlice<UInt8>)
    /// A container's place.
    case container(Int)
    /// A name of the table, mentioned.
    case name(PickleName, String)
    case storage(TorchStorage)
    indirect case tensor(TorchTensor)
    indirect case arrayType(PickledArrayType)
    indirect case array(PickledArray)
    /// An object whose contents policies do not need, such as `torch.device`.
    case other(String)
}

/// A list, tuple or dictionary of a pickle.
struct PickleContainer {
    enum Kind: Sendable { case list, tuple, dictionary }

    let kind: Kind
    /// The items; of a dictionary keys and values in turn.
    var items: [PickleValue]
}

/// `numpy.dtype` of a pickle.
struct PickledArrayType: Sendable {
    /// Such as `f4`.
    var code: String
    var isBigEndian = false
}

/// `numpy.ndarray` of a pickle.
struct PickledArray: Sendable {
    let element: ForeignTensor.Element
    let shape: [Int]
    let isFortran: Bool
    let bytes: ArraySlice<UInt8>
}
