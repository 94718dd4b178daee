#include "routing/regex.h"

#include <algorithm>
#include <array>

#include <re2/re2.h>

#include "base/check.h"
#include "routing/regex_options.h"

namespace seki::routing {
namespace {

re2::StringPiece piece(std::string_view text) noexcept { return {text.data(), text.size()}; }

// Two marks around a pattern change nothing of what it matches, which is a whole text anyway, but how RE2 goes about
// it.
//
//     ^     lets it compare what all texts must begin with before it walks the rest
//     ()    a group, empty: who asks for one lets it walk in one pass, without the automaton that otherwise comes into
//           being state by state. That is a quarter of the memory, and as many fewer cache lines to miss where each of
//           many hosts has a pattern of its own
constexpr std::string_view begin_mark = "^";
constexpr std::string_view one_pass_mark = "()";

// Only before a letter that stands for itself, as in nearly all paths: others have nothing to compare, and a faulty
// pattern might begin with a repetition, which then had something to repeat.
bool takes_begin_mark(std::string_view pattern) noexcept {
    if (pattern.empty()) return false;
    const char c = pattern.front();
    return c == '/' || c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

// It would become part of a quoted text, or belong to the backslash of a faulty pattern.
bool takes_end_mark(std::string_view pattern) noexcept { return !pattern.contains("\\Q") && !pattern.ends_with('\\'); }

// One pass needs to know at each byte where in the pattern it is, which it does not where anything may stand before
// something particular. A guess, since RE2 does not tell; to be wrong costs time, not correctness.
bool probably_one_pass(std::string_view pattern) noexcept {
    for (size_t dot = pattern.find('.'); dot != std::string_view::npos; dot = pattern.find('.', dot + 1)) {
        const std::string_view rest = pattern.substr(dot + 1);
        const bool repeated = rest.find_first_of("*+{") == 0;
        if (repeated && rest.find_first_not_of("*+?)$") != std::string_view::npos) return false;
    }
    return true;
}

bool too_large(const re2::RE2& compiled) {
    return compiled.ok() ? compiled.ProgramSize() > Regex::max_program_steps
                         : compiled.error_code() == re2::RE2::ErrorPatternTooLarge;
}

// In words of the pattern alone.
std::string what_is_wrong(std::string_view pattern) {
    return re2::RE2(piece(pattern), regex_options(Letters::as_written, Regex::max_memory)).error();
}

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
    Marks marks;
    marks.begin = takes_begin_mark(pattern);
    marks.one_pass = takes_end_mark(pattern) && probably_one_pass(pattern);
    std::string marked(pattern);
    if (marks.begin) marked.insert(0, begin_mark);
    if (marks.one_pass) marked += one_pass_mark;
    const re2::RE2::Options options = regex_options(letters, max_memory);
    auto compiled = std::make_unique<const re2::RE2>(marked, options);
    if (too_large(*compiled)) {
        // Marks are steps of the program too, and here there is no room for any.
        marks = {};
        compiled = std::make_unique<const re2::RE2>(piece(pattern), options);
    }
    if (too_large(*compiled)) return failure("'{}' is too large a regular expression", pattern);
    if (!compiled->ok()) return failure("'{}' is no regular expression: {}", pattern, what_is_wrong(pattern));
    Regex regex(std::move(compiled), marks);
    if (regex.groups() > max_groups) {
        return failure("'{}' has more than {} groups; write (?:…) for those whose text is not needed", pattern,
                       max_groups);
    }
    return regex;
}

Regex::Regex() noexcept = default;
Regex::Regex(std::unique_ptr<const re2::RE2> compiled, Marks marks) noexcept
    : compiled_(std::move(compiled)), marks_(marks) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

bool Regex::matches(std::string_view text) const noexcept {
    re2::StringPiece found[2];  // the whole match, and the first group
    return compiled_->Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, found, marks_.one_pass ? 2 : 0);
}

std::string_view Regex::pattern() const noexcept {
    std::string_view pattern = compiled_->pattern();
    if (marks_.begin) pattern.remove_prefix(begin_mark.size());
    if (marks_.one_pass) pattern.remove_suffix(one_pass_mark.size());
    return pattern;
}

size_t Regex::groups() const noexcept {
    return static_cast<size_t>(compiled_->NumberOfCapturingGroups()) - (marks_.one_pass ? 1 : 0);
}

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
