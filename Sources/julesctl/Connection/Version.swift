// SPDX-License-Identifier: Apache-2.0

/// The version that the client names itself by; it is the daemon's.
let julesctlVersion = "0.1.0"
