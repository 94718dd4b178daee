#include "worker/running_frontend.h"

#include <fmt/format.h>
#include <map>

#include "config/answer_status.h"
#include "config/conditions.h"
#include "config/convert.h"
#include "worker/running.h"
#include "worker/running_tls.h"

namespace seki::worker {

namespace {

using Tags = google::protobuf::Map<std::string, std::string>;
using FieldMatches = google::protobuf::RepeatedPtrField<command::FieldMatch>;
using routing::FieldCondition;

void set_tags(proxy::Frontend& frontend, const Tags& tags) {
    const std::map<std::string, std::string> sorted(tags.begin(), tags.end());
    frontend.tag_list.assign(sorted.begin(), sorted.end());
    for (const auto& [key, value] : sorted)
        frontend.tags += fmt::format("{}{}={}", frontend.tags.empty() ? "" : ", ", key, value);
}

// ---- the rule

FieldCondition::Kind condition_kind(command::MatchKind kind) {
    switch (kind) {
        case command::EXACT:
            return FieldCondition::Kind::exact;
        case command::STARTS_WITH:
            return FieldCondition::Kind::starts_with;
        case command::MATCHES:
            return FieldCondition::Kind::matches;
        case command::PRESENT:
            break;
    }
    return FieldCondition::Kind::present;
}

void add_conditions(const FieldMatches& matches, FieldCondition::Source source, routing::Conditions& conditions) {
    for (const command::FieldMatch& match : matches) {
        conditions.fields.push_back(
            {source, match.name(), match.invert(), condition_kind(match.kind()), match.value()});
    }
}

void add_predicates(const command::RequestHttpFrontend& frontend, routing::Conditions& conditions) {
    for (const command::HeaderPredicate& predicate : frontend.header_predicates()) {
        conditions.fields.push_back({FieldCondition::Source::predicate, predicate.name(), false,
                                     condition_kind(config::match_kind(predicate.kind())), predicate.value()});
    }
}

routing::PathKind path_kind(command::PathRuleKind kind) {
    switch (kind) {
        case command::PREFIX:
            return routing::PathKind::prefix;
        case command::REGEX:
            return routing::PathKind::regex;
        case command::EQUALS:
            break;
    }
    return routing::PathKind::equals;
}

routing::Position position(command::RulePosition position) {
    switch (position) {
        case command::PRE:
            return routing::Position::pre;
        case command::POST:
            return routing::Position::post;
        case command::TREE:
            break;
    }
    return routing::Position::tree;
}

// ---- what it leads to

proxy::Frontend::Outcome outcome(command::RedirectPolicy policy) {
    switch (policy) {
        case command::FORWARD:
            return proxy::Frontend::Outcome::forward;
        case command::UNAUTHORIZED:
            return proxy::Frontend::Outcome::deny;
        case command::SILENT_CLOSE:
            return proxy::Frontend::Outcome::silence;
        case command::PERMANENT:
        case command::FOUND:
        case command::TEMPORARY_REDIRECT:
        case command::PERMANENT_REDIRECT:
            break;
    }
    return proxy::Frontend::Outcome::redirect;
}

std::optional<http::Scheme> scheme(command::RedirectScheme scheme) {
    switch (scheme) {
        case command::USE_HTTP:
            return http::Scheme::http;
        case command::USE_HTTPS:
            return http::Scheme::https;
        case command::USE_SAME:
            break;
    }
    return std::nullopt;
}

Result<> set_outcome(const command::RequestHttpFrontend& config, proxy::Frontend& frontend) {
    frontend.outcome = outcome(config.redirect());
    frontend.redirect_status = config::redirect_status(config.redirect());
    frontend.redirect_scheme = scheme(config.redirect_scheme());
    if (!config.has_redirect_template()) return {};
    auto parsed = http::AnswerTemplate::parse(frontend.redirect_status, config.redirect_template());
    if (!parsed) return failure("redirect_template: {}", parsed.error().message);
    frontend.redirect_template = std::make_unique<const http::AnswerTemplate>(std::move(*parsed));
    return {};
}

void add_edit(const command::Header& edit, proxy::FieldEdits& edits) {
    if (edit.val().empty()) return edits.remove(edit.key());
    if (edit.mode() == command::REPLACE) return edits.replace(edit.key(), edit.val());
    edits.add(edit.key(), edit.val());
}

void set_edits(const command::RequestHttpFrontend& config, proxy::Frontend& frontend) {
    for (const command::Header& edit : config.headers()) {
        if (edit.position() != command::RESPONSE) add_edit(edit, frontend.request_edits);
        if (edit.position() != command::REQUEST) add_edit(edit, frontend.response_edits);
    }
    frontend.rewrite_host = proxy::Rewrite::parse(config.rewrite_host());
    frontend.rewrite_path = proxy::Rewrite::parse(config.rewrite_path());
    frontend.rewrite_port = static_cast<uint16_t>(config.rewrite_port());
}

void set_clusters(const command::RequestHttpFrontend& config, const ClusterByName& cluster, proxy::Frontend& frontend) {
    if (config.has_cluster_id()) frontend.cluster = cluster(config.cluster_id());
    for (const command::ClusterShare& share : config.split()) {
        frontend.split.push_back({cluster(share.cluster_id()), share.weight()});
        frontend.split_weight += share.weight();
    }
}

}  // namespace

std::vector<routing::Rule> rules_of(const command::RequestHttpFrontend& frontend) {
    routing::Rule rule;
    rule.host = frontend.hostname();
    rule.kind = path_kind(frontend.path().kind());
    rule.path = frontend.path().value();
    rule.position = position(frontend.position());
    rule.conditions.method = frontend.method();
    add_conditions(frontend.match_headers(), FieldCondition::Source::header, rule.conditions);
    add_conditions(frontend.match_cookies(), FieldCondition::Source::cookie, rule.conditions);
    add_conditions(frontend.match_query(), FieldCondition::Source::query, rule.conditions);
    add_predicates(frontend, rule.conditions);
    rule.conditions.source_allow = config::checked_networks(frontend.source_allow());
    rule.conditions.source_deny = config::checked_networks(frontend.source_deny());
    return routing::in_both_forms(std::move(rule));
}

Result<proxy::FrontendPtr> running_frontend(const command::RequestHttpFrontend& config, const ClusterByName& cluster) {
    auto frontend = std::make_shared<proxy::Frontend>();
    if (auto set = set_outcome(config, *frontend); !set) return std::unexpected(set.error());
    set_clusters(config, cluster, *frontend);
    set_edits(config, *frontend);
    set_tags(*frontend, config.tags());
    frontend->auth_required = config.required_auth();
    if (config.has_hsts()) frontend->hsts = running_hsts(config.hsts());
    frontend->timeouts = timeouts_of(config);
    return frontend;
}

proxy::FrontendPtr running_tunnel(const command::RequestTcpFrontend& config, const ClusterByName& cluster) {
    auto frontend = std::make_shared<proxy::Frontend>();
    frontend->cluster = cluster(config.cluster_id());
    set_tags(*frontend, config.tags());
    return frontend;
}

}  // namespace seki::worker
