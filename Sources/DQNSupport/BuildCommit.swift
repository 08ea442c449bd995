internal import CDQNSupport

/// The commit that the running program was built from.
package enum BuildCommit {
    /// Hexadecimal digits, with a plus sign if files had been changed since; `nil` if the build did not record it.
    package static let text: String? = {
        let text = String(cString: dqn_build_commit())
        return text.isEmpty ? nil : text
    }()
}
