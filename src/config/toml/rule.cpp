#include "config/toml/rule.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "config/limits.h"
#include "config/toml/answers.h"
#include "config/toml/message.h"

namespace seki::config {
namespace {

using command::RequestHttpFrontend;

constexpr std::array redirects{
    Choice{"forward", command::FORWARD},
    Choice{"permanent", command::PERMANENT},
    Choice{"unauthorized", command::UNAUTHORIZED},
    Choice{"found", command::FOUND},
    Choice{"temporary_redirect", command::TEMPORARY_REDIRECT},
    Choice{"permanent_redirect", command::PERMANENT_REDIRECT},
    Choice{"silent_close", command::SILENT_CLOSE},
};

constexpr std::array redirect_schemes{
    Choice{"use-same", command::USE_SAME},
    Choice{"use-http", command::USE_HTTP},
    Choice{"use-https", command::USE_HTTPS},
};

constexpr std::array path_types{
    Choice{"PREFIX", command::PREFIX},
    Choice{"REGEX", command::REGEX},
    Choice{"EQUALS", command::EQUALS},
};

constexpr std::array header_positions{
    Choice{"request", command::REQUEST},
    Choice{"response", command::RESPONSE},
    Choice{"both", command::BOTH},
};

constexpr std::array header_modes{
    Choice{"add", command::ADD},
    Choice{"replace", command::REPLACE},
};

constexpr std::array match_kinds{
    Choice{"exact", command::EXACT},
    Choice{"prefix", command::STARTS_WITH},
    Choice{"regex", command::MATCHES},
    Choice{"present", command::PRESENT},
};

constexpr std::array predicate_kinds{
    Choice{"exact", command::HEADER_MATCH_KIND_EXACT},
    Choice{"regex", command::HEADER_MATCH_KIND_REGEX},
    Choice{"present", command::HEADER_MATCH_KIND_PRESENT},
};

// They have the name and the type of their field.
constexpr auto plain_keys = std::to_array<std::string_view>({
    "hostname",
    "method",
    "position",
    "rewrite_host",
    "rewrite_path",
    "rewrite_port",
    "required_auth",
    "source_allow",
    "source_deny",
    "front_timeout",
    "back_timeout",
    "connect_timeout",
    "tunnel_timeout",
});

constexpr auto other_keys =
    std::to_array<std::string_view>({"path", "path_type", "redirect", "redirect_scheme", "redirect_template", "headers",
                                     "match_headers", "match_cookies", "match_query", "header_predicates", "split"});

constexpr auto all_keys = [] {
    std::array<std::string_view, plain_keys.size() + other_keys.size()> keys;
    std::ranges::copy(other_keys, std::ranges::copy(plain_keys, keys.begin()).out);
    return keys;
}();

void read_path(TableReader& table, command::PathRule& path) {
    path.set_kind(static_cast<command::PathRuleKind>(table.choice("path_type", path_types).value_or(command::PREFIX)));
    path.set_value(table.text("path").value_or(""));
}

void read_template(TableReader& table, const Draft& draft, RequestHttpFrontend& frontend) {
    auto text = table.text("redirect_template");
    if (text) text = text_or_file(table, draft.read_file(), "redirect_template", std::move(*text));
    if (text) frontend.set_redirect_template(std::move(*text));
}

void read_redirect(TableReader& table, const Draft& draft, RequestHttpFrontend& frontend) {
    if (const auto redirect = table.choice("redirect", redirects, true)) {
        frontend.set_redirect(static_cast<command::RedirectPolicy>(*redirect));
    }
    if (const auto scheme = table.choice("redirect_scheme", redirect_schemes, true)) {
        frontend.set_redirect_scheme(static_cast<command::RedirectScheme>(*scheme));
    }
    read_template(table, draft, frontend);
}

// What lacks something has been refused already; it is not judged once more without it.
void read_headers(TableReader& table, RequestHttpFrontend& frontend) {
    for (TableReader& header : table.tables("headers", TableKind::header)) {
        header.require({"position", "key", "value"});
        const auto position = header.choice("position", header_positions, true);
        const auto key = header.text("key");
        const auto value = header.text("value");
        const auto mode = header.choice("mode", header_modes, true);
        header.finish();
        if (!position || !key || !value) continue;
        command::Header& edit = *frontend.add_headers();
        edit.set_position(static_cast<command::HeaderPosition>(*position));
        edit.set_key(*key);
        edit.set_val(*value);
        if (mode) edit.set_mode(static_cast<command::HeaderMode>(*mode));
    }
}

void read_matches(TableReader& table, std::string_view key,
                  google::protobuf::RepeatedPtrField<command::FieldMatch>& matches) {
    for (TableReader& condition : table.tables(key, TableKind::condition)) {
        condition.require({"name"});
        command::FieldMatch match;
        read_fields(condition, match, {"name", "value", "invert"});
        const auto kind = condition.choice("kind", match_kinds, true);
        if (kind) match.set_kind(static_cast<command::MatchKind>(*kind));
        const bool complete = match.has_name() && condition.has("kind") == kind.has_value();
        condition.finish();
        if (complete) *matches.Add() = std::move(match);
    }
}

void read_predicates(TableReader& table, RequestHttpFrontend& frontend) {
    for (TableReader& condition : table.tables("header_predicates", TableKind::condition)) {
        condition.require({"name", "match"});
        command::HeaderPredicate predicate;
        read_fields(condition, predicate, {"name", "value"});
        const auto kind = condition.choice("match", predicate_kinds, true);
        if (kind) predicate.set_kind(static_cast<command::HeaderMatchKind>(*kind));
        condition.finish();
        if (predicate.IsInitialized()) *frontend.add_header_predicates() = std::move(predicate);
    }
}

void must_exist(TableReader& share, const Draft& draft, std::string_view cluster_id) {
    if (std::ranges::find(draft.clusters(), cluster_id) != draft.clusters().end()) return;
    const std::string_view nearest = nearest_key(cluster_id, draft.clusters());
    share.refuse_for("cluster", nearest.empty() ? "" : fmt::format("\"{}\"", nearest),
                     fmt::format("there is no cluster '{}' in this file{}", cluster_id, did_you_mean(nearest)));
}

std::optional<command::ClusterShare> read_share(TableReader& table, const Draft& draft) {
    table.require({"cluster", "weight"});
    command::ClusterShare share;
    read_number(table, share, "weight", 0, max_share_weight);
    if (const auto cluster = table.text("cluster")) {
        share.set_cluster_id(*cluster);
        must_exist(table, draft, *cluster);
    }
    table.finish();
    return share.IsInitialized() ? std::optional(share) : std::nullopt;
}

void read_split(TableReader& table, const Draft& draft, RequestHttpFrontend& frontend) {
    std::vector<command::ClusterShare> shares;
    bool complete = true;
    for (TableReader& share : table.tables("split", TableKind::share)) {
        const auto read = read_share(share, draft);
        complete = complete && read.has_value();
        if (read) shares.push_back(*read);
    }
    if (complete) frontend.mutable_split()->Assign(shares.begin(), shares.end());
}

}  // namespace

std::span<const std::string_view> rule_keys() { return all_keys; }

RequestHttpFrontend read_rule(TableReader& table, const Draft& draft) {
    RequestHttpFrontend frontend;
    read_fields(table, frontend, plain_keys);
    read_path(table, *frontend.mutable_path());
    read_redirect(table, draft, frontend);
    read_headers(table, frontend);
    read_matches(table, "match_headers", *frontend.mutable_match_headers());
    read_matches(table, "match_cookies", *frontend.mutable_match_cookies());
    read_matches(table, "match_query", *frontend.mutable_match_query());
    read_predicates(table, frontend);
    read_split(table, draft, frontend);
    return frontend;
}

}  // namespace seki::config
