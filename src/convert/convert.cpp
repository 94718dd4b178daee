#include "convert/convert.h"

#include <filesystem>
#include <fmt/format.h>
#include <glob.h>

#include "config/file_text.h"
#include "convert/haproxy/haproxy.h"
#include "convert/nginx/nginx.h"
#include "convert/verify.h"

namespace seki::convert {
namespace {

std::vector<std::string> matching_paths(const std::string& pattern) {
    glob_t found{};
    std::vector<std::string> paths;
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return paths;
}

}  // namespace

Files real_files() {
    return {.read = [](const std::string& path, size_t max_size) { return config::read_file_text(path, max_size); },
            .matching = matching_paths};
}

Result<Converted> convert(Format format, const std::string& path, const Files& files) {
    Remarks remarks;
    auto model = format == Format::nginx ? nginx::read(path, files, remarks) : haproxy::read(path, files, remarks);
    if (!model) return std::unexpected(model.error());
    if (auto finished = model->finish(remarks); !finished) return failure("{}: {}", path, finished.error().message);
    auto text = verified_text(*model, path, files.read, remarks);
    if (!text) return failure("{}: {}", path, text.error().message);
    return Converted{std::move(*text), remarks.take()};
}

}  // namespace seki::convert
