#pragma once

// Small files that a command line names: answers, certificates, keys.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace seki::ctl {

// The whole file. More than a mebibyte is refused: no answer or certificate is that large, and the file goes into one
// frame.
Result<std::string> read_text_file(const std::string& path);
// Likewise, "-" being what comes on the standard input.
Result<std::string> read_text_file_or_input(const std::string& path);
// All that comes on the standard input.
Result<std::string> read_input(size_t max_bytes);

// One that is there, with its owner, group and mode; as a whole, or not at all. What a symbolic link leads to gets the
// new text, not the link.
Result<> replace_text_file(const std::string& path, std::string_view text);
// One that must not be there yet, unless it may be overwritten.
Result<> write_text_file(const std::string& path, std::string_view text, bool overwrite);

}  // namespace seki::ctl
