#pragma once

// The verb `convert`: reads a file of another proxy, writes one for Seki, and says what is to be said of the lines.

#include <cstddef>
#include <string>

#include "base/result.h"
#include "convert/convert.h"
#include "ctl/action.h"

namespace seki::ctl {

// Converts it, and writes the file if one is to be written. The error names the file.
Result<convert::Converted> convert_file(const ConvertFile& file);

struct Told {
    std::string text;
    size_t remarks;  // without those of lines that need no counterpart
};
// With what needs no counterpart, if it is `verbose`.
Told told_text(const convert::Converted& converted, bool verbose);
Told told_json(const convert::Converted& converted);

}  // namespace seki::ctl
