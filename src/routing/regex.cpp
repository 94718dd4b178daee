#include "routing/regex.h"

#include <algorithm>
#include <array>

#include <re2/re2.h>

#include "base/check.h"
#include "routing/regex_options.h"

namespace seki::routing {
namespace {

re2::StringPiece piece(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace

re2::RE2::Options regex_options(Letters letters, int64_t max_memory) {
    re2::RE2::Options options(re2::RE2::Latin1);
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_case_sensitive(letters == Letters::as_written);
    options.set_max_mem(max_memory);
    return options;
}

Result<Regex> Regex::compile(std::string_view pattern, Letters letters) {
    auto compiled = std::make_unique<const re2::RE2>(piece(pattern), regex_options(letters, max_memory));
    const bool too_large = compiled->ok() ? compiled->ProgramSize() > max_program_steps
                                          : compiled->error_code() == re2::RE2::ErrorPatternTooLarge;
    if (too_large) return failure("'{}' is too large a regular expression", pattern);
    if (!compiled->ok()) return failure("'{}' is no regular expression: {}", pattern, compiled->error());
    if (static_cast<size_t>(compiled->NumberOfCapturingGroups()) > max_groups) {
        return failure("'{}' has more than {} groups; write (?:…) for those whose text is not needed", pattern,
                       max_groups);
    }
    return Regex(std::move(compiled));
}

Regex::Regex() noexcept = default;
Regex::Regex(std::unique_ptr<const re2::RE2> compiled) noexcept : compiled_(std::move(compiled)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

bool Regex::matches(std::string_view text) const noexcept {
    return compiled_->Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

const std::string& Regex::pattern() const noexcept { return compiled_->pattern(); }

size_t Regex::groups() const noexcept { return static_cast<size_t>(compiled_->NumberOfCapturingGroups()); }

void Regex::capture(std::string_view text, std::span<std::string_view> out) const noexcept {
    std::array<re2::StringPiece, max_groups + 1> found;  // the first one is the whole match
    const size_t wanted = std::min(groups(), out.size());
    const bool matched = compiled_->Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, found.data(),
                                          static_cast<int>(wanted + 1));
    for (size_t i = 0; i < wanted; ++i) {
        const re2::StringPiece& group = found[i + 1];
        out[i] = matched ? std::string_view(group.data(), group.size()) : std::string_view();
    }
}

}  // namespace seki::routing
