#include "ctl/text_file.h"

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iostream>

namespace seki::ctl {

namespace {

Result<std::string> read_all(std::istream& file, const std::string& path) {
    constexpr size_t max_bytes = size_t{1} << 20U;
    std::string text(max_bytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return failure("{}: cannot read: {}", path, system_error(errno));
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.size() > max_bytes) return failure("{}: larger than {} bytes", path, max_bytes);
    return text;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return failure("{}: cannot open: {}", path, system_error(errno));
    return read_all(file, path);
}

Result<std::string> read_text_file_or_input(const std::string& path) {
    return path == "-" ? read_all(std::cin, "the standard input") : read_text_file(path);
}

}  // namespace seki::ctl
