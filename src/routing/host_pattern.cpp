#include "routing/host_pattern.h"

#include <algorithm>
#include <memory>
#include <ranges>

#include <idn2.h>

#include "base/ascii.h"
#include "routing/host_literal.h"

namespace seki::routing {
namespace {

constexpr size_t max_label_bytes = 63;  // RFC 1035 §2.3.4

struct Part {
    LabelKind kind = LabelKind::fixed;
    std::string text;  // without the slashes
};

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_name_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string lower(std::string_view text) {
    std::string lowered(text);
    write_lower(text, lowered.data());
    return lowered;
}

// RFC 1123 §2.1, and underscores, which people do use.
Result<> check_label(std::string_view label) {
    if (label.empty()) return failure("it has an empty label");
    if (label.size() > max_label_bytes) return failure("it has a label longer than {} characters", max_label_bytes);
    if (label.starts_with('-') || label.ends_with('-')) return failure("a label must not begin or end with '-'");
    if (label.contains('*')) return failure("'*' must be the whole of the first label");
    if (!std::ranges::all_of(label, is_name_character))
        return failure("only letters, digits, '-', '_' and '.' are allowed");
    return {};
}

// The A-form of an international label; there may be dots in it, of which Unicode has several.
Result<std::string> a_form(std::string_view label) {
    uint8_t* converted = nullptr;
    const std::string terminated(label);
    const int error = idn2_lookup_u8(reinterpret_cast<const uint8_t*>(terminated.c_str()), &converted,
                                     IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    const std::unique_ptr<uint8_t, decltype(&idn2_free)> owner(converted, &idn2_free);
    if (error != IDN2_OK || label.contains('\0')) {
        return failure("'{}' is no label of an international name: {}", label, idn2_strerror(error));
    }
    return std::string(reinterpret_cast<const char*>(converted));
}

Result<std::string> normalise_label(std::string_view label) {
    Result<std::string> normal = is_ascii(label) ? lower(label) : a_form(label);
    if (!normal) return normal;
    if (normal->empty()) return failure("it has an empty label");
    for (const auto part : std::views::split(*normal, '.')) {
        if (auto checked = check_label({part.begin(), part.end()}); !checked) return std::unexpected(checked.error());
    }
    return normal;
}

Result<> check_regex_label(std::string_view text) {
    if (text.empty()) return failure("it has an empty regular expression");
    if (std::ranges::any_of(text, is_control)) return failure("a regular expression has a control character");
    return {};
}

// Takes the first part off `rest`, and the dot behind it; `more` tells whether there was one.
Result<Part> take_part(std::string_view& rest, bool& more) {
    const bool is_regex = rest.starts_with('/');
    size_t end = rest.find(is_regex ? '/' : '.', is_regex ? 1 : 0);
    if (is_regex && end == rest.npos) return failure("a regular expression lacks its second '/'");
    if (is_regex) ++end;
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(text.size());
    more = rest.starts_with('.');
    if (more) rest.remove_prefix(1);
    if ((is_regex && !more && !rest.empty()) || (!is_regex && text.contains('/'))) {
        return failure("a regular expression must be a whole label: /…/ between dots");
    }
    if (is_regex) return Part{LabelKind::regex, std::string(text.substr(1, text.size() - 2))};
    return Part{text == "*" ? LabelKind::any : LabelKind::fixed, std::string(text)};
}

Result<std::vector<Part>> split(std::string_view text) {
    std::vector<Part> parts;
    for (bool more = true; more;) {
        Result<Part> part = take_part(text, more);
        if (!part) return std::unexpected(part.error());
        if (part->kind == LabelKind::any && !parts.empty()) return failure("'*' must be the whole of the first label");
        parts.push_back(std::move(*part));
    }
    return parts;
}

Result<std::string> normalise_literal(std::string_view text) {
    if (text.contains('%')) return failure("an address has no zone, which means something on one machine only");
    if (!text.ends_with(']')) return failure("behind the address in brackets nothing may follow, and no port");
    char storage[max_host_literal_bytes];
    const auto normal = normalise_host_literal(text, storage);
    if (!normal) return failure("between the brackets there is no IPv6 address");
    return std::string(*normal);
}

Result<std::string> normalise(std::string_view text) {
    if (is_host_literal(text)) return normalise_literal(text);
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty()) return failure("it is empty");
    if (text.size() > max_host_pattern_bytes) return failure("it is longer than {} bytes", max_host_pattern_bytes);
    Result<std::vector<Part>> parts = split(text);
    if (!parts) return std::unexpected(parts.error());
    std::string normal;
    for (const Part& part : *parts) {
        Result<std::string> label = part.kind == LabelKind::fixed ? normalise_label(part.text) : part.text;
        if (label && part.kind == LabelKind::regex) {
            if (auto checked = check_regex_label(*label); !checked) return std::unexpected(checked.error());
            label = '/' + *label + '/';
        }
        if (!label) return label;
        if (&part != &parts->front()) normal += '.';
        normal += *label;
    }
    if (host_kind(normal) != HostKind::regex && normal.size() > max_host_name_bytes)
        return failure("it is longer than {} characters", max_host_name_bytes);
    return normal;
}

}  // namespace

Result<std::string> normalise_host_pattern(std::string_view text) {
    Result<std::string> normal = normalise(text);
    if (!normal) return failure("'{}' is no host name: {}", text, normal.error().message);
    return normal;
}

HostKind host_kind(std::string_view pattern) noexcept {
    if (pattern.contains('/')) return HostKind::regex;
    if (pattern == "*") return HostKind::any;
    return pattern.starts_with("*.") ? HostKind::wildcard : HostKind::exact;
}

std::string_view fixed_suffix(std::string_view pattern) noexcept {
    const size_t moving = pattern.find_last_of("/*");
    if (moving == pattern.npos) return pattern;
    pattern.remove_prefix(moving + 1);
    return pattern.starts_with('.') ? pattern.substr(1) : pattern;
}

Result<HostRegex> HostRegex::compile(std::string_view pattern) {
    Result<std::vector<Part>> parts = split(pattern);
    if (!parts) return std::unexpected(parts.error());
    HostRegex compiled;
    for (Part& part : std::views::reverse(*parts)) {
        if (part.kind == LabelKind::fixed && compiled.labels_.empty()) continue;  // of the suffix
        Label label;
        label.kind = part.kind;
        if (part.kind == LabelKind::regex) {
            Result<Regex> regex = Regex::compile(part.text, Letters::any_case);
            if (!regex) return std::unexpected(regex.error());
            label.regex = std::move(*regex);
        } else {
            label.text = std::move(part.text);
        }
        compiled.labels_.push_back(std::move(label));
    }
    if (compiled.groups() > Regex::max_groups) {
        return failure("'{}' has more than {} groups; write (?:…) for those whose text is not needed", pattern,
                       Regex::max_groups);
    }
    return compiled;
}

bool HostRegex::Label::matches(std::string_view label) const noexcept {
    if (label.empty()) return false;
    if (kind == LabelKind::fixed) return label == text;
    return kind == LabelKind::any || regex.matches(label);
}

size_t HostRegex::Label::groups() const noexcept {
    if (kind == LabelKind::fixed) return 0;
    return kind == LabelKind::any ? 1 : regex.groups();
}

bool HostRegex::matches_before_rightmost(std::string_view head) const noexcept {
    for (const Label& label : labels_) {
        const size_t dot = head.rfind('.');
        const bool leftmost = &label == &labels_.back();
        if ((dot == head.npos) != leftmost) return false;
        const bool known = &label == &labels_.front();
        if (!known && !label.matches(leftmost ? head : head.substr(dot + 1))) return false;
        if (!leftmost) head = head.substr(0, dot);
    }
    return true;
}

size_t HostRegex::groups() const noexcept {
    size_t sum = 0;
    for (const Label& label : labels_) sum += label.groups();
    return sum;
}

void HostRegex::capture(std::string_view head, std::span<std::string_view> out) const noexcept {
    for (const Label& label : std::views::reverse(labels_)) {
        const std::string_view text = head.substr(0, head.find('.'));
        head.remove_prefix(std::min(head.size(), text.size() + 1));
        const size_t count = std::min(label.groups(), out.size());
        if (label.kind == LabelKind::any && count > 0) out.front() = text;
        if (label.kind == LabelKind::regex) label.regex.capture(text, out.first(count));
        out = out.subspan(count);
    }
}

}  // namespace seki::routing
