// SPDX-License-Identifier: Apache-2.0

/// The version that the daemon names itself by.
let julesdVersion = "0.1.0"
