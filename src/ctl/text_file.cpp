#include "ctl/text_file.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sys/stat.h>
#include <system_error>

#include "config/file_draft.h"

namespace seki::ctl {

namespace {

constexpr size_t max_file_bytes = size_t{1} << 20U;

Result<std::string> read_all(std::istream& file, const std::string& path, size_t max_bytes = max_file_bytes) {
    std::string text;
    char piece[65'536];
    while (file) {
        file.read(piece, sizeof piece);
        if (file.bad()) return failure("{}: cannot read: {}", path, system_error(errno));
        text.append(piece, static_cast<size_t>(file.gcount()));
        if (text.size() > max_bytes) return failure("{}: larger than {} bytes", path, max_bytes);
    }
    return text;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return failure("{}: cannot open: {}", path, system_error(errno));
    return read_all(file, path);
}

Result<std::string> read_text_file_or_input(const std::string& path) {
    return path == "-" ? read_input(max_file_bytes) : read_text_file(path);
}

Result<std::string> read_input(size_t max_bytes) { return read_all(std::cin, "the standard input", max_bytes); }

Result<> replace_text_file(const std::string& path, std::string_view text) {
    std::error_code error;
    const std::string real = std::filesystem::canonical(path, error).string();
    if (error) return failure("{}: cannot find it: {}", path, error.message());
    struct stat there{};
    if (::stat(real.c_str(), &there) != 0) return failure("{}: cannot find it: {}", path, system_error(errno));
    auto draft = config::FileDraft::begin(config::FileTarget(real));
    if (!draft) return std::unexpected(draft.error());
    if (auto written = draft->write(text); !written) return written;
    if (auto resembles = draft->resemble(there); !resembles) return resembles;
    return draft->finish();
}

Result<> write_text_file(const std::string& path, std::string_view text, bool overwrite) {
    // Of one that is overwritten either text is there, whatever happens. A device is no file that can be replaced.
    struct stat there{};
    if (overwrite && ::stat(path.c_str(), &there) == 0 && S_ISREG(there.st_mode)) return replace_text_file(path, text);
    std::FILE* file = std::fopen(path.c_str(), overwrite ? "we" : "wxe");
    if (file == nullptr) {
        if (errno == EEXIST) return failure("{} is there already; --force overwrites it", path);
        return failure("{}: cannot write: {}", path, system_error(errno));
    }
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const int error = errno;
    if (std::fclose(file) != 0 || !written)
        return failure("{}: cannot write: {}", path, system_error(written ? errno : error));
    return {};
}

}  // namespace seki::ctl
