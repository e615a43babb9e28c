// SPDX-License-Identifier: Apache-2.0
// libcurl's option setters are variadic, which Swift cannot call: one typed inline wrapper for each kind of argument.
#include <curl/curl.h>
