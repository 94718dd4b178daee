#pragma once

// A file of nginx as a tree of directives, with the files that it includes in the places of their `include`.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "convert/convert.h"

namespace seki::convert::nginx {

struct Directive {
    std::string name;
    std::vector<std::string> arguments;
    Origin origin;
    bool has_block = false;
    std::vector<Directive> block;
    // Whether something was made of it, or said of it; what was not is told at the end.
    mutable bool handled = false;

    [[nodiscard]] std::string_view argument(size_t index) const {
        return index < arguments.size() ? std::string_view(arguments[index]) : std::string_view();
    }
    // All behind the name, with blanks between.
    [[nodiscard]] std::string text() const;
};

// The tree of the file. The error names file and line.
Result<std::vector<Directive>> read_tree(const std::string& path, const Files& files, Remarks& remarks);

}  // namespace seki::convert::nginx
