#include "http/accept.h"

#include <algorithm>
#include <array>
#include <optional>

#include "http/characters.h"
#include "http/message.h"

namespace seki::http {

namespace {

struct Offer {
    std::string_view range;   // that names exactly this type
    std::string_view family;  // that names all with its first half
    std::string_view content_type;
};

constexpr auto offers = std::to_array<Offer>({
    {"text/html", "text/*", "text/html; charset=utf-8"},
    {"application/json", "application/*", "application/json"},
    {"text/plain", "text/*", "text/plain; charset=utf-8"},
});

// What a client said of one offer. The most specific range that matches it decides, and of two alike the kinder one.
struct Opinion {
    enum Precision : uint8_t { none, anything, family, exact, with_charset };

    Precision precision = none;
    uint16_t quality = 0;  // in thousandths

    auto operator<=>(const Opinion&) const = default;
    // Of what is welcome alike, what the client named comes before what it merely covered with an asterisk.
    [[nodiscard]] int rank() const noexcept { return quality == 0 ? 0 : 2 * quality + (precision >= exact ? 1 : 0); }
};

using Opinions = std::array<Opinion, offers.size()>;

// RFC 9110 §12.4.2: qvalue.
std::optional<uint16_t> read_quality(std::string_view text) noexcept {
    constexpr size_t longest = 5;
    if (text.empty() || text.size() > longest || (text[0] != '0' && text[0] != '1')) return std::nullopt;
    if (text.size() > 1 && text[1] != '.') return std::nullopt;
    auto quality = static_cast<uint16_t>((text[0] - '0') * 1000);
    uint16_t unit = 100;
    for (size_t i = 2; i < text.size(); ++i, unit = static_cast<uint16_t>(unit / 10)) {
        if (!is_digit(text[i])) return std::nullopt;
        quality = static_cast<uint16_t>(quality + (text[i] - '0') * unit);
    }
    if (quality > 1000) return std::nullopt;
    return quality;
}

struct Range {
    std::string_view type;
    bool charset = false;
    uint16_t quality = 1000;
};

// Nothing for a range that does not follow the grammar, and for one whose parameters no offer has.
std::optional<Range> read_range(std::string_view text) noexcept {
    size_t end = text.find(';');
    Range range{.type = trim(text.substr(0, end))};
    while (end != std::string_view::npos) {
        text.remove_prefix(end + 1);
        end = text.find(';');
        const std::string_view parameter = trim(text.substr(0, end));
        if (parameter.empty()) continue;
        if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
            const auto quality = read_quality(parameter.substr(2));
            if (!quality) return std::nullopt;
            range.quality = *quality;
            return range;
        }
        range.charset =
            equal_ignoring_case(parameter, "charset=utf-8") || equal_ignoring_case(parameter, "charset=\"utf-8\"");
        if (!range.charset) return std::nullopt;
    }
    return range;
}

Opinion::Precision precision_for(const Offer& offer, const Range& range) noexcept {
    if (equal_ignoring_case(range.type, offer.range)) return range.charset ? Opinion::with_charset : Opinion::exact;
    if (equal_ignoring_case(range.type, offer.family)) return Opinion::family;
    return range.type == "*/*" ? Opinion::anything : Opinion::none;
}

void note(std::string_view element, Opinions& opinions) noexcept {
    const auto range = read_range(element);
    if (!range) return;
    for (size_t i = 0; i < offers.size(); ++i) {
        const Opinion::Precision precision = precision_for(offers[i], *range);
        if (precision == Opinion::none) continue;
        opinions[i] = std::max(opinions[i], Opinion{precision, range->quality});
    }
}

}  // namespace

std::string_view content_type(AnswerType type) noexcept { return offers[static_cast<size_t>(type)].content_type; }

AnswerType preferred_type(std::string_view accept) noexcept {
    Opinions opinions;
    for_each_element(accept, [&](std::string_view element) { note(element, opinions); });
    const auto* const best = std::ranges::max_element(opinions, {}, &Opinion::rank);
    return static_cast<AnswerType>(best - opinions.begin());
}

}  // namespace seki::http
