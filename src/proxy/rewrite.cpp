#include "proxy/rewrite.h"

#include <charconv>

#include "http/characters.h"

namespace seki::proxy {

// "$HOST[12]…" or "$PATH[0]…": what it refers to, and how long it is.
std::optional<Rewrite::Part> Rewrite::reference(std::string_view text, size_t& size) {
    constexpr size_t name_size = 6;  // "$HOST["
    Part part;
    if (text.starts_with("$HOST[")) part.source = Source::host;
    if (text.starts_with("$PATH[")) part.source = Source::path;
    if (part.source == Source::text) return std::nullopt;
    const char* const digits = text.data() + name_size;
    const char* const end = text.data() + text.size();
    const auto number = std::from_chars(digits, end, part.index);
    if (number.ec != std::errc{} || number.ptr == end || *number.ptr != ']') return std::nullopt;
    size = static_cast<size_t>(number.ptr + 1 - text.data());
    return part;
}

Rewrite Rewrite::parse(std::string_view text) {
    Rewrite rewrite;
    std::string literal;
    const auto end_literal = [&] {
        if (!literal.empty()) rewrite.parts_.push_back({Source::text, 0, std::move(literal)});
        literal.clear();
    };
    while (!text.empty()) {
        size_t size = 1;
        if (auto part = reference(text, size)) {
            end_literal();
            rewrite.parts_.push_back(std::move(*part));
        } else {
            literal += text.front();
        }
        text.remove_prefix(size);
    }
    end_literal();
    return rewrite;
}

std::string_view Rewrite::render(const routing::Captures& captures, AddedFields& added) const noexcept {
    std::string_view whole;
    for (const Part& part : parts_) {
        std::string_view value = part.text;
        if (part.source == Source::host) value = captures.host(part.index);
        if (part.source == Source::path) value = captures.path(part.index);
        // Parts that are stored one after the other lie together.
        const std::string_view stored = added.store({value});
        whole = whole.data() == nullptr ? stored : std::string_view(whole.data(), whole.size() + stored.size());
    }
    return whole;
}

bool valid_path(std::string_view path) noexcept {
    const char* const end = path.data() + path.size();
    return path.starts_with('/') && http::find_other_than<http::table::target>(path.data(), end) == end;
}

}  // namespace seki::proxy
