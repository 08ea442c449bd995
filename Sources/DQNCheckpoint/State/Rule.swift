/// The conformance rules of `docs/format.md`, by number.
enum Rule: Int {
    case isHDF5 = 1
    case rootAttributes = 2
    case version = 3
    case manifestDigest = 4
    case manifestContent = 5
    case objects = 6
    case completeness = 7
    case types = 8
    case digests = 9
    case documents = 10
    case parameters = 11
    case optimizer = 12
    case history = 13
    case workers = 14
    case replay = 15
    case extensions = 16
    case learner = 17
    case priorities = 18
    case seal = 19
    case sealedContent = 20
    case chunks = 21
    case episodes = 22
    case environments = 23
    case masks = 24
}
