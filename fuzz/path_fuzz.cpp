// The normal form of a path, and of a prefix, keeps what routing/path.h says of it.

#include <string>

#include "codec_fuzz.h"
#include "routing/path.h"

namespace {

using namespace seki;

// Whether there is a segment "." or "..", or an empty one that is not the last.
bool has_idle_segment(std::string_view segments) {
    while (segments.starts_with('/')) {
        segments.remove_prefix(1);
        const std::string_view segment = segments.substr(0, segments.find('/'));
        segments.remove_prefix(segment.size());
        if (segment == "." || segment == ".." || (segment.empty() && !segments.empty())) return true;
    }
    return false;
}

bool has_escaped_letter(std::string_view segments) {
    for (size_t i = segments.find('%'); i != segments.npos; i = segments.find('%', i + 1)) {
        const auto byte = routing::escaped_byte(segments.substr(i));
        if (byte && ((*byte >= 'g' && *byte <= 'z') || *byte == '.')) return true;
    }
    return false;
}

void check(std::string_view path) {
    std::string storage;
    const std::string normal(routing::normal_path(path, storage));
    fuzz::require(normal.size() <= path.size());
    const size_t query = std::min(path.find('?'), path.size());
    fuzz::require(normal.ends_with(path.substr(query)));
    const std::string_view segments = std::string_view(normal).substr(0, normal.size() - (path.size() - query));
    if (path.starts_with('/')) {
        fuzz::require(segments.starts_with('/') && !has_idle_segment(segments) && !has_escaped_letter(segments));
    } else {
        fuzz::require(normal == path);
    }
    std::string again;
    fuzz::require(routing::normal_path(normal, again) == normal);
    // An unambiguous path differs from its normal form in doubled slashes and harmless escapes alone.
    if (!routing::ambiguous_path(path)) fuzz::require(!routing::ambiguous_path(normal));
    const std::string prefix = routing::normal_prefix(path);
    fuzz::require(prefix.size() <= path.size() && routing::normal_prefix(prefix) == prefix);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    check({reinterpret_cast<const char*>(data), size});
    return 0;
}
