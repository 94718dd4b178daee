#include "config/check_rules.h"
#include "config/limits.h"
#include "config/text.h"

namespace seki::config {
namespace {

void check_path(Examiner& examine, const command::PathRule& path) {
    if (path.kind() == command::REGEX) return examine.wants("path", true, Feature::path_patterns);
    const std::string& value = path.value();
    if (value.size() > max_path_size) return examine.refuse("path", "it is longer than {} bytes", max_path_size);
    if (has_control(value) || value.contains(' ')) {
        return examine.refuse("path", "it has a space or a control character, which no request target has");
    }
    const bool any_path = value.empty() && path.kind() == command::PREFIX;
    if (!any_path && !value.starts_with('/')) examine.refuse("path", "'{}' does not begin with '/'", value);
}

}  // namespace

void check_frontend(Examiner& examine, command::RequestHttpFrontend& frontend) {
    if (frontend.has_cluster_id()) examine.id("cluster_id", frontend.cluster_id(), max_cluster_id_size);
    examine.address("address", *frontend.mutable_address());
    examine.host("hostname", *frontend.mutable_hostname());
    check_path(examine, frontend.path());
    if (frontend.has_method()) examine.token("method", frontend.method(), max_method_size);
    examine.wants("position", frontend.position() != command::TREE, Feature::rule_positions);
    examine.tags("tags", frontend.tags());

    const bool redirects = frontend.redirect() != command::FORWARD && frontend.redirect() != command::UNAUTHORIZED;
    examine.wants("redirect", redirects, Feature::redirects);
    examine.wants("redirect_scheme", frontend.redirect_scheme() != command::USE_SAME, Feature::redirects);
    examine.wants("redirect_template", frontend.has_redirect_template(), Feature::redirects);
    examine.wants("rewrite_host", frontend.has_rewrite_host(), Feature::rewrites);
    examine.wants("rewrite_path", frontend.has_rewrite_path(), Feature::rewrites);
    examine.wants("rewrite_port", frontend.has_rewrite_port(), Feature::rewrites);
    examine.wants("required_auth", frontend.required_auth(), Feature::basic_auth);
    examine.wants("headers", !frontend.headers().empty(), Feature::header_edits);
    examine.wants("hsts", frontend.has_hsts(), Feature::hsts);
}

void check_frontend(Examiner& examine, command::RequestTcpFrontend& frontend) {
    examine.id("cluster_id", frontend.cluster_id(), max_cluster_id_size);
    examine.address("address", *frontend.mutable_address());
    examine.tags("tags", frontend.tags());
}

}  // namespace seki::config
