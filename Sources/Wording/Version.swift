// SPDX-License-Identifier: Apache-2.0

/// The version of all programs. RELEASING.md lists the other places that must have the same version.
public let programVersion = "0.1.0"
