#pragma once

// Files of nginx and HAProxy as a file for Seki: what is plain in them is converted so that the same requests reach the
// same backends, and all else is told line by line. A route that cannot be converted becomes one that answers 503, so
// that no less specific one takes its requests; what only closed something stays closed.
//
// Foreign files are foreign input: they are bounded in size and depth, and whatever stands in them is at worst a remark
// or an error. Nobody is connected to, and no name is looked up.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/toml/file.h"
#include "convert/remark.h"

namespace seki::convert {

enum class Format : uint8_t { nginx, haproxy };

struct Converted {
    std::string text;             // TOML that `seki check` takes, if the certificates that it names are there
    std::vector<Remark> remarks;  // by file and line
};

// How the text of a file comes here, and the names of those that a pattern with `*` means, or a folder has, sorted.
struct Files {
    config::ReadFile read;
    std::function<std::vector<std::string>(const std::string& pattern)> matching;
};
// Those of this machine.
Files real_files();

// The error says why nothing could be made of the file, with its name and, where there is one, the line.
Result<Converted> convert(Format format, const std::string& path, const Files& files = real_files());

}  // namespace seki::convert
