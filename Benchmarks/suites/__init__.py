# SPDX-License-Identifier: Apache-2.0
"""What is measured. Each module has `measure(bench)`, `tables(result)` and, where there is something to draw, `plots(result)`."""
