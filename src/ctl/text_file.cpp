#include "ctl/text_file.h"

#include <cerrno>
#include <cstddef>
#include <fstream>

namespace seki::ctl {

Result<std::string> read_text_file(const std::string& path) {
    constexpr size_t max_bytes = size_t{1} << 20U;
    std::ifstream file(path, std::ios::binary);
    if (!file) return failure("{}: cannot open: {}", path, system_error(errno));
    std::string text(max_bytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return failure("{}: cannot read: {}", path, system_error(errno));
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.size() > max_bytes) return failure("{}: larger than {} bytes", path, max_bytes);
    return text;
}

}  // namespace seki::ctl
