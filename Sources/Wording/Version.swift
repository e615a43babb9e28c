// SPDX-License-Identifier: Apache-2.0

/// The version that the programs name themselves by. RELEASING.md lists what else has to agree with it.
public let programVersion = "0.1.0"
