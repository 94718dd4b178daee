#pragma once

// The text of a whole file.

#include <string>

#include "base/result.h"

namespace seki::config {

// Regular files only, so that a named pipe in the place of the file is not waited for without end, of a bounded size
// (limits.h). The error does not name the path.
Result<std::string> read_file_text(const std::string& path);

}  // namespace seki::config
