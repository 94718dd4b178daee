// Any file must either become a configuration whose changes can be applied, or a list of remarks with lines within it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/unique_fd.h"
#include "config/state.h"
#include "config/toml/file.h"

using namespace seki;

namespace {

// Files that a text names are not looked for: each has the same answer.
Result<std::string> read_file(const std::string& path, size_t max_size) {
    SEKI_CHECK(max_size > 0);
    if (path.ends_with('/')) return failure("there is none");  // the text named nothing
    return "HTTP/1.1 404 Not Found\n\nno %ROUTE\n";
}

// A file that has this text, in memory only.
config::FileResult load(std::string_view text) {
    static const UniqueFd file(memfd_create("seki.toml", MFD_CLOEXEC));
    static const std::string path = fmt::format("/proc/self/fd/{}", file.get());
    SEKI_CHECK(ftruncate(file.get(), 0) == 0);
    SEKI_CHECK(pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return config::load(path, read_file);
}

void check_remarks(const std::vector<config::Remark>& remarks, std::string_view text) {
    for (const config::Remark& remark : remarks) {
        SEKI_CHECK(remark.line <= static_cast<size_t>(std::ranges::count(text, '\n')) + 1);
        SEKI_CHECK(!remark.reason.empty());
    }
    const std::string lines = config::text(remarks);
    SEKI_CHECK(static_cast<size_t>(std::ranges::count(lines, '\n')) == remarks.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const config::FileResult result = load(text);
    if (!result) {
        SEKI_CHECK(!result.error().empty());
        check_remarks(result.error(), text);
        return 0;
    }
    check_remarks(result->warnings, text);
    SEKI_CHECK(result->server.IsInitialized());
    config::State state;
    for (const auto& change : result->changes) SEKI_CHECK(state.apply(change).has_value());
    return 0;
}
