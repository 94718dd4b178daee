// A pattern of a rule (up to the first line end) matches what RE2 says that it matches, with the same groups, whatever
// is done to make it fast.

#include <array>

#include "codec_fuzz.h"
#include "routing/regex_options.h"

namespace {

using namespace seki;
using routing::Regex;

// RE2 leaves out of the program what a pattern must begin with: one that is too large by itself may do.
bool too_large(const re2::RE2& plain) {
    return plain.ok() ? plain.ProgramSize() > Regex::max_program_steps
                      : plain.error_code() == re2::RE2::ErrorPatternTooLarge;
}

void compare(const Regex& regex, const re2::RE2& plain, std::string_view text) {
    const size_t groups = regex.groups();
    fuzz::require(groups == static_cast<size_t>(plain.NumberOfCapturingGroups()));
    std::array<re2::StringPiece, Regex::max_groups + 1> found;
    const bool matches = plain.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::ANCHOR_BOTH, found.data(),
                                     static_cast<int>(groups + 1));
    fuzz::require(regex.matches(text) == matches);
    std::array<std::string_view, Regex::max_groups> captured;
    regex.capture(text, captured);
    for (size_t i = 0; i < groups; ++i) {
        const re2::StringPiece& expected = found[i + 1];
        fuzz::require(captured[i] == (matches ? std::string_view(expected.data(), expected.size()) : ""));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view pattern = input.substr(0, input.find('\n'));
    if (pattern.size() > 1024 || size > 4096) return 0;
    const std::string_view text = input.substr(std::min(size, pattern.size() + 1));
    for (const auto letters : {routing::Letters::as_written, routing::Letters::any_case}) {
        const auto regex = Regex::compile(pattern, letters);
        const re2::RE2 plain(std::string(pattern), regex_options(letters, Regex::max_memory));
        if (too_large(plain)) continue;
        const bool too_many_groups =
            plain.ok() && static_cast<size_t>(plain.NumberOfCapturingGroups()) > Regex::max_groups;
        fuzz::require(regex.has_value() == (plain.ok() && !too_many_groups));
        if (!regex) continue;
        fuzz::require(regex->pattern() == pattern);
        compare(*regex, plain, text);
    }
    return 0;
}
