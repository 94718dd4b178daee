#include "config/conditions.h"

#include <algorithm>
#include <span>

#include "config/check/rules.h"
#include "config/limits.h"
#include "config/text.h"

namespace seki::config {
namespace {

using command::FieldMatch;
using Matches = google::protobuf::RepeatedPtrField<FieldMatch>;
using Networks = google::protobuf::RepeatedPtrField<std::string>;

// `Match`: FieldMatch or HeaderPredicate; `kind` as the former has it.
template <typename Match>
void check_value(Examiner& examine, std::string_view field, const Match& match, command::MatchKind kind) {
    const std::string& value = match.value();
    if (kind == command::PRESENT) {
        if (match.has_value()) examine.refuse(field, "'{}': PRESENT takes every value and has none", match.name());
        return;
    }
    if (!match.has_value()) return examine.refuse(field, "'{}': a value is missing", match.name());
    if (kind == command::MATCHES) return examine.regex(field, value);
    if (kind == command::STARTS_WITH && value.empty()) {
        return examine.refuse(field, "'{}': every value begins with nothing; use PRESENT", match.name());
    }
    if (value.size() > max_match_value_size) {
        return examine.refuse(field, "'{}': the value is longer than {} bytes", match.name(), max_match_value_size);
    }
    if (has_control(value)) examine.refuse(field, "'{}': the value has a control character", match.name());
}

void check_matches(Examiner& examine, std::string_view field, Matches& matches, auto check_name) {
    if (static_cast<size_t>(matches.size()) > max_conditions) {
        return examine.refuse(field, "{} conditions are more than {}", matches.size(), max_conditions);
    }
    for (FieldMatch& match : matches) {
        check_name(*match.mutable_name());
        check_value(examine, field, match, match.kind());
        if (!match.invert()) match.clear_invert();
    }
}

// Host and Cookie are looked at otherwise: by the router, and piece by piece.
void check_predicates(Examiner& examine, google::protobuf::RepeatedPtrField<command::HeaderPredicate>& predicates) {
    constexpr std::string_view field = "header_predicates";
    if (static_cast<size_t>(predicates.size()) > max_conditions) {
        return examine.refuse(field, "{} conditions are more than {}", predicates.size(), max_conditions);
    }
    for (command::HeaderPredicate& predicate : predicates) {
        examine.token(field, predicate.name(), max_header_name_size);
        predicate.set_name(lower_case(predicate.name()));
        const bool elsewhere = predicate.name() == "host" || predicate.name() == "cookie";
        if (elsewhere) examine.refuse(field, "'{}': hostname and match_cookies are for that", predicate.name());
        check_value(examine, field, predicate, match_kind(predicate.kind()));
    }
}

// Without an order of their own, and each once.
void check_sources(Examiner& examine, std::string_view field, Networks& networks) {
    if (static_cast<size_t>(networks.size()) > max_sources) {
        return examine.refuse(field, "{} networks are more than {}", networks.size(), max_sources);
    }
    for (std::string& network : networks) examine.network(field, network);
    std::ranges::sort(networks);
    networks.erase(std::ranges::unique(networks).begin(), networks.end());
}

}  // namespace

void check_conditions(Examiner& examine, command::RequestHttpFrontend& frontend) {
    check_matches(examine, "match_headers", *frontend.mutable_match_headers(), [&](std::string& name) {
        examine.token("match_headers", name, max_header_name_size);
        name = lower_case(name);
    });
    check_matches(examine, "match_cookies", *frontend.mutable_match_cookies(),
                  [&](const std::string& name) { examine.token("match_cookies", name, max_header_name_size); });
    check_matches(examine, "match_query", *frontend.mutable_match_query(),
                  [&](const std::string& name) { examine.id("match_query", name, max_query_name_size); });
    check_predicates(examine, *frontend.mutable_header_predicates());
    check_sources(examine, "source_allow", *frontend.mutable_source_allow());
    check_sources(examine, "source_deny", *frontend.mutable_source_deny());
}

}  // namespace seki::config
