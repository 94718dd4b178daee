#pragma once

// The text of a whole file.

#include <cstddef>
#include <string>

#include "base/result.h"
#include "config/limits.h"

namespace seki::config {

// Regular files only, so that a named pipe in the place of the file is not waited for without end, of a bounded size.
// The error does not name the path.
Result<std::string> read_file_text(const std::string& path, size_t max_size = max_file_size);

}  // namespace seki::config
